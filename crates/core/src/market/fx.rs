//! Exchange rates between currencies, derived from fixings.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::columns::Columns;
use super::freshness::is_fresh;
use super::rate::{ONE, Rate};
use super::strict::first_error;
use crate::query::next;
use crate::tables::FxRate;
use crate::{
    Batch, Crypto, Result, Scan, SetAside, SetAsideReason, SetAsideRows, Warehouse, multiply_divide,
};

/// The value of one currency in another as of a day, and how it was derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixing<'r> {
    /// The number of units of the first currency that…
    units: i128,
    /// …were worth this many units of the other. Both are greater than zero.
    worth: i128,
    /// The day of the fixing; of two fixings, the older one's.
    pub fixed_on: NaiveDate,
    /// The currency through which the value was derived; `None` if the pair itself, or its inverse,
    /// was fixed.
    pub via: Option<&'r str>,
}

impl Fixing<'_> {
    /// Returns units of the other currency per unit of this one, rounded half to even, once. Zero
    /// if the value is below the smallest decimal place; `None` on overflow.
    pub fn rate(&self) -> Option<Crypto> {
        multiply_divide(ONE, self.worth, self.units).map(Crypto::from_units)
    }
}

/// The fixings of `fx_rates`, and the conversion paths between currencies that they allow.
///
/// A path is a fixing of the pair, a fixing of its inverse, or two fixings against a third
/// currency; each is the latest on or before the day. [`Market`](super::Market) documents which
/// path is taken.
///
/// ```
/// use tidegauge_core::Batch;
/// use tidegauge_core::market::Rates;
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
/// let fixings = Batch::from_rows(FxRate::table(), [fixing("USD", "1.2"), fixing("GBP", "0.9")])?;
/// let rates = Rates::from_batches(&[fixings])?;
///
/// let sunday = rates.fixing("GBP", "USD", "2026-01-04".parse()?).unwrap();
/// assert_eq!(sunday.rate().unwrap().to_string(), "1.333333333333333333");
/// assert_eq!((sunday.fixed_on, sunday.via), (friday, Some("EUR")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Rates {
    /// Base → quote → day → quote for one of base, in units of rates.
    fixings: BTreeMap<String, BTreeMap<String, BTreeMap<NaiveDate, i128>>>,
    set_aside: SetAsideRows,
    /// The number of rows that were read.
    rows: u64,
}

impl Rates {
    /// Reads the fixings of a warehouse.
    ///
    /// # Errors
    /// When the warehouse cannot be read, and as for [`Rates::from_batches`].
    pub async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let mut batches = warehouse.scan(&Scan::all(&FxRate::table().as_read())).await?;
        let mut fixings = FixingsBySource::default();
        while let Some(batch) = next(&mut batches).await {
            fixings.add(&batch?)?;
        }
        Ok(fixings.into_rates())
    }

    /// Reads rows of `fx_rates`, in any order.
    ///
    /// # Errors
    /// [`Error::Market`](crate::Error::Market) when a column is missing or of another type. An
    /// invalid row is [set aside](Self::set_aside).
    pub fn from_batches(batches: &[Batch]) -> Result<Self> {
        let mut fixings = FixingsBySource::default();
        batches.iter().try_for_each(|batch| fixings.add(batch))?;
        Ok(fixings.into_rates())
    }

    /// Returns the invalid rows, which are ignored: those that lack a value, and rates that are not
    /// greater than zero.
    pub fn set_aside(&self) -> &[SetAside] {
        self.set_aside.as_slice()
    }

    /// Returns the rates, or refuses them if any row is set aside.
    ///
    /// # Errors
    /// [`Error::Market`](crate::Error::Market), naming the first row that is set aside.
    pub fn strict(self) -> Result<Self> {
        first_error(self.set_aside()).map_or(Ok(self), Err)
    }

    /// Returns the number of rows that were read.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the value of `base` in `quote` as of a day, or `None` if no path has only fixings at
    /// most [`MAX_AGE_DAYS`](super::MAX_AGE_DAYS) days old.
    pub fn fixing(&self, base: &str, quote: &str, day: NaiveDate) -> Option<Fixing<'_>> {
        self.best_path(base, quote, day).filter(|path| is_fresh(path.fixed_on, day))
    }

    /// Returns every currency with a fixing on either side.
    pub fn currencies(&self) -> BTreeSet<&str> {
        let quotes = self.fixings.values().flat_map(BTreeMap::keys);
        self.fixings.keys().chain(quotes).map(String::as_str).collect()
    }

    /// Returns the first and the last day that has a fixing, or `None` if there are none.
    pub fn span(&self) -> Option<(NaiveDate, NaiveDate)> {
        let series = || self.fixings.values().flat_map(BTreeMap::values);
        let first =
            series().filter_map(|days| days.first_key_value()).map(|(day, _)| *day).min()?;
        let last = series().filter_map(|days| days.last_key_value()).map(|(day, _)| *day).max()?;
        Some((first, last))
    }

    /// Returns the value of a currency in US dollars as of a day, or else the day of its last
    /// fixing, if any.
    pub(super) fn usd_rate(
        &self,
        currency: &str,
        day: NaiveDate,
    ) -> Result<Rate, Option<NaiveDate>> {
        if currency == "USD" {
            return Ok(Rate::DOLLAR);
        }
        match self.best_path(currency, "USD", day) {
            Some(Fixing { units, worth, fixed_on, .. }) if is_fresh(fixed_on, day) => {
                Ok(Rate { units, usd: worth })
            }
            stale => Err(stale.map(|path| path.fixed_on)),
        }
    }

    /// Returns `true` if the currency has a fixing against any other.
    pub(super) fn has_currency(&self, currency: &str) -> bool {
        self.fixings.contains_key(currency)
            || self.fixings.values().any(|quotes| quotes.contains_key(currency))
    }

    /// Returns the freshest path from `base` to `quote`, by the older of its fixings; on a tie the
    /// first in the order below.
    fn best_path(&self, base: &str, quote: &str, day: NaiveDate) -> Option<Fixing<'_>> {
        let direct = self.latest(base, quote, day);
        let direct =
            direct.map(|(fixed_on, worth)| Fixing { units: ONE, worth, fixed_on, via: None });
        let inverse = self.latest(quote, base, day);
        let inverse =
            inverse.map(|(fixed_on, units)| Fixing { units, worth: ONE, fixed_on, via: None });
        let euro = self.cross_rate("EUR", base, quote, day);
        let others = self.fixings.keys().map(String::as_str);
        let others = others.filter(|third| !["EUR", base, quote].contains(third));
        [euro, direct, inverse]
            .into_iter()
            .chain(others.map(|third| self.cross_rate(third, base, quote, day)))
            .flatten()
            .reduce(|best, path| if path.fixed_on > best.fixed_on { path } else { best })
    }

    /// Derives the value from the fixings of both currencies against a third one.
    fn cross_rate<'r>(
        &'r self,
        third: &'r str,
        base: &str,
        quote: &str,
        day: NaiveDate,
    ) -> Option<Fixing<'r>> {
        let (one, units) = self.latest(third, base, day)?;
        let (other, worth) = self.latest(third, quote, day)?;
        Some(Fixing { units, worth, fixed_on: one.min(other), via: Some(third) })
    }

    fn latest(&self, base: &str, quote: &str, day: NaiveDate) -> Option<(NaiveDate, i128)> {
        let series = self.fixings.get(base)?.get(quote)?;
        series.range(..=day).next_back().map(|(fixed_on, rate)| (*fixed_on, *rate))
    }
}

/// A rate by day, with its source.
type SeriesBySource = BTreeMap<NaiveDate, (String, i128)>;

/// The fixings of all sources by base, quote and day: the source that sorts first by name wins.
#[derive(Debug, Default)]
struct FixingsBySource {
    series: BTreeMap<String, BTreeMap<String, SeriesBySource>>,
    set_aside: SetAsideRows,
    rows: u64,
}

impl FixingsBySource {
    fn add(&mut self, batch: &Batch) -> Result<()> {
        let columns = Columns { table: "fx_rates", batch };
        let (bases, quotes) = (columns.text("base")?, columns.text("quote")?);
        let (sources, days) = (columns.text("source")?, columns.days("rate_date")?);
        let money = columns.money("rate")?;
        self.rows += batch.rows() as u64;
        for row in 0..batch.rows() {
            let values = (bases[row], quotes[row], days[row], sources[row], money[row]);
            let (Some(base), Some(quote), Some(day), Some(source), Some(rate)) = values else {
                let or_unknown = |code: Option<&str>| code.unwrap_or("?").to_owned();
                self.set_aside.add(columns.table, SetAsideReason::Incomplete, 1, || {
                    format!("a rate of {}/{}", or_unknown(bases[row]), or_unknown(quotes[row]))
                });
                continue;
            };
            if rate <= 0 {
                self.set_aside.add(columns.table, SetAsideReason::NotPositive, 1, || {
                    format!("the rate of {base}/{quote} on {day}")
                });
                continue;
            }
            let series =
                self.series.entry(base.into()).or_default().entry(quote.into()).or_default();
            let fixing = series.entry(day).or_insert_with(|| (source.to_owned(), rate));
            if source < fixing.0.as_str() {
                *fixing = (source.to_owned(), rate);
            }
        }
        Ok(())
    }

    fn into_rates(self) -> Rates {
        let series = |series: SeriesBySource| {
            series.into_iter().map(|(day, (_, rate))| (day, rate)).collect()
        };
        let quotes = |quotes: BTreeMap<String, SeriesBySource>| {
            quotes.into_iter().map(|(quote, days)| (quote, series(days))).collect()
        };
        let fixings =
            self.series.into_iter().map(|(base, by_quote)| (base, quotes(by_quote))).collect();
        Rates { fixings, set_aside: self.set_aside, rows: self.rows }
    }
}

#[cfg(test)]
mod tests;
