//! Segments: the rows that one commit wrote to a table, with the statistics that the manifest keeps
//! of them for pruning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegauge_core::Fingerprint;

/// The rows of a table that one commit wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Segment {
    /// The number of the commit.
    pub(crate) commit: u64,
    /// The id of the load that wrote it, where loads may be concurrent.
    #[serde(rename = "mark", default, skip_serializing_if = "Option::is_none")]
    pub(crate) load_id: Option<String>,
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
    /// The number of rows per day partition, if every day has a file of its own.
    #[serde(rename = "days", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) partitions: BTreeMap<String, usize>,
    /// The fingerprint of the footer of each file, by day, or by an empty text for a single file. A
    /// footer that is missing here is not checked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) footers: BTreeMap<String, Fingerprint>,
    /// The length in bytes of each file, by the same keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sizes: BTreeMap<String, u64>,
    /// The smallest and the largest value of the key's first column, if that is cheap to keep.
    #[serde(rename = "range", default, skip_serializing_if = "Option::is_none")]
    pub(crate) key_range: Option<KeyRange>,
    /// The smallest and the largest values of further columns for pruning: those that refer to
    /// other tables. The range of a column that is missing here is unknown.
    #[serde(rename = "ranges", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) column_ranges: BTreeMap<String, [i64; 2]>,
    /// The smallest and the largest event time, if rows of several days share a file: days or
    /// microseconds since 1970.
    #[serde(rename = "times", default, skip_serializing_if = "Option::is_none")]
    pub(crate) time_range: Option<[i64; 2]>,
}

impl Segment {
    /// Creates the segment of `rows` rows of a commit, without statistics.
    pub(crate) fn new(commit: u64, load_id: Option<&str>, rows: usize) -> Self {
        Self {
            commit,
            load_id: load_id.map(Into::into),
            origin: None,
            rows,
            replaces: false,
            bytes: None,
            partitions: BTreeMap::new(),
            footers: BTreeMap::new(),
            sizes: BTreeMap::new(),
            key_range: None,
            column_ranges: BTreeMap::new(),
            time_range: None,
        }
    }

    /// Returns the number of the commit that wrote its rows first.
    #[cfg(feature = "parquet")]
    pub(crate) fn first_commit(&self) -> u64 {
        self.origin.unwrap_or(self.commit)
    }

    /// Returns the segment in the form in which the file of one of its days records it.
    #[cfg(feature = "parquet")]
    pub(crate) fn without_partitions(&self) -> Self {
        Self {
            key_range: self.key_range.clone(),
            column_ranges: self.column_ranges.clone(),
            time_range: self.time_range,
            origin: self.origin,
            replaces: self.replaces,
            ..Self::new(self.commit, self.load_id.as_deref(), self.rows)
        }
    }
}

/// The range of the first key column of a segment, with both bounds included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum KeyRange {
    Int([i64; 2]),
    Text([String; 2]),
}

impl KeyRange {
    /// Returns `true` if the ranges may overlap. An unknown range overlaps every other.
    pub(crate) fn overlap(this: Option<&Self>, other: Option<&Self>) -> bool {
        match (this, other) {
            (Some(Self::Int(a)), Some(Self::Int(b))) => a[0] <= b[1] && b[0] <= a[1],
            (Some(Self::Text(a)), Some(Self::Text(b))) => a[0] <= b[1] && b[0] <= a[1],
            _ => true,
        }
    }
}
