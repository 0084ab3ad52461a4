//! What files are called: `<table>/<time>_day=<day>/<commit>.parquet`, without a folder of a day where a table
//! has no time or the days of a load have few rows each. In a bucket, where several may load at once, the
//! number is followed by what tells them apart: `<commit>-<mark>.parquet`.

use std::fmt;

use tidegauge_core::Table;

use crate::folder::{Manifest, Part, Unfinished};

/// What the name of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name<'a> {
    pub(super) commit: u64,
    pub(super) mark: Option<&'a str>,
    pub(super) table: &'a str,
    pub(super) day: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// Returns what the file at `path` is called; `None` if it is not called like one of ours.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let (table, rest) = path.split_once('/')?;
        let (day, file) = match rest.split_once('/') {
            Some((folder, file)) => (Some(folder.split_once('=')?.1), file),
            None => (None, rest),
        };
        let stem = file.strip_suffix(".parquet")?;
        let (digits, mark) = match stem.split_once('-') {
            Some((digits, mark)) => (digits, Some(mark)),
            None => (stem, None),
        };
        let is_hex = |mark: &str| mark.len() == 16 && mark.bytes().all(|it| it.is_ascii_hexdigit());
        if digits.len() < 12 || !mark.is_none_or(is_hex) {
            return None;
        }
        Some(Self { commit: digits.parse().ok()?, mark, table, day })
    }

    /// Returns what the files of `part` are called.
    pub(super) fn of_part(table: &'a str, part: &'a Part) -> impl Iterator<Item = Self> {
        let (commit, mark) = (part.commit, part.mark.as_deref());
        let whole = part.days.is_empty().then_some(Self { commit, mark, table, day: None });
        let days = part.days.keys().map(move |day| Self { commit, mark, table, day: Some(day) });
        whole.into_iter().chain(days)
    }

    /// Returns what all files of `manifest` are called.
    pub(super) fn of_manifest(manifest: &'a Manifest) -> impl Iterator<Item = Self> {
        Self::sizes_of(manifest).map(|(name, _)| name)
    }

    /// Returns what all files of `manifest` are called, and how long each of them is, where that is known.
    pub(super) fn sizes_of(manifest: &'a Manifest) -> impl Iterator<Item = (Self, Option<u64>)> {
        let tables = manifest.tables.iter();
        tables.flat_map(|(table, stored)| {
            stored.parts.iter().flat_map(move |part| {
                let size = |name: &Self| part.sizes.get(name.day.unwrap_or_default()).copied();
                Self::of_part(table, part).map(move |name| (name, size(&name)))
            })
        })
    }

    /// Returns what the files are called that the last reset has removed from `manifest`.
    pub(super) fn removed_from(manifest: &'a Manifest) -> impl Iterator<Item = Self> {
        manifest.removed.iter().filter_map(|path| Self::parse(path))
    }

    /// Returns `true` if one of the `unfinished` loads has written it.
    pub(super) fn is_of(&self, unfinished: &[Unfinished], manifest: &Manifest) -> bool {
        unfinished.iter().any(|load| load.wrote(self.commit, self.mark, manifest))
    }

    /// Returns the path of the file, whose day is told by the column `time`.
    pub(super) fn path(&self, time: &str) -> String {
        let mark = self.mark.map(|mark| format!("-{mark}")).unwrap_or_default();
        let file = format!("{:012}{mark}.parquet", self.commit);
        match self.day {
            Some(day) => format!("{}/{time}_day={day}/{file}", self.table),
            None => format!("{}/{file}", self.table),
        }
    }
}

/// The path, of whatever column the day is told by.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path("*"))
    }
}

/// Returns the path of what `part` wrote: of all of it, or of `day`.
pub(super) fn path(table: &Table, part: &Part, day: Option<&str>) -> String {
    let day = day.filter(|_| table.time.is_some());
    let name = Name { commit: part.commit, mark: part.mark.as_deref(), table: &table.name, day };
    name.path(table.time.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written_and_those_of_others_are_none() {
        for path in [
            "t/000000000012.parquet",
            "t/at_day=2024-01-03/000000000012-00000000000000ab.parquet",
            "t/at_day=__HIVE_DEFAULT_PARTITION__/1234567890123.parquet",
        ] {
            assert_eq!(Name::parse(path).unwrap().path("at"), path);
        }
        for path in [
            "000000000012.parquet",
            "t/mine.parquet",
            "t/000000000012-copy.parquet",
            "t/202401031200.csv",
            "t/12.parquet",
            "t/days/000000000012.parquet",
            "t/at_day=2024-01-03/more/000000000012.parquet",
        ] {
            assert_eq!(Name::parse(path), None, "{path}");
        }
    }
}
