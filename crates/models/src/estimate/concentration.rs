//! How unequally an amount is spread over users.

use super::influence::Influence;
use super::mean::{MAX_RESAMPLED, MIN_PAYERS};
use super::pivot::{Scale, influence_pivots, model_pivots, quantile_of};
use super::sample::{FEW_PAYERS, Sample};
use super::types::{Estimate, Interval, Method};
use crate::math::normal;

/// The fewest users in the top of an interval of a top share.
const MIN_TOP_USERS: f64 = 20.0;

/// Returns the [Gini coefficient](Influence::gini) of amounts, one per user, zeros included, with
/// the hybrid bootstrap-t interval of its complement.
///
/// 1 − G is E min(x, x′) over the mean; its error is that of the mean, since the numerator has no
/// heavy tail. The interval is therefore that of [`mean`](super::mean()), turned around: with e
/// the standard error from influence values, T the pivot of resampled influences and U the pivot
/// of a mean with a log-normal tail,
///
/// ```text
/// high = 1 − (1 − G) exp(min(a_lo, b_lo) e/(1 − G))       low = 1 − (1 − G) exp(a_hi e/(1 − G))
/// ```
///
/// Undetermined without a positive total or with a negative amount; no interval below 5 payers;
/// above 20,000 payers the pivot is normal.
///
/// ```
/// use tidegauge_models::estimate::gini;
///
/// let amounts: Vec<f64> = (0..80).map(|user| f64::from(user % 8)).collect();
/// let concentration = gini(&amounts, 0.9, 7);
/// assert!(concentration.interval.is_some_and(|interval| interval.contains(0.37)));
/// ```
#[must_use]
pub fn gini(amounts: &[f64], level: f64, seed: u64) -> Estimate {
    estimate(Influence::gini(amounts), amounts, level, seed, |value| value)
}

/// Returns the [share of the total](Influence::top_share) that the top `share` of users have, with
/// an interval as that of [`gini`]; below 20 users in the top there is none.
///
/// ```
/// use tidegauge_models::estimate::top_share;
///
/// // The top half of four users have 7 of 10.
/// let top = top_share(&[1.0, 2.0, 3.0, 4.0], 0.5, 0.9, 7);
/// assert!((top.value.unwrap() - 0.7).abs() < 1e-12);
/// ```
#[must_use]
pub fn top_share(amounts: &[f64], share: f64, level: f64, seed: u64) -> Estimate {
    top(amounts, share, level, seed, |value| value)
}

/// Returns a [point of the Lorenz curve](Influence::lorenz), the share of the total that the
/// lowest `share` of users have, with an interval as that of [`gini`]; below 20 users in the rest
/// there is none.
///
/// ```
/// use tidegauge_models::estimate::lorenz;
///
/// // The lower half of four users have 3 of 10.
/// let low = lorenz(&[1.0, 2.0, 3.0, 4.0], 0.5, 0.9, 7);
/// assert!((low.value.unwrap() - 0.3).abs() < 1e-12);
/// ```
#[must_use]
pub fn lorenz(amounts: &[f64], share: f64, level: f64, seed: u64) -> Estimate {
    top(amounts, 1.0 - share, level, seed, |value| 1.0 - value)
}

/// Returns what a function makes of a top share, with its interval if enough users are in the top.
fn top(amounts: &[f64], share: f64, level: f64, seed: u64, of: impl Fn(f64) -> f64) -> Estimate {
    let estimate = estimate(Influence::top_share(amounts, share), amounts, level, seed, of);
    let enough = share * amounts.len() as f64 >= MIN_TOP_USERS;
    Estimate { interval: estimate.interval.filter(|_| enough), ..estimate }
}

/// Returns a measure of concentration, or what a function makes of it, with its interval.
fn estimate(
    measure: Option<Influence>,
    amounts: &[f64],
    level: f64,
    seed: u64,
    of: impl Fn(f64) -> f64,
) -> Estimate {
    let n = amounts.len() as u64;
    let Some(measure) = measure else { return Estimate::undetermined(n) };
    let payers = amounts.iter().filter(|amount| **amount > 0.0).count();
    let bounds = match payers > MAX_RESAMPLED {
        true => large_bounds(&measure, level),
        false => bounds(&measure, &Sample::of(amounts), level, seed),
    };
    let interval = bounds.and_then(|(low, high)| {
        let (low, high) = (of(low), of(high));
        Interval::new(low.min(high), low.max(high), level, Method::HybridT)
    });
    Estimate::new(of(measure.value()), interval, n).with_few(payers < FEW_PAYERS)
}

/// Returns the bounds of a measure of the concentration over so many users that its pivot is
/// normal.
fn large_bounds(measure: &Influence, level: f64) -> Option<(f64, f64)> {
    let (rest, error) = (1.0 - measure.value(), measure.standard_error());
    let z = normal::quantile(f64::midpoint(1.0, level));
    let is_known = rest > 0.0 && error > 0.0 && level > 0.0 && level < 1.0;
    let bound = |pivot: f64| 1.0 - rest * libm::exp(pivot * error / rest);
    is_known.then(|| (bound(z).max(0.0), bound(-z)))
}

/// Returns the bounds of a measure of concentration.
fn bounds(measure: &Influence, sample: &Sample, level: f64, seed: u64) -> Option<(f64, f64)> {
    let (rest, error) = (1.0 - measure.value(), measure.standard_error());
    let known = rest > 0.0 && error > 0.0 && sample.payers() >= MIN_PAYERS;
    if !(known && level > 0.0 && level < 1.0) {
        return None;
    }
    let (lower, upper) = ((1.0 - level) / 2.0, f64::midpoint(1.0, level));
    let pivots = influence_pivots(&Sample::centred(measure.psi()), seed);
    let (a_low, a_high) = (quantile_of(&pivots, lower)?, quantile_of(&pivots, upper)?);
    let b_low = quantile_of(&model_pivots(sample, Scale::Log, seed), lower)?;
    let bound = |pivot: f64| 1.0 - rest * libm::exp(pivot * error / rest);
    Some((bound(a_high).max(0.0), bound(a_low.min(b_low))))
}

impl Influence {
    /// Returns the Gini coefficient of amounts, one per user, zeros included:
    /// Σᵢⱼ |xᵢ − xⱼ| / (2 n (n − 1) x̄), of which 0 is equality and 1 one user with everything.
    ///
    /// ψ = ((Σⱼ |x − xⱼ| / n − G x) / x̄ − G) / n. `None` below 2 users, without a positive total,
    /// or with a negative amount. Source: R. Davidson (2009), "Reliable inference for the Gini
    /// index", Journal of Econometrics 150.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// let gini = Influence::gini(&[0.0, 0.0, 0.0, 8.0]).ok_or("no amounts")?;
    /// assert_eq!(gini.value(), 1.0);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn gini(amounts: &[f64]) -> Option<Self> {
        let ordered = Ordered::new(amounts)?;
        let (n, mean) = (amounts.len() as f64, ordered.total / amounts.len() as f64);
        if n < 2.0 {
            return None;
        }
        let mut gaps = vec![0.0; amounts.len()];
        let mut below = 0.0;
        for (rank, user) in ordered.users.iter().enumerate() {
            let amount = amounts[*user];
            // Σ |x − xⱼ| over those before and after in ascending order.
            gaps[*user] = (amount * (2.0 * rank as f64 - n) + ordered.total - 2.0 * below) / n;
            below += amount;
        }
        let plug_in = gaps.iter().sum::<f64>() / n / (2.0 * mean);
        let influence =
            |(gap, amount): (&f64, &f64)| ((gap - plug_in * amount) / mean - plug_in) / (n - 1.0);
        let psi = gaps.iter().zip(amounts).map(influence).collect();
        Self::new(plug_in * n / (n - 1.0), psi)
    }

    /// Returns the share of the total that the top `share` of users have, such as 0.01 for the top
    /// 1 %; a user at the boundary counts in part.
    ///
    /// With ξ the amount at the boundary, ψ = ((x − ξ)⁺ + ξ p − S x) / Σx. `None` unless
    /// `share` is between 0 and 1, without a positive total, or with a negative amount.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// let top_half = Influence::top_share(&[1.0, 2.0, 3.0, 4.0], 0.5).ok_or("no amounts")?;
    /// assert_eq!(top_half.value(), 0.7);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn top_share(amounts: &[f64], share: f64) -> Option<Self> {
        let ordered = Ordered::new(amounts)?;
        if !(share > 0.0 && share < 1.0) {
            return None;
        }
        let top = share * amounts.len() as f64;
        let boundary = ordered.users.iter().rev().zip(1_u64..).find(|(_, rank)| *rank as f64 > top);
        let limit = boundary.map_or(0.0, |(user, _)| amounts[*user]);
        let part = |amount: &f64| (amount - limit).max(0.0) + limit * share;
        let value = amounts.iter().map(part).sum::<f64>() / ordered.total;
        let psi = amounts.iter().map(|amount| (part(amount) - value * amount) / ordered.total);
        Self::new(value, psi.collect())
    }

    /// Returns a point of the Lorenz curve: the share of the total that the lowest `share` of
    /// users have, 1 − [`top_share`](Self::top_share) of the others.
    ///
    /// `None` as for `top_share`.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// let low = Influence::lorenz(&[1.0, 2.0, 3.0, 4.0], 0.5).ok_or("no amounts")?;
    /// assert!((low.value() - 0.3).abs() < 1e-12);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn lorenz(amounts: &[f64], share: f64) -> Option<Self> {
        let top = Self::top_share(amounts, 1.0 - share)?;
        Self::new(1.0 - top.value(), top.psi().iter().map(|influence| -influence).collect())
    }
}

/// Amounts in order.
struct Ordered {
    users: Vec<usize>,
    total: f64,
}

impl Ordered {
    /// Sorts users by amount; `None` with a negative amount, or without a positive finite total.
    fn new(amounts: &[f64]) -> Option<Self> {
        let mut users: Vec<usize> = (0..amounts.len()).collect();
        users.sort_unstable_by(|a, b| amounts[*a].total_cmp(&amounts[*b]));
        // In ascending order, so that the total does not depend on the order of users.
        let total: f64 = users.iter().map(|user| amounts[*user]).sum();
        let negative = amounts.iter().any(|amount| *amount < 0.0);
        (!negative && total > 0.0 && total.is_finite()).then_some(Self { users, total })
    }
}
