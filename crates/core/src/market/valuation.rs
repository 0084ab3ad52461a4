//! The value of coins and currencies in US dollars, by day.

use chrono::NaiveDate;

use super::freshness::is_fresh;
use super::fx::Rates;
use super::prices::{self, DayPrices, Prices};
use super::rate::Rate;
use super::strict::first_error;
use crate::query::next;
use crate::tables::{Candle, RawCryptoMarketData};
use crate::{Batch, Error, Result, Scan, SetAside, SetAsideRows, Warehouse};

/// Prices of coins and exchange rates of currencies by UTC day, from `candles`,
/// `raw_crypto_market_data` and `fx_rates`.
///
/// **Prices.** A day's prices come from its `1d` candle; else from its shorter candles combined;
/// else from its raw observations. If several sources have the same kind, the one that sorts first
/// by name is taken.
///
/// **Rates.** The value of a currency in US dollars is derived from a fixing of the pair, from its
/// inverse, or through any third currency that both are fixed against. Each fixing is the latest on
/// or before the day; fixings older than [`MAX_AGE_DAYS`](super::MAX_AGE_DAYS) are ignored. The path whose older fixing
/// is the freshest is taken; on a tie the one through the euro, then the pair, then its inverse,
/// then the others by name. If several sources fix the same pair on the same day, the one that
/// sorts first by name is taken.
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
        let candles = Scan::columns(&Candle::table().as_read(), prices::CANDLE_COLUMNS);
        let mut candles = warehouse.scan(&candles).await?;
        while let Some(batch) = next(&mut candles).await {
            market.add_candles(&batch?)?;
        }
        let raw =
            Scan::columns(&RawCryptoMarketData::table().as_read(), prices::OBSERVATION_COLUMNS);
        let mut raw = warehouse.scan(&raw).await?;
        while let Some(batch) = next(&mut raw).await {
            market.add_raw(&batch?)?;
        }
        Ok(market.with_rates(Rates::read(warehouse).await?))
    }

    /// Reads rows of `candles`, `raw_crypto_market_data` and `fx_rates`, in any order.
    ///
    /// # Errors
    /// [`Error::Market`] when a column is missing or of another type. An invalid row is [set
    /// aside](Self::set_aside).
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

    /// Returns the invalid rows, which are ignored: those that lack a value, prices and rates that
    /// are not greater than zero, and candles whose open or close lies outside their low and high.
    pub fn set_aside(&self) -> &[SetAside] {
        self.aside.as_slice()
    }

    /// Returns the market, or refuses it if any row is set aside.
    ///
    /// # Errors
    /// [`Error::Market`], naming the first row that is set aside.
    pub fn strict(self) -> Result<Self> {
        first_error(self.set_aside()).map_or(Ok(self), Err)
    }

    /// Returns the number of rows that were read, including those set aside.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the prices of exactly this day.
    ///
    /// # Errors
    /// [`Error::NoPrice`] if there are none; it names the days that have prices.
    pub fn prices(&self, symbol: &str, day: NaiveDate) -> Result<&DayPrices> {
        self.prices.on(symbol, day).ok_or_else(|| self.no_price(symbol, day))
    }

    /// Returns the last day that has prices of a coin, or `None` if there are none.
    pub fn last_day(&self, symbol: &str) -> Option<NaiveDate> {
        self.prices.span(symbol).map(|(_, last)| last)
    }

    /// Returns the lowest and the highest price that any source saw on that day, in units of US
    /// dollars: the bounds within which a trade is plausible. `None` for a day without prices.
    pub fn range(&self, symbol: &str, day: NaiveDate) -> Option<(i128, i128)> {
        self.prices.range(symbol, day)
    }

    /// Returns the value of a currency in US dollars as of a day.
    ///
    /// # Errors
    /// [`Error::NoRate`] if there is no rate that is fresh enough; it names the last fixing.
    pub fn rate(&self, currency: &str, day: NaiveDate) -> Result<Rate> {
        self.rates.usd_rate(currency, day).map_err(|last| Error::NoRate {
            currency: currency.into(),
            day,
            last,
        })
    }

    /// Returns the value of a currency **or a coin** in US dollars as of a day: by its exchange
    /// rate; else by the closing price of the latest day with prices on or before that day and at
    /// most [`MAX_AGE_DAYS`](super::MAX_AGE_DAYS) days old.
    ///
    /// # Errors
    /// [`Error::NoPrice`] for an asset that only ever had prices, else [`Error::NoRate`].
    pub fn asset_rate(&self, asset: &str, day: NaiveDate) -> Result<Rate> {
        let missing = match self.rate(asset, day) {
            Ok(rate) => return Ok(rate),
            Err(missing) => missing,
        };
        match self.prices.latest(asset, day) {
            Some((of, prices)) if is_fresh(of, day) => Ok(Rate::of_price(prices.close)),
            _ if self.prices.has_symbol(asset) && !self.rates.has_currency(asset) => {
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
