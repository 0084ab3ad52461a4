//! Presets: mappings of common exports, recognized by their header.

use std::sync::LazyLock;

use serde::Deserialize;

use super::config::Config;
use crate::user_data::mapping::names;

/// The settings for one layout of a service's export, as in a configuration under `[[files]]`.
///
/// ```
/// use tidegauge_acquisition::files::presets::preset_for;
///
/// let header = ["txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol"];
/// let preset = preset_for(&header).ok_or("no preset")?;
/// assert_eq!(preset.title, "Kraken: trades");
/// assert_eq!(preset.entries[0].table, "trades");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Its name, which never changes.
    pub name: String,
    /// The service and its export, as a title for users.
    pub title: String,
    /// The page where the export is available, or described.
    pub url: String,
    /// The columns by which the export is recognized.
    pub header: Vec<String>,
    /// Notes for the user: what is left out, and what to change.
    pub notes: Vec<String>,
    /// An entry for each table that the export fills, at most one per table. Their `path` is empty;
    /// whether a table is `shared` depends on the other entries of the configuration.
    #[serde(rename = "files")]
    pub entries: Vec<Config>,
}

impl Preset {
    /// Returns `true` if all columns of the preset's header are among `names`, compared as column
    /// names of a file are: ignoring case, accents and surrounding blanks.
    pub fn fits(&self, names: &[&str]) -> bool {
        self.header.iter().all(|column| names::find(names, column) != Ok(None))
    }
}

/// The presets as TOML texts.
const TEXTS: [&str; 22] = [
    include_str!("binance_deposits.toml"),
    include_str!("binance_deposits_utc.toml"),
    include_str!("binance_purchases.toml"),
    include_str!("binance_trades.toml"),
    include_str!("binance_trades_old.toml"),
    include_str!("binance_trades_utc.toml"),
    include_str!("binance_withdrawals.toml"),
    include_str!("binance_withdrawals_utc.toml"),
    include_str!("bitstamp.toml"),
    include_str!("bitstamp_old.toml"),
    include_str!("coinbase.toml"),
    include_str!("coinbase_fees.toml"),
    include_str!("coinbase_spot_price.toml"),
    include_str!("coinbase_without_ids.toml"),
    include_str!("kraken_ledgers.toml"),
    include_str!("kraken_trades.toml"),
    include_str!("shopify_orders.toml"),
    include_str!("stripe_payments.toml"),
    include_str!("stripe_payments_old.toml"),
    include_str!("woocommerce_advanced_order_export.toml"),
    include_str!("woocommerce_analytics.toml"),
    include_str!("woocommerce_orders.toml"),
];

/// The parsed presets. A test ensures that all texts can be parsed.
static PRESETS: LazyLock<Vec<Preset>> =
    LazyLock::new(|| TEXTS.iter().filter_map(|text| toml::from_str(text).ok()).collect());

/// Returns all presets, sorted by name.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

/// Returns the preset for a file with these columns, or `None`. If several match, it is the one
/// with most columns.
pub fn preset_for(names: &[&str]) -> Option<&'static Preset> {
    let mut best: Option<&Preset> = None;
    for preset in presets().iter().filter(|preset| preset.fits(names)) {
        if best.is_none_or(|best| best.header.len() < preset.header.len()) {
            best = Some(preset);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tidegauge_core::tables;

    use super::*;
    use crate::user_data::duplicate_rows::DuplicateRows;
    use crate::user_data::mapping::Mapping;

    #[test]
    fn every_preset_parses_and_fits_its_tables() {
        for text in TEXTS {
            let read = toml::from_str::<Preset>(text);
            assert!(read.is_ok(), "{} of {}", read.unwrap_err(), &text[..200]);
        }
        let names: Vec<&str> = presets().iter().map(|preset| preset.name.as_str()).collect();
        assert!(names.is_sorted() && names.len() == TEXTS.len(), "{names:?}");
        let (mut entries, mut headers) = (BTreeSet::new(), BTreeSet::new());
        for preset in presets() {
            let name = &preset.name;
            assert!(headers.insert(&preset.header), "{name} has the header of another");
            assert!(preset.url.starts_with("https://") && !preset.notes.is_empty(), "{name}");
            let have: Vec<&str> = preset.header.iter().map(String::as_str).collect();
            assert_eq!(preset_for(&have).map(|preset| &preset.name), Some(name));
            let mut filled = BTreeSet::new();
            for entry in &preset.entries {
                assert!(entries.insert(&entry.name), "{} is there twice", entry.name);
                assert!(filled.insert(&entry.table), "{name} fills {} twice", entry.table);
                assert!(entry.path.is_empty() && !entry.shared, "{}", entry.name);
                // An order that is refunded later is exported again with another status.
                let status = entry.columns.get("status").is_some_and(|rule| rule.value.is_none());
                let last = status.then_some(DuplicateRows::Last);
                assert_eq!(entry.on_duplicate, last, "{}", entry.name);
                let table = tables::by_name(&entry.table).unwrap();
                let mapping = Mapping::new(&entry.name, &table, &entry.columns)
                    .and_then(|mapping| mapping.filter(&entry.filter))
                    .unwrap()
                    .on_missing(entry.on_missing);
                let written = serde_json::to_value(entry).unwrap();
                assert_eq!(serde_json::from_value::<Config>(written).unwrap(), *entry);
                // A file is recognized by all columns that the mapping names.
                mapping.bind(name, &have).unwrap();
            }
        }
    }

    #[test]
    fn the_preset_with_most_columns_is_chosen() {
        let withdrawals = ["Time", "Coin", "Network", "Amount", "Fee", "Address", "TXID", "Status"];
        let name = |names: &[&str]| preset_for(names).map(|preset| preset.name.as_str());
        assert_eq!(name(&withdrawals), Some("binance_withdrawals"));
        let deposits: Vec<&str> =
            withdrawals.into_iter().filter(|column| *column != "Fee").collect();
        assert_eq!(name(&deposits), Some("binance_deposits"));
        let shouted: Vec<String> =
            deposits.iter().map(|name| format!(" {} ", name.to_uppercase())).collect();
        let shouted: Vec<&str> = shouted.iter().map(String::as_str).collect();
        assert_eq!(name(&shouted), Some("binance_deposits"));
        assert_eq!(name(&["id", "amount"]), None);
        assert_eq!(name(&[]), None);
    }
}
