//! Market moves against the daily activity of the exchange's users.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::daily_market::DailyMarket;
use super::lead_lag::{LeadLagParams, LeadLagTable, OtherSeries, lead_lag, log_changes};
use crate::Result;
use crate::dates::DAY;
use crate::facts::{Accumulate, EventFilter, Facts, KindSet, UserEvents};

/// A daily count or sum over the users of the exchange.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityMeasure {
    /// The number of signups.
    Signups,
    /// The number of events of these kinds, reversals not counted.
    Events(EventFilter),
    /// The volume of events of these kinds in US dollars, before reversals.
    Volume(EventFilter),
}

impl ActivityMeasure {
    /// Returns the measures of signups, deposits, transactions and their volume, by name.
    pub fn defaults() -> Vec<(String, Self)> {
        [
            ("signups", Self::Signups),
            ("deposits", Self::Events(EventFilter::only(["deposit"]))),
            ("transactions", Self::Events(EventFilter::Transactions)),
            ("volume_usd", Self::Volume(EventFilter::Transactions)),
        ]
        .map(|(name, measure)| (name.to_owned(), measure))
        .into()
    }
}

/// The sums by measure and UTC day of the market, days of a measure adjacent.
struct DailyActivity<'p> {
    measures: &'p [Measured],
    days: &'p [i64],
    sums: Vec<f64>,
}

/// The kinds of events of a measure, and whether their volume counts.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// The kinds; `None` of signups.
    kinds: Option<KindSet>,
    is_volume: bool,
}

impl Accumulate for DailyActivity<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let width = self.days.len();
        for event in user.iter().filter(|event| !event.is_reversal()) {
            let Ok(place) = self.days.binary_search(&event.at.div_euclid(DAY)) else { continue };
            for (measure, sums) in self.measures.iter().zip(self.sums.chunks_exact_mut(width)) {
                if measure.kinds.is_some_and(|kinds| kinds.contains(event.kind())) {
                    sums[place] += if measure.is_volume { event.volume_usd } else { 1.0 };
                }
            }
        }
    }

    fn merge(&mut self, following: Self) {
        self.sums.iter_mut().zip(following.sums).for_each(|(ours, theirs)| *ours += theirs);
    }
}

/// Computes whether the moves of the market lead the activity of users, or follow it: the
/// correlations of the moves of each instrument with the daily log changes of signups, deposits and
/// trading, by lag.
///
/// A measure is counted by UTC day; its change is ln(xₜ/xₜ₋₁) less the mean change of the weekday,
/// so that weeks do not correlate with anything. A day without any event has no logarithm, and the
/// day of the first signup may have begun before the data: both are holes, as are days that are
/// not over at [`Facts::end`]. `measures` are named series, as [`ActivityMeasure::defaults`].
///
/// A side leads only if the interval of a lag excludes 0, and its p-value does so after Benjamini
/// and Hochberg's adjustment for all lags of all pairs. Leading is no cause.
///
/// ```
/// use chrono::{Days, NaiveDate};
/// use polars::prelude::*;
/// use tidegauge_analytics::Facts;
/// use tidegauge_analytics::market_statistics::{
///     ActivityMeasure, DailyMarket, DailyMarketParams, LeadLagParams, Leader, MarketMove,
///     activity_lead_lag,
/// };
///
/// let day = |at: u64| NaiveDate::default().checked_add_days(Days::new(at)).unwrap();
/// let price = |at: u64| 10 + (at * at * 37 + at * 11) % 13;
/// let prices = df!(
///     "instrument" => ["BTC"; 150],
///     "at" => (0..150).map(day).collect::<Vec<_>>(),
///     "price" => (0..150).map(price).collect::<Vec<_>>(),
/// )?;
/// // As many purchases as the price was two days before.
/// let days: Vec<_> = (2..150).flat_map(|at| (0..price(at - 2)).map(move |_| day(at))).collect();
/// let purchases = df!(
///     "user" => vec![1; days.len()],
///     "value" => vec![1.0; days.len()],
///     "at" => days,
/// )?;
/// let end = day(150).and_time(chrono::NaiveTime::MIN).and_utc();
/// let market = DailyMarket::from_frame(&prices, &DailyMarketParams { end: Some(end), ..Default::default() })?;
/// let facts = Facts::from_transactions(&purchases, end)?;
/// let table = activity_lead_lag(&market, &facts, &ActivityMeasure::defaults(), &LeadLagParams::default())?;
/// let pair = table.get("BTC", MarketMove::Return, "transactions").ok_or("no pair")?;
/// assert_eq!(pair.strongest(0.1).ok_or("a lag stands out")?.lag, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a parameter is out of its range, or the events cannot be read.
pub fn activity_lead_lag(
    market: &DailyMarket,
    facts: &Facts,
    measures: &[(String, ActivityMeasure)],
    params: &LeadLagParams,
) -> Result<LeadLagTable> {
    let daily = daily_activity(market, facts, measures)?;
    let mut others = Vec::new();
    for ((measure, _), amounts) in measures.iter().zip(daily) {
        let values = log_changes(market, &amounts)?;
        if values.iter().any(Option::is_some) {
            others.push(OtherSeries { instrument: None, measure: measure.clone(), values });
        }
    }
    lead_lag(market, &others, params)
}

/// Returns the measures on the days of the market, `None` on days that were not observed from
/// beginning to end.
fn daily_activity(
    market: &DailyMarket,
    facts: &Facts,
    measures: &[(String, ActivityMeasure)],
) -> Result<Vec<Vec<Option<f64>>>> {
    let epoch_day = |day: &NaiveDate| i64::from(day.to_epoch_days());
    let days: Vec<i64> = market.days.iter().map(epoch_day).collect();
    let kinds = |filter: &EventFilter| Some(facts.events.kinds.matching(filter));
    let measured = measures.iter().map(|(_, measure)| match measure {
        ActivityMeasure::Signups => Measured { kinds: None, is_volume: false },
        ActivityMeasure::Events(filter) => Measured { kinds: kinds(filter), is_volume: false },
        ActivityMeasure::Volume(filter) => Measured { kinds: kinds(filter), is_volume: true },
    });
    let measured: Vec<Measured> = measured.collect();
    if days.is_empty() {
        return Ok(vec![Vec::new(); measures.len()]);
    }
    let sums = facts.fold(|| DailyActivity {
        measures: &measured,
        days: &days,
        sums: vec![0.0; measured.len() * days.len()],
    })?;
    let mut signups = vec![0.0; days.len()];
    for at in &facts.users.signup_at {
        if let Ok(place) = days.binary_search(&at.div_euclid(DAY)) {
            signups[place] += 1.0;
        }
    }
    let first_day = facts.users.signup_at.iter().min().map(|at| at.div_euclid(DAY));
    let end = facts.end_micros().div_euclid(DAY);
    let is_observed = |day: i64| first_day.is_some_and(|first| day > first) && day < end;
    let of_measure = |(measure, sums): (&Measured, &[f64])| -> Vec<Option<f64>> {
        let amounts = if measure.kinds.is_none() { signups.as_slice() } else { sums };
        let observed = amounts.iter().zip(&days);
        observed.map(|(amount, day)| is_observed(*day).then_some(*amount)).collect()
    };
    Ok(measured.iter().zip(sums.sums.chunks_exact(days.len())).map(of_measure).collect())
}
