//! Repair: rebuilds the manifest from the notes in the files.
//!
//! Commits are restored in order, each as a whole: its rows together with its cursor. An
//! interrupted load is recognized by its record (see `folder`) or by missing files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::FileMetaData;
use tidegauge_core::arrow::schema::DataType as ArrowType;
use tidegauge_core::{Column, Cursor, DataType, Fingerprint, Sink, Table, TableRef};

use super::name::Name;
use super::note::{End, Note, fingerprint};
use super::{NAME, Parquet, ParquetFiles, file, load};
use crate::folder::{Ended, Files, MANIFEST, Manifest, OWN, Part, Stored, Turn, Unfinished};
use crate::repair::{Held, Repair, SetAside};
use crate::{Error, Result, random};

impl<P: Files> Parquet<P> {
    /// Rebuilds the manifest if it does not match the files.
    pub(crate) async fn repair(&self, tables: &[TableRef]) -> tidegauge_core::Result<Repair> {
        let tables = tables.to_vec();
        let mut repair = self.blocking(move |place| repair(place, &tables)).await?;
        repair.store = self.name().to_owned();
        Ok(repair)
    }
}

/// A file that no manifest names.
struct Stray<'a> {
    path: &'a str,
    name: Name<'a>,
    rows: usize,
    note: Option<Note>,
    footer: FileMetaData,
    fingerprint: Fingerprint,
    size: u64,
}

impl Stray<'_> {
    fn add_to(&self, part: &mut Part) {
        part.rows += self.rows;
        part.footers.insert(self.name.day.unwrap_or_default().to_owned(), self.fingerprint);
        part.sizes.insert(self.name.day.unwrap_or_default().to_owned(), self.size);
        if let Some(day) = self.name.day {
            part.days.insert(day.to_owned(), self.rows);
        }
    }
}

/// A manifest under construction.
struct Rebuild<'a> {
    manifest: Manifest,
    tables: &'a [TableRef],
    unfinished: Vec<Unfinished>,
    /// The greatest commit that is known to have been made.
    reached: u64,
    /// `true` if rows were restored that a reset had rewritten.
    is_reset: bool,
    repair: Repair,
}

fn repair<P: Files>(place: &P, tables: &[TableRef]) -> Result<Repair> {
    if place.manifest()?.is_none() && load::found(place)?.is_empty() {
        return Ok(Repair::default()); // nothing was ever loaded
    }
    let mut turn = place.turn()?;
    let (reached, found) = (place.reached(), place.manifest()?);
    let (text, edition) = found.map_or((None, None), |(text, edition)| (Some(text), edition));
    let (base, fault) = match &text {
        None => (None, Some("its manifest was gone".to_owned())),
        Some(text) => match Manifest::parse::<ParquetFiles, P>(place, text)? {
            Ok(manifest) if manifest.commit < reached => {
                let fault = "its manifest was older than its last commit".to_owned();
                (Some(manifest), Some(fault))
            }
            Ok(manifest) => (Some(manifest), None),
            Err(reason) => (None, Some(format!("its manifest was damaged: {reason}"))),
        },
    };
    // No file records which rows and cursors a reset has removed, so a reset keeps a copy of its
    // manifest.
    let is_found = base.is_some();
    let base = match (base, kept(place)?) {
        (Some(base), Some(kept)) if kept.commit > base.commit => Some(kept),
        (Some(base), _) => Some(base),
        (None, kept) => kept,
    };
    let has_base = base.is_some();
    let manifest = base.unwrap_or_else(|| Manifest::empty(NAME, 0));
    let unfinished = place.unfinished()?;
    let repair = Repair { faults: fault.into_iter().collect(), ..Repair::default() };
    let mut rebuild = Rebuild {
        manifest: manifest.over(edition),
        tables,
        unfinished,
        reached,
        is_reset: false,
        repair,
    };
    let found = load::found(place)?;
    let cut = rebuild.leave_out_what_is_gone(place, &found);
    rebuild.tell_unfinished_resets(is_found);
    let named: HashSet<Name<'_>> = Name::of_manifest(&rebuild.manifest).collect();
    let mut strays: Vec<(&str, Name<'_>)> = found
        .iter()
        .filter_map(|(path, _)| Some((path.as_str(), Name::parse(path)?)))
        .filter(|(_, name)| !named.contains(name))
        .collect();
    drop(named);
    let removed: HashSet<Name<'_>> = Name::removed_from(&rebuild.manifest).collect();
    let is_left = |name: &Name<'_>| {
        removed.contains(name) || name.is_of(&rebuild.unfinished, &rebuild.manifest)
    };
    if rebuild.repair.faults.is_empty() && strays.iter().all(|(_, name)| is_left(name)) {
        return Ok(rebuild.told()); // what a load has left, the next one removes
    }
    let is_unnamed = |(path, name): &(&str, Name<'_>)| !is_left(name) && !cut.contains(path);
    if is_found && strays.iter().any(is_unnamed) {
        rebuild.repair.faults.push("its manifest did not name all files".into());
    }
    strays.sort_by_key(|(_, name)| *name);
    let mut aside = Vec::new();
    let last = strays.iter().map(|(_, name)| name.commit).max().unwrap_or_default();
    rebuild.take(place, &strays, has_base, last, &mut aside)?;
    if rebuild.is_reset {
        rebuild.repair.unknown.push(
            "a reset has written rows anew, and the copy of the manifest that it has kept is gone: what else it \
             removed may be there again if it was broken off, and of the sources whose rows it wrote the \
             cursors are known only as far as other files tell them"
                .into(),
        );
    }
    if last.max(rebuild.manifest.commit) < reached {
        rebuild.repair.unknown.push(format!(
            "the last commits (up to {reached}) left no files: they had no rows, or those are gone; their \
             sources go on where the commits before ended"
        ));
    }
    let manifest = &mut rebuild.manifest;
    // Parts that replace rows come after them, regardless of the commit that rewrote them last.
    for stored in manifest.tables.values_mut() {
        stored.parts.sort_by_key(Part::first_commit);
    }
    manifest.commit = manifest.commit.max(reached).max(last);
    let folder = format!("{OWN}/aside-{:016x}", random::number());
    if let Some(text) = text {
        let copy = (format!("{folder}/{}", MANIFEST.rsplit('/').next().unwrap_or(MANIFEST)), text);
        place.write(&mut std::iter::once(Ok(copy)))?;
        rebuild.repair.folder = Some(place.name(&folder));
    }
    if !manifest.write(place)? {
        return Err(Error::Busy { path: place.name("") });
    }
    for moved in &aside {
        place.rename(&moved.path, &format!("{folder}/{}", moved.path))?;
        rebuild.repair.folder = Some(place.name(&folder));
    }
    turn.end(rebuild.manifest.commit, Ended::Done(rebuild.manifest.commit));
    rebuild.repair.aside = aside;
    Ok(rebuild.told())
}

/// Returns the manifest as of the last reset, or `None` if there is none that can be read.
fn kept<P: Files>(place: &P) -> Result<Option<Manifest>> {
    match place.kept()? {
        Some(text) => Ok(Manifest::parse::<ParquetFiles, P>(place, &text)?.ok()),
        None => Ok(None),
    }
}

impl Rebuild<'_> {
    /// Reports an interrupted reset, because it is unknown whether it was committed, unless the
    /// folder's manifest was found (`is_found`).
    fn tell_unfinished_resets(&mut self, is_found: bool) {
        let manifest = &self.manifest;
        let is_open = |load: &Unfinished| load.resets && load.number(manifest) > manifest.commit;
        if !is_found && self.unfinished.iter().any(is_open) {
            self.repair.unknown.push(
                "a reset was broken off, and whether it was committed only the lost manifest said: what it was \
                 to remove is there, with its cursors; reset again to remove it"
                    .into(),
            );
        }
    }

    /// Removes files from the manifest that are missing, or have another length than committed.
    /// Returns the latter.
    fn leave_out_what_is_gone<'f, P: Files>(
        &mut self,
        place: &P,
        found: &'f [(String, u64)],
    ) -> HashSet<&'f str> {
        let there = found.iter().filter_map(|file| Some((Name::parse(&file.0)?, file)));
        let there: HashMap<Name<'_>, &'f (String, u64)> = there.collect();
        let (mut misses, mut cut) = (false, HashSet::new());
        for (table, stored) in &mut self.manifest.tables {
            for part in &mut stored.parts {
                let is_whole = |name: &Name<'_>| {
                    let written = part.sizes.get(name.day.unwrap_or_default());
                    there
                        .get(name)
                        .is_some_and(|(_, size)| written.is_none_or(|written| written == size))
                };
                let gone: Vec<Option<String>> = Name::of_part(table, part)
                    .filter(|name| !is_whole(name))
                    .map(|name| name.day.map(Into::into))
                    .collect();
                misses |= !gone.is_empty();
                for day in gone {
                    let rows = match &day {
                        Some(day) => part.days.remove(day).unwrap_or_default(),
                        None => part.rows,
                    };
                    part.rows -= rows;
                    part.footers.remove(day.as_deref().unwrap_or_default());
                    let written = part.sizes.remove(day.as_deref().unwrap_or_default());
                    let (commit, mark) = (part.commit, part.mark.as_deref());
                    let name = Name { commit, mark, table, day: day.as_deref() };
                    let path = place.name(&name.to_string());
                    let fault = match (there.get(&name), written) {
                        (Some((found, size)), Some(written)) => {
                            cut.insert(found.as_str());
                            format!(
                                "`{path}` had {size} bytes instead of {written}, and its {rows} rows are left out"
                            )
                        }
                        _ => format!("`{path}` was gone, and {rows} rows with it"),
                    };
                    self.repair.faults.push(fault);
                }
            }
            stored.parts.retain(|part| part.rows > 0);
        }
        if misses {
            self.repair.unknown.push(
                "the cursors of the sources go on behind rows that are gone: load such a source anew to \
                 have them again"
                    .into(),
            );
        }
        cut
    }

    /// Restores the commits whose files are `strays`, and adds files that are rejected to `aside`.
    fn take<P: Files>(
        &mut self,
        place: &P,
        strays: &[(&str, Name<'_>)],
        has_base: bool,
        last: u64,
        aside: &mut Vec<SetAside>,
    ) -> Result<()> {
        let base = self.manifest.commit;
        let removed: Vec<String> = self.manifest.removed.clone();
        let removed: HashSet<Name<'_>> =
            removed.iter().filter_map(|path| Name::parse(path)).collect();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut plain = 0;
        let same = |one: &(&str, Name<'_>), other: &(&str, Name<'_>)| {
            (one.1.commit, one.1.mark) == (other.1.commit, other.1.mark)
        };
        for files in strays.chunk_by(same) {
            let Some((_, name)) = files.first() else { continue };
            let siblings = strays.iter().filter(|(_, other)| other.commit == name.commit).count();
            let mut set_aside = |path: &str, reason: String| {
                aside.push(SetAside { path: path.into(), reason });
            };
            let mut read = Vec::new();
            for (path, name) in files {
                if removed.contains(name) {
                    set_aside(path, "a reset has removed its rows".into());
                    continue;
                }
                match stray(place, path, *name) {
                    Ok(stray) => read.push(stray),
                    Err(Error::Damaged { reason, .. }) => set_aside(path, reason),
                    Err(error) => return Err(error),
                }
            }
            let (noted, bare): (Vec<_>, Vec<_>) =
                read.into_iter().partition(|stray| stray.note.is_some());
            for stray in &bare {
                let reason = if has_base {
                    Some(
                        "it does not say which load wrote it, and the manifest did not name it"
                            .into(),
                    )
                } else {
                    self.take_plain(stray)?
                };
                match reason {
                    Some(reason) => set_aside(stray.path, reason),
                    None => plain += 1,
                }
            }
            let is_one_of_several = siblings > files.len();
            let mark = name.mark.map(str::to_owned);
            let is_repeated = mark.as_ref().is_some_and(|mark| taken.contains(mark));
            let refused = match noted.is_empty() {
                true => None,
                false if has_base && name.commit <= base => {
                    Some(format!("commit {} was made without it", name.commit))
                }
                false if is_repeated => Some("its load was committed with another number".into()),
                false => self.take_commit(&noted, is_one_of_several, last),
            };
            match refused {
                Some(reason) => {
                    noted.iter().for_each(|stray| set_aside(stray.path, reason.clone()))
                }
                None if !noted.is_empty() => taken.extend(mark),
                None => {}
            }
        }
        if plain > 0 {
            self.repair.unknown.push(format!(
                "{plain} files were written by a release that noted nothing in them: which sources they \
                 are of and how far those were loaded cannot be known, nor whether the last commit ({last}) \
                 was finished; the next run reads those sources from their beginning: merge tables take \
                 the same rows again, append tables refuse theirs: load such a source into a new folder"
            ));
        }
        Ok(())
    }

    /// Restores a commit whose files have notes. Returns the reason if it is rejected.
    fn take_commit(
        &mut self,
        files: &[Stray<'_>],
        is_one_of_several: bool,
        last: u64,
    ) -> Option<String> {
        let (first, note) = files.iter().find_map(|file| Some((file, file.note.as_ref()?)))?;
        let name = first.name;
        let notes = || files.iter().filter_map(|file| file.note.as_ref());
        let end: Option<&End> = notes().find_map(|note| note.end.as_ref());
        let there: BTreeSet<usize> = notes().map(|note| note.file).collect();
        let is_whole = end.is_some_and(|end| end.files == there.len());
        let is_unfinished = name.is_of(&self.unfinished, &self.manifest);
        let source = note.source.clone();
        let cursor = source.as_ref().and_then(|source| self.manifest.cursors.get(source));
        let cursor = cursor.map(fingerprint);
        let follows = source.is_some() && end.is_some_and(|end| end.before == cursor);
        // The commit number of an interrupted load is reused by the next one.
        let was_made = !is_unfinished && (name.commit < last || name.commit <= self.reached);
        if !is_whole && !was_made {
            return Some(format!("its load (commit {}) was not finished", name.commit));
        }
        if (is_unfinished || is_one_of_several) && !follows {
            return Some(format!("its load (commit {}) was not committed", name.commit));
        }
        let held = self.manifest.tables.get(name.table);
        let mut held = held.into_iter().flat_map(|held| &held.parts);
        if let Some(origin) = note.part.origin
            && held.any(|part| part.first_commit() == origin)
        {
            self.is_reset = true;
            return Some(format!("what it was written from is there, by commit {origin}"));
        }
        let mut tables: BTreeMap<&str, (Stored, Part)> = BTreeMap::new();
        for file in files {
            let Some(note) = &file.note else { continue };
            let (_, part) = tables.entry(file.name.table).or_insert_with(|| {
                (note.stored.definition(), Part { rows: 0, ..note.part.clone() })
            });
            file.add_to(part);
        }
        let fits = |(table, (stored, _)): (&&str, &(Stored, Part))| {
            let held = self.manifest.tables.get(*table);
            held.is_none_or(|held| held.definition().take_up(stored))
        };
        if !tables.iter().all(fits) {
            return Some("its columns or its key are not those of the table before it".into());
        }
        for (table, (stored, part)) in tables {
            let held = self.manifest.tables.entry(table.to_owned());
            let held = held.or_insert_with(|| stored.definition());
            held.take_up(&stored);
            held.parts.push(part);
        }
        if !is_whole {
            let many = end.map_or_else(String::new, |end| format!(" of {}", end.files));
            self.repair.faults.push(format!(
                "of commit {}, by {}, {}{many} files are there",
                name.commit,
                source.as_ref().map_or("a reset".into(), |source| format!("`{source}`")),
                there.len()
            ));
        }
        let Some(source) = source else {
            self.is_reset = true;
            return None;
        };
        match end.and_then(|end| end.after.clone()) {
            Some(after) => {
                self.manifest.cursors.insert(source.clone(), after);
            }
            None => self.repair.unknown.push(format!(
                "how far `{source}` was loaded by commit {} cannot be known: its next run begins where the \
                 commit before it ended",
                name.commit
            )),
        }
        if let Some(mark) = name.mark {
            self.manifest.marks.insert(source, mark.to_owned());
        }
        None
    }

    /// Restores a file without a note. Returns the reason if it is rejected.
    fn take_plain(&mut self, stray: &Stray<'_>) -> Result<Option<String>> {
        let Name { commit, mark, table, .. } = stray.name;
        let Some(definition) = self.tables.iter().find(|declared| declared.name == table) else {
            return Err(Error::Unrepairable {
                name: stray.path.into(),
                reason: format!(
                    "it does not say what its columns are; declare the table `{table}` in \
                     tidegauge.toml, then repair again"
                ),
            });
        };
        if !has_columns(&stray.footer, definition) {
            return Ok(Some(format!("its columns are not those of the table `{table}`")));
        }
        let held = self.manifest.tables.entry(table.to_owned());
        let held = held.or_insert_with(|| Stored::new(definition));
        let is_of = |part: &&mut Part| part.commit == commit && part.mark.as_deref() == mark;
        let part = match held.parts.iter_mut().find(is_of) {
            Some(part) => part,
            None => {
                held.parts.push(Part::new(commit, mark, 0));
                match held.parts.last_mut() {
                    Some(part) => part,
                    None => return Ok(None),
                }
            }
        };
        stray.add_to(part);
        Ok(None)
    }

    /// Returns the report.
    fn told(self) -> Repair {
        let held = |stored: &Stored| Held {
            files: stored.parts.iter().map(|part| part.days.len().max(1)).sum(),
            rows: stored.parts.iter().map(|part| part.rows).sum(),
        };
        let tables = self.manifest.tables.iter();
        let tables = tables.map(|(name, stored)| (name.clone(), held(stored))).collect();
        let cursors: BTreeMap<String, Cursor> = self.manifest.cursors;
        Repair { tables, cursors, ..self.repair }
    }
}

/// Reads the footer and the note of the file at `path`.
fn stray<'a, P: Files>(place: &P, path: &'a str, name: Name<'a>) -> Result<Stray<'a>> {
    let (metadata, fingerprint, size) = file::metadata(place, path)?;
    let footer = metadata.file_metadata().clone();
    let damaged = |reason: &str| Error::damaged(Path::new(&place.name(path)), reason);
    let rows = usize::try_from(footer.num_rows());
    let rows = rows.map_err(|_| damaged("it has a negative number of rows"))?;
    let note = Note::find(footer.key_value_metadata());
    if let Some(note) = &note {
        let part = (note.part.commit, note.part.mark.as_deref(), note.table.as_str());
        if part != (name.commit, name.mark, name.table) {
            return Err(damaged("it was written under another name"));
        }
    }
    Ok(Stray { path, name, rows, note, footer, fingerprint, size })
}

/// Returns `true` if a file has the columns of `table`, except for nullable ones at its end.
fn has_columns(footer: &FileMetaData, table: &Table) -> bool {
    let Ok(found) = parquet_to_arrow_schema(footer.schema_descr(), None) else { return false };
    let (found, wanted) = (found.fields(), &table.columns);
    let holds = |column: &Column, found: &ArrowType| match found {
        ArrowType::Decimal128(precision, scale) => {
            let found = DataType::Decimal { precision: *precision, scale: scale.unsigned_abs() };
            column.dtype.holds(found)
        }
        found => column.dtype.to_arrow() == *found,
    };
    found.len() <= wanted.len()
        && found.iter().zip(wanted).all(|(found, wanted)| {
            found.name().as_str() == wanted.name && holds(wanted, found.data_type())
        })
        && wanted[found.len()..].iter().all(|column| column.nullable)
}
