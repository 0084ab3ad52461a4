//! Market moves against posts and sentiment.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::daily_market::DailyMarket;
use super::lead_lag::{LeadLagParams, LeadLagTable, OtherSeries, lead_lag, log_changes};
use super::social::DailySocial;
use crate::Result;

/// Computes whether posts and sentiment lead the moves of an instrument, or follow them: the
/// correlations of its moves with the changes of its posts and its sentiment, by lag.
///
/// - `posts`: the daily change of the logarithm of the number of posts, less the mean change of the
///   weekday;
/// - `sentiment`: the daily change of the mean sentiment.
///
/// A side leads only if the interval of a lag excludes 0, and its p-value does so after Benjamini
/// and Hochberg's adjustment for all lags of all pairs. Leading is no cause: both may follow news.
///
/// ```
/// use chrono::{Days, NaiveDate};
/// use polars::prelude::*;
/// use tidegauge_analytics::market_statistics::{
///     DailyMarket, DailyMarketParams, DailySocial, DailySocialParams, Leader, LeadLagParams,
///     MarketMove, social_lead_lag,
/// };
///
/// // The sentiment of a day is the price of the day before.
/// let day = |at: u64| NaiveDate::default().checked_add_days(Days::new(at)).unwrap();
/// let price = |at: u64| 1.0 + ((at * at * 37 + at * 11) % 97) as f64 / 1_000.0;
/// let prices = df!(
///     "instrument" => ["BTC"; 120],
///     "at" => (0..120).map(day).collect::<Vec<_>>(),
///     "price" => (0..120).map(price).collect::<Vec<_>>(),
/// )?;
/// let posts = df!(
///     "instrument" => ["BTC"; 119],
///     "at" => (1..120).map(day).collect::<Vec<_>>(),
///     "sentiment" => (1..120).map(|at| price(at - 1) - 1.0).collect::<Vec<_>>(),
/// )?;
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams::default())?;
/// let social = DailySocial::from_frame(&posts, &DailySocialParams::default())?;
/// let table = social_lead_lag(&market, &social, &LeadLagParams::default())?;
/// let pair = table.get("BTC", MarketMove::Return, "sentiment").ok_or("no pair")?;
/// let strongest = pair.strongest(0.1).ok_or("a lag stands out")?;
/// assert_eq!(strongest.lag, 1); // the sentiment follows a day later
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a parameter is out of its range.
pub fn social_lead_lag(
    market: &DailyMarket,
    social: &DailySocial,
    params: &LeadLagParams,
) -> Result<LeadLagTable> {
    let places: BTreeMap<NaiveDate, usize> =
        social.days.iter().enumerate().map(|(at, day)| (*day, at)).collect();
    let on_market_days = |values: &[Option<f64>]| -> Vec<Option<f64>> {
        market.days.iter().map(|day| values[*places.get(day)?]).collect()
    };
    let mut others = Vec::new();
    for of in &social.instruments {
        let posts = log_changes(market, &on_market_days(&of.posts))?;
        let sentiment = changes(&on_market_days(&of.sentiment));
        for (measure, values) in [("posts", posts), ("sentiment", sentiment)] {
            if values.iter().any(Option::is_some) {
                let (instrument, measure) = (Some(of.instrument.clone()), measure.to_owned());
                others.push(OtherSeries { instrument, measure, values });
            }
        }
    }
    lead_lag(market, &others, params)
}

/// Returns the change from each position to the next, at the later one.
fn changes(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let changes = values.windows(2).map(|pair| Some(pair[1]? - pair[0]?));
    values.first().map(|_| None).into_iter().chain(changes).collect()
}
