//! The manifest: the complete list of what a folder contains as of its last commit, a snapshot of
//! the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Fingerprint};

use super::stored_table::StoredTable;

/// The version of the layout that this release writes.
pub(super) const VERSION: u32 = 2;

/// The contents of a folder as of its last commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(super) version: u32,
    pub(super) format: String,
    /// The number of the last commit.
    pub(crate) commit: u64,
    /// The cursor of each source.
    pub(crate) cursors: BTreeMap<String, Cursor>,
    /// The id of the last committed load of each source, where loads may be concurrent.
    #[serde(rename = "marks", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) load_ids: BTreeMap<String, String>,
    /// The tables by name.
    pub(crate) tables: BTreeMap<String, StoredTable>,
    /// The files that the last reset removed from the manifest, and that may still exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed: Vec<String>,
    /// The fingerprint of the text before it, which reveals changes by hand. It is the last field
    /// of the text, and `None` in memory; manifests of older releases have none.
    #[serde(rename = "seal", default, skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<Fingerprint>,
    #[serde(skip)]
    pub(super) manifest_version: Option<ManifestVersion>,
}

impl Manifest {
    /// Returns the manifest of an empty folder.
    pub(crate) fn empty(format: &str, commit: u64) -> Self {
        Self {
            version: VERSION,
            format: format.into(),
            commit,
            cursors: BTreeMap::new(),
            load_ids: BTreeMap::new(),
            tables: BTreeMap::new(),
            removed: Vec::new(),
            checksum: None,
            manifest_version: None,
        }
    }

    /// Sets the version of the manifest that this one replaces when it is committed.
    #[cfg(feature = "parquet")]
    pub(crate) fn with_version(self, manifest_version: Option<ManifestVersion>) -> Self {
        Self { manifest_version, ..self }
    }

    /// Returns `true` if the load `load_id` of `source` is in the manifest.
    pub(crate) fn contains_load_of(&self, source: &str, load_id: &str) -> bool {
        self.load_ids.get(source).is_some_and(|known| known == load_id)
            || self.has_segment_of(load_id)
    }

    /// Returns `true` if the load `load_id` is in the manifest, unless it had no rows and a later
    /// load of its source followed.
    pub(crate) fn contains_load(&self, load_id: &str) -> bool {
        self.load_ids.values().any(|known| known == load_id) || self.has_segment_of(load_id)
    }

    fn has_segment_of(&self, load_id: &str) -> bool {
        let mut segments = self.tables.values().flat_map(|stored| &stored.segments);
        segments.any(|segment| segment.load_id.as_deref() == Some(load_id))
    }
}

/// The version of the manifest that compare-and-swap expects: the ETag or generation of its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManifestVersion {
    pub(crate) e_tag: Option<String>,
    pub(crate) version: Option<String>,
}

/// Appends the checksum of `text`, a JSON object, to it.
pub(super) fn with_checksum(mut text: Vec<u8>) -> Vec<u8> {
    let field = checksum_field(fingerprint(&[&text]));
    text.pop();
    text.extend_from_slice(field.as_bytes());
    text
}

/// Returns `true` if `text` ends with `checksum` and the rest has that fingerprint.
pub(super) fn checksum_matches(text: &[u8], checksum: Fingerprint) -> bool {
    let rest = text.trim_ascii_end().strip_suffix(checksum_field(checksum).as_bytes());
    rest.is_some_and(|rest| fingerprint(&[rest, b"}"]) == checksum)
}

/// Returns the checksum as the last field of the JSON object.
fn checksum_field(checksum: Fingerprint) -> String {
    format!(",\"seal\":\"{checksum}\"}}")
}

fn fingerprint(texts: &[&[u8]]) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    texts.iter().for_each(|text| fingerprint.update(text));
    fingerprint
}
