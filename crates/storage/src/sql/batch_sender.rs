//! Streams of rows from a database: cells are built into batches, which are sent to the caller.

use futures_util::stream;
use tidegauge_core::{Batch, BatchBuilder, BatchStream, Cell, Scan, TableRef};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::ScanQuery;
use crate::Result;

/// The number of rows of a batch.
pub(super) const BATCH_ROWS: usize = 1 << 16;

type Sender = mpsc::Sender<tidegauge_core::Result<Batch>>;

/// A builder of batches, cell by cell, that sends them to a stream.
pub(crate) struct BatchSender {
    table: TableRef,
    builder: BatchBuilder,
    residual: Option<Scan>,
    /// The number of rows that are still wanted.
    remaining: usize,
    sender: Sender,
    is_wanted: bool,
}

impl BatchSender {
    /// Creates a sender of the rows of `query`.
    pub(super) fn new(query: &ScanQuery, sender: Sender) -> Self {
        let ScanQuery { table, residual, .. } = query;
        let limit = residual.as_ref().and_then(|residual| residual.limit);
        Self {
            table: table.clone(),
            builder: BatchBuilder::new(table),
            residual: residual.clone(),
            remaining: limit.unwrap_or(usize::MAX),
            sender,
            is_wanted: true,
        }
    }

    /// Returns the table with the columns of the rows, in their order.
    pub(crate) fn table(&self) -> &TableRef {
        &self.table
    }

    /// Returns the builder, for the cells of a row from left to right.
    pub(crate) fn builder(&mut self) -> &mut BatchBuilder {
        &mut self.builder
    }

    /// Appends the next cell.
    pub(crate) fn push(&mut self, cell: Cell<'_>) -> Result<()> {
        Ok(self.builder.push(cell)?)
    }

    /// Returns `true` if the batch is full, so that the caller must [`send`](Self::send) it.
    pub(crate) fn is_full(&self) -> bool {
        self.builder.rows() >= BATCH_ROWS
    }

    /// Sends the rows so far. Returns `false` if no more are wanted.
    pub(crate) async fn send(&mut self) -> Result<bool> {
        let full = std::mem::replace(&mut self.builder, BatchBuilder::new(&self.table));
        let mut batch = full.finish()?;
        if let Some(residual) = &self.residual {
            batch = residual.apply(&batch)?.slice(0, self.remaining);
            self.remaining -= batch.rows();
        }
        if batch.rows() > 0 && self.sender.send(Ok(batch)).await.is_err() {
            self.is_wanted = false; // the receiver is gone
        }
        self.is_wanted &= self.remaining > 0;
        Ok(self.is_wanted)
    }

    /// Sends the last rows. Returns `false` if there may have been more than were wanted.
    pub(super) async fn finish(&mut self) -> Result<bool> {
        match self.is_wanted {
            true => self.send().await,
            false => Ok(false),
        }
    }
}

/// A task that is aborted when this is dropped.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Returns the stream of what `produce` sends. `produce` runs in its own task, some batches ahead;
/// when the stream is dropped, so is the task with all that it holds.
pub(super) fn spawn_stream<F: Future<Output = ()> + Send + 'static>(
    store: String,
    produce: impl FnOnce(Sender) -> F,
) -> BatchStream {
    let (sender, receiver) = mpsc::channel(1);
    let task = AbortOnDrop(tokio::spawn(produce(sender)));
    let state = Some((receiver, task));
    Box::pin(stream::unfold(state, move |state| {
        let store = store.clone();
        async move {
            let (mut receiver, mut task) = state?;
            match receiver.recv().await {
                Some(batch) => Some((batch, Some((receiver, task)))),
                None => match (&mut task.0).await {
                    Ok(()) => None,
                    // The rows so far must not pass for the whole result.
                    Err(panicked) => {
                        let kind = tidegauge_core::ErrorKind::Bug;
                        Some((Err(tidegauge_core::Error::sink(store, kind, panicked)), None))
                    }
                },
            }
        }
    }))
}
