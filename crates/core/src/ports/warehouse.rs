//! The port for sinks that can be read, with pushdown of projections, predicates and aggregates.

use async_trait::async_trait;

use crate::query::next;
use crate::{Aggregate, Aggregator, Batch, BatchStream, Result, Scan, Sink};

/// A sink that can also be read.
#[async_trait]
pub trait Warehouse: Sink {
    /// Streams the committed rows of a table, in no particular order.
    ///
    /// # Behavior
    /// - A table that was never prepared or loaded reads as no rows.
    /// - Batches have the schema of [`Scan::output_schema`] and a bounded size, and there may be none; a
    ///   whole table is never held in memory.
    /// - All batches are of one snapshot: a load is visible completely or not at all.
    /// - A nullable column that the stored table lacks is null.
    /// - Dropping the stream releases its resources.
    ///
    /// # Errors
    /// When the scan is invalid for the table, the store cannot be reached, or it holds data that
    /// the table's definition does not allow.
    async fn scan(&self, scan: &Scan) -> Result<BatchStream>;

    /// Returns an aggregate over the committed rows of a table, computed by the store if it can.
    ///
    /// The default implementation scans the required columns and evaluates a [`Aggregator`].
    ///
    /// # Errors
    /// The same as for [`Aggregate::output_schema`] and [`scan`](Self::scan).
    async fn aggregate(&self, aggregate: &Aggregate) -> Result<Batch> {
        let mut fold = Aggregator::new(aggregate)?;
        let mut batches = self.scan(&aggregate.scan()?).await?;
        while let Some(batch) = next(&mut batches).await {
            fold.add(&batch?)?;
        }
        fold.finish()
    }
}
