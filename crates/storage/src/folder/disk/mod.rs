//! A folder on a disk: one load at a time, by a lock, and durable file operations.

mod durable;
mod lock;

#[cfg(feature = "parquet")]
use std::collections::BTreeSet;
#[cfg(feature = "parquet")]
use std::fs::{self, File};
#[cfg(feature = "parquet")]
use std::io;
#[cfg(feature = "parquet")]
use std::io::{Read, Seek, SeekFrom, Write};
#[cfg(feature = "parquet")]
use std::num::NonZero;
#[cfg(feature = "parquet")]
use std::ops::Range;
#[cfg(feature = "parquet")]
use std::path::Path;
use std::path::PathBuf;
#[cfg(feature = "parquet")]
use std::thread;

#[cfg(feature = "parquet")]
use bytes::Bytes;

#[cfg(feature = "csv")]
pub(crate) use self::durable::{sync_dir, sync_file};

#[cfg(feature = "parquet")]
use self::durable::{open_regular, sync_files};
use self::durable::{read_optional, replace_atomically};
use self::lock::{DirectoryLock, LockState};
use super::directory::Directory;
#[cfg(feature = "parquet")]
use super::directory::{FileStore, OpenFile};
use super::layout::MANIFEST_PATH;
#[cfg(feature = "parquet")]
use super::layout::{META_DIR, RESET_COPY_PATH};
use super::load_guard::UnfinishedLoad;
use super::manifest::{Manifest, ManifestVersion};
#[cfg(feature = "parquet")]
use crate::Error;
use crate::Result;

/// The depth of folders above a file: its table's, and its day's.
#[cfg(feature = "parquet")]
const MAX_DEPTH: usize = 2;

/// The number of bytes at the end of a file that are read first: usually they contain its footer.
#[cfg(feature = "parquet")]
const TAIL_BYTES: u64 = 16 * 1024;

/// The maximum number of files that are read concurrently; the decoded data of each is held in
/// memory.
#[cfg(feature = "parquet")]
const MAX_READERS: usize = 8;

/// A folder on a disk. A load holds its lock, `_tidegauge/lock`.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) dir: PathBuf,
}

impl Directory for Disk {
    type Guard = DirectoryLock;

    fn name(&self, path: &str) -> String {
        let path = if path.is_empty() { self.dir.clone() } else { self.dir.join(path) };
        path.display().to_string()
    }

    fn acquire_guard(&self) -> Result<DirectoryLock> {
        DirectoryLock::acquire(&self.dir)
    }

    fn read_manifest(&self) -> Result<Option<(Vec<u8>, Option<ManifestVersion>)>> {
        Ok(read_optional(&self.dir.join(MANIFEST_PATH))?.map(|text| (text, None)))
    }

    fn swap_manifest(&self, manifest: &[u8], _: Option<&ManifestVersion>) -> Result<bool> {
        replace_atomically(&self.dir.join(MANIFEST_PATH), manifest).map(|()| true)
    }

    fn known_commit(&self) -> u64 {
        match LockState::read(&self.dir) {
            LockState::Unknown | LockState::UnnumberedLoad => 0,
            LockState::Loading(commit) | LockState::Resetting(commit) => commit.saturating_sub(1),
            LockState::Loaded(commit) => commit,
        }
    }

    fn record_commit(&self, _: u64) {}

    fn unfinished_loads(&self) -> Result<Vec<UnfinishedLoad>> {
        Ok(LockState::read(&self.dir).unfinished().into_iter().collect())
    }

    fn forget_loads(&self, _: &[UnfinishedLoad], _: &Manifest) -> Result<()> {
        Ok(()) // the record of the next load replaces that of the one before
    }

    fn is_superseded(commit: u64, manifest: &Manifest) -> bool {
        commit > manifest.commit // this process holds the lock
    }
}

#[cfg(feature = "parquet")]
impl FileStore for Disk {
    type File = File;

    fn write_files(
        &self,
        files: &mut dyn Iterator<Item = Result<(String, Vec<u8>)>>,
    ) -> Result<()> {
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
        sync_files(&written)?;
        folders.iter().try_for_each(|folder| durable::sync_dir(folder))
    }

    fn open_file(&self, path: &str) -> Result<OpenFile<File>> {
        let path = self.dir.join(path);
        let open = || {
            let mut file = open_regular(&path)?;
            let size = file.metadata()?.len();
            file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
            let mut tail = Vec::new();
            file.read_to_end(&mut tail)?;
            Ok(OpenFile { file, size, tail: tail.into() })
        };
        open().map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::FileMissing { path: path.display().to_string() },
            _ => Error::io(&path, error),
        })
    }

    fn read_ranges(&self, file: &File, path: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
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

    fn max_readers() -> usize {
        thread::available_parallelism().map_or(1, NonZero::get).min(MAX_READERS)
    }

    fn list_files(&self) -> Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        list_files_below(&self.dir, "", MAX_DEPTH, &mut found)?;
        Ok(found)
    }

    fn remove_files(&self, paths: &[String]) -> Result<()> {
        paths.iter().map(|path| self.dir.join(path)).try_for_each(|path| {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(Error::io(&path, error))
                }
                _ => Ok(()),
            }
        })
    }

    fn rename_file(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (self.dir.join(from), self.dir.join(to));
        let folder = to.parent().unwrap_or(&self.dir);
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
        fs::rename(&from, &to).map_err(|error| Error::io(&from, error))?;
        durable::sync_dir(folder)
    }

    fn save_reset_copy(&self, manifest: &[u8]) -> Result<()> {
        replace_atomically(&self.dir.join(RESET_COPY_PATH), manifest)
    }

    fn reset_copy(&self) -> Result<Option<Vec<u8>>> {
        read_optional(&self.dir.join(RESET_COPY_PATH))
    }
}

/// Adds paths, relative to the store and below `within`, and lengths in bytes of the files under
/// `dir`, down to `depth` folders below it.
#[cfg(feature = "parquet")]
fn list_files_below(
    dir: &Path,
    within: &str,
    depth: usize,
    found: &mut Vec<(String, u64)>,
) -> Result<()> {
    let entries: io::Result<Vec<_>> = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.and_then(Iterator::collect),
    };
    for entry in entries.map_err(|error| Error::io(dir, error))? {
        // A name that is not valid UTF-8 is not one of this store's.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if within.is_empty() { name } else { format!("{within}/{name}") };
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => {
                if depth > 0 && path != META_DIR {
                    list_files_below(&entry.path(), &path, depth - 1, found)?;
                }
            }
            Ok(metadata) => found.push((path, metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // it was removed meanwhile
            Err(error) => return Err(Error::io(&entry.path(), error)),
        }
    }
    Ok(())
}
