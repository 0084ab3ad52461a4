//! Helpers that tests of the `exchange` preset share.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::Days;
use tidegauge_core::market::Market;
use tidegauge_core::{Batch, Cell, Cursor, DataType, Page, Source};
use tidegauge_simulation::{Exchange, ExchangeConfig};

pub(crate) static MARKET: LazyLock<Arc<Market>> = LazyLock::new(|| {
    let first = ExchangeConfig::default().first_day;
    Arc::new(tidegauge_testkit::market(first, 400, 1.0).unwrap())
});

/// Returns a configuration with `users` signups within ninety days and an end after `days` days.
pub(crate) fn config(users: u64, days: u64) -> ExchangeConfig {
    let mut config = ExchangeConfig::default();
    config.users = users;
    config.days = 90;
    config.until = Some(config.first_day + Days::new(days));
    config
}

/// Fetches all pages after a cursor. Returns them and the last cursor.
pub(crate) async fn fetch_all(
    config: ExchangeConfig,
    mut cursor: Option<Cursor>,
) -> (Vec<Page>, Cursor) {
    let source = Exchange::new(config, MARKET.clone()).unwrap();
    let mut pages = Vec::new();
    loop {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        let done = page.done;
        cursor = Some(page.cursor.clone());
        pages.push(page);
        if done {
            return (pages, cursor.unwrap());
        }
    }
}

/// Iterates over the batches of all pages.
pub(crate) fn batches(pages: &[Page]) -> impl Iterator<Item = &Batch> {
    pages.iter().flat_map(|page| &page.batches)
}

/// Formats all rows as text, by table, in page order.
pub(crate) fn rows_as_text(pages: &[Page]) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for batch in batches(pages) {
        let rows = tables.entry(batch.table().name.to_string()).or_default();
        rows.extend((0..batch.rows()).map(|at| row_as_text(batch, at)));
    }
    tables
}

/// Formats a row independently of library versions. Amounts are in 10⁻⁸, the unit of the simulation. Columns
/// of external ids must be null and are left out.
pub(crate) fn row_as_text(batch: &Batch, at: usize) -> String {
    let views = batch.views().unwrap();
    let columns = batch.table().columns.iter().zip(&views);
    let columns = columns.filter(|(definition, column)| {
        let external = definition.name.starts_with("external_");
        assert!(!external || column.is_null(at), "{}", definition.name);
        !external
    });
    let cells = columns.map(|(definition, column)| match column.cell(at) {
        Cell::Decimal(units) if definition.dtype == DataType::CRYPTO => {
            assert_eq!(units % 10_000_000_000, 0, "no more than eight places");
            (units / 10_000_000_000).to_string()
        }
        Cell::Null => "∅".into(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) | Cell::Decimal(value) => value.to_string(),
        Cell::Timestamp(value) => value.to_string(),
        Cell::Date(value) => value.to_string(),
        Cell::Float(value) => format!("{:016x}", value.to_bits()),
        Cell::Text(value) => value.into(),
    });
    cells.collect::<Vec<_>>().join(",")
}
