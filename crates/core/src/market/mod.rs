//! The market tables as one view: prices of coins and exchange rates of currencies, by day.
//!
//! The simulator, the metrics and the audit all value amounts through this module, so that a
//! warehouse with several sources of prices and rates gives one value per day to all of them.

mod columns;
mod freshness;
mod fx;
mod prices;
mod rate;
mod strict;
mod valuation;

pub use freshness::MAX_AGE_DAYS;
pub use fx::{Fixing, Rates};
pub use prices::{DayPrices, candle_length};
pub use rate::Rate;
pub use strict::first_error;
pub use valuation::Market;
