//! A folder of Parquet files, one per table, day partition and load, in Hive's layout. See
//! [`file_name`] for their names, and [`load_metadata`] for the metadata of the load in each, from
//! which the manifest can be rebuilt.

mod decimal;
mod file;
mod file_name;
mod footer;
mod format;
mod load;
mod load_metadata;
mod merge;
mod partitions;
mod plan;
mod prune;
mod repair;
mod request;
mod reset;
mod scan;
mod scan_metrics;
mod scan_task;
mod stream;
mod warehouse;

pub(crate) use warehouse::open;
#[cfg(feature = "object-store")]
pub(crate) use warehouse::open_bucket;
