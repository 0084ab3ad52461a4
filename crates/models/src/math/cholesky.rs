//! The Cholesky factor of a small symmetric matrix.

/// The lower factor L of a positive definite matrix A = L·Lᵀ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cholesky {
    size: usize,
    /// Rows of the factor, one after the other; 0 above the diagonal.
    factor: Vec<f64>,
}

/// The least share of a diagonal element that must be left after elimination. Less is rounding: a
/// column is a linear combination of those before.
const LEAST_PIVOT: f64 = 1e-12;

impl Cholesky {
    /// Factors a matrix given by rows; the part above the diagonal is not read.
    ///
    /// # Errors
    /// If the matrix is not positive definite: the first row that depends on those before.
    pub(crate) fn of(matrix: &[f64], size: usize) -> Result<Self, usize> {
        let mut factor = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let at = row * size + column;
                let known: f64 =
                    (0..column).map(|k| factor[row * size + k] * factor[column * size + k]).sum();
                let rest = matrix[at] - known;
                if row > column {
                    factor[at] = rest / factor[column * size + column];
                } else if rest > LEAST_PIVOT * matrix[at] {
                    factor[at] = rest.sqrt();
                } else {
                    return Err(row);
                }
            }
        }
        Ok(Self { size, factor })
    }

    /// Returns the solution x of A·x = `right`.
    pub(crate) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (size, mut x) = (self.size, right.to_vec());
        for row in 0..size {
            let known: f64 = (0..row).map(|k| self.factor[row * size + k] * x[k]).sum();
            x[row] = (x[row] - known) / self.factor[row * size + row];
        }
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size).map(|k| self.factor[k * size + row] * x[k]).sum();
            x[row] = (x[row] - known) / self.factor[row * size + row];
        }
        x
    }

    /// Returns the inverse of A, by rows.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let mut inverse = Vec::with_capacity(self.size * self.size);
        for row in 0..self.size {
            let mut unit = vec![0.0; self.size];
            unit[row] = 1.0;
            inverse.extend(self.solve(&unit));
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_inverts() {
        // Hand-worked: L = [[2, 0], [1, 3]].
        let factor = Cholesky::of(&[4.0, 2.0, 2.0, 10.0], 2).unwrap();
        assert_eq!(factor.factor, [2.0, 0.0, 1.0, 3.0]);
        let x = factor.solve(&[8.0, 22.0]);
        assert!((x[0] - 1.0).abs() < 1e-15 && (x[1] - 2.0).abs() < 1e-15);
        let inverse = factor.inverse();
        let expected = [10.0 / 36.0, -2.0 / 36.0, -2.0 / 36.0, 4.0 / 36.0];
        assert!(inverse.iter().zip(expected).all(|(got, want)| (got - want).abs() < 1e-15));
    }

    #[test]
    fn names_the_row_that_depends_on_others() {
        let matrix = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0];
        assert_eq!(Cholesky::of(&matrix, 3), Err(2));
        assert_eq!(Cholesky::of(&[0.0], 1), Err(0));
        assert_eq!(Cholesky::of(&[f64::NAN], 1), Err(0));
    }
}
