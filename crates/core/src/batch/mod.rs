//! Rows of one table in Arrow columns, validated once.

mod builder;
mod cell;
mod check;
mod columns;
mod convert;
mod record;
mod rows;
mod select;
mod view;

pub use builder::BatchBuilder;
pub use cell::Cell;
pub use columns::Values;
pub use record::Batch;
pub use view::{ColumnView, TextView};
