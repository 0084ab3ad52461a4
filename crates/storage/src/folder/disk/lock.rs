//! The lock of a folder, with a record of the running load. It ends with its process.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use backon::BackoffBuilder;

use super::durable::open_regular;
use crate::folder::layout::META_DIR;
use crate::folder::load_guard::{LoadGuard, LoadOutcome, UnfinishedLoad, WriteExtent};
use crate::retry::{self, Policy};
use crate::{Error, Result};

/// The file whose lock a load holds.
const LOCK_PATH: &str = "_tidegauge/lock";

/// The policy of waiting for another process that loads.
const LOCK_RETRIES: Policy = retry::constant(Duration::from_millis(50), Duration::from_secs(30));

/// The content of the lock file. All lines have the same length, so that a new one replaces the old
/// one at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockState {
    /// No reliable information.
    Unknown,
    /// A load by a release that did not record the number of its commit.
    UnnumberedLoad,
    /// A load of this commit has begun.
    Loading(u64),
    /// A reset has begun, with this as its first commit.
    Resetting(u64),
    /// This commit was made, and no load has begun since.
    Loaded(u64),
}

impl LockState {
    /// Reads the lock file in `dir`; returns `Unknown` if it cannot be read.
    pub(super) fn read(dir: &Path) -> Self {
        let read = || {
            let mut text = String::new();
            open_regular(&dir.join(LOCK_PATH))?.take(100).read_to_string(&mut text)?;
            io::Result::Ok(text)
        };
        read().map_or(Self::Unknown, |text| Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let number = |text: &str| text.trim().parse().ok();
        match text.trim_end().split_once(' ') {
            Some(("loading", commit)) => number(commit).map_or(Self::UnnumberedLoad, Self::Loading),
            Some(("resets", commit)) => number(commit).map_or(Self::Unknown, Self::Resetting),
            Some(("loaded", commit)) => number(commit).map_or(Self::Unknown, Self::Loaded),
            None if text == "loading\n" => Self::UnnumberedLoad,
            _ => Self::Unknown,
        }
    }

    fn to_line(self) -> String {
        match self {
            Self::Loading(commit) => format!("loading {commit:020}\n"),
            Self::Resetting(commit) => format!("resets  {commit:020}\n"),
            Self::Loaded(commit) => format!("loaded  {commit:020}\n"),
            Self::UnnumberedLoad | Self::Unknown => String::new(),
        }
    }

    /// Returns the load that began and did not end, if the state records one.
    pub(super) fn unfinished(self) -> Option<UnfinishedLoad> {
        let begun = |commit, is_reset| {
            Some(UnfinishedLoad { commit, load_id: None, is_reset, is_expired: true })
        };
        match self {
            Self::UnnumberedLoad => begun(None, false),
            Self::Loading(commit) => begun(Some(commit), false),
            Self::Resetting(commit) => begun(Some(commit), true),
            Self::Loaded(_) | Self::Unknown => None,
        }
    }
}

/// The folder's lock, held until it is dropped or its process ends. The lock file records the
/// running load, so that the next one knows what was killed, and the last commit, so that an
/// outdated manifest is recognized.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    file: File,
    dir: PathBuf,
}

impl DirectoryLock {
    /// Acquires the lock of the folder `dir`, waiting for another process that holds it.
    ///
    /// # Errors
    /// When the other process does not release it in time.
    pub(super) fn acquire(dir: &Path) -> Result<Self> {
        let own = dir.join(META_DIR);
        fs::create_dir_all(&own).map_err(|error| Error::io(&own, error))?;
        let path = dir.join(LOCK_PATH);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|error| Error::io(&path, error))?;
        let mut delays = LOCK_RETRIES.build();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file, dir: dir.to_owned() }),
                Err(TryLockError::WouldBlock) => match delays.next() {
                    Some(delay) => thread::sleep(delay),
                    None => return Err(Error::Busy { path: dir.display().to_string() }),
                },
                Err(TryLockError::Error(error)) => return Err(Error::io(&path, error)),
            }
        }
    }

    fn write(&mut self, state: LockState) -> io::Result<()> {
        let line = state.to_line();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(line.as_bytes())?;
        self.file.set_len(u64::try_from(line.len()).unwrap_or_default())
    }
}

impl LoadGuard for DirectoryLock {
    fn load_id(&self) -> Option<&str> {
        None
    }

    fn begin(&mut self, commit: u64, extent: WriteExtent) -> Result<Vec<UnfinishedLoad>> {
        let killed = LockState::read(&self.dir).unfinished();
        if extent != WriteExtent::Nothing || killed.is_some() {
            // The remains of a reset stay recorded until they are removed.
            let is_reset = extent == WriteExtent::ManyCommits
                || killed.as_ref().is_some_and(|killed| killed.is_reset);
            let state =
                if is_reset { LockState::Resetting(commit) } else { LockState::Loading(commit) };
            let recorded = self.write(state).and_then(|()| self.file.sync_all());
            recorded.map_err(|error| Error::io(&self.dir.join(LOCK_PATH), error))?;
        }
        Ok(killed.into_iter().collect())
    }

    /// Records the end of the load in the lock file. If that fails, the next load looks for files
    /// that do not exist.
    fn end(&mut self, _: u64, outcome: LoadOutcome) {
        let last = match outcome {
            LoadOutcome::Committed(last) | LoadOutcome::RolledBack(last) => last,
            LoadOutcome::Incomplete => return,
        };
        if let Err(error) = self.write(LockState::Loaded(last)) {
            tracing::debug!(%error, "updating the lock file failed, it still records a running load");
        }
    }

    fn should_sweep(&mut self, _: u64) -> bool {
        false // what is left was removed before the load
    }

    fn retry_sweep(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_states_round_trip_and_other_content_is_unknown() {
        for state in [
            LockState::Loading(7),
            LockState::Resetting(8),
            LockState::Loaded(0),
            LockState::Loaded(u64::MAX),
        ] {
            assert_eq!(LockState::parse(&state.to_line()), state);
            assert_eq!(state.to_line().len(), LockState::Loading(1).to_line().len());
        }
        assert_eq!(LockState::parse("loading\n"), LockState::UnnumberedLoad);
        for text in ["", "loaded", "loaded x", "\0\0\0", "somebody's"] {
            assert_eq!(LockState::parse(text), LockState::Unknown, "{text}");
        }
    }
}
