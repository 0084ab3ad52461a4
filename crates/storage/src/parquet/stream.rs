//! Concurrent reading of files as one stream, in the order of the files.

use std::ops::ControlFlow;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::thread;

use futures_util::Stream;
use tidegauge_core::{Batch, ErrorKind};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::file::Take;
use crate::{Error, Result};

/// The maximum number of decoded batches per file that wait to be consumed: those of one row group.
const AHEAD: usize = 4;

/// A message of a file's reader.
enum Piece {
    Rows(Batch),
    /// The end of the file: a stream that ends without this is incomplete.
    End,
}

type Pieces = Receiver<Result<Piece>>;

/// A stream of batches of files, in the order of the files.
pub(super) struct Batches {
    /// The store's name, for errors.
    name: String,
    files: Receiver<Pieces>,
    current: Option<Pieces>,
    /// The remaining number of rows.
    left: usize,
}

/// The files that no reader has taken yet, and the channel on which they are announced.
struct Waiting<U> {
    units: std::vec::IntoIter<U>,
    files: Sender<Pieces>,
}

/// Reads each of `units` with `read`, with `readers` threads, and streams their batches, at most
/// `limit` rows. Dropping the stream stops the reading. Requires the context of a runtime.
///
/// Readers use threads of their own, because the runtime's threads for blocking work are limited,
/// and the consumer of the batches may need one.
///
/// # Errors
/// When no thread can be started.
pub(super) fn start<U: Send + 'static>(
    name: &str,
    units: Vec<U>,
    readers: usize,
    limit: Option<usize>,
    read: impl Fn(&U, Take<'_>) -> Result<()> + Send + Sync + 'static,
) -> Result<Batches> {
    let readers = readers.min(units.len());
    let (announced, files) = channel(readers.max(1));
    let waiting = Arc::new(Mutex::new(Waiting { units: units.into_iter(), files: announced }));
    let (read, runtime) = (Arc::new(read), Handle::current());
    for reader in 0..readers {
        let (waiting, read, runtime) = (waiting.clone(), read.clone(), runtime.clone());
        let started = thread::Builder::new().name("parquet-reader".into()).spawn(move || {
            let _within = runtime.enter();
            work(&waiting, &*read);
        });
        match started {
            Ok(_) => {}
            Err(error) if reader == 0 => return Err(Error::io(Path::new(name), error)),
            Err(error) => {
                tracing::debug!(%error, reader, "reading with fewer threads");
                break;
            }
        }
    }
    Ok(Batches { name: name.into(), files, current: None, left: limit.unwrap_or(usize::MAX) })
}

/// Reads one unit after another until none is left or the stream is dropped.
fn work<U>(waiting: &Mutex<Waiting<U>>, read: &impl Fn(&U, Take<'_>) -> Result<()>) {
    loop {
        let (unit, pieces) = {
            let Ok(mut waiting) = waiting.lock() else { return };
            let Some(unit) = waiting.units.next() else { return };
            let (pieces, file) = channel(AHEAD);
            if waiting.files.blocking_send(file).is_err() {
                return;
            }
            (unit, pieces)
        };
        let read = read(&unit, &mut |batch| {
            Ok(match pieces.blocking_send(Ok(Piece::Rows(batch))) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        if pieces.blocking_send(read.map(|()| Piece::End)).is_err() {
            return;
        }
    }
}

impl Batches {
    /// Ends the stream and stops the reading.
    fn end(&mut self) {
        self.files.close();
        while self.files.try_recv().is_ok() {}
        self.current = None;
        self.left = 0;
    }
}

impl Stream for Batches {
    type Item = tidegauge_core::Result<Batch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            let Some(current) = &mut self.current else {
                match ready!(self.files.poll_recv(context)) {
                    Some(file) => self.current = Some(file),
                    None => self.left = 0,
                }
                continue;
            };
            match ready!(current.poll_recv(context)) {
                Some(Ok(Piece::Rows(batch))) => {
                    let batch = batch.slice(0, self.left);
                    self.left -= batch.rows();
                    if self.left == 0 {
                        self.end();
                    }
                    if batch.rows() > 0 {
                        return Poll::Ready(Some(Ok(batch)));
                    }
                }
                Some(Ok(Piece::End)) => self.current = None,
                Some(Err(error)) => {
                    let error = error.of(&self.name);
                    self.end();
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    let reason = "a reader ended before its file did";
                    let error = tidegauge_core::Error::sink(&self.name, ErrorKind::Bug, reason);
                    self.end();
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}
