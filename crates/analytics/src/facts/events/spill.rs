//! Temporary files of events: unsorted while they are collected, in sorted chunks afterwards. They
//! have no name where the system allows it, and vanish with the process.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::buffer::{Buffer, BufferedEvent};
use super::chunk::Chunk;
use crate::{Error, Result};

/// The size of an event in the file of collected events: time, user, mark; with amounts also volume,
/// revenue and order.
const EVENT_BYTES: usize = 13;
const AMOUNT_BYTES: usize = 24;

fn create() -> Result<File> {
    tempfile::tempfile().map_err(Error::TemporaryFile)
}

/// The file of collected events.
#[derive(Debug)]
pub(super) struct Spill {
    file: File,
    end: u64,
    /// The parts of each chunk: position in the file, and number of events.
    parts: Vec<Vec<(u64, usize)>>,
    bytes: Vec<u8>,
}

impl Spill {
    pub(super) fn create(chunks: usize) -> Result<Self> {
        Ok(Self { file: create()?, end: 0, parts: vec![Vec::new(); chunks], bytes: Vec::new() })
    }

    /// Appends the events of a chunk, and empties the buffer.
    pub(super) fn write(&mut self, chunk: usize, buffer: &mut Buffer) -> Result<()> {
        if buffer.events.is_empty() {
            return Ok(());
        }
        self.bytes.clear();
        for (row, event) in buffer.events.iter().enumerate() {
            self.bytes.extend_from_slice(&event.at.to_le_bytes());
            self.bytes.extend_from_slice(&event.user.to_le_bytes());
            self.bytes.push(event.mark);
            if let (Some(amounts), Some(order)) = (buffer.amounts.get(row), buffer.orders.get(row))
            {
                self.bytes.extend_from_slice(&amounts[0].to_le_bytes());
                self.bytes.extend_from_slice(&amounts[1].to_le_bytes());
                self.bytes.extend_from_slice(&order.to_le_bytes());
            }
        }
        self.file.write_all(&self.bytes).map_err(Error::TemporaryFile)?;
        self.parts[chunk].push((self.end, buffer.events.len()));
        self.end += self.bytes.len() as u64;
        *buffer = Buffer::default();
        Ok(())
    }

    /// Returns the events of a chunk.
    pub(super) fn read(&mut self, chunk: usize, has_amounts: bool) -> Result<Buffer> {
        let mut buffer = Buffer::default();
        let event_bytes = EVENT_BYTES + if has_amounts { AMOUNT_BYTES } else { 0 };
        for (at, events) in std::mem::take(&mut self.parts[chunk]) {
            self.bytes.resize(events * event_bytes, 0);
            self.file.seek(SeekFrom::Start(at)).map_err(Error::TemporaryFile)?;
            self.file.read_exact(&mut self.bytes).map_err(Error::TemporaryFile)?;
            for bytes in self.bytes.chunks_exact(event_bytes) {
                let mut fields = Fields(bytes);
                let (at, user, mark) = (fields.take(), fields.take(), fields.take());
                buffer.events.push(BufferedEvent {
                    at: i64::from_le_bytes(at),
                    user: u32::from_le_bytes(user),
                    mark: u8::from_le_bytes(mark),
                });
                if has_amounts {
                    let amounts = [fields.take(), fields.take()].map(f64::from_le_bytes);
                    buffer.amounts.push(amounts);
                    buffer.orders.push(i64::from_le_bytes(fields.take()));
                }
            }
        }
        Ok(buffer)
    }
}

/// The fields of a record of fixed length.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Returns the next bytes; zeros beyond the end of the record.
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((field, rest)) => {
                self.0 = rest;
                *field
            }
            None => [0; N],
        }
    }
}

/// The file of sorted chunks.
#[derive(Debug, Clone)]
pub(super) struct ChunkFile {
    file: Arc<Mutex<File>>,
    places: Vec<Place>,
}

/// The place of a chunk in the file, and the lengths of its columns.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    first_user: usize,
    users: usize,
    events: usize,
    has_amounts: bool,
}

impl Place {
    fn bytes(&self) -> usize {
        let amounts = if self.has_amounts { 16 } else { 0 };
        (self.users + 1) * 4 + self.events * (9 + amounts)
    }
}

impl ChunkFile {
    pub(super) fn create() -> Result<Self> {
        Ok(Self { file: Arc::new(Mutex::new(create()?)), places: Vec::new() })
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Appends a chunk.
    pub(super) fn append(&mut self, chunk: &Chunk) -> Result<()> {
        let at = self.places.last().map_or(0, |last| last.at + last.bytes() as u64);
        let has_amounts = !chunk.volume_usd.is_empty();
        let (users, events) = (chunk.users(), chunk.at.len());
        let place = Place { at, first_user: chunk.first_user, users, events, has_amounts };
        let mut bytes = Vec::with_capacity(place.bytes());
        chunk.offsets.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        chunk.at.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        for amounts in [&chunk.volume_usd, &chunk.revenue_usd] {
            amounts.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        bytes.extend_from_slice(&chunk.marks);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))
            .and_then(|_| file.write_all(&bytes))
            .map_err(Error::TemporaryFile)?;
        self.places.push(place);
        Ok(())
    }

    /// Returns a chunk.
    pub(super) fn read(&self, number: usize) -> Result<Chunk> {
        let place = self.places[number];
        let mut bytes = vec![0; place.bytes()];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let found = file.seek(SeekFrom::Start(place.at));
            found.and_then(|_| file.read_exact(&mut bytes)).map_err(Error::TemporaryFile)?;
        }
        let mut rest = bytes.as_slice();
        let offsets = column(&mut rest, place.users + 1, u32::from_le_bytes);
        let at = column(&mut rest, place.events, i64::from_le_bytes);
        let amounts = if place.has_amounts { place.events } else { 0 };
        let volume_usd = column(&mut rest, amounts, f64::from_le_bytes);
        let revenue_usd = column(&mut rest, amounts, f64::from_le_bytes);
        let marks = rest.to_vec();
        Ok(Chunk { first_user: place.first_user, offsets, at, marks, volume_usd, revenue_usd })
    }
}

/// Takes a column of `rows` values off the front of `bytes`.
fn column<const N: usize, T>(bytes: &mut &[u8], rows: usize, value: fn([u8; N]) -> T) -> Vec<T> {
    let (front, rest) = bytes.split_at(rows * N);
    *bytes = rest;
    let (values, _) = front.as_chunks::<N>();
    values.iter().map(|bytes| value(*bytes)).collect()
}
