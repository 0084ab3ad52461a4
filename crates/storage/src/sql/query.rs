//! Statements with bound parameters.

use tidegauge_core::{Cell, DataType, Scalar};

/// A statement and its parameters; its text never contains a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
}

/// A value, or a list of values, of one type. A decimal is in units at the type's scale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Param {
    One(DataType, Scalar),
    /// A list, only for a dialect that binds lists ([`ListBinding::Array`](super::ListBinding)).
    List(DataType, Vec<Scalar>),
}

impl Param {
    /// Returns the type and the values, one or more.
    pub(crate) fn values(&self) -> (DataType, &[Scalar]) {
        match self {
            Self::One(dtype, value) => (*dtype, std::slice::from_ref(value)),
            Self::List(dtype, values) => (*dtype, values),
        }
    }
}

/// Returns `value` as a cell of a column.
pub(crate) fn scalar_cell(value: &Scalar) -> Cell<'_> {
    match value {
        Scalar::Bool(value) => Cell::Bool(*value),
        Scalar::Int(value) => Cell::Int((*value).into()),
        Scalar::Float(value) => Cell::Float(*value),
        Scalar::Text(text) => Cell::Text(text),
        Scalar::Date(days) => Cell::Date(*days),
        Scalar::Timestamp(micros) => Cell::Timestamp(*micros),
        Scalar::Decimal(units) => Cell::Decimal(*units),
    }
}
