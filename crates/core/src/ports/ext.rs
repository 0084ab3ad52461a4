//! Extension traits with what follows from the ports' own methods.

use async_trait::async_trait;

use super::data_version::data_version;
use crate::query::next;
use crate::{Aggregate, Batch, Error, ErrorKind, Filter, Result, Scan, Sink, TableRef, Warehouse};

/// Methods that every sink has.
#[async_trait]
pub trait SinkExt: Sink {
    /// Returns the version of the stored data: a digest of [`Sink::cursors`].
    ///
    /// Two calls return the same version exactly if no source was loaded in between, so results
    /// computed from the rows of a version can be cached. Bookkeeping cursors (of
    /// [`Lease`](crate::Lease)s and of [`RUN_HISTORY`](crate::RUN_HISTORY)) are excluded, because
    /// they move while the data stays.
    ///
    /// # Errors
    /// The same as for [`Sink::cursors`].
    async fn data_version(&self) -> Result<String> {
        Ok(data_version(&self.cursors().await?).to_string())
    }
}

impl<S: Sink + ?Sized> SinkExt for S {}

/// Methods that every warehouse has.
#[async_trait]
pub trait WarehouseExt: Warehouse {
    /// Returns all rows of a scan in one batch; for small tables and tests.
    ///
    /// # Errors
    /// The same as for [`Warehouse::scan`], and when a column has more text than a batch can hold.
    async fn read(&self, scan: &Scan) -> Result<Batch> {
        let output = scan.output_schema()?;
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
    /// The same as for [`Warehouse::aggregate`], and when the warehouse returns anything but one
    /// count.
    async fn count(&self, table: &TableRef) -> Result<usize> {
        self.count_where(table, Filter::And(Vec::new())).await
    }

    /// Returns the number of committed rows of a table that `filter` keeps.
    ///
    /// # Errors
    /// The same as for [`count`](Self::count).
    async fn count_where(&self, table: &TableRef, filter: Filter) -> Result<usize> {
        let counted = self.aggregate(&Aggregate::new(table).count().filter(filter)).await?;
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
