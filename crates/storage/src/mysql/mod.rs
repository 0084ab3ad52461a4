//! MySQL and MariaDB: rows are loaded by `LOAD DATA LOCAL INFILE` if the server allows it.

mod client;
mod ddl;
mod encode;
mod error;
mod migrate;
mod read;
mod store;
mod target;
mod write;

pub(crate) use self::store::open;
pub(crate) use self::target::MySqlTarget;
