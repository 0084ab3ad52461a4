//! The version of a store's data, derived from the cursors of its sources.

use std::collections::BTreeMap;

use crate::{Cursor, Fingerprint, Lease};

/// The source name under which sinks keep the cursor of the table `runs`.
pub const RUN_HISTORY: &str = "pipeline";

/// Returns a digest of the cursors of sources; see [`SinkExt::data_version`](crate::SinkExt::data_version).
pub(crate) fn data_version(cursors: &BTreeMap<String, Cursor>) -> Fingerprint {
    let mut version = Fingerprint::default();
    for (source, cursor) in cursors {
        if source == RUN_HISTORY || source.starts_with(Lease::PREFIX) {
            continue;
        }
        for text in [source.as_str(), cursor.as_str()] {
            // The length comes first, so that different lists of texts never give the same bytes.
            version.update(&(text.len() as u64).to_le_bytes());
            version.update(text.as_bytes());
        }
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_version_depends_on_source_cursors_only() {
        let mut cursors = BTreeMap::from([("ecb".to_owned(), Cursor::new("2020-09-25"))]);
        let before = data_version(&cursors).to_string();
        cursors.insert("lease:ecb".into(), Cursor::new("beat=1"));
        cursors.insert(RUN_HISTORY.into(), Cursor::new("{}"));
        assert_eq!(data_version(&cursors).to_string(), before);
        cursors.insert("ecb".into(), Cursor::new("2020-09-28"));
        assert_ne!(data_version(&cursors).to_string(), before);
    }
}
