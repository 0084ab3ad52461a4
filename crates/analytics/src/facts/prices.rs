//! Prices in US dollars: the value of a unit of a currency or a token on a day.

use tidegauge_core::market::{Market, first_error};
use tidegauge_core::{Crypto, SetAside, Warehouse};

use super::row_filter::RowFilter;
use crate::Result;
use crate::dates::date_from_epoch_day;

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
}
