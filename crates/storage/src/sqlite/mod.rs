//! SQLite: one file, written by one connection at a time, read by any number.

mod client;
mod ddl;
mod encode;
mod error;
mod migrate;
mod read;
mod store;
mod write;

pub(crate) use self::store::open;
