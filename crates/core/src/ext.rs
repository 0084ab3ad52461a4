//! What follows from the ports.

use std::future::poll_fn;

use async_trait::async_trait;

use crate::{Aggregate, Batch, BatchStream, Result, Scan, Sink, TableRef, Warehouse, data_version};

/// What every sink can do besides.
#[async_trait]
pub trait SinkExt: Sink {
    /// Returns the [`data_version`] of the store as text: it changes whenever a load has changed the data.
    ///
    /// # Errors
    /// As for [`Sink::cursors`].
    async fn data_version(&self) -> Result<String> {
        Ok(data_version(&self.cursors().await?).to_string())
    }
}

impl<S: Sink + ?Sized> SinkExt for S {}

/// What every warehouse can do besides.
#[async_trait]
pub trait WarehouseExt: Warehouse {
    /// Returns all rows of a scan in one batch: for small tables, and for tests.
    ///
    /// # Errors
    /// As for [`Warehouse::scan`], and when the rows have more text than a batch holds.
    async fn read(&self, scan: &Scan) -> Result<Batch> {
        let output = scan.output()?;
        let mut stream = self.scan(scan).await?;
        let mut batches = Vec::new();
        while let Some(batch) = next(&mut stream).await {
            batches.push(batch?);
        }
        Batch::concat(&output, &batches)
    }

    /// Returns the number of committed rows of a table.
    ///
    /// # Errors
    /// As for [`Warehouse::aggregate`].
    async fn count(&self, table: &TableRef) -> Result<usize> {
        let counted = self.aggregate(&Aggregate::of(table).count()).await?;
        let column = counted.column("count")?;
        let count = column.as_i64().and_then(|counts| counts.values().first().copied());
        Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default())
    }
}

impl<W: Warehouse + ?Sized> WarehouseExt for W {}

/// The next batch of a stream.
pub(crate) async fn next(stream: &mut BatchStream) -> Option<Result<Batch>> {
    poll_fn(|context| stream.as_mut().poll_next(context)).await
}
