//! The concentration of the volume of each period over its transacting users.

use tidegauge_models::Estimate;
use tidegauge_models::estimate::{difference, gini, top_share};

use super::change::{kpi, scale};
use super::metric::Metric;
use super::params::BoardParams;
use super::table::Kpi;
use super::user_periods::{Quantity, UserPeriods};
use crate::Result;
use crate::facts::{Accumulate, Facts, UserEvents};
use crate::metrics::complete_periods::CompletePeriods;
use crate::metrics::seed::seed;

/// The most volumes that are held at once: 16 MiB.
const MAX_HELD: u64 = 2 << 20;

/// The volumes of the transacting users of some periods.
struct Volumes<'f> {
    periods: &'f CompletePeriods,
    held: std::ops::Range<usize>,
    user: UserPeriods,
    of_periods: Vec<Vec<f64>>,
}

impl Accumulate for Volumes<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        self.user.fill(user, self.periods);
        for (place, sums) in self.user.iter() {
            if self.held.contains(&place) && sums.get(Quantity::Users) > 0.0 {
                self.of_periods[place - self.held.start].push(sums.get(Quantity::Volume));
            }
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.of_periods.iter_mut().zip(following.of_periods) {
            ours.extend(theirs);
        }
    }
}

/// Returns the measures of concentration of all periods, of which each has so many transacting
/// `users`. The periods are read in as many passes as keep memory bounded.
///
/// # Errors
/// When the events cannot be read.
pub(super) fn concentration(
    facts: &Facts,
    params: &BoardParams,
    periods: &CompletePeriods,
    users: &[u64],
) -> Result<Vec<Kpi>> {
    let transactions = facts.events.kinds.matching(&params.transactions);
    let kinds = facts.events.kinds.names().len();
    let mut kpis = Vec::new();
    let mut last: Option<[Estimate; METRICS.len()]> = None;
    let mut first = 0;
    while first < users.len() {
        let mut held = 0;
        let fitting = users[first..].iter().take_while(|users| {
            held += **users;
            held <= MAX_HELD
        });
        let end = first + fitting.count().max(1);
        let volumes = facts.fold(|| Volumes {
            periods,
            held: first..end,
            user: UserPeriods::new(kinds, transactions),
            of_periods: vec![Vec::new(); end - first],
        })?;
        for (place, volumes) in (first..).zip(&volumes.of_periods) {
            let measured = measure(volumes, facts.level(), &periods.start(place).to_string());
            for (at, (metric, estimate)) in METRICS.into_iter().zip(measured).enumerate() {
                let before = last.map(|last| last[at]);
                let before = before.filter(|_| scale(periods, metric, place).is_some());
                let change = match before {
                    Some(before) => difference(estimate, before),
                    None => Estimate::undetermined(estimate.n),
                };
                let before = before.and_then(|before| before.value);
                kpis.push(kpi(periods.start(place), metric, (estimate, before), change));
            }
            last = Some(measured);
        }
        first = end;
    }
    Ok(kpis)
}

/// The measures of concentration.
const METRICS: [Metric; 3] = [Metric::Gini, Metric::Top1Percent, Metric::Top10Percent];

/// Returns the measures of concentration of volumes, in the order of [`METRICS`].
fn measure(volumes: &[f64], level: f64, period: &str) -> [Estimate; METRICS.len()] {
    let seed = |metric: Metric| seed(metric.name(), Some(period));
    [
        gini(volumes, level, seed(Metric::Gini)),
        top_share(volumes, 0.01, level, seed(Metric::Top1Percent)),
        top_share(volumes, 0.1, level, seed(Metric::Top10Percent)),
    ]
}
