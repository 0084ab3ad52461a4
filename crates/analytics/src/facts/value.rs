//! The value in US dollars of a unit of a currency or a token on a day.

use polars::prelude::*;
use tidegauge_core::market::{Market, first_error};
use tidegauge_core::{Crypto, SetAside, SetAsideReason, Warehouse};

use super::BadRows;
use super::sieve::Sieve;
use crate::Result;
use crate::frames::{Compute, counts, look_up};
use crate::period::{after_epoch, epoch_day};

/// The column of events that marks those with an amount that cannot be valued.
pub(super) const UNVALUED: &str = "is_unvalued";

/// The treatment of a row whose amount cannot be valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpriced {
    /// The row is left out.
    LeftOut,
    /// The row stays as an activity of its user; the frame has a column [`UNVALUED`].
    Stays,
}

/// The values in US dollars of units of currencies and tokens, by day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usd(Market);

impl Usd {
    /// Reads the market tables.
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
    pub(super) fn sift(&self, sieve: &mut Sieve) -> Result<()> {
        sieve.take(self.0.set_aside(), || first_error(self.0.set_aside()))
    }

    /// Returns the US dollars for one unit of `asset` as of `day` (days since 1970-01-01).
    pub(crate) fn of(&self, asset: &str, day: i64) -> Result<f64> {
        let day = after_epoch(day).unwrap_or_default();
        Ok(self.0.asset_rate(asset, day)?.to_f64())
    }

    /// Returns the lowest and the highest price of a token on `day` by any source, in US dollars;
    /// `None` without a price.
    pub(crate) fn range(&self, token: &str, day: i64) -> Option<(f64, f64)> {
        let (low, high) = self.0.range(token, after_epoch(day)?)?;
        let dollars = |units: i128| Crypto::from_units(units).to_f64();
        Some((dollars(low), dollars(high)))
    }

    /// Adds the column `into`: the amounts in US dollars as of the day of `at`. Rows of `table`
    /// whose amount cannot be valued are left out, or stay with 0 and are marked in the column
    /// [`UNVALUED`] and counted once: see [`Unpriced`].
    pub(super) fn convert(
        &self,
        table: &str,
        frame: LazyFrame,
        at: &str,
        (amount, currency): (&str, &str),
        into: &str,
        (unpriced, sieve): (Unpriced, &mut Sieve),
    ) -> Result<LazyFrame> {
        let frame = frame.with_columns([
            epoch_day(col(at)).alias("usd_day"),
            col(currency).alias("usd_currency"),
        ]);
        let keys = ["usd_currency", "usd_day"];
        let stays = unpriced == Unpriced::Stays;
        let (reason, unknown) = match stays {
            true => (SetAsideReason::Unvalued, col(UNVALUED).not().sum()),
            false => (SetAsideReason::Unpriced, len()),
        };
        let needed = frame
            .clone()
            .group_by(keys.map(col))
            .agg([unknown.cast(DataType::UInt32).alias("usd_rows")])
            .sort(keys, SortMultipleOptions::default())
            .compute()?;
        let (currencies, days) = (needed.column(keys[0])?.str()?, needed.column(keys[1])?.i64()?);
        let rows = counts(&needed, "usd_rows")?;
        let (mut worth, mut is_unpriced) = (Vec::new(), Vec::new());
        for ((currency, day), rows) in currencies.iter().zip(days.iter()).zip(rows) {
            // A null has no value; the check of the facts sets it aside by name.
            let value = currency.zip(day).map(|(currency, day)| self.of(currency, day));
            is_unpriced.push(matches!(value, Some(Err(_))));
            worth.push(match value {
                None => None,
                Some(Ok(usd)) => Some(usd),
                Some(Err(error)) if sieve.bad_rows == BadRows::Fail => return Err(error),
                Some(Err(_)) if rows == 0 => None,
                Some(Err(_)) => {
                    sieve.aside.add(table, reason, rows, || {
                        let on = day.and_then(after_epoch).map(|day| format!(" on {day}"));
                        format!("`{}`{}", currency.unwrap_or_default(), on.unwrap_or_default())
                    });
                    None
                }
            });
        }
        let columns = [
            Column::new("usd_worth".into(), worth),
            Column::new("usd_unpriced".into(), is_unpriced),
        ];
        let grid = needed.hstack(&columns)?.lazy().drop(cols(["usd_rows"]));
        let usd = col(amount).cast(DataType::Float64) * col("usd_worth");
        let is_unpriced = || col("usd_unpriced").fill_null(lit(false));
        let frame = look_up(frame, grid, &keys);
        let priced = match stays {
            true => frame.with_columns([
                when(is_unpriced()).then(lit(0.0)).otherwise(usd).alias(into),
                col(UNVALUED).or(is_unpriced()).alias(UNVALUED),
            ]),
            false => frame.filter(is_unpriced().not()).with_column(usd.alias(into)),
        };
        Ok(priced.drop(cols(["usd_day", "usd_currency", "usd_worth", "usd_unpriced"])))
    }
}
