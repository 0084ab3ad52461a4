//! What the numbers of a report stand on.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use tidegauge_acquisition::{coingecko, frankfurter, open_er_api, recorded};
use tidegauge_core::polars::prelude::DataFrame;
use tidegauge_core::tables::{
    Candle, FxRate, Order, RampTransaction, RawCryptoMarketData, Trade, User,
};
use tidegauge_core::{Scan, TableRef, Warehouse};
use tidegauge_simulation::{Classic, Exchange};

use crate::Result;

/// What the numbers of a report stand on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Basis {
    /// The warehouse, without secrets.
    pub warehouse: String,
    /// Users, orders, trades and ramp purchases, in that order.
    pub users: usize,
    /// Orders.
    pub orders: usize,
    /// Trades.
    pub trades: usize,
    /// Ramp purchases, of any status.
    pub ramp: usize,
    /// What is observed ends here (exclusive).
    pub end: Option<DateTime<Utc>>,
    /// The seed and the start day, if the exchange is a simulated one.
    pub simulation: Option<(u64, NaiveDate)>,
    /// Where prices and exchange rates came from.
    pub prices: Vec<Prices>,
    /// Whom the prices and rates are owed to.
    pub attributions: Vec<&'static str>,
}

/// Prices or rates of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// The table.
    pub table: String,
    /// The source.
    pub source: String,
    /// Rows.
    pub rows: usize,
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
}

/// What the terms of each source want shown.
const OWED: [(&str, &str); 4] = [
    (recorded::NAME, recorded::ATTRIBUTION),
    (coingecko::NAME, coingecko::ATTRIBUTION),
    (open_er_api::NAME, open_er_api::ATTRIBUTION),
    (frankfurter::NAME, frankfurter::ATTRIBUTION),
];

impl Basis {
    /// Reads it off the warehouse, never off the configuration: the seed is that of the rows.
    pub(super) async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let cursor = warehouse.cursor("simulation").await?;
        let simulation = cursor
            .as_ref()
            .and_then(|cursor| Classic::told_by(cursor).or_else(|| Exchange::told_by(cursor)));
        let mut prices = Vec::new();
        for table in [Candle::table(), RawCryptoMarketData::table(), FxRate::table()] {
            let time = table.time.clone().unwrap_or_default();
            let scan = Scan::columns(table, ["source".to_owned(), time.into_owned()]);
            prices.extend(by_source(&table.name, &warehouse.scan(&scan).await?));
        }
        let used = |name: &str| prices.iter().any(|prices| prices.source == name);
        let attributions = OWED.iter().filter(|(name, _)| used(name)).map(|(_, owed)| *owed);
        let attributions = attributions.collect();
        Ok(Self {
            warehouse: warehouse.name().into(),
            users: count(warehouse, User::table()).await?,
            orders: count(warehouse, Order::table()).await?,
            trades: count(warehouse, Trade::table()).await?,
            ramp: count(warehouse, RampTransaction::table()).await?,
            end: None,
            simulation: simulation.map(|(seed, start_day, _)| (seed, start_day)),
            attributions,
            prices,
        })
    }

    pub(super) fn observed_to(self, end: DateTime<Utc>) -> Self {
        Self { end: Some(end), ..self }
    }
}

async fn count(warehouse: &dyn Warehouse, table: &TableRef) -> Result<usize> {
    let key = Scan::columns(table, [table.key[0].clone()]);
    Ok(warehouse.scan(&key).await?.height())
}

/// Rows and days by source; the frame's second column is a date or a timestamp.
fn by_source(table: &str, frame: &DataFrame) -> Vec<Prices> {
    let [sources, times] = frame.columns() else { return Vec::new() };
    let Ok(sources) = sources.str() else { return Vec::new() };
    let days: Vec<Option<NaiveDate>> = if let Ok(times) = times.datetime() {
        let day = |micros: i64| DateTime::from_timestamp_micros(micros).map(|at| at.date_naive());
        times.physical().iter().map(|micros| micros.and_then(day)).collect()
    } else if let Ok(days) = times.date() {
        let day = |days: i32| NaiveDate::from_epoch_days(days);
        days.physical().iter().map(|days| days.and_then(day)).collect()
    } else {
        return Vec::new();
    };
    let mut found = BTreeMap::<&str, Prices>::new();
    for (source, day) in sources.iter().zip(days) {
        let (Some(source), Some(day)) = (source, day) else { continue };
        let entry = found.entry(source).or_insert_with(|| Prices {
            table: table.into(),
            source: source.into(),
            rows: 0,
            first: day,
            last: day,
        });
        entry.rows += 1;
        entry.first = entry.first.min(day);
        entry.last = entry.last.max(day);
    }
    found.into_values().collect()
}
