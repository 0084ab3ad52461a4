//! Streams of batches.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;

use crate::{Batch, Result};

/// A stream of batches of bounded size, so that a table larger than memory can be read. Dropping
/// the stream stops the reading.
pub type BatchStream = Pin<Box<dyn Stream<Item = Result<Batch>> + Send + 'static>>;

/// Returns the next batch of a stream, or `None` at its end.
pub(crate) async fn next(stream: &mut BatchStream) -> Option<Result<Batch>> {
    poll_fn(|context| stream.as_mut().poll_next(context)).await
}
