//! The conversion of price series to batches.

use tidegauge_core::tables::RawCryptoMarketData;
use tidegauge_core::{Batch, Values};

use super::decode::Chart;
use super::name::NAME;
use crate::Result;

impl Chart {
    /// Keeps the points whose time in microseconds satisfies `right`.
    pub(super) fn keep(&mut self, right: impl Fn(i64) -> bool) {
        if self.at.iter().all(|at| right(*at)) {
            return;
        }
        let kept: Vec<bool> = self.at.iter().map(|at| right(*at)).collect();
        retain(&mut self.at, &kept);
        retain(&mut self.price_usd, &kept);
        retain(&mut self.market_cap_usd, &kept);
        retain(&mut self.volume_24h_usd, &kept);
    }

    /// Converts the series to rows of the table `raw_crypto_market_data`, for the coin with the given symbol
    /// and name.
    ///
    /// # Errors
    /// When a number has more digits than its column holds.
    pub fn into_batch(self, symbol: &str, name: &str) -> Result<Batch> {
        let rows = self.at.len();
        let columns = vec![
            Values::Constant(symbol),
            Values::Timestamps(self.at),
            Values::Constant(NAME),
            Values::Constant(name),
            Values::Decimals(self.price_usd),
            Values::SomeDecimals(self.volume_24h_usd),
            Values::SomeDecimals(self.market_cap_usd),
        ];
        Ok(Batch::from_columns(RawCryptoMarketData::table(), rows, columns)?)
    }
}

fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    values.retain(|_| kept.next().copied().unwrap_or(false));
}
