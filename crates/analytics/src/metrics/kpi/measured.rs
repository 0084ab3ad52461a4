//! The values of measures by period, and the variances of their changes, in two passes.
//!
//! The influence of a user with the quantities a and b on a ratio R = A/B is (a − R b)/B, and on a
//! sum A it is a (the number of users is random too). A user has one influence on the ratio of each
//! period, so that the variance of a change is Σ (ψ − ψ of the period before)²: a user who does the
//! same in both adds nothing to it.

use tidegauge_models::Estimate;
use tidegauge_models::estimate::{log_normal, logit_normal, normal};
use tidegauge_models::math::normal::quantile;
use tidegauge_models::math::student;

use super::change::{kpi, scale};
use super::measure::Measure;
use super::metric::Metric;
use super::params::BoardParams;
use super::table::Kpi;
use super::user_periods::{PeriodSums, UserPeriods};
use crate::Result;
use crate::facts::{Accumulate, Facts, KindSet, UserEvents};
use crate::metrics::cohort::Groups;
use crate::metrics::complete_periods::CompletePeriods;

/// The fewest degrees of freedom of an unflagged interval.
const FEW_DEGREES: f64 = 20.0;

/// The fewest degrees of freedom of an interval.
const MIN_DEGREES: f64 = 5.0;

/// A standard error below this part of the value is one of rounding.
const ROUNDING: f64 = 1e-9;

/// The users of a pass over the events.
struct Cells<'f, T> {
    measures: &'f [Measure],
    groups: &'f Groups,
    periods: &'f CompletePeriods,
    user: UserPeriods,
    /// By measure and period, periods of a measure adjacent.
    cells: Vec<T>,
}

impl<'f, T: Clone + Default> Cells<'f, T> {
    fn new(
        facts: &Facts,
        transactions: KindSet,
        (measures, groups): (&'f [Measure], &'f Groups),
        periods: &'f CompletePeriods,
    ) -> Self {
        Self {
            measures,
            groups,
            periods,
            user: UserPeriods::new(facts.events.kinds.names().len(), transactions),
            cells: vec![T::default(); measures.len() * periods.len()],
        }
    }
}

impl<T> Cells<'_, T> {
    /// Takes a user, and returns the measures that the user counts for, with their cells.
    fn take(
        &mut self,
        user: UserEvents<'_>,
    ) -> (&UserPeriods, impl Iterator<Item = (usize, &Measure, &mut [T])>) {
        self.user.fill(user, self.periods);
        let group = self.groups.of(user.user);
        let cells = self.cells.chunks_exact_mut(self.periods.len().max(1));
        let measures = self.measures.iter().zip(cells).enumerate();
        let counted = measures
            .filter(move |(_, (measure, _))| measure.group.is_none_or(|only| only == group))
            .map(|(number, (measure, cells))| (number, measure, cells));
        (&self.user, counted)
    }
}

/// The sums of a measure in a period.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    numerator: f64,
    denominator: f64,
    users: u64,
}

impl Accumulate for Cells<'_, Sums> {
    fn add(&mut self, user: UserEvents<'_>) {
        let (user, measures) = self.take(user);
        for (_, measure, cells) in measures {
            for (place, sums) in user.iter() {
                let cell = &mut cells[place];
                let (numerator, denominator) = parts(measure, &sums);
                cell.numerator += numerator;
                cell.denominator += denominator;
                cell.users += u64::from(numerator != 0.0 || denominator != 0.0);
            }
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.cells.iter_mut().zip(following.cells) {
            ours.numerator += theirs.numerator;
            ours.denominator += theirs.denominator;
            ours.users += theirs.users;
        }
    }
}

/// Returns numerator and denominator of a user; the denominator of a sum is 0.
fn parts(measure: &Measure, sums: &PeriodSums<'_>) -> (f64, f64) {
    (sums.get(measure.numerator), measure.denominator.map_or(0.0, |quantity| sums.get(quantity)))
}

impl Sums {
    /// Returns the value; NaN of a ratio to nothing.
    fn value(&self, measure: &Measure) -> f64 {
        match measure.denominator {
            Some(_) if self.denominator > 0.0 => self.numerator / self.denominator,
            Some(_) => f64::NAN,
            None => self.numerator,
        }
    }

    /// Returns the influence of a user on the value; 0 on a ratio to nothing.
    fn influence(&self, measure: &Measure, sums: &PeriodSums<'_>) -> f64 {
        let (numerator, denominator) = parts(measure, sums);
        match measure.denominator {
            None => numerator,
            Some(_) if self.denominator > 0.0 => {
                (numerator - self.value(measure) * denominator) / self.denominator
            }
            Some(_) => 0.0,
        }
    }
}

/// The sums of powers of influences.
#[derive(Debug, Clone, Copy, Default)]
struct Powers {
    squares: f64,
    fourths: f64,
    /// The number of users with an influence.
    users: u64,
}

impl Powers {
    fn add(&mut self, influence: f64) {
        let square = influence * influence;
        self.squares += square;
        self.fourths += square * square;
        self.users += u64::from(influence != 0.0);
    }

    fn merge(&mut self, following: Self) {
        self.squares += following.squares;
        self.fourths += following.fourths;
        self.users += following.users;
    }

    /// Returns what takes the place of the standard error in a normal interval, so that it is
    /// Student's, and whether users are few; `None` if they are too few for an interval.
    ///
    /// The degrees of freedom are (Σψ²)²/Σψ⁴, the number of users if all had the same influence.
    fn error(&self, size: f64, level: f64) -> Option<(f64, bool)> {
        let (error, degrees) = (self.squares.sqrt(), self.squares * self.squares / self.fourths);
        let upper = f64::midpoint(level, 1.0);
        let is_known = error > ROUNDING * size.abs() && degrees >= MIN_DEGREES;
        let wider = || student::quantile(upper, degrees) / quantile(upper);
        is_known.then(|| (error * wider(), degrees < FEW_DEGREES))
    }
}

/// The powers of the influences on the value and on the change.
#[derive(Debug, Clone, Copy, Default)]
struct Spread {
    value: Powers,
    change: Powers,
}

/// The second pass, for which the sums are known.
struct Variances<'f> {
    sums: &'f [Sums],
    scales: &'f [f64],
    cells: Cells<'f, Spread>,
}

impl Accumulate for Variances<'_> {
    fn add(&mut self, user: UserEvents<'_>) {
        let periods = self.cells.periods.len();
        let (user, measures) = self.cells.take(user);
        for (number, measure, cells) in measures {
            let (sums, scales) = (&self.sums[number * periods..], &self.scales[number * periods..]);
            // The place and the influence of the last period with events, if its own is not due.
            let mut last: Option<(usize, f64)> = None;
            for (place, of_user) in user.iter() {
                let influence = sums[place].influence(measure, &of_user);
                cells[place].value.add(influence);
                match last {
                    Some((before, earlier)) if before + 1 == place => {
                        cells[place].change.add(influence - scales[place] * earlier);
                    }
                    _ => {
                        if let Some((before, earlier)) = last {
                            cells[before + 1].change.add(-scales[before + 1] * earlier);
                        }
                        cells[place].change.add(influence);
                    }
                }
                last = Some((place, influence));
            }
            if let Some((before, earlier)) = last
                && let Some(cell) = cells.get_mut(before + 1)
            {
                cell.change.add(-scales[before + 1] * earlier);
            }
        }
    }

    fn merge(&mut self, following: Self) {
        for (ours, theirs) in self.cells.cells.iter_mut().zip(following.cells.cells) {
            ours.value.merge(theirs.value);
            ours.change.merge(theirs.change);
        }
    }
}

/// Computes the figures of measures in all periods.
///
/// # Errors
/// When the events cannot be read.
pub(super) fn measured(
    facts: &Facts,
    params: &BoardParams,
    of_users: (&[Measure], &Groups),
    periods: &CompletePeriods,
) -> Result<Vec<Kpi>> {
    let transactions = facts.events.kinds.matching(&params.transactions);
    let (measures, _) = of_users;
    let places =
        || measures.iter().flat_map(|measure| (0..periods.len()).map(move |at| (measure, at)));
    let sums = facts.fold(|| Cells::<Sums>::new(facts, transactions, of_users, periods))?.cells;
    let scales: Vec<f64> = places()
        .map(|(measure, place)| scale(periods, measure.metric, place).unwrap_or(1.0))
        .collect();
    let variances = facts.fold(|| Variances {
        sums: &sums,
        scales: &scales,
        cells: Cells::new(facts, transactions, of_users, periods),
    })?;
    let cells = sums.iter().zip(&variances.cells.cells).enumerate();
    let figures = places().zip(cells).map(|((measure, place), (at, (of, spread)))| {
        let before = scale(periods, measure.metric, place).and_then(|scale| {
            let value = sums[at.checked_sub(1)?].value(measure);
            value.is_finite().then_some((value, scale))
        });
        let (value, level) = (of.value(measure), facts.level());
        let change = match before {
            Some((before, scale)) => change((value, scale * before), &spread.change, level),
            None => Estimate::undetermined(spread.change.users),
        };
        let value = estimate(measure, (value, of.users), &spread.value, level);
        let before = before.map(|(before, _)| before);
        Kpi {
            dimension: measure.dimension.clone(),
            label: measure.label.clone(),
            ..kpi(periods.start(place), measure.metric, (value, before), change)
        }
    });
    Ok(figures.collect())
}

/// Returns the value of a measure: a sum is a fact, a ratio has an interval.
fn estimate(
    measure: &Measure,
    (value, users): (f64, u64),
    spread: &Powers,
    level: f64,
) -> Estimate {
    let fact = Estimate::new(value, None, users);
    match spread.error(value, level).filter(|_| measure.denominator.is_some()) {
        None => fact,
        Some((error, few)) => {
            let is_share = measure.metric == Metric::RevenueShare;
            let interval = if is_share { logit_normal } else { log_normal };
            interval(value, error, users, level).with_few(few)
        }
    }
}

/// Returns the change from one value to another.
fn change((value, before): (f64, f64), spread: &Powers, level: f64) -> Estimate {
    match spread.error(value.abs().max(before.abs()), level) {
        None => Estimate::new(value - before, None, spread.users),
        Some((error, few)) => normal(value - before, error, spread.users, level).with_few(few),
    }
}
