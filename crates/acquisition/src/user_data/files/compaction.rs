//! Compact state of many files. A cursor names the files that were read, but if there are very
//! many, only the last ones by name: those before are folded into blocks, each with a checksum of
//! the states of its files.
//!
//! The checksum shows whether all files of a block are unchanged. If they are not, the modification
//! time tells new files from the others; if that is ambiguous, the files are doubtful rather than
//! guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::file_state::FileState;
use super::listing::FileEntry;
use super::text::short_digest;

/// The number of files that are named, and the number of further ones at which the first are folded
/// into a block.
const MAX_NAMED_FILES: usize = 4_096;
const FILES_PER_BLOCK: usize = 1_024;

/// The number of blocks above which neighbors are merged.
const MAX_BLOCKS: usize = 128;

/// A block of folded files: all files that sort after the previous block and not after `last`,
/// except for those that are named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Block {
    last: String,
    files: u64,
    /// The checksum: the sum of the fingerprints of the files.
    sum: u64,
    /// The latest modification time of the files, in microseconds since 1970.
    latest: u64,
}

/// The status of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileStatus {
    /// The cursor names the file, or it was never read.
    Named,
    /// The file is part of an unchanged block.
    Read,
    /// The file is part of a block that has changed, and may differ from the file that was read.
    Doubtful,
}

/// Compares the files of `blocks` with those that were `found`, sorted by name, except for those
/// that are `named`. Returns the status of each file. A block with doubtful files is emptied.
pub(super) fn compare(
    blocks: &mut [Block],
    found: &[FileEntry],
    named: &BTreeMap<String, FileState>,
) -> Vec<FileStatus> {
    let mut statuses = vec![FileStatus::Named; found.len()];
    let mut from = 0;
    for block in blocks {
        let to = from + found[from..].partition_point(|file| file.name <= block.last);
        let others: Vec<usize> =
            (from..to).filter(|at| !named.contains_key(&found[*at].name)).collect();
        if block.classify(found, &others, &mut statuses) {
            (block.files, block.sum, block.latest) = (0, 0, 0);
        }
        from = to;
    }
    statuses
}

impl Block {
    /// Sets the status of the files with the indexes `within`. Returns `true` if they are doubtful.
    fn classify(&self, found: &[FileEntry], within: &[usize], statuses: &mut [FileStatus]) -> bool {
        let is_old = |at: &usize| found[*at].modified <= self.latest;
        let old: Vec<usize> = within.iter().copied().filter(is_old).collect();
        let is =
            |at: &usize| fingerprint_of(&found[*at].name, found[*at].size, found[*at].modified);
        let known: Vec<u64> = old.iter().map(is).collect();
        let sum = known.iter().fold(0u64, |sum, file| sum.wrapping_add(*file));
        let count = old.len() as u64;
        let mut set = |places: &[usize], status| {
            places.iter().for_each(|at| statuses[*at] = status);
        };
        if count == self.files && sum == self.sum {
            set(&old, FileStatus::Read); // the newer ones were never read
            return false;
        }
        // Files that are gone may come back. A newer one may be one of them, rewritten, and is
        // read.
        if count < self.files {
            set(&old, FileStatus::Read);
            return false;
        }
        // A file was added with an older time: without it the checksum is unchanged.
        let late = known.iter().position(|file| sum.wrapping_sub(*file) == self.sum);
        if let (Some(late), true) = (late, count == self.files + 1) {
            set(&old, FileStatus::Read);
            set(&old[late..=late], FileStatus::Named);
            return false;
        }
        set(within, FileStatus::Doubtful);
        true
    }

    fn add(&mut self, name: &str, seen: &FileState) {
        self.files += 1;
        self.sum = self.sum.wrapping_add(fingerprint_of(name, seen.size, seen.modified));
        self.latest = self.latest.max(seen.modified);
    }
}

/// Moves the first of the `named` files into `blocks` if there are too many: only files that were
/// read to their end, in blocks that end before `limit`, up to which all files have been read.
pub(super) fn compact(
    blocks: &mut Vec<Block>,
    named: &mut BTreeMap<String, FileState>,
    limit: Option<&str>,
) {
    while named.len() > MAX_NAMED_FILES + FILES_PER_BLOCK {
        let is_read = |name: &str| limit.is_none_or(|limit| name < limit);
        let first = named.iter().filter(|(name, seen)| {
            let block = blocks.get(blocks.partition_point(|block| block.last < **name));
            seen.ended && is_read(block.map_or(name.as_str(), |block| &block.last))
        });
        let first: Vec<String> =
            first.take(FILES_PER_BLOCK).map(|(name, _)| name.clone()).collect();
        let Some(last) = first.last().cloned() else { return };
        if blocks.last().is_none_or(|block| block.last < last) {
            blocks.push(Block { last, files: 0, sum: 0, latest: 0 });
        }
        for name in first {
            let at = blocks.partition_point(|block| block.last < name);
            if let (Some(block), Some(seen)) = (blocks.get_mut(at), named.remove(&name)) {
                block.add(&name, &seen);
            }
        }
        if blocks.len() > MAX_BLOCKS {
            *blocks = blocks.chunks(2).filter_map(merged).collect();
        }
    }
}

/// Returns neighboring blocks as one, or `None` if there are none.
fn merged(blocks: &[Block]) -> Option<Block> {
    let last = blocks.last()?.last.clone();
    let whole = Block { last, files: 0, sum: 0, latest: 0 };
    Some(blocks.iter().fold(whole, |whole, block| Block {
        files: whole.files + block.files,
        sum: whole.sum.wrapping_add(block.sum),
        latest: whole.latest.max(block.latest),
        ..whole
    }))
}

/// Returns the fingerprint of a file.
fn fingerprint_of(name: &str, size: u64, modified: u64) -> u64 {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([0]);
    hash.update(size.to_le_bytes());
    hash.update(modified.to_le_bytes());
    short_digest(hash)
}

#[cfg(test)]
mod tests {
    use super::super::progress::FilesProgress;
    use super::*;

    fn file(at: usize, modified: u64) -> FileEntry {
        let name = format!("exports/orders-{at:07}.csv");
        FileEntry { path: name.clone().into(), name, size: 4_711 + at as u64, modified }
    }

    fn seen(file: &FileEntry) -> FileState {
        FileState {
            size: file.size,
            modified: file.modified,
            digest: file.size,
            taken: file.size,
            ended: true,
        }
    }

    /// Reads `files` in pages of `page` files, with the cursor serialized between them. Returns the
    /// number of files read.
    fn read(progress: &mut FilesProgress, files: &[FileEntry], page: usize) -> usize {
        let mut all = 0;
        loop {
            let (mut read, mut limit) = (0, None);
            let statuses = progress.compare(files);
            for (file, status) in files.iter().zip(statuses) {
                let is_known = progress.files.get(&file.name) == Some(&seen(file));
                if status == FileStatus::Read || is_known {
                    continue;
                }
                if read == page {
                    limit = Some(file.name.as_str());
                    break;
                }
                progress.files.insert(file.name.clone(), seen(file));
                read += 1;
            }
            progress.compact(limit);
            all += read;
            let text = serde_json::to_string(&progress).unwrap();
            *progress = serde_json::from_str(&text).unwrap();
            if limit.is_none() {
                return all;
            }
        }
    }

    fn doubtful(progress: &FilesProgress, files: &[FileEntry]) -> usize {
        let statuses = progress.clone().compare(files);
        statuses.iter().filter(|status| **status == FileStatus::Doubtful).count()
    }

    #[test]
    fn the_cursor_of_a_hundred_thousand_files_stays_small_and_complete() {
        let mut files: Vec<FileEntry> =
            (0..100_000).map(|at| file(2 * at, 1_000 + at as u64)).collect();
        let mut progress = FilesProgress::default();
        assert_eq!(read(&mut progress, &files, 20_000), 100_000);
        let text = serde_json::to_string(&progress).unwrap();
        assert!(text.len() < 400_000, "{} bytes", text.len());
        assert_eq!(read(&mut progress, &files, 20_000), 0, "nothing is read twice");
        let all = files.clone();
        // Later files, wherever they sort: one in a block has an older time, the others are newer.
        files.extend([
            file(501, 7),
            file(40_001, 1 << 40),
            file(40_003, 1 << 40),
            file(300_000, 5),
        ]);
        files.sort_by(|one, other| one.name.cmp(&other.name));
        assert_eq!(doubtful(&progress, &files), 0);
        assert_eq!(read(&mut progress, &files, 20_000), 4);
        assert_eq!(read(&mut progress, &files, 20_000), 0);
        // Files that are gone are not reported, nor are those that come back.
        let fewer: Vec<FileEntry> = files.iter().step_by(3).cloned().collect();
        assert_eq!((doubtful(&progress, &fewer), read(&mut progress, &fewer, 20_000)), (0, 0));
        assert_eq!(read(&mut progress, &all, 20_000), 0);
    }

    #[test]
    fn a_replaced_file_of_a_block_is_detected() {
        let files: Vec<FileEntry> = (0..20_000).map(|at| file(at, 1_000)).collect();
        let mut progress = FilesProgress::default();
        read(&mut progress, &files, 5_000);
        // A file with a new time is read anew, and no other one.
        let mut newer = files.clone();
        newer[77] = FileEntry { size: 1, modified: 2_000, ..newer[77].clone() };
        assert_eq!(doubtful(&progress, &newer), 0);
        assert_eq!(read(&mut progress.clone(), &newer, 5_000), 1);
        // With its time unchanged, the changed file cannot be told, so its whole block is read
        // anew.
        let mut same_time = files.clone();
        same_time[77].size = 1;
        let doubts = doubtful(&progress, &same_time);
        assert!((100..2_000).contains(&doubts), "{doubts}");
        assert_eq!(read(&mut progress, &same_time, 300), doubts, "in pages, and once");
        assert_eq!(read(&mut progress, &same_time, 300), 0);
    }

    #[test]
    fn few_files_are_listed_by_name() {
        let files: Vec<FileEntry> =
            (0..MAX_NAMED_FILES + FILES_PER_BLOCK).map(|at| file(at, 1_000)).collect();
        let mut progress = FilesProgress::default();
        read(&mut progress, &files, 1_000);
        assert_eq!(progress.files.len(), files.len());
        assert!(!serde_json::to_string(&progress).unwrap().contains("\"/\""));
    }
}
