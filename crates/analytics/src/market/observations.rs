//! The prices that sources observed: the raw tables, read as one stream of observations.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use tidegauge_core::instruments::{InstrumentKind, InstrumentRegistry};
use tidegauge_core::market::{candle_length, first_error};
use tidegauge_core::tables::{Candle, MarketTrade, Quote, RawCryptoMarketData};
use tidegauge_core::{
    Batch, Filter, Scan, SetAside, SetAsideReason, SetAsideRows, TableRef, Warehouse,
};

use super::BUCKET;
use super::interner::NameInterner;
use super::raw_columns::RawColumns;
use crate::Result;

const MARKET_DATA_COLUMNS: [&str; 5] =
    ["symbol", "observed_at", "source", "price_usd", "volume_24h_usd"];
const CANDLE_COLUMNS: [&str; 6] = ["source", "symbol", "interval", "open_at", "close", "currency"];
const QUOTE_COLUMNS: [&str; 5] = ["source", "symbol", "at", "price", "currency"];
const TRADE_COLUMNS: [&str; 6] = ["source", "symbol", "trade_id", "at", "price", "currency"];

/// Returns the end of the five minutes that contain `at`, in microseconds since 1970.
pub(crate) fn bucket_end(at: i64) -> i64 {
    at.div_euclid(BUCKET).saturating_add(1).saturating_mul(BUCKET)
}

/// The raw tables, the least exact first: if a source has an observation at one instant in two of
/// them, the later table is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RawTable {
    Candles,
    Quotes,
    Trades,
    MarketData,
}

impl RawTable {
    /// All raw tables; `raw_crypto_market_data` comes first, since it determines the coins.
    pub(crate) const ALL: [Self; 4] = [Self::MarketData, Self::Trades, Self::Quotes, Self::Candles];

    fn table(self) -> &'static TableRef {
        match self {
            Self::Candles => Candle::table(),
            Self::Quotes => Quote::table(),
            Self::Trades => MarketTrade::table(),
            Self::MarketData => RawCryptoMarketData::table(),
        }
    }

    /// Returns the scan of the columns and rows that are needed.
    pub(crate) fn scan(self) -> Scan {
        let columns: &[&str] = match self {
            Self::Candles => &CANDLE_COLUMNS,
            Self::Quotes => &QUOTE_COLUMNS,
            Self::Trades => &TRADE_COLUMNS,
            Self::MarketData => &MARKET_DATA_COLUMNS,
        };
        let scan = Scan::columns(&self.table().as_read(), columns.iter().copied());
        if self == Self::MarketData { scan } else { scan.filter(Filter::eq("currency", "USD")) }
    }

    /// Returns the maximum time from the event time of a row to the end of its five minutes.
    pub(crate) fn max_delay(self) -> TimeDelta {
        let bucket = TimeDelta::microseconds(BUCKET);
        // A candle's price is at its end, its event time at its beginning.
        if self == Self::Candles { bucket + TimeDelta::days(1) } else { bucket }
    }
}

/// A price in US dollars, as a source observed it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation<'b> {
    pub(crate) symbol: &'b str,
    pub(crate) source: &'b str,
    pub(crate) price: ObservedPrice,
}

/// The time and the price of an observation. Of two observations of a source in the same five
/// minutes, the greater one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ObservedPrice {
    /// The time, in microseconds since 1970.
    pub(crate) at: i64,
    table: RawTable,
    /// The rank among several rows of a table at one instant: the highest counts.
    rank: i64,
    /// US dollars, in units of prices.
    pub(crate) units: i128,
}

/// Passes the observations in a batch of a raw table to `visit`, for symbols that are `wanted`.
/// Implausible rows go to `set_aside`.
///
/// # Errors
/// When the batch lacks a column, or has one of another type.
pub(crate) fn for_each_observation(
    table: RawTable,
    batch: &Batch,
    wanted: impl Fn(&str) -> bool,
    set_aside: &mut SetAsideRows,
    mut visit: impl FnMut(Observation<'_>),
) -> Result<()> {
    let columns = RawColumns { table: table_name(table), batches: std::slice::from_ref(batch) };
    let (symbols, sources) = (columns.strings("symbol")?, columns.strings("source")?);
    let (time, price) = match table {
        RawTable::MarketData => ("observed_at", "price_usd"),
        RawTable::Candles => ("open_at", "close"),
        RawTable::Quotes | RawTable::Trades => ("at", "price"),
    };
    let rows = symbols.zip(sources).zip(columns.times(time)?).zip(columns.prices(price)?);
    let mut currencies = match table {
        RawTable::MarketData => None,
        _ => Some(columns.strings("currency")?),
    };
    let mut ids = if table == RawTable::Trades { Some(columns.ints("trade_id")?) } else { None };
    let mut intervals =
        if table == RawTable::Candles { Some(columns.strings("interval")?) } else { None };
    for (((symbol, source), at), price) in rows {
        let currency = currencies.as_mut().map_or(Some("USD"), |all| all.next().flatten());
        let id = ids.as_mut().map_or(Some(0), |all| all.next().flatten());
        let interval = intervals.as_mut().map_or(Some("1d"), |all| all.next().flatten());
        if currency.is_some_and(|currency| currency != "USD")
            || symbol.is_some_and(|symbol| !wanted(symbol))
        {
            continue;
        }
        let mut set_row_aside = |reason| {
            set_aside.add(columns.table, reason, 1, || {
                let at = at.and_then(chrono::DateTime::from_timestamp_micros);
                let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
                let (symbol, source) = (symbol.unwrap_or("?"), source.unwrap_or("?"));
                format!("the price of `{symbol}` by {source}{at}")
            });
        };
        let values = (symbol, source, at, price, currency, id, interval);
        let (Some(symbol), Some(source), Some(at), Some(price), Some(_), Some(id), Some(interval)) =
            values
        else {
            set_row_aside(SetAsideReason::Incomplete);
            continue;
        };
        let (at, rank) = match table {
            RawTable::MarketData | RawTable::Quotes => (at, 0),
            // Of trades at one instant the one with the highest number at the source is the last.
            RawTable::Trades => (at, id),
            // A candle's close is the price just before its end. Of candles with the same end the
            // shortest counts.
            RawTable::Candles => {
                let length = candle_length(interval).and_then(|length| length.num_microseconds());
                let Some(length) = length else { continue };
                (at.saturating_add(length).saturating_sub(1), -length)
            }
        };
        if price <= 0 {
            set_row_aside(SetAsideReason::NotPositive);
        } else if chrono::DateTime::from_timestamp_micros(bucket_end(at)).is_none() {
            set_row_aside(SetAsideReason::BeyondCalendar);
        } else {
            visit(Observation {
                symbol,
                source,
                price: ObservedPrice { at, table, rank, units: price },
            });
        }
    }
    Ok(())
}

fn table_name(table: RawTable) -> &'static str {
    match table {
        RawTable::Candles => "candles",
        RawTable::Quotes => "quotes",
        RawTable::Trades => "market_trades",
        RawTable::MarketData => "raw_crypto_market_data",
    }
}

/// The observations of coins in the raw tables: the last price and the last volume of each source
/// in each five minutes, from which prices and their metrics are computed. Its size grows with
/// coins, sources and time, not with rows.
///
/// A coin is a symbol that the registry lists as one, or that `raw_crypto_market_data` has: candles
/// and quotes are of stocks and currencies as well.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    pub(super) symbols: NameInterner,
    pub(super) sources: NameInterner,
    /// The last observation by symbol, source and the end of the five minutes.
    pub(super) last: HashMap<BucketKey, ObservedPrice>,
    /// The time of the last volume, and the volume in cents.
    pub(super) volumes: HashMap<BucketKey, (i64, i128)>,
    coins: HashSet<String>,
    set_aside: SetAsideRows,
}

/// The number of a symbol, that of a source, and the end of five minutes.
pub(super) type BucketKey = (usize, usize, i64);

impl Observations {
    /// Reads the raw tables of a warehouse, batch by batch and with the needed columns only.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or a table has other columns.
    pub async fn read(warehouse: &dyn Warehouse, coins: &InstrumentRegistry) -> Result<Self> {
        let mut observations = Self::with_coins(coins);
        for table in RawTable::ALL {
            let mut batches = warehouse.scan(&table.scan()).await?;
            while let Some(batch) = batches.try_next().await? {
                observations.add(table, &batch)?;
            }
        }
        Ok(observations)
    }

    /// Reads batches of `raw_crypto_market_data`, `market_trades`, `quotes` and `candles`, with
    /// rows in any order.
    ///
    /// # Errors
    /// When a batch is of another table, lacks a column, or has one of another type.
    pub fn from_batches(batches: &[Batch], coins: &InstrumentRegistry) -> Result<Self> {
        let mut observations = Self::with_coins(coins);
        if let Some(other) = batches.iter().find(|batch| {
            RawTable::ALL.iter().all(|table| table.table().name != batch.table().name)
        }) {
            let known = RawTable::ALL.map(table_name).join(", ");
            let reason = format!("there are no prices in it, but in {known}");
            let table = other.table().name.to_string();
            return Err(tidegauge_core::Error::Schema { table, reason }.into());
        }
        for table in RawTable::ALL {
            for batch in batches.iter().filter(|batch| batch.table().name == table.table().name) {
                observations.add(table, batch)?;
            }
        }
        Ok(observations)
    }

    /// Returns the rows that are left out: those with missing values, prices that are not above
    /// zero, and times beyond the calendar.
    pub fn set_aside(&self) -> &[SetAside] {
        self.set_aside.as_slice()
    }

    /// Returns the observations unchanged, unless rows were set aside.
    ///
    /// # Errors
    /// [`Market`](tidegauge_core::Error::Market), naming the first such row.
    pub fn strict(self) -> Result<Self> {
        first_error(self.set_aside()).map_or(Ok(self), |error| Err(error.into()))
    }

    fn with_coins(coins: &InstrumentRegistry) -> Self {
        let coins =
            coins.all().iter().filter(|instrument| instrument.kind == InstrumentKind::Crypto);
        let coins = coins.map(|instrument| instrument.symbol.to_string()).collect();
        Self { coins, ..Self::default() }
    }

    fn add(&mut self, table: RawTable, batch: &Batch) -> Result<()> {
        let Self { symbols, sources, last, volumes, coins, set_aside } = self;
        if table == RawTable::MarketData {
            let columns =
                RawColumns { table: table_name(table), batches: std::slice::from_ref(batch) };
            let rows = columns.strings("symbol")?.zip(columns.strings("source")?);
            let rows = rows.zip(columns.times("observed_at")?);
            for (((symbol, source), at), cents) in rows.zip(columns.fiat_amounts("volume_24h_usd")?)
            {
                // A row that lacks any of these is set aside below, as a price.
                let Some(symbol) = symbol else { continue };
                if !coins.contains(symbol) {
                    coins.insert(symbol.to_owned());
                }
                let (Some(source), Some(at), Some(cents)) = (source, at, cents) else { continue };
                let key = (symbols.intern(symbol), sources.intern(source), bucket_end(at));
                let latest = volumes.entry(key).or_insert((at, cents));
                *latest = (*latest).max((at, cents));
            }
        }
        for_each_observation(
            table,
            batch,
            |symbol| coins.contains(symbol),
            set_aside,
            |Observation { symbol, source, price }| {
                let key = (symbols.intern(symbol), sources.intern(source), bucket_end(price.at));
                let latest = last.entry(key).or_insert(price);
                *latest = (*latest).max(price);
            },
        )
    }
}
