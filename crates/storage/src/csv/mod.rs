//! A folder of CSV files, one per table: a backup that is written and never read back.

mod decode;
mod encode;
mod format;
mod load;
mod paths;
mod reset;
mod segment;

pub(crate) use format::open;
