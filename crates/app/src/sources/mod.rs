//! The sources that a configuration names.

mod catalog;
mod page;
mod simulation;
mod tables;
mod validate;

pub use catalog::{Credential, SourceInfo};
pub(crate) use catalog::{SourceTables, configured, known_sources, open, specs, tables_of};
pub use page::sources_page;
pub(crate) use simulation::{includes_simulation, next_until, open_simulation, simulation_name};
pub(crate) use tables::reject_mixed_rows;
pub(crate) use validate::validate;
