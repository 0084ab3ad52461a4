//! The valuation of amounts in US dollars, with the amounts that cannot be valued counted by table,
//! currency and day.

use std::collections::BTreeMap;

use tidegauge_core::SetAsideReason;

use crate::Result;
use crate::dates::{DAY, date_from_epoch_day};
use crate::facts::prices::UsdPrices;
use crate::facts::row_filter::{BadRows, RowFilter};
use crate::market::NameInterner;

/// The last day since 1970-01-01 whose prices are kept, about the year 2106.
const LAST_DAY: usize = 50_000;

/// A price that was looked up, if it was.
#[derive(Debug, Clone, Copy)]
enum Looked {
    NotYet,
    Up(Option<f64>),
}

/// The prices of the currencies that were asked for, and the rows without.
#[derive(Debug)]
pub(super) struct Valuation<'p> {
    prices: &'p UsdPrices,
    pub(super) currencies: NameInterner,
    /// The prices by currency and day.
    cache: Vec<Vec<Looked>>,
    /// Rows by table, reason, currency and day.
    unvalued: BTreeMap<(&'static str, SetAsideReason, String, i64), u64>,
    is_strict: bool,
}

impl<'p> Valuation<'p> {
    pub(super) fn new(prices: &'p UsdPrices, bad_rows: BadRows) -> Self {
        let is_strict = bad_rows == BadRows::Fail;
        let (currencies, cache) = (NameInterner::default(), Vec::new());
        Self { prices, currencies, cache, unvalued: BTreeMap::new(), is_strict }
    }

    /// Returns the US dollars for one unit of a currency at a time, or `None` if there is no price.
    ///
    /// # Errors
    /// When there is no price and bad rows are errors.
    pub(super) fn price(&mut self, currency: usize, at: i64) -> Result<Option<f64>> {
        let day = at.div_euclid(DAY);
        let Some(place) = usize::try_from(day).ok().filter(|day| *day <= LAST_DAY) else {
            return self.look_up(currency, day);
        };
        if let Some(Looked::Up(price)) = self.cache.get(currency).and_then(|days| days.get(place)) {
            return Ok(*price);
        }
        let price = self.look_up(currency, day)?;
        if self.cache.len() <= currency {
            self.cache.resize(currency + 1, Vec::new());
        }
        let days = &mut self.cache[currency];
        if days.len() <= place {
            days.resize(place + 1, Looked::NotYet);
        }
        days[place] = Looked::Up(price);
        Ok(price)
    }

    fn look_up(&self, currency: usize, day: i64) -> Result<Option<f64>> {
        match self.prices.price(self.currencies.get(currency), day) {
            Err(error) if self.is_strict => Err(error),
            price => Ok(price.ok()),
        }
    }

    /// Counts a row of `table` whose amount of a currency cannot be valued.
    pub(super) fn count_unvalued(
        &mut self,
        table: &'static str,
        reason: SetAsideReason,
        (currency, at): (usize, i64),
    ) {
        let currency = self.currencies.get(currency).to_owned();
        *self.unvalued.entry((table, reason, currency, at.div_euclid(DAY))).or_default() += 1;
    }

    /// Sets the rows aside that could not be valued.
    pub(super) fn finish(self, row_filter: &mut RowFilter) {
        for ((table, reason, currency, day), rows) in self.unvalued {
            row_filter.set_aside.add(table, reason, rows, || {
                let on = date_from_epoch_day(day).map(|day| format!(" on {day}"));
                format!("`{currency}`{}", on.unwrap_or_default())
            });
        }
    }
}
