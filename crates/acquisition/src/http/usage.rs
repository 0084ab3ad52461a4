//! What has been asked of each service: within a program, and beyond its end.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::limit::Spent;
use crate::{Error, Result};

/// What has been asked of each service, shared by all who ask it.
///
/// Kept in a folder it outlives the program, and every program that is given the same folder shares
/// one budget: whoever is killed and started again is no less polite for it.
#[derive(Debug, Clone, Default)]
pub struct Usage(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    folder: Option<PathBuf>,
    spent: Mutex<BTreeMap<String, Spent>>,
    traffic: Mutex<BTreeMap<&'static str, Traffic>>,
}

/// What went over the wire for one service since the program began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests sent, those counted that were tried again.
    pub requests: u64,
    /// How many of them were tried again.
    pub retries: u64,
    /// Bytes of the answers, after decompression.
    pub bytes: u64,
    /// Time spent waiting for a turn, and between attempts.
    pub waited: Duration,
}

impl Usage {
    /// Remembered in a file a service, in `folder`, which is made when it is needed.
    pub fn kept_in(folder: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Inner { folder: Some(folder.into()), ..Inner::default() }))
    }

    /// What went over the wire since the program began, by service.
    pub fn traffic(&self) -> Vec<(&'static str, Traffic)> {
        self.lock_traffic().iter().map(|(service, traffic)| (*service, *traffic)).collect()
    }

    pub(super) fn count(&self, service: &'static str, add: impl FnOnce(&mut Traffic)) {
        add(self.lock_traffic().entry(service).or_default());
    }

    fn lock_traffic(&self) -> MutexGuard<'_, BTreeMap<&'static str, Traffic>> {
        self.0.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `change` makes of what was spent at `place`, and what it says; nobody comes between.
    pub(super) fn at<T>(&self, place: &str, change: impl FnOnce(&mut Spent) -> T) -> Result<T> {
        let mut spent = self.0.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = &self.0.folder else {
            return Ok(change(spent.entry(place.into()).or_default()));
        };
        let path = folder.join(format!("{}.json", place.replace(':', "_")));
        let failed = |error: io::Error| Error::Usage { path: path.clone(), error };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        let mut spent = read(&mut file).map_err(failed)?;
        let before = spent.clone();
        let said = change(&mut spent);
        if spent != before {
            write(&mut file, &spent).map_err(failed)?;
        }
        Ok(said)
        // Closing the file unlocks it.
    }
}

fn read(file: &mut File) -> io::Result<Spent> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    // What is shorter than what was there is filled up with spaces, never cut: a kill in between
    // must not leave half a text.
    if text.trim().is_empty() { Ok(Spent::default()) } else { Ok(serde_json::from_str(&text)?) }
}

/// Every state has the same length, so that one write replaces one state by the next.
const LENGTH: usize = 256;

fn write(file: &mut File, spent: &Spent) -> io::Result<()> {
    let text = serde_json::to_string(spent)?;
    file.rewind()?;
    file.write_all(format!("{text:<LENGTH$}").as_bytes())
}
