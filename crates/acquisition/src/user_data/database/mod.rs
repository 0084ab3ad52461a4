//! Database sources: the rows of a query as rows of a table.

mod client;
mod config;
mod describe;
mod described_query;
mod dialect;
pub(crate) mod error;
mod export;
mod progress;
mod source;
mod sql;
mod target;

pub use config::Config;
pub use error::DatabaseError;
pub use export::export;
pub use source::DatabaseSource;
