//! Estimates through the influence of each user.

use super::mean::MAX_RESAMPLED;
use super::pivot::{influence_pivots, quantile_of};
use super::sample::Sample;
use super::types::{Estimate, Interval, Method};
use crate::math::student;

/// The degrees of freedom beyond which skewness moves the bounds of many users by less than a
/// twentieth of the standard error.
const MANY_DEGREES: f64 = 400.0;

/// The scale on which an interval is symmetric but for the skewness of its pivot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transform {
    /// The value itself, such as a difference.
    Identity,
    /// The logarithm of a positive value, such as a ratio.
    Log,
    /// The log-odds of a value between 0 and 1, such as a Gini coefficient.
    Logit,
}

/// A value with the influence ψ of each user on it: to first order, what the user adds to the
/// value's error. The influences sum to about 0, and their squares to the variance.
///
/// Means, ratios and measures of concentration of the *same* users share one covariance:
/// Var(θₐ − θ_b) = Σ (ψₐ − ψ_b)². Estimates of *different* users combine by
/// [`difference`](super::difference()) and its like.
///
/// ```
/// use tidegauge_models::estimate::{Influence, Transform};
///
/// let fees = [0.4, 0.0, 1.1, 2.0, 0.2, 0.9];
/// let volume = [100.0, 0.0, 300.0, 900.0, 60.0, 210.0];
/// let take_rate = Influence::ratio(&fees, &volume).ok_or("no volume")?;
/// assert!((take_rate.value() - 4.6 / 1_570.0).abs() < 1e-15);
/// let estimate = take_rate.estimate(Transform::Log, 0.9, 7);
/// assert!(estimate.interval.is_some());
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    value: f64,
    psi: Vec<f64>,
}

impl Influence {
    /// Creates an estimate from its value and the influence of each user; `None` if one of them is
    /// not finite, or without users.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// assert!(Influence::new(2.0, vec![-0.5, 0.5]).is_some());
    /// assert!(Influence::new(f64::NAN, vec![0.5]).is_none());
    /// ```
    #[must_use]
    pub fn new(value: f64, psi: Vec<f64>) -> Option<Self> {
        let finite = value.is_finite() && psi.iter().all(|influence| influence.is_finite());
        (finite && !psi.is_empty()).then_some(Self { value, psi })
    }

    /// Returns the mean of amounts, one per user: ψ = (x − x̄)/n. `None` of no users.
    ///
    /// For the interval of a mean of heavy-tailed amounts, see [`mean`](super::mean()).
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// let mean = Influence::mean(&[1.0, 3.0]).ok_or("no users")?;
    /// assert_eq!((mean.value(), mean.psi()), (2.0, &[-0.5, 0.5][..]));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn mean(amounts: &[f64]) -> Option<Self> {
        let n = amounts.len() as f64;
        let mean = amounts.iter().sum::<f64>() / n;
        Self::new(mean, amounts.iter().map(|amount| (amount - mean) / n).collect())
    }

    /// Returns a ratio of sums R = Σa/Σb over the same users, such as a take rate.
    ///
    /// ψ = (a − Rb)/(Σb − b), by which R falls if the user is left out (the jackknife): a user with
    /// much of Σb draws R to their own a/b, so that (a − Rb)/Σb would be too small. `None` if the
    /// numbers of users differ, Σb is not positive, or one user has all of it.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// // 3 over 4; left out, the first user would raise it to 2 over 2.
    /// let ratio = Influence::ratio(&[1.0, 2.0], &[2.0, 2.0]).ok_or("no volume")?;
    /// assert_eq!((ratio.value(), ratio.psi()), (0.75, &[-0.25, 0.25][..]));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn ratio(numerators: &[f64], denominators: &[f64]) -> Option<Self> {
        let total: f64 = denominators.iter().sum();
        if numerators.len() != denominators.len() || total.is_nan() || total <= 0.0 {
            return None;
        }
        let ratio = numerators.iter().sum::<f64>() / total;
        let pairs = numerators.iter().zip(denominators);
        Self::new(ratio, pairs.map(|(a, b)| (a - ratio * b) / (total - b)).collect())
    }

    /// Returns the value.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// assert_eq!(Influence::mean(&[1.0, 3.0]).map(|mean| mean.value()), Some(2.0));
    /// ```
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns the influence of each user, in the order in which they were given.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// let mean = Influence::mean(&[1.0, 3.0]).ok_or("no users")?;
    /// assert_eq!(mean.psi(), [-0.5, 0.5]);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn psi(&self) -> &[f64] {
        &self.psi
    }

    /// Returns the standard error, √(n/(n − 1) Σψ²); NaN of one user.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// // s/√n = √2/√2.
    /// let mean = Influence::mean(&[1.0, 3.0]).ok_or("no users")?;
    /// assert!((mean.standard_error() - 1.0).abs() < 1e-12);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let n = self.psi.len() as f64;
        (n / (n - 1.0) * self.psi.iter().map(|influence| influence * influence).sum::<f64>()).sqrt()
    }

    /// Returns the degrees of freedom of the standard error, at least 4: (Σψ²)²/Σψ⁴, the number of
    /// users if all had the same influence.
    fn degrees(&self) -> f64 {
        let power =
            |power: i32| self.psi.iter().map(|influence| influence.powi(power)).sum::<f64>();
        (power(2).powi(2) / power(4)).max(4.0)
    }

    /// Returns the difference of two estimates of the same users, in the same order; `None` if
    /// their numbers differ.
    ///
    /// ```
    /// use tidegauge_models::estimate::Influence;
    ///
    /// let (before, after) = (Influence::mean(&[1.0, 3.0]), Influence::mean(&[2.0, 4.0]));
    /// let gain = after.zip(before).and_then(|(after, before)| after.minus(&before)).ok_or("no users")?;
    /// // Every user gained 1: there is no error.
    /// assert_eq!((gain.value(), gain.standard_error()), (1.0, 0.0));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn minus(&self, other: &Self) -> Option<Self> {
        let pairs = self.psi.iter().zip(&other.psi);
        let psi = pairs.map(|(one, other)| one - other).collect();
        (self.psi.len() == other.psi.len()).then(|| Self::new(self.value - other.value, psi))?
    }

    /// Returns the value with a bootstrap-t interval: with the standard error e, g the transform
    /// and a the quantiles of the studentised mean of resampled influences,
    ///
    /// ```text
    /// low = g⁻¹(g(θ) − a_hi g′(θ) e)        high = g⁻¹(g(θ) − a_lo g′(θ) e)
    /// ```
    ///
    /// where a_hi and −a_lo are at least the quantile of Student's t with (Σψ²)²/Σψ⁴ degrees of
    /// freedom, at least 4: a few users with most of the variance say little about it. Of more than
    /// 20,000 users with more than 400 degrees of freedom the quantiles are Student's. Without
    /// spread, or beyond the transform's range, there is no interval.
    #[must_use]
    pub fn estimate(&self, transform: Transform, level: f64, seed: u64) -> Estimate {
        let n = self.psi.len() as u64;
        Estimate::new(self.value, self.interval(transform, level, seed), n)
    }

    /// Returns the bootstrap-t interval.
    fn interval(&self, transform: Transform, level: f64, seed: u64) -> Option<Interval> {
        let error = self.standard_error();
        let slope = match transform {
            Transform::Identity => 1.0,
            Transform::Log => 1.0 / self.value,
            Transform::Logit => 1.0 / (self.value * (1.0 - self.value)),
        };
        if !(error > 0.0 && slope > 0.0 && slope.is_finite() && level > 0.0 && level < 1.0) {
            return None;
        }
        let degrees = self.degrees();
        let t = student::quantile(f64::midpoint(1.0, level), degrees);
        let (low, high) = match self.psi.len() > MAX_RESAMPLED && degrees > MANY_DEGREES {
            true => (-t, t),
            false => {
                let pivots = influence_pivots(&Sample::centred(&self.psi), seed);
                let high = quantile_of(&pivots, f64::midpoint(1.0, level))?.max(t);
                (quantile_of(&pivots, (1.0 - level) / 2.0)?.min(-t), high)
            }
        };
        let (below, above) = (-high * slope * error, -low * slope * error);
        let moved = |by: f64| match transform {
            Transform::Identity => self.value + by,
            Transform::Log => self.value * libm::exp(by),
            Transform::Logit => {
                let odds = self.value / (1.0 - self.value) * libm::exp(by);
                if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
            }
        };
        Interval::new(moved(below), moved(above), level, Method::BootstrapT)
    }
}
