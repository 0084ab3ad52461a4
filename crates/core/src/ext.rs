//! What follows from the ports.

use std::future::poll_fn;

use async_trait::async_trait;

use crate::version::data_version;
use crate::{
    Aggregate, Batch, BatchStream, Error, ErrorKind, Filter, Result, Scan, Sink, TableRef,
    Warehouse,
};

/// What every sink can do besides.
#[async_trait]
pub trait SinkExt: Sink {
    /// Returns the version of the data that the store holds: a digest of [`Sink::cursors`].
    ///
    /// Two calls give the same version exactly if no source was loaded in between, so what was computed
    /// from the rows of a version can be kept. Cursors of bookkeeping ([`Lease`](crate::Lease)s, and
    /// [`RUN_HISTORY`](crate::RUN_HISTORY)) do not count: they move while the data stays.
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
    /// As for [`Warehouse::aggregate`], and when the warehouse answers with anything but one count.
    async fn count(&self, table: &TableRef) -> Result<usize> {
        self.count_where(table, Filter::And(Vec::new())).await
    }

    /// Returns the number of committed rows of a table that `filter` keeps.
    ///
    /// # Errors
    /// As for [`count`](Self::count).
    async fn count_where(&self, table: &TableRef, filter: Filter) -> Result<usize> {
        let counted = self.aggregate(&Aggregate::of(table).count().filter(filter)).await?;
        let column = counted.column("count")?;
        let count = column.as_i64().and_then(|counts| counts.values().first().copied());
        let count = count.and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| {
            let reason = format!("it gives no number of rows of `{}`", table.name);
            Error::sink(self.name(), ErrorKind::Bug, reason)
        })
    }
}

impl<W: Warehouse + ?Sized> WarehouseExt for W {}

/// The next batch of a stream.
pub(crate) async fn next(stream: &mut BatchStream) -> Option<Result<Batch>> {
    poll_fn(|context| stream.as_mut().poll_next(context)).await
}
