//! The sorted events, in memory or in a temporary file.

use std::borrow::Cow;

use super::chunk::Chunk;
use super::spill::ChunkFile;
use crate::Result;
use crate::facts::kinds::Kinds;

/// The place of a chunk that is added.
#[derive(Debug)]
pub(super) enum Stored {
    InMemory(Chunk),
    InFile(Chunk),
}

/// Events in chunks of users, sorted by user and time.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    pub(crate) kinds: Kinds,
    chunks: Vec<Chunk>,
    file: Option<ChunkFile>,
    count: u64,
}

impl Events {
    pub(super) fn new(kinds: Kinds) -> Self {
        Self { kinds, chunks: Vec::new(), file: None, count: 0 }
    }

    /// Appends the chunk of the next users.
    pub(super) fn push(&mut self, chunk: Stored) -> Result<()> {
        match chunk {
            Stored::InMemory(chunk) => {
                self.count += chunk.at.len() as u64;
                self.chunks.push(chunk);
            }
            Stored::InFile(chunk) => {
                self.count += chunk.at.len() as u64;
                let file = match &mut self.file {
                    Some(file) => file,
                    none => none.insert(ChunkFile::create()?),
                };
                file.append(&chunk)?;
            }
        }
        Ok(())
    }

    /// Returns the number of events.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the number of chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.file.as_ref().map_or(self.chunks.len(), ChunkFile::len)
    }

    /// Returns a chunk.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn chunk(&self, number: usize) -> Result<Cow<'_, Chunk>> {
        match &self.file {
            None => Ok(Cow::Borrowed(&self.chunks[number])),
            Some(file) => file.read(number).map(Cow::Owned),
        }
    }
}
