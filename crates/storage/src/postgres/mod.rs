//! PostgreSQL: rows are written and read by binary `COPY`, in a schema of their own.

mod client;
mod ddl;
mod decode;
mod encode;
mod error;
mod lock;
mod migrate;
mod numeric;
mod read;
mod store;
mod target;
mod write;

pub(crate) use self::store::open;
pub(crate) use self::target::PostgresTarget;
