//! Deduplication of rows with the same key in one reply.

use std::collections::BTreeMap;
use std::fmt::Debug;

/// Returns the last row of each key, in the order of the keys. Logs how many others there were.
pub(crate) fn last_of_each<K: Ord + Debug + Clone, T>(
    of: &str,
    rows: impl IntoIterator<Item = (K, T)>,
) -> impl Iterator<Item = (K, T)> {
    let (mut last, mut repeated, mut first) = (BTreeMap::new(), 0usize, None);
    for (key, row) in rows {
        if last.insert(key.clone(), row).is_some() {
            repeated += 1;
            first.get_or_insert(key);
        }
    }
    if let Some(key) = first {
        tracing::warn!(of, repeated, ?key, "duplicate rows in a reply, keeping the last");
    }
    last.into_iter()
}
