//! BigQuery: rows are staged by Parquet load jobs, and moved into place by one transaction.

mod aggregate;
mod api_error;
mod client;
mod credentials;
mod dataset;
mod ddl;
mod dialect;
mod error;
mod jobs;
mod load;
mod migrate;
mod query;
mod reset;
mod results;
mod retries;
mod scan;
mod sink;
mod stage;
mod store;

pub(crate) use self::dataset::DatasetRef;
pub(crate) use self::store::open;
