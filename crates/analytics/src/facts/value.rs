//! What a unit of a currency or a token was worth in US dollars on a day.

use polars::prelude::*;
use tidegauge_core::market::Market;
use tidegauge_core::{Crypto, Warehouse};

use crate::Result;
use crate::frames::{Compute, look_up};
use crate::period::{after_epoch, epoch_day};

/// What a unit of a currency or a token was worth in US dollars, as of any day.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usd(Market);

impl Usd {
    /// Reads the market tables.
    pub(crate) async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        Ok(Self(Market::read(warehouse).await?))
    }

    /// US dollars for one unit of `asset` as of `day` (days since 1970-01-01).
    pub(crate) fn of(&self, asset: &str, day: i64) -> Result<f64> {
        let day = after_epoch(day).unwrap_or_default();
        Ok(self.0.worth(asset, day)?.to_f64())
    }

    /// The lowest and the highest price of a token on `day` by any source, US dollars.
    pub(crate) fn range(&self, token: &str, day: i64) -> Option<(f64, f64)> {
        let (low, high) = self.0.range(token, after_epoch(day)?)?;
        let dollars = |units: i128| Crypto::from_units(units).to_f64();
        Some((dollars(low), dollars(high)))
    }

    /// Adds `into`: the amounts in US dollars as of the day of `at`.
    pub(crate) fn convert(
        &self,
        frame: LazyFrame,
        at: &str,
        (amount, currency): (&str, &str),
        into: &str,
    ) -> Result<LazyFrame> {
        let frame = frame.with_columns([
            epoch_day(col(at)).alias("usd_day"),
            col(currency).alias("usd_currency"),
        ]);
        let keys = ["usd_currency", "usd_day"];
        let order = SortMultipleOptions::default();
        let needed = frame
            .clone()
            .select(keys.map(col))
            .unique(None, UniqueKeepStrategy::Any)
            .sort(keys, order)
            .compute()?;
        let (currencies, days) = (needed.column(keys[0])?.str()?, needed.column(keys[1])?.i64()?);
        // A null has no worth; who checks the facts refuses it by name.
        let worth = currencies.iter().zip(days.iter()).map(|key| {
            let (Some(currency), Some(day)) = key else { return Ok(None) };
            self.of(currency, day).map(Some)
        });
        let worth = worth.collect::<Result<Vec<Option<f64>>>>()?;
        let grid = needed.hstack(&[Column::new("usd_worth".into(), worth)])?;
        let usd = col(amount).cast(DataType::Float64) * col("usd_worth");
        Ok(look_up(frame, grid.lazy(), &keys).with_column(usd.alias(into)).drop(cols([
            "usd_day",
            "usd_currency",
            "usd_worth",
        ])))
    }
}
