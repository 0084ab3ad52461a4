//! Table definitions, from which rows, schemas, DDL and docs are derived.

mod builder;
mod data_type;
mod table;

pub use builder::TableBuilder;
pub use data_type::DataType;
pub use table::{Column, ForeignKey, Table, TableRef, WriteMode};
