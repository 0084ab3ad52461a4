//! Names of files: `<table>/<time>_day=<day>/<commit>.parquet`, without the folder of the day if
//! the table has no event time or the load's days have few rows each. In a bucket, where loads may
//! be concurrent, the id of the load follows the number: `<commit>-<load id>.parquet`.

use std::fmt;

use tidegauge_core::Table;

use crate::folder::{Manifest, Segment, UnfinishedLoad};

/// The parts of a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileName<'a> {
    pub(super) commit: u64,
    pub(super) load_id: Option<&'a str>,
    pub(super) table: &'a str,
    pub(super) day: Option<&'a str>,
}

impl<'a> FileName<'a> {
    /// Parses the path of a file; returns `None` if it is not in this store's format.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let (table, rest) = path.split_once('/')?;
        let (day, file) = match rest.split_once('/') {
            Some((folder, file)) => (Some(folder.split_once('=')?.1), file),
            None => (None, rest),
        };
        let stem = file.strip_suffix(".parquet")?;
        let (digits, load_id) = match stem.split_once('-') {
            Some((digits, load_id)) => (digits, Some(load_id)),
            None => (stem, None),
        };
        let is_hex = |load_id: &str| {
            load_id.len() == 16 && load_id.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if digits.len() < 12 || !load_id.is_none_or(is_hex) {
            return None;
        }
        Some(Self { commit: digits.parse().ok()?, load_id, table, day })
    }

    /// Returns the names of the files of `segment`.
    pub(super) fn of_segment(table: &'a str, segment: &'a Segment) -> impl Iterator<Item = Self> {
        let (commit, load_id) = (segment.commit, segment.load_id.as_deref());
        let single =
            segment.partitions.is_empty().then_some(Self { commit, load_id, table, day: None });
        let days = segment.partitions.keys().map(move |day| Self {
            commit,
            load_id,
            table,
            day: Some(day),
        });
        single.into_iter().chain(days)
    }

    /// Returns the names of all files of `manifest`.
    pub(super) fn of_manifest(manifest: &'a Manifest) -> impl Iterator<Item = Self> {
        Self::with_sizes(manifest).map(|(name, _)| name)
    }

    /// Returns the names of all files of `manifest`, with their lengths in bytes if known.
    pub(super) fn with_sizes(manifest: &'a Manifest) -> impl Iterator<Item = (Self, Option<u64>)> {
        let tables = manifest.tables.iter();
        tables.flat_map(|(table, stored)| {
            stored.segments.iter().flat_map(move |segment| {
                let size = |name: &Self| segment.sizes.get(name.day.unwrap_or_default()).copied();
                Self::of_segment(table, segment).map(move |name| (name, size(&name)))
            })
        })
    }

    /// Returns the names of the files that the last reset has removed from `manifest`.
    pub(super) fn removed_from(manifest: &'a Manifest) -> impl Iterator<Item = Self> {
        manifest.removed.iter().filter_map(|path| Self::parse(path))
    }

    /// Returns `true` if one of the `unfinished` loads may have written the file.
    pub(super) fn may_be_of(&self, unfinished: &[UnfinishedLoad], manifest: &Manifest) -> bool {
        unfinished.iter().any(|load| load.may_have_written(self.commit, self.load_id, manifest))
    }

    /// Returns the path of the file; `time` is the column of the day.
    pub(super) fn path(&self, time: &str) -> String {
        let load_id = self.load_id.map(|load_id| format!("-{load_id}")).unwrap_or_default();
        let file = format!("{:012}{load_id}.parquet", self.commit);
        match self.day {
            Some(day) => format!("{}/{time}_day={day}/{file}", self.table),
            None => format!("{}/{file}", self.table),
        }
    }
}

/// Displays the path with `*` for the column of the day.
impl fmt::Display for FileName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path("*"))
    }
}

/// Returns the path of the file that `segment` wrote for `day`, or of its single file.
pub(super) fn file_path(table: &Table, segment: &Segment, day: Option<&str>) -> String {
    let day = day.filter(|_| table.time.is_some());
    let name = FileName {
        commit: segment.commit,
        load_id: segment.load_id.as_deref(),
        table: &table.name,
        day,
    };
    name.path(table.time.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_round_trip_and_foreign_ones_are_none() {
        for path in [
            "t/000000000012.parquet",
            "t/at_day=2024-01-03/000000000012-00000000000000ab.parquet",
            "t/at_day=__HIVE_DEFAULT_PARTITION__/1234567890123.parquet",
        ] {
            assert_eq!(FileName::parse(path).unwrap().path("at"), path);
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
            assert_eq!(FileName::parse(path), None, "{path}");
        }
    }
}
