//! Files that no manifest names, with the metadata in their footers.

use std::path::Path;

use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::FileMetaData;
use tidegauge_core::arrow::schema::DataType as ArrowType;
use tidegauge_core::{Column, DataType, Fingerprint, Table};

use crate::folder::{FileStore, Segment};
use crate::parquet::file_name::FileName;
use crate::parquet::footer;
use crate::parquet::load_metadata::LoadMetadata;
use crate::{Error, Result};

/// A file that no manifest names.
pub(super) struct UnlistedFile<'a> {
    pub(super) path: &'a str,
    pub(super) name: FileName<'a>,
    pub(super) rows: usize,
    pub(super) metadata: Option<LoadMetadata>,
    pub(super) footer: FileMetaData,
    pub(super) fingerprint: Fingerprint,
    pub(super) size: u64,
}

impl UnlistedFile<'_> {
    /// Adds the file to `segment`.
    pub(super) fn add_to(&self, segment: &mut Segment) {
        segment.rows += self.rows;
        segment.footers.insert(self.name.day.unwrap_or_default().to_owned(), self.fingerprint);
        segment.sizes.insert(self.name.day.unwrap_or_default().to_owned(), self.size);
        if let Some(day) = self.name.day {
            segment.partitions.insert(day.to_owned(), self.rows);
        }
    }
}

/// Reads the footer and the load metadata of the file at `path`.
pub(super) fn read_unlisted<'a, D: FileStore>(
    directory: &D,
    path: &'a str,
    name: FileName<'a>,
) -> Result<UnlistedFile<'a>> {
    let (metadata, fingerprint, size) = footer::read_footer(directory, path)?;
    let footer = metadata.file_metadata().clone();
    let damaged = |reason: &str| Error::damaged(Path::new(&directory.name(path)), reason);
    let rows = usize::try_from(footer.num_rows());
    let rows = rows.map_err(|_| damaged("it has a negative number of rows"))?;
    let metadata = LoadMetadata::find(footer.key_value_metadata());
    if let Some(metadata) = &metadata {
        let segment =
            (metadata.segment.commit, metadata.segment.load_id.as_deref(), metadata.table.as_str());
        if segment != (name.commit, name.load_id, name.table) {
            return Err(damaged("it was written under another name"));
        }
    }
    Ok(UnlistedFile { path, name, rows, metadata, footer, fingerprint, size })
}

/// Returns `true` if a file has the columns of `table`, except for nullable ones at its end.
pub(super) fn has_columns(footer: &FileMetaData, table: &Table) -> bool {
    let Ok(found) = parquet_to_arrow_schema(footer.schema_descr(), None) else { return false };
    let (found, wanted) = (found.fields(), &table.columns);
    let holds = |column: &Column, found: &ArrowType| match found {
        ArrowType::Decimal128(precision, scale) => {
            let found = DataType::Decimal { precision: *precision, scale: scale.unsigned_abs() };
            column.dtype.holds(found)
        }
        found => column.dtype.to_arrow() == *found,
    };
    found.len() <= wanted.len()
        && found.iter().zip(wanted).all(|(found, wanted)| {
            found.name().as_str() == wanted.name && holds(wanted, found.data_type())
        })
        && wanted[found.len()..].iter().all(|column| column.nullable)
}
