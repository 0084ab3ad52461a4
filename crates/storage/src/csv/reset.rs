//! Removal of lines: the file is truncated after its header, or rewritten next to the original and
//! put in place once the manifest is committed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tidegauge_core::{Predicate, Removal, Scalar, Table, Test};

use super::{encode, file};
use crate::folder::{Manifest, OWN, Part, Stored, sync_dir, synced};
use crate::{Error, Result};

/// Counts the lines of `stored` that `removal` removes.
pub(super) fn count(dir: &Path, removal: &Removal, stored: &Stored) -> Result<usize> {
    if removal.is_whole() {
        return Ok(stored.parts.iter().map(|part| part.rows).sum());
    }
    let (path, table) = (current(dir, removal.table(), stored), removal.table());
    let mut rows = 0;
    for part in &stored.parts {
        let bytes = read(&path, part)?;
        let lines = lines(&path, table, removal.predicate(), &bytes)?;
        rows += lines.iter().filter(|line| line.goes).count();
    }
    Ok(rows)
}

/// Removes the lines of `removal` from `stored`. A file without any lines left gets all current
/// columns of the table.
pub(super) fn remove(
    dir: &Path,
    removal: &Removal,
    stored: &mut Stored,
    commit: u64,
) -> Result<()> {
    let Some([header, _]) = stored.parts.first().and_then(|part| part.bytes) else { return Ok(()) };
    if !removal.is_whole() && count(dir, removal, stored)? == 0 {
        return Ok(());
    }
    let table = removal.table();
    let (path, next) = (dir.join(file(&table.name)), beside(dir, &table.name, commit));
    let io = |error| Error::io(&next, error);
    let mut written = File::create(&next).map_err(io)?;
    let head = match removal.is_whole() && stored.compare(table).is_ok() {
        true => {
            stored.widen(table);
            encode::header(table).into_bytes()
        }
        false => read(&path, &Part { bytes: Some([0, header]), ..Part::new(0, None, 0) })?,
    };
    written.write_all(&head).map_err(io)?;
    let (mut end, mut left) = (head.len() as u64, Vec::new());
    let parts = std::mem::take(&mut stored.parts);
    for mut part in parts.into_iter().filter(|_| !removal.is_whole()) {
        let (bytes, start) = (read(&path, &part)?, end);
        part.rows = 0;
        for line in lines(&path, removal.table(), removal.predicate(), &bytes)? {
            if !line.goes {
                let line = bytes.get(line.from..line.to).unwrap_or_default();
                written.write_all(line).map_err(io)?;
                (part.rows, end) = (part.rows + 1, end + line.len() as u64);
            }
        }
        part.bytes = Some([start, end]);
        if part.rows > 0 {
            left.push(part);
        }
    }
    synced(&written, &next)?;
    sync_dir(&dir.join(OWN))?;
    (stored.bytes, stored.parts, stored.anew) = (Some(end), left, Some(commit));
    Ok(())
}

/// Rewrites the file of `stored` with the columns that were added to `table`; they are null in the
/// existing lines.
pub(super) fn widen(dir: &Path, table: &Table, stored: &mut Stored, commit: u64) -> Result<()> {
    let (mut path, next) = (current(dir, table, stored), beside(dir, &table.name, commit));
    if path == next {
        // A removal in the same commit has written this file.
        path = next.with_extension("narrow.csv");
        fs::rename(&next, &path).map_err(|error| Error::io(&next, error))?;
    }
    let lacking = ",".repeat(table.columns.len().saturating_sub(stored.width()));
    let io = |error| Error::io(&next, error);
    let mut written = BufWriter::new(File::create(&next).map_err(io)?);
    let header = encode::header(table);
    written.write_all(header.as_bytes()).map_err(io)?;
    let mut end = header.len() as u64;
    for part in &mut stored.parts {
        let (bytes, start, mut is_quoted) = (read(&path, part)?, end, false);
        let lines = bytes.split_inclusive(|byte| {
            is_quoted ^= *byte == b'"';
            *byte == b'\n' && !is_quoted
        });
        for line in lines {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            for piece in [line, lacking.as_bytes(), b"\n"] {
                written.write_all(piece).map_err(io)?;
                end += piece.len() as u64;
            }
        }
        part.bytes = Some([start, end]);
    }
    let written = written.into_inner().map_err(|error| io(error.into_error()))?;
    synced(&written, &next)?;
    sync_dir(&dir.join(OWN))?;
    stored.widen(table);
    (stored.bytes, stored.anew) = (Some(end), Some(commit));
    Ok(())
}

/// Puts the rewritten files of commits in place, and removes those of commits that never happened.
pub(super) fn put_in_place(dir: &Path, manifest: &Manifest) -> Result<()> {
    for (table, stored) in &manifest.tables {
        let Some(commit) = stored.anew else { continue };
        let (next, path) = (dir.join(OWN).join(name(table, commit)), dir.join(file(table)));
        match fs::rename(&next, &path) {
            Ok(()) => sync_dir(dir)?,
            // The file is in place already.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io(&path, error)),
        }
    }
    let own = dir.join(OWN);
    let entries: io::Result<Vec<_>> = fs::read_dir(&own).and_then(Iterator::collect);
    for entry in entries.map_err(|error| Error::io(&own, error))? {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            fs::remove_file(&path).map_err(|error| Error::io(&path, error))?;
        }
    }
    Ok(())
}

/// Returns the file with the lines of `stored`: the rewritten one, if the commit that wrote it has
/// not put it in place yet.
pub(super) fn current(dir: &Path, table: &Table, stored: &Stored) -> PathBuf {
    let next = stored.anew.map(|commit| beside(dir, &table.name, commit));
    next.filter(|next| next.exists()).unwrap_or_else(|| dir.join(file(&table.name)))
}

/// Returns the path of the file of `table` as rewritten by `commit`.
pub(super) fn beside(dir: &Path, table: &str, commit: u64) -> PathBuf {
    dir.join(OWN).join(name(table, commit))
}

fn name(table: &str, commit: u64) -> String {
    format!("{table}.{commit}.csv")
}

/// The byte range of a line within its part, and whether it is removed.
struct Line {
    from: usize,
    to: usize,
    goes: bool,
}

/// Returns the bytes of the lines of `part`.
pub(super) fn read(path: &Path, part: &Part) -> Result<Vec<u8>> {
    let [start, end] = part.bytes.unwrap_or_default();
    let length = end.saturating_sub(start);
    let mut bytes = Vec::new();
    let mut read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        file.take(length).read_to_end(&mut bytes)
    };
    let found = read().map_err(|error| Error::io(path, error))?;
    if u64::try_from(found) != Ok(length) {
        return Err(Error::damaged(path, format!("it ends before byte {end}, which was written")));
    }
    Ok(bytes)
}

/// Splits a part into lines and marks those that are removed.
fn lines(path: &Path, table: &Table, predicate: &Predicate, bytes: &[u8]) -> Result<Vec<Line>> {
    let mut tests = Vec::with_capacity(predicate.conditions.len());
    for condition in &predicate.conditions {
        let place = table.columns.iter().position(|column| column.name == condition.name);
        let (Some(place), Test::OneOf(values)) = (place, &condition.test) else {
            return Ok(Vec::new()); // no value passes
        };
        tests.push((place, values));
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let mut row = csv::StringRecord::new();
    let mut lines: Vec<Line> = Vec::new();
    let damaged = |reason: String| Error::damaged(path, reason);
    while reader.read_record(&mut row).map_err(|error| damaged(error.to_string()))? {
        let from = row.position().and_then(|at| usize::try_from(at.byte()).ok());
        let from = from.ok_or_else(|| damaged("a line of it lies nowhere".into()))?;
        if let Some(last) = lines.last_mut() {
            last.to = from;
        }
        let is = |(place, values): &(usize, &Vec<Scalar>)| {
            values
                .iter()
                .any(|value| matches!(value, Scalar::Text(text) if row.get(*place) == Some(text)))
        };
        lines.push(Line { from, to: bytes.len(), goes: tests.iter().all(is) });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{
        Batch, BatchBuilder, Cell, Cursor, DataType, Load, Reset, Sink, TableRef,
    };

    use super::super::CsvFiles;
    use super::*;
    use crate::folder::{Disk, Place};

    fn table() -> TableRef {
        let table = Table::builder("t", "").column("source", DataType::Text, "");
        table.column("id", DataType::Int64, "").key(["source", "id"]).build().unwrap()
    }

    fn rows(table: &TableRef, rows: &[(&str, i128)]) -> Batch {
        let mut builder = BatchBuilder::new(table);
        for (source, id) in rows {
            builder.push(Cell::Text(source)).unwrap();
            builder.push(Cell::Int(*id)).unwrap();
        }
        builder.finish().unwrap()
    }

    /// Checks a reset that is killed before its manifest is committed, and after it but before its
    /// file is in place.
    #[tokio::test]
    async fn a_file_that_was_written_anew_counts_from_the_commit_on() {
        for is_committed in [false, true] {
            let (dir, table) = (tempfile::tempdir().unwrap(), table());
            let sink = super::super::open(dir.path().to_owned());
            let after = Cursor::new("1");
            let batches =
                [rows(&table, &[("a", 1), ("b,\n\"", 2)]), rows(&table, &[("c", 3), ("a", 4)])];
            let load = Load::new("s", &batches, None, &after);
            sink.load(load).await.unwrap();

            let disk = Disk { dir: dir.path().to_owned() };
            let mut manifest = Manifest::read::<CsvFiles, _>(&disk).unwrap();
            fs::write(dir.path().join(OWN).join("lock"), "resets  00000000000000000002\n").unwrap();
            manifest.commit += 1;
            let (commit, stored) = (manifest.commit, manifest.tables.get_mut("t").unwrap());
            let removal = Removal::of(&table, "source", ["a"]).unwrap();
            assert_eq!(count(dir.path(), &removal, stored).unwrap(), 2);
            remove(dir.path(), &removal, stored, commit).unwrap();
            if is_committed {
                assert!(manifest.write(&disk).unwrap());
                let other = Removal::of(&table, "source", ["c"]).unwrap();
                let cursors = [("s", Some(&after))];
                let (removals, dry_run) = (&[other][..], true);
                let counted = sink.reset(Reset { cursors: &cursors, removals, dry_run }).await;
                assert_eq!(counted.unwrap(), [1]);
            }
            let file = dir.path().join("t.csv");
            let whole = "source,id\na,1\n\"b,\n\"\"\",2\nc,3\na,4\n";
            assert_eq!(fs::read_to_string(&file).unwrap(), whole);

            // The next load finds it in this state.
            let next = Cursor::new("2");
            let batches = [rows(&table, &[("d", 5)])];
            let load = Load::new("s", &batches, Some(&after), &next);
            sink.load(load).await.unwrap();
            let left = "source,id\n\"b,\n\"\"\",2\nc,3\nd,5\n";
            let wanted = if is_committed { left.to_owned() } else { format!("{whole}d,5\n") };
            assert_eq!(fs::read_to_string(&file).unwrap(), wanted);
            let own: Vec<_> = fs::read_dir(dir.path().join(OWN)).unwrap().collect();
            assert_eq!(own.len(), 2, "the lock and the manifest: {own:?} of {}", disk.name(""));
        }
    }

    /// Checks a load that widens a file and is killed before its manifest is committed, and after
    /// it but before its file is in place.
    #[tokio::test]
    async fn a_file_that_was_widened_counts_from_the_commit_on() {
        let table = |is_wide: bool| {
            let table = Table::builder("t", "").column("id", DataType::Int64, "");
            let table = if is_wide { table.nullable("more", DataType::Text, "") } else { table };
            table.key(["id"]).build().unwrap()
        };
        let row = |is_wide: bool, id: i128| {
            let mut builder = BatchBuilder::new(&table(is_wide));
            builder.push(Cell::Int(id)).unwrap();
            if is_wide {
                builder.push(Cell::Null).unwrap();
            }
            [builder.finish().unwrap()]
        };
        for is_committed in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let (first, second) = (Cursor::new("1"), Cursor::new("2"));
            let batches = row(false, 1);
            let load = Load::new("s", &batches, None, &first);
            super::super::open(dir.path().to_owned()).load(load).await.unwrap();

            let disk = Disk { dir: dir.path().to_owned() };
            let mut manifest = Manifest::read::<CsvFiles, _>(&disk).unwrap();
            fs::write(dir.path().join(OWN).join("lock"), "resets  00000000000000000002\n").unwrap();
            manifest.commit += 1;
            let (commit, stored) = (manifest.commit, manifest.tables.get_mut("t").unwrap());
            widen(dir.path(), &table(true), stored, commit).unwrap();
            if is_committed {
                assert!(manifest.write(&disk).unwrap());
            }
            let file = dir.path().join("t.csv");
            assert_eq!(fs::read_to_string(&file).unwrap(), "id\n1\n");

            // The next load finds it in this state.
            let batches = row(true, 2);
            let load = Load::new("s", &batches, Some(&first), &second);
            super::super::open(dir.path().to_owned()).load(load).await.unwrap();
            let wanted = if is_committed { "id,more\n1,\n2,\n" } else { "id\n1\n2\n" };
            assert_eq!(fs::read_to_string(&file).unwrap(), wanted, "committed: {is_committed}");
            let own: Vec<_> = fs::read_dir(dir.path().join(OWN)).unwrap().collect();
            assert_eq!(own.len(), 2, "the lock and the manifest: {own:?}");
        }
    }
}
