//! The mapping of foreign columns, those of files and databases, to the columns of a table.
//!
//! A user declares tables ([`TableConfig`]), and configures which foreign column fills which column
//! of a table ([`Columns`]), and which rows are taken ([`Condition`]). A `Mapping` combines and
//! checks these; a `BoundMapping` binds a mapping to the column names of a file or a query. Every value
//! is then converted to the type of its column, and a row that does not fit is a `RowError`.

mod bind;
mod bound_mapping;
mod column_parser;
mod columns;
mod condition;
mod condition_test;
mod convert;
mod epoch;
mod external;
pub(crate) mod field;
mod instant;
mod known_columns;
mod mapped_column;
mod messages;
pub(crate) mod names;
mod note_log;
mod notes;
mod number;
#[cfg(feature = "files")]
mod probe;
mod row;
mod rows;
mod rule_checks;
mod settings;
mod signs;
mod symbol;
mod table_config;
mod table_mapping;
mod time;
mod time_pattern;
mod value_map;
mod zone;

pub use columns::{Columns, Formats, Rule};
pub use condition::Condition;
pub use settings::{Case, Constant, Empty, IdKind, OnMissing, Otherwise, Part};
pub use table_config::{ColumnConfig, TableConfig, TypeConfig, WriteConfig, declare, resolve};

pub(crate) use bound_mapping::BoundMapping;
#[cfg(feature = "files")]
pub(crate) use columns::one_or_many;
pub(crate) use field::Field;
pub(crate) use known_columns::KnownColumns;
#[cfg(feature = "files")]
pub(crate) use mapped_column::is_external;
#[cfg(feature = "files")]
pub(crate) use messages::list;
pub(crate) use note_log::NoteLog;
#[cfg(feature = "database")]
pub(crate) use note_log::QUERY;
pub(crate) use notes::Notes;
#[cfg(feature = "files")]
pub(crate) use probe::Probe;
#[cfg(feature = "files")]
pub(crate) use row::RowError;
pub(crate) use rows::{PageRows, tables};
pub(crate) use table_mapping::Mapping;
