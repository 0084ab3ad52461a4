//! What sources saw of prices: the raw tables, read as one list of observations.

use std::collections::{HashMap, HashSet};

use polars::prelude::*;
use tidegauge_core::instruments::{Kind, Registry};
use tidegauge_core::market::candle_length;
use tidegauge_core::tables::{Candle, MarketTrade, Quote, RawCryptoMarketData};
use tidegauge_core::{Scan, TableRef, Warehouse};

use super::BUCKET;
use super::columns::Columns;
use crate::Result;

const RAW: [&str; 5] = ["symbol", "observed_at", "source", "price_usd", "volume_24h_usd"];
const CANDLES: [&str; 6] = ["source", "symbol", "interval", "open_at", "close", "currency"];
const QUOTES: [&str; 5] = ["source", "symbol", "at", "price", "currency"];
const TRADES: [&str; 6] = ["source", "symbol", "trade_id", "at", "price", "currency"];

/// The raw tables that say what coins cost: frames with the columns of their tables, rows in any
/// order.
#[derive(Debug, Clone)]
pub struct Observed {
    /// `raw_crypto_market_data`.
    pub raw: DataFrame,
    /// `candles`.
    pub candles: DataFrame,
    /// `quotes`.
    pub quotes: DataFrame,
    /// `market_trades`.
    pub trades: DataFrame,
}

impl Observed {
    /// Reads them from a warehouse, no more columns than are needed.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let scan =
            |table: &TableRef, columns: &[&str]| Scan::columns(table, columns.iter().copied());
        Ok(Self {
            raw: warehouse.scan(&scan(RawCryptoMarketData::table(), &RAW)).await?,
            candles: warehouse.scan(&scan(Candle::table(), &CANDLES)).await?,
            quotes: warehouse.scan(&scan(Quote::table(), &QUOTES)).await?,
            trades: warehouse.scan(&scan(MarketTrade::table(), &TRADES)).await?,
        })
    }
}

/// Where the five minutes end that `at` lies in.
pub(crate) fn bucket_end(at: i64) -> i64 {
    at.div_euclid(BUCKET).saturating_add(1).saturating_mul(BUCKET)
}

/// The tables, the less exact first: what a source says at one instant in two of them is taken
/// from the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Table {
    Candles,
    Quotes,
    Trades,
    Raw,
}

/// A price of a coin, as a source saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    /// By [`Observations::symbols`].
    pub(crate) symbol: usize,
    /// By [`Observations::sources`].
    pub(crate) source: usize,
    /// When, in microseconds since 1970.
    pub(crate) at: i64,
    /// US dollars, in 10⁻⁸.
    pub(crate) price: i128,
    table: Table,
    /// Which of several rows of a table speaks for an instant: the highest.
    turn: i64,
}

impl Observation {
    /// Of two that a source has in the same five minutes, the one with the higher key counts.
    pub(crate) fn key(&self) -> impl Ord + use<> {
        (self.at, self.table, self.turn, self.price)
    }
}

/// All observations in US dollars.
#[derive(Debug, Default)]
pub(crate) struct Observations<'f> {
    pub(crate) symbols: Names<'f>,
    pub(crate) sources: Names<'f>,
    pub(crate) rows: Vec<Observation>,
}

impl<'f> Observations<'f> {
    /// Of coins, and of nothing else: what `coins` knows as such, and what
    /// `raw_crypto_market_data` has. Candles and quotes are of stocks and currencies as well.
    pub(crate) fn of_coins(observed: &'f Observed, coins: &Registry) -> Result<Self> {
        let raw = Columns { table: "raw_crypto_market_data", frame: &observed.raw };
        let mut known: HashSet<&str> = raw.text("symbol")?.collect();
        let ours = coins.all().iter().filter(|it| it.kind == Kind::Crypto);
        known.extend(ours.map(|it| it.symbol.as_ref()));
        Self::collect(observed, |symbol| known.contains(symbol))
    }

    /// Of `symbols`, whatever they are.
    pub(crate) fn of(observed: &'f Observed, symbols: &HashSet<&str>) -> Result<Self> {
        Self::collect(observed, |symbol| symbols.contains(symbol))
    }

    fn collect(observed: &'f Observed, wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let mut all = Self::default();
        all.read_raw(&observed.raw, &wanted)?;
        all.read_trades(&observed.trades, &wanted)?;
        all.read_quotes(&observed.quotes, &wanted)?;
        all.read_candles(&observed.candles, &wanted)?;
        Ok(all)
    }

    fn read_raw(&mut self, frame: &'f DataFrame, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let table = Columns { table: "raw_crypto_market_data", frame };
        let rows = table.text("symbol")?.zip(table.text("source")?);
        let rows = rows.zip(table.times("observed_at")?).zip(table.money("price_usd")?);
        for (((symbol, source), at), price) in rows {
            self.take(&table, &wanted, (symbol, source), (Table::Raw, at, 0), price)?;
        }
        Ok(())
    }

    /// Of trades at one instant the one that the source numbers highest is the last.
    fn read_trades(&mut self, frame: &'f DataFrame, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let table = Columns { table: "market_trades", frame };
        let rows = table.text("symbol")?.zip(table.text("source")?);
        let rows = rows.zip(table.times("at")?).zip(table.money("price")?);
        let rows = rows.zip(table.ints("trade_id")?).zip(table.text("currency")?);
        for (((((symbol, source), at), price), id), currency) in rows {
            if currency == "USD" {
                self.take(&table, &wanted, (symbol, source), (Table::Trades, at, id), price)?;
            }
        }
        Ok(())
    }

    fn read_quotes(&mut self, frame: &'f DataFrame, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let table = Columns { table: "quotes", frame };
        let rows = table.text("symbol")?.zip(table.text("source")?);
        let rows = rows.zip(table.times("at")?).zip(table.money("price")?);
        for ((((symbol, source), at), price), currency) in rows.zip(table.text("currency")?) {
            if currency == "USD" {
                self.take(&table, &wanted, (symbol, source), (Table::Quotes, at, 0), price)?;
            }
        }
        Ok(())
    }

    /// A candle's close held just before its end. Of candles that end together the shortest counts.
    fn read_candles(&mut self, frame: &'f DataFrame, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let table = Columns { table: "candles", frame };
        let rows = table.text("symbol")?.zip(table.text("source")?);
        let rows = rows.zip(table.times("open_at")?).zip(table.money("close")?);
        let rows = rows.zip(table.text("interval")?).zip(table.text("currency")?);
        for (((((symbol, source), open_at), close), interval), currency) in rows {
            let length = candle_length(interval).and_then(|it| it.num_microseconds());
            if let Some(length) = length.filter(|_| currency == "USD") {
                let at = open_at.saturating_add(length).saturating_sub(1);
                self.take(&table, &wanted, (symbol, source), (Table::Candles, at, -length), close)?;
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        columns: &Columns<'f>,
        wanted: impl Fn(&str) -> bool,
        (symbol, source): (&'f str, &'f str),
        (table, at, turn): (Table, i64, i64),
        price: i128,
    ) -> Result<()> {
        let Some(symbol) = self.symbols.number(symbol, &wanted) else { return Ok(()) };
        let Some(source) = self.sources.number(source, |_| true) else { return Ok(()) };
        if price <= 0 {
            let when = chrono::DateTime::from_timestamp_micros(at).unwrap_or_default();
            let (symbol, source) = (self.symbols.get(symbol), self.sources.get(source));
            let reason = format!("the price of `{symbol}` by {source} at {when} is not above zero");
            return Err(columns.wrong(reason));
        }
        self.rows.push(Observation { symbol, source, at, price, table, turn });
        Ok(())
    }
}

/// Names, each with a number: comparing numbers is fast.
#[derive(Debug, Default)]
pub(crate) struct Names<'f> {
    numbers: HashMap<&'f str, Option<usize>>,
    names: Vec<&'f str>,
}

impl<'f> Names<'f> {
    /// The number of a name; `None` for one that is not wanted.
    fn number(&mut self, name: &'f str, wanted: impl FnOnce(&str) -> bool) -> Option<usize> {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = wanted(name).then_some(self.names.len());
        self.numbers.insert(name, number);
        self.names.extend(number.map(|_| name));
        number
    }

    pub(crate) fn get(&self, number: usize) -> &'f str {
        self.names[number]
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The place of each in the order of the alphabet.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_unstable_by_key(|number| self.names[*number]);
        let mut places = vec![0; order.len()];
        for (place, number) in order.into_iter().enumerate() {
            places[number] = place;
        }
        places
    }
}
