//! The manifest: the complete list of what a folder contains.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, DataType, Fingerprint, Table, WriteMode};

use super::Format;
use super::place::{Edition, MANIFEST, Place};
use crate::{Error, Result};

/// The version of the layout that this release writes.
const VERSION: u32 = 2;

/// The contents of a folder as of its last commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    version: u32,
    format: String,
    /// The number of the last commit.
    pub(crate) commit: u64,
    /// The cursor of each source.
    pub(crate) cursors: BTreeMap<String, Cursor>,
    /// The mark of the last commit of each source, where loads may be concurrent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) marks: BTreeMap<String, String>,
    /// The tables by name.
    pub(crate) tables: BTreeMap<String, Stored>,
    /// The files that the last reset removed from the manifest, and that may still exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed: Vec<String>,
    /// The fingerprint of the text before it, which reveals changes by hand. It is the last field
    /// of the text, and `None` in memory; manifests of older releases have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<Fingerprint>,
    #[serde(skip)]
    edition: Option<Edition>,
}

/// A table as stored in the folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stored {
    columns: Vec<StoredColumn>,
    /// The key and the write mode by which the rows of the parts were checked.
    rule: String,
    /// The committed length in bytes of the table's file, if it has a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
    /// The commit that rewrote that file, if one did: the new file lies next to the old one until
    /// it is put in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) anew: Option<u64>,
    /// The rows in parts, oldest first.
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredColumn {
    name: String,
    #[serde(rename = "type")]
    dtype: String,
    nullable: bool,
}

/// The difference by which a definition extends the stored table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Widened {
    /// No difference.
    Not,
    /// More digits of decimals, or nullability: stored rows are read as before.
    Values,
    /// More columns, and possibly the above.
    Columns,
}

impl StoredColumn {
    /// Returns `true` if the column can hold the values of `other`: they are equal, or this one has
    /// more digits or allows nulls.
    fn holds(&self, other: &Self) -> bool {
        let is_wider = || {
            let types = decimal(&self.dtype).zip(decimal(&other.dtype));
            types.is_some_and(|(one, other)| one.holds(other))
        };
        self.name == other.name
            && (self.nullable || !other.nullable)
            && (self.dtype == other.dtype || is_wider())
    }
}

/// Parses the name of a decimal type; returns `None` for other types.
fn decimal(dtype: &str) -> Option<DataType> {
    let (precision, scale) = dtype.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    Some(DataType::Decimal { precision: precision.parse().ok()?, scale: scale.parse().ok()? })
}

/// The rows of a table that one commit wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The number of the commit.
    pub(crate) commit: u64,
    /// The mark of the commit, where loads may be concurrent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<String>,
    /// The commit that wrote these rows first, if a reset has rewritten them; it determines which
    /// rows replace which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<u64>,
    /// The number of rows.
    pub(crate) rows: usize,
    /// `true` if some rows replace older ones although the table's write mode is append.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replaces: bool,
    /// The byte range of the rows in the table's file, if it has a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<[u64; 2]>,
    /// The number of rows per day, if every day has a file of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) days: BTreeMap<String, usize>,
    /// The fingerprint of the footer of each file, by day, or by an empty text for a single file. A
    /// footer that is missing here is not checked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) footers: BTreeMap<String, Fingerprint>,
    /// The length in bytes of each file, by the same keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sizes: BTreeMap<String, u64>,
    /// The smallest and the largest value of the key's first column, if that is cheap to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<Range>,
    /// The smallest and the largest values of further columns for pruning: those that refer to
    /// other tables. The range of a column that is missing here is unknown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) ranges: BTreeMap<String, [i64; 2]>,
    /// The smallest and the largest event time, if rows of several days share a file: days or
    /// microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<[i64; 2]>,
}

impl Part {
    pub(crate) fn new(commit: u64, mark: Option<&str>, rows: usize) -> Self {
        Self {
            commit,
            mark: mark.map(Into::into),
            origin: None,
            rows,
            replaces: false,
            bytes: None,
            days: BTreeMap::new(),
            footers: BTreeMap::new(),
            sizes: BTreeMap::new(),
            range: None,
            ranges: BTreeMap::new(),
            times: None,
        }
    }

    /// Returns the number of the commit that wrote its rows first.
    #[cfg(feature = "parquet")]
    pub(crate) fn first_commit(&self) -> u64 {
        self.origin.unwrap_or(self.commit)
    }

    /// Returns the part in the form in which the file of one of its days records it.
    #[cfg(feature = "parquet")]
    pub(crate) fn without_days(&self) -> Self {
        Self {
            range: self.range.clone(),
            ranges: self.ranges.clone(),
            times: self.times,
            origin: self.origin,
            replaces: self.replaces,
            ..Self::new(self.commit, self.mark.as_deref(), self.rows)
        }
    }
}

/// A range with both bounds included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Range {
    Int([i64; 2]),
    Text([String; 2]),
}

impl Range {
    /// Returns `true` if the ranges may overlap. An unknown range overlaps every other.
    pub(crate) fn meets(this: Option<&Self>, other: Option<&Self>) -> bool {
        match (this, other) {
            (Some(Self::Int(a)), Some(Self::Int(b))) => a[0] <= b[1] && b[0] <= a[1],
            (Some(Self::Text(a)), Some(Self::Text(b))) => a[0] <= b[1] && b[0] <= a[1],
            _ => true,
        }
    }
}

impl Manifest {
    /// Returns the manifest of an empty folder.
    pub(crate) fn empty(format: &str, commit: u64) -> Self {
        Self {
            version: VERSION,
            format: format.into(),
            commit,
            cursors: BTreeMap::new(),
            marks: BTreeMap::new(),
            tables: BTreeMap::new(),
            removed: Vec::new(),
            seal: None,
            edition: None,
        }
    }

    /// Reads the manifest of the folder at `place`; it is empty if nothing was ever loaded.
    ///
    /// # Errors
    /// When the manifest is missing although data files exist, when it is damaged, or when it is
    /// older than a commit that is known to have been made.
    pub(crate) fn read<F: Format<P>, P: Place>(place: &P) -> Result<Self> {
        let wrong = |reason: String| Error::Manifest {
            path: place.name(MANIFEST),
            reason,
            mend: F::MEND.into(),
        };
        loop {
            let reached = place.reached();
            let Some((text, edition)) = place.manifest()? else {
                let Some(orphan) = F::orphan(place)? else {
                    return Ok(Self::empty(F::NAME, reached));
                };
                if place.manifest()?.is_some() {
                    continue; // the first load has just begun
                }
                return Err(wrong(format!(
                    "is gone, and files of rows are there, such as `{}`",
                    place.name(&orphan)
                )));
            };
            let manifest = match Self::parse::<F, P>(place, &text)? {
                Ok(manifest) => Self { edition, ..manifest },
                Err(reason) => return Err(wrong(format!("is damaged: {reason}"))),
            };
            if manifest.commit < reached {
                return Err(wrong(format!(
                    "is an older one: it ends with commit {}, and commit {reached} was made",
                    manifest.commit
                )));
            }
            place.saw(manifest.commit);
            return Ok(manifest);
        }
    }

    /// Decodes a manifest. The inner result is the reason why it is damaged.
    ///
    /// # Errors
    /// When it was written by a newer release, or belongs to another format.
    pub(crate) fn parse<F: Format<P>, P: Place>(
        place: &P,
        text: &[u8],
    ) -> Result<std::result::Result<Self, String>> {
        // Only the version of a manifest of a newer release can be relied on.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        match serde_json::from_slice(text) {
            Ok(Versioned { version }) if version > VERSION => {
                return Err(Error::Newer { path: place.name("") });
            }
            Ok(_) => {}
            Err(error) => return Ok(Err(error.to_string())),
        }
        match serde_json::from_slice::<Self>(text) {
            Ok(manifest) if manifest.format != F::NAME => {
                Err(Error::InTheWay { path: place.name(MANIFEST) })
            }
            Ok(manifest) => Ok(match manifest.seal {
                Some(seal) if !is_sealed(text, seal) => {
                    Err("it is not as a load has written it, but was changed since".into())
                }
                _ => Ok(Self { seal: None, ..manifest }),
            }),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Sets the `edition` that the manifest replaces when it is written.
    #[cfg(feature = "parquet")]
    pub(crate) fn over(self, edition: Option<Edition>) -> Self {
        Self { edition, ..self }
    }

    /// Commits by compare-and-swap of the folder's manifest. Returns `false` on conflict, if the
    /// manifest has changed since this one was derived from it.
    pub(crate) fn write(&mut self, place: &impl Place) -> Result<bool> {
        self.version = VERSION;
        let text = self.text(place)?;
        let done = place.replace(&text, self.edition.as_ref())?;
        if done {
            place.saw(self.commit);
        }
        Ok(done)
    }

    /// Returns the manifest as it is written.
    pub(crate) fn text(&self, place: &impl Place) -> Result<Vec<u8>> {
        let failed = |error| Error::io(Path::new(&place.name(MANIFEST)), io::Error::other(error));
        serde_json::to_vec(self).map(sealed).map_err(failed)
    }

    /// Returns `true` if the load of `source` with `mark` is in the manifest.
    pub(crate) fn has(&self, source: &str, mark: &str) -> bool {
        self.marks.get(source).is_some_and(|known| known == mark) || self.holds_part(mark)
    }

    /// Returns `true` if a load with `mark` is in the manifest, unless it had no rows and a later
    /// load of its source followed.
    pub(crate) fn holds(&self, mark: &str) -> bool {
        self.marks.values().any(|known| known == mark) || self.holds_part(mark)
    }

    fn holds_part(&self, mark: &str) -> bool {
        let mut parts = self.tables.values().flat_map(|stored| &stored.parts);
        parts.any(|part| part.mark.as_deref() == Some(mark))
    }
}

impl Stored {
    pub(crate) fn new(table: &Table) -> Self {
        Self {
            columns: columns(table),
            rule: rule(table),
            bytes: None,
            anew: None,
            parts: Vec::new(),
        }
    }

    /// Returns the definition without the rows.
    #[cfg(feature = "parquet")]
    pub(crate) fn definition(&self) -> Self {
        let (columns, rule) = (self.columns.clone(), self.rule.clone());
        Self { columns, rule, bytes: None, anew: None, parts: Vec::new() }
    }

    /// Returns the number of columns of the stored rows.
    #[cfg(feature = "csv")]
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Keeps only the first `width` columns.
    #[cfg(feature = "csv")]
    pub(crate) fn narrow(&mut self, width: usize) {
        self.columns.truncate(width);
    }

    /// Adopts columns that were added to the table's definition, additional digits of decimals, and
    /// nullability.
    pub(crate) fn widen(&mut self, table: &Table) -> Widened {
        let before = std::mem::replace(&mut self.columns, columns(table));
        match self.columns.len() > before.len() {
            true => Widened::Columns,
            false if self.columns != before => Widened::Values,
            false => Widened::Not,
        }
    }

    /// Adopts the columns of `newer`, which has more columns at its end, more digits, or allows
    /// nulls. Returns `false` if the two are not of the same table.
    #[cfg(feature = "parquet")]
    pub(crate) fn take_up(&mut self, newer: &Self) -> bool {
        let both = || self.columns.iter().zip(&newer.columns);
        let is_same = self.rule == newer.rule
            && both().all(|(one, other)| one.holds(other) || other.holds(one));
        if is_same {
            for (one, other) in self.columns.iter_mut().zip(&newer.columns) {
                if other.holds(one) {
                    one.clone_from(other);
                }
            }
            let common = self.columns.len().min(newer.columns.len());
            self.columns.extend_from_slice(&newer.columns[common..]);
        }
        is_same
    }

    /// Compares `table` with the stored one, allowing for nullable columns at its end, additional
    /// digits of decimals, and columns that have become nullable.
    ///
    /// # Errors
    /// When a column differs; the error names the first one.
    pub(crate) fn compare(&self, table: &Table) -> Result<()> {
        self.compare_by(table, |column| column.clone())
    }

    /// Compares likewise for a reader, which may expect nulls where there are none.
    #[cfg(feature = "parquet")]
    pub(crate) fn compare_columns(&self, table: &Table) -> Result<()> {
        self.compare_by(table, |column| StoredColumn { nullable: true, ..column.clone() })
    }

    fn compare_by(&self, table: &Table, seen: fn(&StoredColumn) -> StoredColumn) -> Result<()> {
        let mut wanted = columns(table);
        if wanted.len() > self.columns.len()
            && wanted[self.columns.len()..].iter().all(|column| column.nullable)
        {
            wanted.truncate(self.columns.len());
        }
        let shown = |column: Option<&StoredColumn>| {
            column.map_or_else(
                || "no such column".into(),
                |StoredColumn { name, dtype, nullable }| {
                    format!("`{name}`, {dtype}{}", if *nullable { ", nullable" } else { "" })
                },
            )
        };
        for at in 0..wanted.len().max(self.columns.len()) {
            let (found, expected) = (self.columns.get(at), wanted.get(at));
            let is_held = expected
                .zip(found)
                .is_some_and(|(expected, found)| seen(expected).holds(&seen(found)));
            if !is_held {
                return Err(Error::Drift {
                    table: table.name.to_string(),
                    column: expected
                        .or(found)
                        .map(|column| column.name.clone())
                        .unwrap_or_default(),
                    found: shown(found),
                    expected: shown(expected),
                });
            }
        }
        if self.rule != rule(table) {
            return Err(Error::Drift {
                table: table.name.to_string(),
                column: table.key.join(", "),
                found: self.rule.clone(),
                expected: rule(table),
            });
        }
        Ok(())
    }
}

/// Appends the fingerprint of `text`, a JSON object, to it.
fn sealed(mut text: Vec<u8>) -> Vec<u8> {
    let end = end(fingerprint(&[&text]));
    text.pop();
    text.extend_from_slice(end.as_bytes());
    text
}

/// Returns `true` if `text` ends with `seal` and the rest has that fingerprint.
fn is_sealed(text: &[u8], seal: Fingerprint) -> bool {
    let rest = text.trim_ascii_end().strip_suffix(end(seal).as_bytes());
    rest.is_some_and(|rest| fingerprint(&[rest, b"}"]) == seal)
}

fn end(seal: Fingerprint) -> String {
    format!(",\"seal\":\"{seal}\"}}")
}

fn fingerprint(texts: &[&[u8]]) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    texts.iter().for_each(|text| fingerprint.eat(text));
    fingerprint
}

fn columns(table: &Table) -> Vec<StoredColumn> {
    let columns = table.columns.iter().map(|column| StoredColumn {
        name: column.name.to_string(),
        dtype: column.dtype.to_string(),
        nullable: column.nullable,
    });
    columns.collect()
}

fn rule(table: &Table) -> String {
    let how = match table.write {
        WriteMode::Append => "append",
        WriteMode::Merge => "merge",
    };
    format!("{how} by {}", table.key.join(", "))
}
