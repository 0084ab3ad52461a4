//! The days that the market tables can price.

use chrono::NaiveDate;
use tidegauge_core::market::Market;

use crate::classic::parameters::{COINS, COUNTRIES};

/// Returns the exclusive end of the days that `market` can price: the first day on which a traded coin has no
/// more prices, or a user's currency no exchange rate.
///
/// Returns `None` if a coin has no prices at all. A gap before that day is not detected here; it is an error
/// when the day is simulated.
pub fn priced_until(market: &Market) -> Option<NaiveDate> {
    let last = COINS.iter().map(|(coin, _)| market.last_day(coin)).min()??;
    let has_rates = |day: &NaiveDate| {
        COUNTRIES.iter().all(|((_, currency), _)| market.rate(currency, *day).is_ok())
    };
    let days = std::iter::successors(Some(last), NaiveDate::pred_opt);
    days.take(MAX_RATE_LAG).find(has_rates)?.succ_opt()
}

/// Longest search for exchange rates before the last price, in days: a century.
const MAX_RATE_LAG: usize = 36_525;
