//! The market tables as one thing: what coins cost and what currencies were worth, by day.
//!
//! Whoever values anything asks here, the simulator as well as the metrics and the audit: so a
//! warehouse with several sources of prices and rates has one answer for each day, not one a
//! reader.

mod columns;
mod fx;
mod prices;

use chrono::NaiveDate;

pub use fx::{Fixing, Rate, Rates};
pub use prices::{DayPrices, candle_length};

use self::prices::Prices;
use crate::ext::next;
use crate::tables::{Candle, RawCryptoMarketData};
use crate::{Batch, Error, Result, Scan, SetAside, SetAsideRows, Warehouse};

/// After so many days a fixing, or the price of a coin, says nothing of the present any more. The
/// ECB's longest pause, over Easter or Christmas, is of five.
pub const MAX_AGE_DAYS: i64 = 7;

/// Prices of coins and exchange rates of currencies by UTC day, out of `candles`,
/// `raw_crypto_market_data` and `fx_rates`.
///
/// **Prices.** A day's come from its `1d` candle; else from its shorter candles together; else
/// from its raw observations. Where several sources have the same kind, the one whose name sorts
/// first is taken.
///
/// **Rates.** What a currency was worth in US dollars is known from the fixing of the pair, from
/// its inverse, or across any third currency that both are fixed against. Each is the latest on or
/// before the day, and what is older than [`MAX_AGE_DAYS`] is none. The way whose older fixing is
/// the freshest is taken; among equals the one across the euro, then the pair, then its inverse,
/// then the others by name. Of several sources that fix the same pair on the same day, the one
/// whose name sorts first is taken.
///
/// ```
/// use tidegauge_core::Batch;
/// use tidegauge_core::market::Market;
/// use tidegauge_core::tables::FxRate;
///
/// let friday = "2026-01-02".parse()?;
/// let fixing = |quote: &str, rate: &str| FxRate {
///     base: "EUR".into(),
///     quote: quote.into(),
///     rate_date: friday,
///     source: "ecb".into(),
///     rate: rate.parse().unwrap(),
/// };
/// let rates = Batch::from_rows(FxRate::table(), [fixing("USD", "1.2"), fixing("GBP", "0.8")])?;
/// let market = Market::from_batches(&[], &[], &[rates])?;
///
/// // 1.20 dollars and 0.80 pounds to the euro, still so on Sunday: a pound is 1.50 dollars.
/// let rate = market.rate("GBP", "2026-01-04".parse()?)?;
/// assert_eq!(rate.to_usd(100), Some(150));
/// // A fortnight later that says nothing any more.
/// let error = market.rate("GBP", "2026-01-18".parse()?).unwrap_err().to_string();
/// assert!(error.contains("GBP") && error.contains("2026-01-02"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Market {
    prices: Prices,
    rates: Rates,
    aside: SetAsideRows,
    rows: u64,
}

impl Market {
    /// Reads the market tables of a warehouse.
    ///
    /// # Errors
    /// When the warehouse cannot be read, and as for [`Market::from_batches`].
    pub async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let mut market = Self::default();
        let candles = Scan::columns(&Candle::table().lenient(), prices::CANDLES);
        let mut candles = warehouse.scan(&candles).await?;
        while let Some(batch) = next(&mut candles).await {
            market.add_candles(&batch?)?;
        }
        let raw = Scan::columns(&RawCryptoMarketData::table().lenient(), prices::RAW);
        let mut raw = warehouse.scan(&raw).await?;
        while let Some(batch) = next(&mut raw).await {
            market.add_raw(&batch?)?;
        }
        Ok(market.with_rates(Rates::read(warehouse).await?))
    }

    /// Reads rows of `candles`, `raw_crypto_market_data` and `fx_rates`, in any order.
    ///
    /// # Errors
    /// [`Error::Market`] when a column is missing or of another type. A row that makes no sense is
    /// [set aside](Self::set_aside).
    pub fn from_batches(candles: &[Batch], raw: &[Batch], rates: &[Batch]) -> Result<Self> {
        let mut market = Self::default();
        candles.iter().try_for_each(|batch| market.add_candles(batch))?;
        raw.iter().try_for_each(|batch| market.add_raw(batch))?;
        Ok(market.with_rates(Rates::from_batches(rates)?))
    }

    fn add_candles(&mut self, batch: &Batch) -> Result<()> {
        self.rows += batch.rows() as u64;
        self.prices.add_candles(batch, &mut self.aside)
    }

    fn add_raw(&mut self, batch: &Batch) -> Result<()> {
        self.rows += batch.rows() as u64;
        self.prices.add_raw(batch, &mut self.aside)
    }

    fn with_rates(mut self, rates: Rates) -> Self {
        self.rows += rates.rows();
        self.aside.extend(rates.set_aside());
        self.rates = rates;
        self
    }

    /// Returns the rows that are left out: those that lack a value, prices and rates that are not above
    /// zero, and candles whose open or close lies outside their low and high.
    pub fn set_aside(&self) -> &[SetAside] {
        self.aside.as_slice()
    }

    /// Refuses a market of which rows are set aside.
    ///
    /// # Errors
    /// [`Error::Market`], naming the first such row.
    pub fn strict(self) -> Result<Self> {
        refusal(self.set_aside()).map_or(Ok(self), Err)
    }

    /// Returns the number of rows that were read, those that are set aside among them.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The prices of that very day.
    ///
    /// # Errors
    /// [`Error::NoPrice`], naming the days that there are.
    pub fn prices(&self, symbol: &str, day: NaiveDate) -> Result<&DayPrices> {
        self.prices.of(symbol, day).ok_or_else(|| self.no_price(symbol, day))
    }

    /// Returns the last day that has prices of a coin; `None` where there are none.
    pub fn last_day(&self, symbol: &str) -> Option<NaiveDate> {
        self.prices.span(symbol).map(|(_, last)| last)
    }

    /// The lowest and the highest price that any source saw on that day, in units of US dollars: the
    /// bounds of what somebody can have traded at. `None` for a day without prices.
    pub fn range(&self, symbol: &str, day: NaiveDate) -> Option<(i128, i128)> {
        self.prices.range(symbol, day)
    }

    /// What a currency was worth in US dollars as of a day.
    ///
    /// # Errors
    /// [`Error::NoRate`], naming the last fixing that there is.
    pub fn rate(&self, currency: &str, day: NaiveDate) -> Result<Rate> {
        self.rates.of(currency, day).map_err(|last| Error::NoRate {
            currency: currency.into(),
            day,
            last,
        })
    }

    /// What a currency **or a coin** was worth in US dollars as of a day: by its exchange rate;
    /// else by the closing price of the latest day that has one, on or before that day and not
    /// older than [`MAX_AGE_DAYS`].
    ///
    /// # Errors
    /// [`Error::NoPrice`] for what only ever had prices, else [`Error::NoRate`].
    pub fn worth(&self, asset: &str, day: NaiveDate) -> Result<Rate> {
        let missing = match self.rate(asset, day) {
            Ok(rate) => return Ok(rate),
            Err(missing) => missing,
        };
        match self.prices.latest(asset, day) {
            Some((of, prices)) if is_fresh(of, day) => Ok(Rate::of_price(prices.close)),
            _ if self.prices.knows(asset) && !self.rates.knows(asset) => {
                Err(self.no_price(asset, day))
            }
            _ => Err(missing),
        }
    }

    fn no_price(&self, symbol: &str, day: NaiveDate) -> Error {
        let known = match self.prices.span(symbol) {
            Some((first, last)) => format!("{symbol} from {first} to {last}"),
            None => format!("no {symbol} at all"),
        };
        Error::NoPrice { symbol: symbol.into(), day, known }
    }
}

/// Returns the error that refuses the first of the rows that are set aside, if there are any.
pub fn refusal(aside: &[SetAside]) -> Option<Error> {
    let first = aside.first()?;
    let example = first.examples.first().map_or("a row", String::as_str);
    let reason = format!("{example} {}", first.reason);
    Some(Error::Market { table: first.table.clone(), reason })
}

/// Whether what was said of the day `of` still counts on `day`.
fn is_fresh(of: NaiveDate, day: NaiveDate) -> bool {
    (day - of).num_days() <= MAX_AGE_DAYS
}
