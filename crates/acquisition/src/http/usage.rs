//! The usage of each service, within a process and across restarts.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::ops::AddAssign;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::credit_use::CreditUse;
use crate::{Error, Result};

/// The usage of each service, shared by all its clients.
///
/// Budgets are shared by all clones. Traffic is counted by each [`scoped`](Self::scoped) usage for itself, so
/// that a source knows its own.
///
/// A usage that is kept in a folder outlives the process, and all processes with the same folder share one
/// budget: restarting a process does not bypass a rate limit.
#[derive(Debug, Clone)]
pub struct Usage {
    budgets: Arc<Budgets>,
    /// The counters of this usage, followed by those of the usages that it was scoped from.
    counters: Vec<Arc<Counters>>,
}

#[derive(Debug, Default)]
struct Budgets {
    folder: Option<PathBuf>,
    spent: Mutex<BTreeMap<String, CreditUse>>,
}

type Counters = Mutex<BTreeMap<&'static str, Traffic>>;

/// The traffic of one service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests sent, including retries.
    pub requests: u64,
    /// Retries.
    pub retries: u64,
    /// Bytes of the answers, after decompression.
    pub bytes: u64,
    /// The time spent waiting for the rate limit and between attempts.
    pub waited: Duration,
}

impl Traffic {
    /// Returns the traffic since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            retries: self.retries.saturating_sub(earlier.retries),
            bytes: self.bytes.saturating_sub(earlier.bytes),
            waited: self.waited.saturating_sub(earlier.waited),
        }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.retries += other.retries;
        self.bytes += other.bytes;
        self.waited += other.waited;
    }
}

impl Default for Usage {
    fn default() -> Self {
        Self { budgets: Arc::default(), counters: vec![Arc::default()] }
    }
}

impl Usage {
    /// Creates a usage that is kept in `folder`, one file per service; the folder is created when needed.
    pub fn kept_in(folder: impl Into<PathBuf>) -> Self {
        let budgets = Budgets { folder: Some(folder.into()), ..Budgets::default() };
        Self { budgets: Arc::new(budgets), ..Self::default() }
    }

    /// Returns a usage with the same budgets, whose own traffic starts at zero and is also counted by `self`.
    #[must_use]
    pub fn scoped(&self) -> Self {
        let counters = [Arc::default()].into_iter().chain(self.counters.iter().cloned());
        Self { budgets: self.budgets.clone(), counters: counters.collect() }
    }

    /// Returns the traffic since this usage was created, by service.
    pub fn traffic(&self) -> BTreeMap<&'static str, Traffic> {
        self.counters.first().map(|own| lock_counters(own).clone()).unwrap_or_default()
    }

    pub(super) fn count(&self, service: &'static str, add: impl Fn(&mut Traffic)) {
        for counters in &self.counters {
            add(lock_counters(counters).entry(service).or_default());
        }
    }

    /// Applies `change` to the recorded usage of `place` and returns its result; exclusive across threads and
    /// processes.
    pub(super) fn update<T>(
        &self,
        key: &str,
        change: impl FnOnce(&mut CreditUse) -> T,
    ) -> Result<T> {
        let mut spent = self.budgets.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = &self.budgets.folder else {
            return Ok(change(spent.entry(key.into()).or_default()));
        };
        let path = folder.join(format!("{}.json", key.replace(':', "_")));
        let failed = |error: io::Error| Error::Usage { path: path.clone(), error };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        let mut spent = read(&mut file).map_err(failed)?;
        let before = spent.clone();
        let result = change(&mut spent);
        if spent != before {
            write(&mut file, &spent).map_err(failed)?;
        }
        Ok(result)
        // Closing the file unlocks it.
    }
}

fn lock_counters(counters: &Counters) -> MutexGuard<'_, BTreeMap<&'static str, Traffic>> {
    counters.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(file: &mut File) -> io::Result<CreditUse> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    // A shorter state is padded with spaces, never truncated: a kill in between must not leave half a
    // document.
    if text.trim().is_empty() { Ok(CreditUse::default()) } else { Ok(serde_json::from_str(&text)?) }
}

/// The length of every state in bytes, so that one write replaces one state by the next.
const STATE_BYTES: usize = 256;

fn write(file: &mut File, spent: &CreditUse) -> io::Result<()> {
    let text = serde_json::to_string(spent)?;
    file.rewind()?;
    file.write_all(format!("{text:<STATE_BYTES$}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scoped_usage_counts_itself_and_its_parent_counts_everything() {
        let all = Usage::default();
        let (one, other) = (all.scoped(), all.scoped());
        one.count("kraken", |traffic| traffic.requests += 2);
        other.count("kraken", |traffic| traffic.requests += 1);
        let requests =
            |usage: &Usage| usage.traffic().get("kraken").map(|traffic| traffic.requests);
        assert_eq!((requests(&one), requests(&other), requests(&all)), (Some(2), Some(1), Some(3)));
        assert_eq!(requests(&all.scoped()), None);
    }
}
