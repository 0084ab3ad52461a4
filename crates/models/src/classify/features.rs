//! A table of features.

use super::error::ClassifyError;

/// A borrowed table of finite numbers, one row for each observation, rows one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    values: &'a [f64],
    columns: usize,
}

impl<'a> Features<'a> {
    /// Borrows the rows of a table of `columns` columns.
    ///
    /// # Errors
    /// If there are no columns, the values do not fill the rows, or one is not finite.
    ///
    /// ```
    /// use tidegauge_models::classify::Features;
    ///
    /// assert!(Features::new(&[1.0, 2.0, 3.0, 4.0], 2).is_ok());
    /// assert!(Features::new(&[1.0, 2.0, 3.0], 2).is_err()); // half a row
    /// ```
    pub fn new(values: &'a [f64], columns: usize) -> Result<Self, ClassifyError> {
        if columns == 0 || !values.len().is_multiple_of(columns) {
            return Err(ClassifyError::Shape { values: values.len(), columns });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(ClassifyError::Number {
                what: "the feature",
                value: values[index],
                index,
                range: "finite",
            }),
            None => Ok(Self { values, columns }),
        }
    }

    /// Returns the number of columns.
    ///
    /// ```
    /// use tidegauge_models::classify::Features;
    ///
    /// assert_eq!(Features::new(&[1.0, 2.0, 3.0, 4.0], 2)?.columns(), 2);
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the rows.
    ///
    /// ```
    /// use tidegauge_models::classify::Features;
    ///
    /// let features = Features::new(&[1.0, 2.0, 3.0, 4.0], 2)?;
    /// assert_eq!(features.rows().nth(1), Some(&[3.0, 4.0][..]));
    /// # Ok::<(), tidegauge_models::classify::ClassifyError>(())
    /// ```
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [f64]> + use<'a> {
        self.values.chunks_exact(self.columns)
    }
}
