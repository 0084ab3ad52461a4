//! File sources: CSV, JSON lines and Parquet, compressed or not, one file or a folder of them.

mod compaction;
mod config;
pub(crate) mod decode;
mod dialect;
mod encoding;
mod file_state;
mod find_header;
mod footer;
mod gzip;
mod header;
mod held_back;
pub mod import;
mod json_fields;
mod layout;
mod line;
mod line_rows;
mod lines;
mod listing;
mod page_draft;
mod parquet;
mod parquet_pages;
mod parquet_unpack;
mod parquet_value;
mod partly_read;
pub mod presets;
mod progress;
mod read_file;
mod snapshot;
mod source;
mod splitter;
mod text;

pub use config::{Config, Format};
pub use encoding::Encoding;
pub use source::FileSource;
