//! Names of files: `<table>/<time>_day=<day>/<commit>.parquet`, without the folder of the day if
//! the table has no event time or the load's days have few rows each. In a bucket, where loads may
//! be concurrent, a mark follows the number: `<commit>-<mark>.parquet`.

use std::fmt;

use tidegauge_core::Table;

use crate::folder::{Manifest, Part, Unfinished};

/// The parts of a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name<'a> {
    pub(super) commit: u64,
    pub(super) mark: Option<&'a str>,
    pub(super) table: &'a str,
    pub(super) day: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// Parses the path of a file; returns `None` if it is not in this store's format.
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
        let is_hex =
            |mark: &str| mark.len() == 16 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digits.len() < 12 || !mark.is_none_or(is_hex) {
            return None;
        }
        Some(Self { commit: digits.parse().ok()?, mark, table, day })
    }

    /// Returns the names of the files of `part`.
    pub(super) fn of_part(table: &'a str, part: &'a Part) -> impl Iterator<Item = Self> {
        let (commit, mark) = (part.commit, part.mark.as_deref());
        let whole = part.days.is_empty().then_some(Self { commit, mark, table, day: None });
        let days = part.days.keys().map(move |day| Self { commit, mark, table, day: Some(day) });
        whole.into_iter().chain(days)
    }

    /// Returns the names of all files of `manifest`.
    pub(super) fn of_manifest(manifest: &'a Manifest) -> impl Iterator<Item = Self> {
        Self::sizes_of(manifest).map(|(name, _)| name)
    }

    /// Returns the names of all files of `manifest`, with their lengths in bytes if known.
    pub(super) fn sizes_of(manifest: &'a Manifest) -> impl Iterator<Item = (Self, Option<u64>)> {
        let tables = manifest.tables.iter();
        tables.flat_map(|(table, stored)| {
            stored.parts.iter().flat_map(move |part| {
                let size = |name: &Self| part.sizes.get(name.day.unwrap_or_default()).copied();
                Self::of_part(table, part).map(move |name| (name, size(&name)))
            })
        })
    }

    /// Returns the names of the files that the last reset has removed from `manifest`.
    pub(super) fn removed_from(manifest: &'a Manifest) -> impl Iterator<Item = Self> {
        manifest.removed.iter().filter_map(|path| Self::parse(path))
    }

    /// Returns `true` if one of the `unfinished` loads may have written the file.
    pub(super) fn is_of(&self, unfinished: &[Unfinished], manifest: &Manifest) -> bool {
        unfinished.iter().any(|load| load.wrote(self.commit, self.mark, manifest))
    }

    /// Returns the path of the file; `time` is the column of the day.
    pub(super) fn path(&self, time: &str) -> String {
        let mark = self.mark.map(|mark| format!("-{mark}")).unwrap_or_default();
        let file = format!("{:012}{mark}.parquet", self.commit);
        match self.day {
            Some(day) => format!("{}/{time}_day={day}/{file}", self.table),
            None => format!("{}/{file}", self.table),
        }
    }
}

/// Displays the path with `*` for the column of the day.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path("*"))
    }
}

/// Returns the path of the file that `part` wrote for `day`, or of its single file.
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
