//! The lock, and files that survive the power going off.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::{Error, Result};

/// How long to wait for another process that loads.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// The folder that the store keeps for itself.
pub(super) fn own(dir: &Path) -> PathBuf {
    dir.join("_tidegauge")
}

/// The folder's lock: held until it is dropped, or its process dies. Its file says whether a load is
/// at it, so that the next one knows if that was killed.
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    pub(super) fn take(dir: &Path) -> Result<Self> {
        let own = own(dir);
        fs::create_dir_all(&own).map_err(|error| Error::io(&own, error))?;
        let path = own.join("lock");
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|error| Error::io(&path, error))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file, path }),
                Err(TryLockError::WouldBlock) if waited < PATIENCE => {
                    thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Busy { path: dir.display().to_string() });
                }
                Err(TryLockError::Error(error)) => return Err(Error::io(&path, error)),
            }
        }
    }

    /// Says that a load is at it; whether another was, and never came to its end.
    pub(super) fn begin(&mut self) -> Result<bool> {
        let mut begin = || {
            let unfinished = self.file.metadata()?.len() > 0;
            if !unfinished {
                self.file.write_all(b"loading\n")?;
                self.file.sync_all()?;
            }
            Ok(unfinished)
        };
        begin().map_err(|error| Error::io(&self.path, error))
    }

    /// Says that nothing is left that is not in the manifest. Where that fails, the next load looks in
    /// vain.
    pub(super) fn end(&self) {
        if let Err(error) = self.file.set_len(0) {
            tracing::debug!(%error, "the lock's file still says that a load is at it");
        }
    }
}

/// Replaces the file at `path` in one step: readers see the old content or the new.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let next = path.with_extension("next");
    let write = || {
        let mut file = File::create(&next)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&next, path)
    };
    write().map_err(|error| Error::io(path, error))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Waits until the file at `path` is on the disk.
pub(crate) fn synced(file: &File, path: &Path) -> Result<()> {
    file.sync_all().map_err(|error| Error::io(path, error))
}

/// Waits until the names in `dir` are on the disk.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    // Elsewhere a folder cannot be opened, and the file system looks after its names.
    if cfg!(unix) {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| Error::io(dir, error))?;
    }
    Ok(())
}
