//! Errors of the statistics of series.

/// Series that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// Two series that are compared by position have different lengths.
    #[error("series of {left} and {right} values cannot be compared by position: align them first")]
    Length {
        /// The length of the one.
        left: usize,
        /// The length of the other.
        right: usize,
    },
}
