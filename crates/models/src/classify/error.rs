//! Errors of the classifiers.

/// Data that a classifier cannot be fitted to, or judged on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifyError {
    /// Two inputs that belong together have different lengths.
    #[error("{left} {what}, but {right} outcomes: give one for each outcome")]
    Length {
        /// What there is a wrong number of.
        what: &'static str,
        /// Its number.
        left: usize,
        /// The number of outcomes.
        right: usize,
    },
    /// The values of a table do not fill its rows.
    #[error("{values} values do not fill rows of {columns} columns")]
    Shape {
        /// The number of values.
        values: usize,
        /// The number of columns.
        columns: usize,
    },
    /// A number is NaN, infinite or out of its range.
    #[error("{what} {value} at position {index} is not {range}")]
    Number {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: f64,
        /// Its position.
        index: usize,
        /// The range it should be in.
        range: &'static str,
    },
    /// All outcomes are the same.
    #[error("all outcomes are the same: nothing tells the classes apart")]
    OneClass,
    /// The data do not determine the coefficient of a column.
    #[error("the coefficient of column {column} is not identified: {reason}; give a ridge above 0")]
    Unidentified {
        /// The column, numbered from 0.
        column: usize,
        /// Why the data leave it open.
        reason: Unidentified,
    },
    /// The fit did not converge.
    #[error("the fit did not converge in {iterations} iterations")]
    NotConverged {
        /// The number of iterations.
        iterations: u32,
    },
}

/// Why data do not determine a coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unidentified {
    /// The column is a linear combination of those before it, or constant.
    #[error("it is constant, or a linear combination of the columns before it")]
    Dependent,
    /// A combination of columns predicts the outcome perfectly, wholly or in part of the data, so
    /// that the likelihood rises without bound with its coefficient.
    #[error("its column separates the outcomes perfectly, wholly or in part")]
    Separated,
}
