//! The query once its columns are known.

use super::dialect::SelectForm;
use super::sql::OrderColumn;
use crate::user_data::mapping::BoundMapping;

/// The query once its columns are known.
pub(super) struct DescribedQuery {
    pub(super) bound: BoundMapping,
    pub(super) columns: Vec<(String, SelectForm)>,
    /// The indexes, in `columns`, of those that fill the key of the table.
    pub(super) keys: Vec<usize>,
    pub(super) order: Vec<OrderColumn>,
}
