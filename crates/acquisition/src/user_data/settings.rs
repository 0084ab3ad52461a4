//! Fingerprints of a source's settings, by which a change of them is noticed.

use serde::Serialize;
use serde_json::Value;
use tidegauge_core::{Fingerprint, Table};

/// Returns the fingerprint of `config` and `table`.
///
/// Settings that have their default value do not count, so a setting that a later release adds
/// changes nothing.
///
/// # Errors
/// Returns an error if the settings cannot be written as JSON.
pub(crate) fn fingerprint<C: Serialize + Default>(
    config: &C,
    table: &Table,
) -> serde_json::Result<Fingerprint> {
    let mut fingerprint = Fingerprint::default();
    let default = serde_json::to_value(C::default())?;
    if let Value::Object(settings) = serde_json::to_value(config)? {
        for (name, value) in
            settings.iter().filter(|(name, value)| default.get(name) != Some(value))
        {
            fingerprint.add(Some(name));
            fingerprint.add(Some(value.to_string()));
        }
    }
    for column in &table.columns {
        fingerprint.add(Some(column.name.as_ref()));
        fingerprint.add(Some(format!("{} {}", column.dtype, column.nullable)));
    }
    table.key.iter().for_each(|name| fingerprint.add(Some(name.as_ref())));
    Ok(fingerprint)
}
