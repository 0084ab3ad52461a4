//! The warehouse over a folder of Parquet files.

use std::path::PathBuf;

use async_trait::async_trait;
use tidegauge_core::{Aggregate, Batch, BatchStream, Scan, Sink, Warehouse};

use super::format::ParquetFormat;
use super::scan;
use crate::Result;
use crate::folder::{Disk, FileStore, Folder, Manifest};

/// A folder of Parquet files.
pub(crate) type ParquetFolder<D> = Folder<ParquetFormat, D>;

/// Opens the folder of Parquet files at `dir`.
pub(crate) fn open(dir: PathBuf) -> ParquetFolder<Disk> {
    Folder::open(format!("parquet://{}", dir.display()), Disk { dir })
}

/// Opens the folder of Parquet files in `bucket`.
#[cfg(feature = "object-store")]
pub(crate) fn open_bucket(bucket: crate::folder::Bucket) -> ParquetFolder<crate::folder::Bucket> {
    Folder::open(crate::folder::Directory::name(&bucket, ""), bucket)
}

#[async_trait]
impl<D: FileStore> Warehouse for ParquetFolder<D> {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<BatchStream> {
        let (name, scan) = (self.name().to_owned(), scan.clone());
        let batches = self
            .blocking(move |directory| scan::scan(directory, &name, &scan, read_manifest))
            .await?;
        Ok(Box::pin(batches))
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<Batch> {
        let (name, aggregate) = (self.name().to_owned(), aggregate.clone());
        self.blocking(move |directory| scan::aggregate(directory, &name, &aggregate, read_manifest))
            .await
    }
}

/// Reads the manifest of the folder at `directory`.
fn read_manifest<D: FileStore>(directory: &D) -> Result<Manifest> {
    Manifest::read::<ParquetFormat, D>(directory)
}
