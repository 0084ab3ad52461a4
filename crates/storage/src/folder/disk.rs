//! A folder on a disk: the lock, and files that survive the power going off.

#[cfg(feature = "parquet")]
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
#[cfg(feature = "parquet")]
use std::io::{Read, Seek, SeekFrom};
#[cfg(feature = "parquet")]
use std::num::NonZero;
#[cfg(feature = "parquet")]
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use backon::BackoffBuilder;
#[cfg(feature = "parquet")]
use bytes::Bytes;

#[cfg(feature = "parquet")]
use super::Manifest;
use super::place::{Edition, MANIFEST, OWN, Place, Turn};
#[cfg(feature = "parquet")]
use super::place::{Files, Opened};
use crate::retry::{self, Policy};
use crate::{Error, Result};

/// How to wait for another process that loads.
const LOCKED: Policy = retry::constant(Duration::from_millis(50), Duration::from_secs(30));

/// Files that are waited for at a time until they are on the disk: it does them together.
#[cfg(feature = "parquet")]
const SYNCED: usize = 16;

/// The folders above a file: its table's, and its day's.
#[cfg(feature = "parquet")]
const DEPTH: usize = 2;

/// Bytes from the end of a file that are read first: its footer, as a rule.
#[cfg(feature = "parquet")]
const TAIL: u64 = 16 * 1024;

/// The most files that are read at a time: what is decoded of each is in memory.
#[cfg(feature = "parquet")]
const READERS: usize = 8;

/// A folder on a disk. Whoever loads holds its lock, `_tidegauge/lock`.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) dir: PathBuf,
}

impl Place for Disk {
    type Turn = Lock;

    fn name(&self, path: &str) -> String {
        let path = if path.is_empty() { self.dir.clone() } else { self.dir.join(path) };
        path.display().to_string()
    }

    fn turn(&self) -> Result<Lock> {
        Lock::take(&self.dir)
    }

    fn manifest(&self) -> Result<Option<(Vec<u8>, Option<Edition>)>> {
        let path = self.dir.join(MANIFEST);
        match fs::read(&path) {
            Ok(text) => Ok(Some((text, None))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&path, error)),
        }
    }

    fn replace(&self, manifest: &[u8], _: Option<&Edition>) -> Result<bool> {
        replace(&self.dir.join(MANIFEST), manifest).map(|()| true)
    }
}

#[cfg(feature = "parquet")]
impl Files for Disk {
    type File = File;

    fn write(&self, files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>) -> Result<()> {
        let (mut written, mut folders) = (Vec::new(), BTreeSet::new());
        for file in files {
            let (path, bytes) = file?;
            let path = self.dir.join(path);
            let folder = path.parent().unwrap_or(&self.dir).to_owned();
            if !folder.exists() {
                fs::create_dir_all(&folder).map_err(|error| Error::io(&folder, error))?;
                let above = folder.ancestors().skip(1);
                let within = above.take_while(|folder| folder.starts_with(&self.dir));
                folders.extend(within.map(Into::into));
            }
            let write = || File::create(&path)?.write_all(&bytes);
            write().map_err(|error| Error::io(&path, error))?;
            folders.insert(folder);
            written.push(path);
        }
        sync(&written)?;
        folders.iter().try_for_each(|folder| sync_dir(folder))
    }

    fn open(&self, path: &str) -> Result<Opened<File>> {
        let path = self.dir.join(path);
        let open = || {
            let mut file = File::open(&path)?;
            let size = file.metadata()?.len();
            file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
            let mut tail = Vec::new();
            file.read_to_end(&mut tail)?;
            Ok(Opened { file, size, tail: tail.into() })
        };
        open().map_err(|error| Error::io(&path, error))
    }

    fn read(&self, file: &File, path: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let mut file = file;
        let mut read = |range: &Range<u64>| {
            let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
            let mut bytes = vec![0; length];
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes.into())
        };
        let bytes: io::Result<Vec<Bytes>> = ranges.iter().map(&mut read).collect();
        bytes.map_err(|error| Error::io(&self.dir.join(path), error))
    }

    fn readers() -> usize {
        thread::available_parallelism().map_or(1, NonZero::get).min(READERS)
    }

    fn files(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        list(&self.dir, "", DEPTH, &mut found)?;
        Ok(found)
    }

    fn remove(&self, paths: &[String]) -> Result<()> {
        paths
            .iter()
            .map(|path| self.dir.join(path))
            .try_for_each(|path| fs::remove_file(&path).map_err(|error| Error::io(&path, error)))
    }

    fn is_over(_: u64, _: &Manifest) -> bool {
        true // we hold the lock
    }
}

/// The folder's lock: held until it is dropped, or its process dies. Its file says whether a load is
/// at it, so that the next one knows if that was killed.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    fn take(dir: &Path) -> Result<Self> {
        let own = dir.join(OWN);
        fs::create_dir_all(&own).map_err(|error| Error::io(&own, error))?;
        let path = own.join("lock");
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|error| Error::io(&path, error))?;
        let mut pauses = LOCKED.build();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file, path }),
                Err(TryLockError::WouldBlock) => match pauses.next() {
                    Some(pause) => thread::sleep(pause),
                    None => return Err(Error::Busy { path: dir.display().to_string() }),
                },
                Err(TryLockError::Error(error)) => return Err(Error::io(&path, error)),
            }
        }
    }
}

impl Turn for Lock {
    fn mark(&self) -> Option<&str> {
        None
    }

    fn begin(&mut self) -> Result<bool> {
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

    fn end(&mut self, _: u64, done: bool) -> bool {
        !done
    }

    /// Where that cannot be written down, the next load looks in vain.
    fn removed(&mut self, all: bool) {
        if all && let Err(error) = self.file.set_len(0) {
            tracing::debug!(%error, "the lock's file still says that a load is at it");
        }
    }
}

/// Replaces the file at `path` in one step: readers see the old content or the new.
fn replace(path: &Path, content: &[u8]) -> Result<()> {
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

/// Adds the paths of the files under `dir`, which is called `within` here, and `depth` folders below it.
#[cfg(feature = "parquet")]
fn list(dir: &Path, within: &str, depth: usize, found: &mut Vec<String>) -> Result<()> {
    let entries: io::Result<Vec<_>> = fs::read_dir(dir).and_then(Iterator::collect);
    for entry in entries.map_err(|error| Error::io(dir, error))? {
        // A name that is no text is none of ours.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        match entry.path() {
            folder if folder.is_dir() => {
                if depth > 0 && path != OWN {
                    list(&folder, &path, depth - 1, found)?;
                }
            }
            _ => found.push(path),
        }
    }
    Ok(())
}

/// Waits until all of `files` are on the disk.
#[cfg(feature = "parquet")]
fn sync(files: &[PathBuf]) -> Result<()> {
    let sync = |files: &[PathBuf]| {
        files.iter().try_for_each(|path| {
            let file = File::open(path).map_err(|error| Error::io(path, error))?;
            synced(&file, path)
        })
    };
    if files.len() < 2 {
        return sync(files);
    }
    thread::scope(|scope| {
        let chunks = files.chunks(files.len().div_ceil(SYNCED));
        let waits: Vec<_> = chunks.map(|files| scope.spawn(move || sync(files))).collect();
        waits.into_iter().try_for_each(|wait| match wait.join() {
            Ok(done) => done,
            Err(panicked) => std::panic::resume_unwind(panicked),
        })
    })
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
