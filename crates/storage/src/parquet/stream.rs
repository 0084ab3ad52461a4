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

use super::request::BatchConsumer;
use crate::{Error, Result};

/// The maximum number of decoded batches per file that wait to be consumed: those of one row group.
const CHANNEL_CAPACITY: usize = 4;

/// A message of a file's reader.
enum FileMessage {
    Rows(Batch),
    /// The end of the file: a stream that ends without this is incomplete.
    End,
}

type FileReceiver = Receiver<Result<FileMessage>>;

/// A stream of batches of files, in the order of the files.
pub(super) struct ScanStream {
    /// The store's name, for errors.
    name: String,
    files: Receiver<FileReceiver>,
    current: Option<FileReceiver>,
    /// The remaining number of rows.
    remaining: usize,
}

/// The files that no reader has taken yet, and the channel on which they are announced.
struct Queue<T> {
    tasks: std::vec::IntoIter<T>,
    files: Sender<FileReceiver>,
}

/// Reads each of `tasks` with `read`, with `readers` threads, and streams their batches, at most
/// `limit` rows. Dropping the stream stops the reading. Requires the context of a runtime.
///
/// Readers use threads of their own, because the runtime's threads for blocking work are limited,
/// and the consumer of the batches may need one.
///
/// # Errors
/// When no thread can be started.
pub(super) fn read_concurrently<T: Send + 'static>(
    name: &str,
    tasks: Vec<T>,
    readers: usize,
    limit: Option<usize>,
    read: impl Fn(&T, BatchConsumer<'_>) -> Result<()> + Send + Sync + 'static,
) -> Result<ScanStream> {
    let readers = readers.min(tasks.len());
    let (announce, files) = channel(readers.max(1));
    let queue = Arc::new(Mutex::new(Queue { tasks: tasks.into_iter(), files: announce }));
    let (read, runtime) = (Arc::new(read), Handle::current());
    for reader in 0..readers {
        let (queue, read, runtime) = (queue.clone(), read.clone(), runtime.clone());
        let started = thread::Builder::new().name("parquet-reader".into()).spawn(move || {
            let _within = runtime.enter();
            run_reader(&queue, &*read);
        });
        match started {
            Ok(_) => {}
            Err(error) if reader == 0 => return Err(Error::io(Path::new(name), error)),
            Err(error) => {
                tracing::debug!(%error, reader, "starting a reader thread failed, continuing with fewer");
                break;
            }
        }
    }
    Ok(ScanStream {
        name: name.into(),
        files,
        current: None,
        remaining: limit.unwrap_or(usize::MAX),
    })
}

/// Reads one task after another until none remains or the stream is dropped.
fn run_reader<T>(queue: &Mutex<Queue<T>>, read: &impl Fn(&T, BatchConsumer<'_>) -> Result<()>) {
    loop {
        let (task, sender) = {
            let Ok(mut queue) = queue.lock() else { return };
            let Some(task) = queue.tasks.next() else { return };
            let (sender, file) = channel(CHANNEL_CAPACITY);
            if queue.files.blocking_send(file).is_err() {
                return;
            }
            (task, sender)
        };
        let read = read(&task, &mut |batch| {
            Ok(match sender.blocking_send(Ok(FileMessage::Rows(batch))) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        if sender.blocking_send(read.map(|()| FileMessage::End)).is_err() {
            return;
        }
    }
}

impl ScanStream {
    /// Ends the stream and stops the reading.
    fn end(&mut self) {
        self.files.close();
        while self.files.try_recv().is_ok() {}
        self.current = None;
        self.remaining = 0;
    }
}

impl Stream for ScanStream {
    type Item = tidegauge_core::Result<Batch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.remaining == 0 {
                return Poll::Ready(None);
            }
            let Some(current) = &mut self.current else {
                match ready!(self.files.poll_recv(context)) {
                    Some(file) => self.current = Some(file),
                    None => self.remaining = 0,
                }
                continue;
            };
            match ready!(current.poll_recv(context)) {
                Some(Ok(FileMessage::Rows(batch))) => {
                    let batch = batch.slice(0, self.remaining);
                    self.remaining -= batch.rows();
                    if self.remaining == 0 {
                        self.end();
                    }
                    if batch.rows() > 0 {
                        return Poll::Ready(Some(Ok(batch)));
                    }
                }
                Some(Ok(FileMessage::End)) => self.current = None,
                Some(Err(error)) => {
                    let error = error.into_core(&self.name);
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
