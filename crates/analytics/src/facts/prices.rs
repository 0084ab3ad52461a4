//! Valuation in US dollars: the value of a unit of a currency or a token on a day.

use polars::prelude::*;
use tidegauge_core::market::{Market, first_error};
use tidegauge_core::{Crypto, SetAside, SetAsideReason, Warehouse};

use super::row_filter::{BadRows, RowFilter};
use crate::Result;
use crate::dates::{date_from_epoch_day, epoch_day};
use crate::frames::{CollectBlocking, counts, left_join};

/// The column of events that marks those with an amount that cannot be valued.
pub(super) const UNVALUED: &str = "is_unvalued";

/// The treatment of a row whose amount cannot be valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnpricedRows {
    /// The row is left out.
    Drop,
    /// The row stays as an activity of its user; the frame has a column [`UNVALUED`].
    Keep,
}

/// The values in US dollars of units of currencies and tokens, by day.
#[derive(Debug, Clone, Default)]
pub(crate) struct UsdPrices(Market);

impl UsdPrices {
    /// Reads the market tables.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub(crate) async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        Ok(Self(Market::read(warehouse).await?))
    }

    /// Returns the implausible rows of the market tables.
    pub(crate) fn set_aside(&self) -> &[SetAside] {
        self.0.set_aside()
    }

    /// Returns the number of rows of the market tables.
    pub(crate) fn rows(&self) -> u64 {
        self.0.rows()
    }

    /// Sets the implausible rows of the market tables aside.
    ///
    /// # Errors
    /// The first of those rows, if bad rows are errors.
    pub(super) fn set_aside_bad_rows(&self, row_filter: &mut RowFilter) -> Result<()> {
        row_filter.set_aside_market_rows(self.0.set_aside(), || first_error(self.0.set_aside()))
    }

    /// Returns the US dollars for one unit of `asset` as of `day` (days since 1970-01-01).
    ///
    /// # Errors
    /// When the market tables have no price or exchange rate for that day.
    pub(crate) fn price(&self, asset: &str, day: i64) -> Result<f64> {
        let day = date_from_epoch_day(day).unwrap_or_default();
        Ok(self.0.asset_rate(asset, day)?.to_f64())
    }

    /// Returns the lowest and the highest price of a token on `day` by any source, in US dollars;
    /// `None` without a price.
    pub(crate) fn price_range(&self, token: &str, day: i64) -> Option<(f64, f64)> {
        let (low, high) = self.0.range(token, date_from_epoch_day(day)?)?;
        let dollars = |units: i128| Crypto::from_units(units).to_f64();
        Some((dollars(low), dollars(high)))
    }

    /// Adds the column `into`: the amounts in US dollars as of the day of `at`. Rows of `table`
    /// whose amount cannot be valued are left out, or stay with 0 and are marked in the column
    /// [`UNVALUED`] and counted once: see [`UnpricedRows`].
    pub(super) fn convert(
        &self,
        table: &str,
        frame: LazyFrame,
        at: &str,
        (amount, currency): (&str, &str),
        into: &str,
        (unpriced, row_filter): (UnpricedRows, &mut RowFilter),
    ) -> Result<LazyFrame> {
        let frame = frame.with_columns([
            epoch_day(col(at)).alias("usd_day"),
            col(currency).alias("usd_currency"),
        ]);
        let keys = ["usd_currency", "usd_day"];
        let keeps = unpriced == UnpricedRows::Keep;
        let (reason, unknown) = match keeps {
            true => (SetAsideReason::Unvalued, col(UNVALUED).not().sum()),
            false => (SetAsideReason::Unpriced, len()),
        };
        let needed = frame
            .clone()
            .group_by(keys.map(col))
            .agg([unknown.cast(DataType::UInt32).alias("usd_rows")])
            .sort(keys, SortMultipleOptions::default())
            .collect_blocking()?;
        let (currencies, days) = (needed.column(keys[0])?.str()?, needed.column(keys[1])?.i64()?);
        let rows = counts(&needed, "usd_rows")?;
        let (mut prices, mut is_unpriced) = (Vec::new(), Vec::new());
        for ((currency, day), rows) in currencies.iter().zip(days.iter()).zip(rows) {
            // A null has no value; the check of the facts sets it aside by name.
            let value = currency.zip(day).map(|(currency, day)| self.price(currency, day));
            is_unpriced.push(matches!(value, Some(Err(_))));
            prices.push(match value {
                None => None,
                Some(Ok(usd)) => Some(usd),
                Some(Err(error)) if row_filter.bad_rows == BadRows::Fail => return Err(error),
                Some(Err(_)) if rows == 0 => None,
                Some(Err(_)) => {
                    row_filter.set_aside.add(table, reason, rows, || {
                        let on = day.and_then(date_from_epoch_day).map(|day| format!(" on {day}"));
                        format!("`{}`{}", currency.unwrap_or_default(), on.unwrap_or_default())
                    });
                    None
                }
            });
        }
        let columns = [
            Column::new("usd_price".into(), prices),
            Column::new("usd_unpriced".into(), is_unpriced),
        ];
        let prices = needed.hstack(&columns)?.lazy().drop(cols(["usd_rows"]));
        let usd = col(amount).cast(DataType::Float64) * col("usd_price");
        let is_unpriced = || col("usd_unpriced").fill_null(lit(false));
        let frame = left_join(frame, prices, &keys);
        let priced = match keeps {
            true => frame.with_columns([
                when(is_unpriced()).then(lit(0.0)).otherwise(usd).alias(into),
                col(UNVALUED).or(is_unpriced()).alias(UNVALUED),
            ]),
            false => frame.filter(is_unpriced().not()).with_column(usd.alias(into)),
        };
        Ok(priced.drop(cols(["usd_day", "usd_currency", "usd_price", "usd_unpriced"])))
    }
}
