//! The version of a store's data, from how far each source has been loaded.

use std::collections::BTreeMap;

use crate::{Cursor, Fingerprint, Lease};

/// The name under which sinks keep the cursor of the table `runs`.
pub const RUN_HISTORY: &str = "pipeline";

/// Returns a digest of [`Sink::cursors`](crate::Sink::cursors): the version of the data that a store holds.
///
/// Two calls give the same version exactly if no source was loaded in between, so what was computed from
/// the rows of a version can be kept. Cursors of bookkeeping ([`Lease`]s, and [`RUN_HISTORY`]) do not count:
/// they move while the data stays.
///
/// ```
/// use std::collections::BTreeMap;
/// use tidegauge_core::{Cursor, data_version};
///
/// let mut cursors = BTreeMap::from([("ecb".to_owned(), Cursor::new("2020-09-25"))]);
/// let before = data_version(&cursors);
/// cursors.insert("lease:ecb".into(), Cursor::new("beat=1"));
/// assert_eq!(data_version(&cursors), before);
/// cursors.insert("ecb".into(), Cursor::new("2020-09-28"));
/// assert_ne!(data_version(&cursors), before);
/// ```
pub fn data_version(cursors: &BTreeMap<String, Cursor>) -> Fingerprint {
    let mut version = Fingerprint::default();
    for (source, cursor) in cursors {
        if source == RUN_HISTORY || source.starts_with(Lease::PREFIX) {
            continue;
        }
        for text in [source.as_str(), cursor.as_str()] {
            // The length first, so that no two lists of texts are the same bytes.
            version.eat(&(text.len() as u64).to_le_bytes());
            version.eat(text.as_bytes());
        }
    }
    version
}
