//! Helpers of polars frames.

use polars::prelude::*;

use crate::{Error, Result};

/// Blocking collection of lazy frames.
pub(crate) trait CollectBlocking {
    /// Computes the frame like `collect`, but on its own thread: polars panics on the only thread
    /// of a `current_thread` tokio runtime, which the caller may use.
    fn collect_blocking(self) -> PolarsResult<DataFrame>;
}

impl CollectBlocking for LazyFrame {
    fn collect_blocking(self) -> PolarsResult<DataFrame> {
        std::thread::scope(|scope| scope.spawn(|| self.collect()).join())
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Returns a column of a frame.
///
/// # Errors
/// When it is missing; the error lists the known columns.
pub(crate) fn require_column<'f>(
    name: &'static str,
    frame: &'f DataFrame,
    column: &str,
) -> Result<&'f Column> {
    frame.column(column).map_err(|_| Error::MissingColumn {
        frame: name,
        column: column.into(),
        known: frame.get_column_names().iter().map(ToString::to_string).collect(),
    })
}

/// Creates a column of texts, which may be null.
pub(crate) fn text_column<'t, T: Into<Option<&'t str>>>(
    name: &str,
    texts: impl Iterator<Item = T>,
) -> Column {
    let texts: StringChunked = texts.map(Into::into).collect();
    texts.with_name(name.into()).into_column()
}

/// Creates a column of numbers, which may be null.
pub(crate) fn number_column<T>(name: &str, numbers: impl Iterator<Item = T>) -> Column
where
    Series: NamedFrom<Vec<T>, [T]>,
{
    Column::from(Series::new(name.into(), numbers.collect::<Vec<T>>()))
}

/// Returns a column of counts; null is 0.
pub(crate) fn counts(frame: &DataFrame, name: &str) -> Result<Vec<u64>> {
    let column = frame.column(name)?.cast(&DataType::UInt64)?;
    Ok(column.u64()?.iter().map(Option::unwrap_or_default).collect())
}

/// Returns a column of integers that are never null.
pub(crate) fn ints(frame: &DataFrame, name: &str) -> Result<Vec<i64>> {
    let column = frame.column(name)?.cast(&DataType::Int64)?;
    Ok(column.i64()?.iter().map(Option::unwrap_or_default).collect())
}

/// Returns a column of sums; the sum of nothing is 0.
pub(crate) fn sums(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let column = frame.column(name)?;
    Ok(column.f64()?.iter().map(Option::unwrap_or_default).collect())
}

/// Returns a column of labels.
pub(crate) fn labels(frame: &DataFrame, name: &str) -> Result<Vec<Option<String>>> {
    let column = frame.column(name)?;
    Ok(column.str()?.iter().map(|label| label.map(str::to_owned)).collect())
}

/// Returns the value at `row` as plain text, for messages.
pub(crate) fn display_value(frame: &DataFrame, column: &str, row: usize) -> String {
    let value = frame.column(column).and_then(|column| column.get(row).map(AnyValue::into_static));
    value.map(|value| value.str_value().into_owned()).unwrap_or_default()
}
