//! Removal of lines: the file is truncated after its header, or rewritten next to the original and
//! put in place once the manifest is committed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tidegauge_core::{Predicate, Removal, Scalar, Table, Test};

use super::encode;
use super::paths::{current_path, file_name, rewritten_name, rewritten_path};
use super::segment::read_segment;
use crate::folder::{META_DIR, Manifest, Segment, StoredTable, sync_dir, sync_file};
use crate::{Error, Result};

/// Counts the lines of `stored` that `removal` removes.
pub(super) fn count_removed(dir: &Path, removal: &Removal, stored: &StoredTable) -> Result<usize> {
    if removal.is_whole() {
        return Ok(stored.segments.iter().map(|segment| segment.rows).sum());
    }
    let (path, table) = (current_path(dir, removal.table(), stored), removal.table());
    let mut rows = 0;
    for segment in &stored.segments {
        let bytes = read_segment(&path, segment)?;
        let lines = split_lines(&path, table, removal.predicate(), &bytes)?;
        rows += lines.iter().filter(|line| line.is_removed).count();
    }
    Ok(rows)
}

/// Removes the lines of `removal` from `stored`. A file without any lines left gets all current
/// columns of the table.
pub(super) fn remove_rows(
    dir: &Path,
    removal: &Removal,
    stored: &mut StoredTable,
    commit: u64,
) -> Result<()> {
    let Some([header, _]) = stored.segments.first().and_then(|segment| segment.bytes) else {
        return Ok(());
    };
    if !removal.is_whole() && count_removed(dir, removal, stored)? == 0 {
        return Ok(());
    }
    let table = removal.table();
    let (path, next) = (dir.join(file_name(&table.name)), rewritten_path(dir, &table.name, commit));
    let io = |error| Error::io(&next, error);
    let mut file = File::create(&next).map_err(io)?;
    let head = match removal.is_whole() && stored.check_schema(table).is_ok() {
        true => {
            stored.evolve_schema(table);
            encode::header(table).into_bytes()
        }
        false => {
            read_segment(&path, &Segment { bytes: Some([0, header]), ..Segment::new(0, None, 0) })?
        }
    };
    file.write_all(&head).map_err(io)?;
    let (mut end, mut kept) = (head.len() as u64, Vec::new());
    let segments = std::mem::take(&mut stored.segments);
    for mut segment in segments.into_iter().filter(|_| !removal.is_whole()) {
        let (bytes, start) = (read_segment(&path, &segment)?, end);
        segment.rows = 0;
        for line in split_lines(&path, removal.table(), removal.predicate(), &bytes)? {
            if !line.is_removed {
                let line = bytes.get(line.from..line.to).unwrap_or_default();
                file.write_all(line).map_err(io)?;
                (segment.rows, end) = (segment.rows + 1, end + line.len() as u64);
            }
        }
        segment.bytes = Some([start, end]);
        if segment.rows > 0 {
            kept.push(segment);
        }
    }
    sync_file(&file, &next)?;
    sync_dir(&dir.join(META_DIR))?;
    (stored.bytes, stored.segments, stored.rewritten_by) = (Some(end), kept, Some(commit));
    Ok(())
}

/// Rewrites the file of `stored` with the columns that were added to `table`; they are null in the
/// existing lines.
pub(super) fn add_columns(
    dir: &Path,
    table: &Table,
    stored: &mut StoredTable,
    commit: u64,
) -> Result<()> {
    let (mut path, next) =
        (current_path(dir, table, stored), rewritten_path(dir, &table.name, commit));
    if path == next {
        // A removal in the same commit has written this file.
        path = next.with_extension("narrow.csv");
        fs::rename(&next, &path).map_err(|error| Error::io(&next, error))?;
    }
    let lacking = ",".repeat(table.columns.len().saturating_sub(stored.column_count()));
    let io = |error| Error::io(&next, error);
    let mut file = BufWriter::new(File::create(&next).map_err(io)?);
    let header = encode::header(table);
    file.write_all(header.as_bytes()).map_err(io)?;
    let mut end = header.len() as u64;
    for segment in &mut stored.segments {
        let (bytes, start, mut is_quoted) = (read_segment(&path, segment)?, end, false);
        let lines = bytes.split_inclusive(|byte| {
            is_quoted ^= *byte == b'"';
            *byte == b'\n' && !is_quoted
        });
        for line in lines {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            for piece in [line, lacking.as_bytes(), b"\n"] {
                file.write_all(piece).map_err(io)?;
                end += piece.len() as u64;
            }
        }
        segment.bytes = Some([start, end]);
    }
    let file = file.into_inner().map_err(|error| io(error.into_error()))?;
    sync_file(&file, &next)?;
    sync_dir(&dir.join(META_DIR))?;
    stored.evolve_schema(table);
    (stored.bytes, stored.rewritten_by) = (Some(end), Some(commit));
    Ok(())
}

/// Puts the rewritten files of commits in place, and removes those of commits that never happened.
pub(super) fn finish_rewrites(dir: &Path, manifest: &Manifest) -> Result<()> {
    for (table, stored) in &manifest.tables {
        let Some(commit) = stored.rewritten_by else { continue };
        let (next, path) =
            (dir.join(META_DIR).join(rewritten_name(table, commit)), dir.join(file_name(table)));
        match fs::rename(&next, &path) {
            Ok(()) => sync_dir(dir)?,
            // The file is in place already.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io(&path, error)),
        }
    }
    let own = dir.join(META_DIR);
    let entries: io::Result<Vec<_>> = fs::read_dir(&own).and_then(Iterator::collect);
    for entry in entries.map_err(|error| Error::io(&own, error))? {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            fs::remove_file(&path).map_err(|error| Error::io(&path, error))?;
        }
    }
    Ok(())
}

/// The byte range of a line within its segment, and whether it is removed.
struct LineRange {
    from: usize,
    to: usize,
    is_removed: bool,
}

/// Splits a segment into lines and flags those that are removed.
fn split_lines(
    path: &Path,
    table: &Table,
    predicate: &Predicate,
    bytes: &[u8],
) -> Result<Vec<LineRange>> {
    let mut tests = Vec::with_capacity(predicate.conditions.len());
    for condition in &predicate.conditions {
        let index = table.columns.iter().position(|column| column.name == condition.name);
        let (Some(index), Test::OneOf(values)) = (index, &condition.test) else {
            return Ok(Vec::new()); // no value passes
        };
        tests.push((index, values));
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let mut row = csv::StringRecord::new();
    let mut lines: Vec<LineRange> = Vec::new();
    let damaged = |reason: String| Error::damaged(path, reason);
    while reader.read_record(&mut row).map_err(|error| damaged(error.to_string()))? {
        let from = row.position().and_then(|at| usize::try_from(at.byte()).ok());
        let from = from.ok_or_else(|| damaged("a line of it lies nowhere".into()))?;
        if let Some(last) = lines.last_mut() {
            last.to = from;
        }
        let is = |(index, values): &(usize, &Vec<Scalar>)| {
            values
                .iter()
                .any(|value| matches!(value, Scalar::Text(text) if row.get(*index) == Some(text)))
        };
        lines.push(LineRange { from, to: bytes.len(), is_removed: tests.iter().all(is) });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{
        Batch, BatchBuilder, Cell, Cursor, DataType, Load, Reset, Sink, TableRef,
    };

    use super::super::format::CsvFormat;
    use super::*;
    use crate::folder::{Directory, Disk};

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
    async fn a_rewritten_file_takes_effect_with_the_commit() {
        for is_committed in [false, true] {
            let (dir, table) = (tempfile::tempdir().unwrap(), table());
            let sink = super::super::open(dir.path().to_owned());
            let after = Cursor::new("1");
            let batches =
                [rows(&table, &[("a", 1), ("b,\n\"", 2)]), rows(&table, &[("c", 3), ("a", 4)])];
            let load = Load::new("s", &batches, None, &after);
            sink.load(load).await.unwrap();

            let disk = Disk { dir: dir.path().to_owned() };
            let mut manifest = Manifest::read::<CsvFormat, _>(&disk).unwrap();
            fs::write(dir.path().join(META_DIR).join("lock"), "resets  00000000000000000002\n")
                .unwrap();
            manifest.commit += 1;
            let (commit, stored) = (manifest.commit, manifest.tables.get_mut("t").unwrap());
            let removal = Removal::by_values(&table, "source", ["a"]).unwrap();
            assert_eq!(count_removed(dir.path(), &removal, stored).unwrap(), 2);
            remove_rows(dir.path(), &removal, stored, commit).unwrap();
            if is_committed {
                assert!(manifest.commit_to(&disk).unwrap());
                let other = Removal::by_values(&table, "source", ["c"]).unwrap();
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
            let kept = "source,id\n\"b,\n\"\"\",2\nc,3\nd,5\n";
            let wanted = if is_committed { kept.to_owned() } else { format!("{whole}d,5\n") };
            assert_eq!(fs::read_to_string(&file).unwrap(), wanted);
            let own: Vec<_> = fs::read_dir(dir.path().join(META_DIR)).unwrap().collect();
            assert_eq!(own.len(), 2, "the lock and the manifest: {own:?} of {}", disk.name(""));
        }
    }

    /// Checks a load that widens a file and is killed before its manifest is committed, and after
    /// it but before its file is in place.
    #[tokio::test]
    async fn a_file_with_added_columns_takes_effect_with_the_commit() {
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
            let mut manifest = Manifest::read::<CsvFormat, _>(&disk).unwrap();
            fs::write(dir.path().join(META_DIR).join("lock"), "resets  00000000000000000002\n")
                .unwrap();
            manifest.commit += 1;
            let (commit, stored) = (manifest.commit, manifest.tables.get_mut("t").unwrap());
            add_columns(dir.path(), &table(true), stored, commit).unwrap();
            if is_committed {
                assert!(manifest.commit_to(&disk).unwrap());
            }
            let file = dir.path().join("t.csv");
            assert_eq!(fs::read_to_string(&file).unwrap(), "id\n1\n");

            // The next load finds it in this state.
            let batches = row(true, 2);
            let load = Load::new("s", &batches, Some(&first), &second);
            super::super::open(dir.path().to_owned()).load(load).await.unwrap();
            let wanted = if is_committed { "id,more\n1,\n2,\n" } else { "id\n1\n2\n" };
            assert_eq!(fs::read_to_string(&file).unwrap(), wanted, "committed: {is_committed}");
            let own: Vec<_> = fs::read_dir(dir.path().join(META_DIR)).unwrap().collect();
            assert_eq!(own.len(), 2, "the lock and the manifest: {own:?}");
        }
    }
}
