//! A folder on a disk: the lock, and durable file operations.

#[cfg(feature = "parquet")]
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
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

use super::Manifest;
use super::place::{Edition, Ended, MANIFEST, OWN, Place, Turn, Unfinished, Writes};
#[cfg(feature = "parquet")]
use super::place::{Files, Opened, RESET};
use crate::retry::{self, Policy};
use crate::{Error, Result};

/// The file whose lock a load holds.
const LOCK: &str = "_tidegauge/lock";

/// The policy of waiting for another process that loads.
const LOCKED: Policy = retry::constant(Duration::from_millis(50), Duration::from_secs(30));

/// The number of files that are synced concurrently, since the disk handles them together.
#[cfg(feature = "parquet")]
const SYNCED: usize = 16;

/// The depth of folders above a file: its table's, and its day's.
#[cfg(feature = "parquet")]
const DEPTH: usize = 2;

/// The number of bytes at the end of a file that are read first: usually they contain its footer.
#[cfg(feature = "parquet")]
const TAIL: u64 = 16 * 1024;

/// The maximum number of files that are read concurrently; the decoded data of each is held in
/// memory.
#[cfg(feature = "parquet")]
const READERS: usize = 8;

/// A folder on a disk. A load holds its lock, `_tidegauge/lock`.
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
        Ok(text(&self.dir.join(MANIFEST))?.map(|text| (text, None)))
    }

    fn replace(&self, manifest: &[u8], _: Option<&Edition>) -> Result<bool> {
        replace(&self.dir.join(MANIFEST), manifest).map(|()| true)
    }

    fn reached(&self) -> u64 {
        match Note::of(&self.dir) {
            Note::Nothing | Note::SomeLoad => 0,
            Note::Loading(commit) | Note::Resetting(commit) => commit.saturating_sub(1),
            Note::Loaded(commit) => commit,
        }
    }

    fn saw(&self, _: u64) {}

    fn unfinished(&self) -> Result<Vec<Unfinished>> {
        Ok(Note::of(&self.dir).unfinished().into_iter().collect())
    }

    fn forget(&self, _: &[Unfinished], _: &Manifest) -> Result<()> {
        Ok(()) // the note of the next load replaces that of the one before
    }

    fn is_over(commit: u64, manifest: &Manifest) -> bool {
        commit > manifest.commit // we hold the lock
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
            // An existing file is never overwritten: no commit has this number yet.
            let write = || File::create_new(&path)?.write_all(&bytes);
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
            let mut file = regular(&path)?;
            let size = file.metadata()?.len();
            file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
            let mut tail = Vec::new();
            file.read_to_end(&mut tail)?;
            Ok(Opened { file, size, tail: tail.into() })
        };
        open().map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::Gone { path: path.display().to_string() },
            _ => Error::io(&path, error),
        })
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

    fn files(&self) -> Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        list(&self.dir, "", DEPTH, &mut found)?;
        Ok(found)
    }

    fn remove(&self, paths: &[String]) -> Result<()> {
        paths.iter().map(|path| self.dir.join(path)).try_for_each(|path| {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Error::io(&path, error))
                }
                _ => Ok(()),
            }
        })
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (self.dir.join(from), self.dir.join(to));
        let folder = to.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
        fs::rename(&from, &to).map_err(|error| Error::io(&from, error))?;
        sync_dir(folder)
    }

    fn keep(&self, manifest: &[u8]) -> Result<()> {
        replace(&self.dir.join(RESET), manifest)
    }

    fn kept(&self) -> Result<Option<Vec<u8>>> {
        text(&self.dir.join(RESET))
    }
}

/// The content of the lock file. All lines have the same length, so that a new one replaces the old
/// one at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    /// No reliable information.
    Nothing,
    /// A load by a release that did not record the number of its commit.
    SomeLoad,
    /// A load of this commit has begun.
    Loading(u64),
    /// A reset has begun, with this as its first commit.
    Resetting(u64),
    /// This commit was made, and no load has begun since.
    Loaded(u64),
}

impl Note {
    /// Reads the lock file in `dir`; returns `Nothing` if it cannot be read.
    fn of(dir: &Path) -> Self {
        let read = || {
            let mut text = String::new();
            regular(&dir.join(LOCK))?.take(100).read_to_string(&mut text)?;
            io::Result::Ok(text)
        };
        read().map_or(Self::Nothing, |text| Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let number = |text: &str| text.trim().parse().ok();
        match text.trim_end().split_once(' ') {
            Some(("loading", commit)) => number(commit).map_or(Self::SomeLoad, Self::Loading),
            Some(("resets", commit)) => number(commit).map_or(Self::Nothing, Self::Resetting),
            Some(("loaded", commit)) => number(commit).map_or(Self::Nothing, Self::Loaded),
            None if text == "loading\n" => Self::SomeLoad,
            _ => Self::Nothing,
        }
    }

    fn line(self) -> String {
        match self {
            Self::Loading(commit) => format!("loading {commit:020}\n"),
            Self::Resetting(commit) => format!("resets  {commit:020}\n"),
            Self::Loaded(commit) => format!("loaded  {commit:020}\n"),
            Self::SomeLoad | Self::Nothing => String::new(),
        }
    }

    fn unfinished(self) -> Option<Unfinished> {
        let begun = |commit, resets| Some(Unfinished { commit, mark: None, resets, is_gone: true });
        match self {
            Self::SomeLoad => begun(None, false),
            Self::Loading(commit) => begun(Some(commit), false),
            Self::Resetting(commit) => begun(Some(commit), true),
            Self::Loaded(_) | Self::Nothing => None,
        }
    }
}

/// The folder's lock, held until it is dropped or its process ends. The lock file records the
/// running load, so that the next one knows what was killed, and the last commit, so that an
/// outdated manifest is recognized.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    dir: PathBuf,
}

impl Lock {
    fn take(dir: &Path) -> Result<Self> {
        let own = dir.join(OWN);
        fs::create_dir_all(&own).map_err(|error| Error::io(&own, error))?;
        let path = dir.join(LOCK);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|error| Error::io(&path, error))?;
        let mut pauses = LOCKED.build();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file, dir: dir.to_owned() }),
                Err(TryLockError::WouldBlock) => match pauses.next() {
                    Some(pause) => thread::sleep(pause),
                    None => return Err(Error::Busy { path: dir.display().to_string() }),
                },
                Err(TryLockError::Error(error)) => return Err(Error::io(&path, error)),
            }
        }
    }

    fn write(&mut self, note: Note) -> io::Result<()> {
        let line = note.line();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(line.as_bytes())?;
        self.file.set_len(u64::try_from(line.len()).unwrap_or_default())
    }
}

impl Turn for Lock {
    fn mark(&self) -> Option<&str> {
        None
    }

    fn begin(&mut self, commit: u64, writes: Writes) -> Result<Vec<Unfinished>> {
        let killed = Note::of(&self.dir).unfinished();
        if writes != Writes::Nothing || killed.is_some() {
            // The remains of a reset stay recorded until they are removed.
            let resets =
                writes == Writes::From || killed.as_ref().is_some_and(|killed| killed.resets);
            let note = if resets { Note::Resetting(commit) } else { Note::Loading(commit) };
            let noted = self.write(note).and_then(|()| self.file.sync_all());
            noted.map_err(|error| Error::io(&self.dir.join(LOCK), error))?;
        }
        Ok(killed.into_iter().collect())
    }

    /// Records the end of the load in the lock file. If that fails, the next load looks for files
    /// that do not exist.
    fn end(&mut self, _: u64, ended: Ended) {
        let last = match ended {
            Ended::Done(last) | Ended::Undone(last) => last,
            Ended::Left => return,
        };
        if let Err(error) = self.write(Note::Loaded(last)) {
            tracing::debug!(%error, "the lock's file still says that a load is at it");
        }
    }

    fn sweeps(&mut self, _: u64) -> bool {
        false // what is left was removed before the load
    }

    fn sweeps_again(&mut self) {}
}

/// Opens a regular file for reading, but not a pipe or a device, whose content may never end.
fn regular(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(io::Error::other("it is no regular file"))
}

/// Returns the content of the file at `path`, or `None` if it does not exist.
fn text(path: &Path) -> Result<Option<Vec<u8>>> {
    let read = || {
        let mut text = Vec::new();
        regular(path)?.read_to_end(&mut text)?;
        io::Result::Ok(text)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, error)),
    }
}

/// Replaces the file at `path` atomically: readers see either the old or the new content.
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

/// Adds paths, relative to the store and below `within`, and lengths in bytes of the files under
/// `dir`, down to `depth` folders below it.
#[cfg(feature = "parquet")]
fn list(dir: &Path, within: &str, depth: usize, found: &mut Vec<(String, u64)>) -> Result<()> {
    let entries: io::Result<Vec<_>> = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.and_then(Iterator::collect),
    };
    for entry in entries.map_err(|error| Error::io(dir, error))? {
        // A name that is not valid UTF-8 is not one of this store's.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        match fs::metadata(entry.path()) {
            Ok(there) if there.is_dir() => {
                if depth > 0 && path != OWN {
                    list(&entry.path(), &path, depth - 1, found)?;
                }
            }
            Ok(there) => found.push((path, there.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // it went meanwhile
            Err(error) => return Err(Error::io(&entry.path(), error)),
        }
    }
    Ok(())
}

/// Syncs all of `files` to the disk.
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

/// Syncs the file at `path` to the disk.
pub(crate) fn synced(file: &File, path: &Path) -> Result<()> {
    file.sync_all().map_err(|error| Error::io(path, error))
}

/// Syncs the entries of the folder `dir` to the disk.
pub(crate) fn sync_dir(dir: &Path) -> Result<()> {
    // On other systems a folder cannot be opened, and the file system takes care of its entries.
    if cfg!(unix) {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| Error::io(dir, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_others_are_nothing() {
        for note in [Note::Loading(7), Note::Resetting(8), Note::Loaded(0), Note::Loaded(u64::MAX)]
        {
            assert_eq!(Note::parse(&note.line()), note);
            assert_eq!(note.line().len(), Note::Loading(1).line().len());
        }
        assert_eq!(Note::parse("loading\n"), Note::SomeLoad);
        for text in ["", "loaded", "loaded x", "\0\0\0", "somebody's"] {
            assert_eq!(Note::parse(text), Note::Nothing, "{text}");
        }
    }
}
