//! Recorded prices and exchange rates, embedded in the program: available without a network.

mod config;
pub(crate) mod decode;
mod name;
mod spec;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Batch, Cursor, Page, Source, TableRef};

pub use config::Config;
pub use name::NAME;

use crate::{Result, cursor};

/// The attribution to show wherever the data is shown.
pub const ATTRIBUTION: &str = "\
Prices: daily candles of BTC, ETH, SOL and USDT in US dollars, 2020-04-11 to 2021-02-27, from the \
data set \"Cryptocurrency Historical Prices\" (S. Rajkumar, from CoinMarketCap; public domain as \
published). Exchange rates: euro reference rates in USD, GBP and CAD, 2020-04-01 to 2021-03-01. \
Source: ECB.";

/// The daily prices, oldest first, with the columns
/// `date,symbol,open,high,low,close,volume_usd,market_cap_usd`.
pub const PRICES: &str = include_str!("../../../data/daily_prices_usd.csv");

/// The euro reference rates in the ECB's own format, newest first.
pub const FX: &str = include_str!("../../../data/ecb_reference_rates.csv");

/// The source of the recorded data: real prices of 323 days, and the exchange rates of that time.
///
/// ```
/// use tidegauge_acquisition::Recorded;
/// use tidegauge_core::Source;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> tidegauge_core::Result<()> {
/// let source = Recorded::default();
/// let (mut cursor, mut rows) = (None, 0);
/// loop {
///     let page = source.fetch(cursor.as_ref()).await?;
///     rows += page.rows();
///     cursor = Some(page.cursor);
///     if page.done { break }
/// }
/// assert_eq!(rows, 2 * 4 * 323 + 3 * 234); // candles and observations, exchange rates
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Recorded {
    config: Config,
    prices: &'static str,
    fx: &'static str,
}

/// The content of the cursor: the number of lines read from each file, counted from the oldest. If a later
/// release adds days to the files, reading continues there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordedProgress {
    prices: usize,
    fx: usize,
}

impl Default for Recorded {
    fn default() -> Self {
        Self { config: Config::default(), prices: PRICES, fx: FX }
    }
}

impl Recorded {
    /// Creates the source from `config`.
    ///
    /// # Errors
    /// When `page_rows` is zero.
    pub fn new(config: Config) -> Result<Self> {
        config.validate()?;
        Ok(Self { config, ..Self::default() })
    }

    fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let start = match before {
            None => RecordedProgress::default(),
            Some(before) => cursor::read(NAME, before)?,
        };
        let (prices, fx) = (decode::lines(self.prices), decode::lines(self.fx));
        let (batches, next) = if start.prices < prices {
            let days = decode::prices(self.prices, start.prices, self.lines(2))?;
            let next = RecordedProgress { prices: start.prices + days.len(), ..start };
            let (candles, observed): (Vec<_>, Vec<_>) = days.into_iter().unzip();
            let observed = Batch::from_rows(RawCryptoMarketData::table(), observed)?;
            (vec![observed, Batch::from_rows(Candle::table(), candles)?], next)
        } else {
            let (rates, read) = decode::rates(self.fx, start.fx, self.lines(3))?;
            let rates = Batch::from_rows(FxRate::table(), rates)?;
            (vec![rates], RecordedProgress { fx: start.fx + read, ..start })
        };
        let done = next.prices >= prices && next.fx >= fx;
        if let Some(before) = before
            && next == start
        {
            return Ok(cursor::nothing_new(before));
        }
        let batches = batches.into_iter().filter(|batch| batch.rows() > 0).collect();
        Ok(Page { batches, cursor: cursor::write(NAME, &next)?, done })
    }

    /// Returns the number of lines of a page if each line has `rows` rows.
    fn lines(&self, rows: usize) -> usize {
        (self.config.page_rows / rows).max(1)
    }
}

#[async_trait]
impl Source for Recorded {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![RawCryptoMarketData::table().clone(), Candle::table().clone(), FxRate::table().clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor).map_err(|error| error.into_source_error(NAME))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use tidegauge_core::Cell;

    use super::*;

    const PRICES: &str = "\
date,symbol,open,high,low,close,volume_usd,market_cap_usd
2026-01-01,BTC,1,1,1,1,1,1
2026-01-02,BTC,2,2,2,2,2,2
2026-01-03,BTC,3,3,3,3,3,3
";
    const FX: &str = "\
Date,USD,
2026-01-03,1.3,
2026-01-02,1.2,
2026-01-01,1.1,
";

    /// Returns a release whose files end after `days` days.
    fn release(days: usize, page_rows: usize) -> Recorded {
        let leak = |lines: Vec<&str>| -> &'static str { lines.join("\n").leak() };
        let (header, rates) = FX.split_once('\n').unwrap();
        let rates: Vec<_> = rates.lines().skip(3 - days).collect();
        Recorded {
            config: Config { page_rows },
            prices: leak(PRICES.lines().take(1 + days).collect()),
            fx: leak([&[header], &rates[..]].concat()),
        }
    }

    /// Returns the days of candles and rates that are read from `cursor` on.
    fn days(source: &Recorded, cursor: &mut Option<Cursor>) -> (Vec<String>, Vec<String>) {
        let (mut candles, mut rates) = (Vec::new(), Vec::new());
        loop {
            let page = source.page(cursor.as_ref()).unwrap();
            for batch in &page.batches {
                let (days, column) = match batch.table().name.as_ref() {
                    "candles" => (&mut candles, "open_at"),
                    "fx_rates" => (&mut rates, "rate_date"),
                    _ => continue,
                };
                let column = batch.column(column).unwrap();
                days.extend((0..batch.rows()).map(|row| match column.cell(row) {
                    Cell::Date(days) => NaiveDate::from_epoch_days(days).unwrap().to_string(),
                    Cell::Timestamp(at) => DateTime::from_timestamp_micros(at).unwrap().to_string(),
                    cell => panic!("{cell:?} is no time"),
                }));
            }
            *cursor = Some(page.cursor);
            if page.done {
                let day = |at: String| at.chars().take(10).collect();
                let days = |days: Vec<String>| days.into_iter().map(day).collect();
                return (days(candles), days(rates));
            }
        }
    }

    #[test]
    fn days_added_by_a_later_release_are_read_once() {
        let all: Vec<_> = ["2026-01-01", "2026-01-02", "2026-01-03"].map(str::to_owned).into();
        for page_rows in [1, 2_000] {
            let mut cursor = None;
            let (candles, rates) = days(&release(1, page_rows), &mut cursor);
            assert_eq!((&candles[..], &rates[..]), (&all[..1], &all[..1]));
            let (candles, rates) = days(&release(3, page_rows), &mut cursor);
            assert_eq!((&candles[..], &rates[..]), (&all[1..], &all[1..]));
            let (candles, rates) = days(&release(3, page_rows), &mut cursor);
            assert!(candles.is_empty() && rates.is_empty());
        }
        // The same holds for a cursor in the middle of the files.
        let first = release(2, 1).page(None).unwrap().cursor;
        let (candles, rates) = days(&release(3, 1), &mut Some(first));
        assert_eq!((&candles[..], &rates[..]), (&all[1..], &all[..]));
    }
}
