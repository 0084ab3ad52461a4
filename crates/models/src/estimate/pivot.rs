//! The two bootstrap distributions of a studentised mean.
//!
//! A replicate needs only Σx and Σx². The largest amounts decide their distribution and are drawn
//! one by one; the sums over the many smaller ones are drawn at once, as jointly normal with their
//! exact means and covariance. The cost of a replicate therefore does not grow with the sample.

use super::sample::Sample;
use crate::math::normal::{density, mills_ratio, quantile};
use crate::random::Random;

/// The number of bootstrap replicates.
const REPLICATES: usize = 999;

/// The most amounts that are all drawn one by one, and the expected number of those that are if
/// there are more.
const SINGLES: usize = 96;
const LARGEST: usize = 48;

/// Random streams of one seed.
const RESAMPLE_STREAM: u64 = 0;
const MODEL_STREAM: u64 = 1;

/// The sums of one replicate over its users.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sums {
    sum: f64,
    squares: f64,
}

impl Sums {
    /// Returns the relative standard error of the mean of `n` users, or `None` without spread.
    fn relative_error(self, n: f64) -> Option<f64> {
        let spread = n * self.squares / (self.sum * self.sum) - 1.0;
        (spread > 1e-12 && spread.is_finite()).then(|| (spread / (n - 1.0)).sqrt())
    }

    /// Returns mean and standard error, or `None` without spread.
    fn mean_and_error(self, n: f64) -> Option<(f64, f64)> {
        let mean = self.sum / n;
        let spread = self.squares / n - mean * mean;
        let positive = spread > 1e-12 * self.squares / n && spread.is_finite();
        positive.then(|| (mean, (spread / (n - 1.0)).sqrt()))
    }
}

/// Returns sums of resamples: as many users as there are, drawn with replacement.
pub(crate) fn resample(sample: &Sample, seed: u64) -> Vec<Sums> {
    let mut random = Random::new(seed, RESAMPLE_STREAM);
    let amounts = sample.amounts();
    let singles = if amounts.len() <= SINGLES { amounts.len() } else { LARGEST };
    let (small, large) = amounts.split_at(amounts.len() - singles);
    let small = Bulk::of(small);
    let share = amounts.len() as f64 / sample.n() as f64;
    let large_share = large.len() as f64 / amounts.len() as f64;
    let replicate = |_| {
        let drawn = random.binomial(sample.n(), share).max(2);
        let of_large = random.binomial(drawn, large_share);
        let mut sums = small.draw(drawn - of_large, &mut random);
        for _ in 0..of_large {
            let amount = large[random.below(large.len())];
            sums.sum += amount;
            sums.squares += amount * amount;
        }
        sums
    };
    (0..REPLICATES).map(replicate).collect()
}

/// Returns `ln(m*/m) / (e*/m*)` of each resample with spread, or `None` if the mean of one is not
/// positive.
pub(crate) fn log_pivots(resamples: &[Sums], sample: &Sample) -> Option<Vec<f64>> {
    let (n, mean) = (sample.n() as f64, sample.mean());
    let positive = mean > 0.0 && resamples.iter().all(|sums| sums.sum > 0.0);
    let pivot = |sums: &Sums| Some(libm::log(sums.sum / n / mean) / sums.relative_error(n)?);
    positive.then(|| resamples.iter().filter_map(pivot).collect())
}

/// Returns `(m* − m) / e*` of each resample with spread.
pub(crate) fn raw_pivots(resamples: &[Sums], sample: &Sample) -> Vec<f64> {
    let (n, mean) = (sample.n() as f64, sample.mean());
    let pivot = |sums: &Sums| sums.mean_and_error(n).map(|(drawn, error)| (drawn - mean) / error);
    resamples.iter().filter_map(pivot).collect()
}

/// The scale of a pivot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// The logarithm of the mean.
    Log,
    /// The mean.
    Raw,
}

/// Returns the pivots of samples whose payers are log-normal, with the spread of the sample's
/// upper tail; the spread is drawn too, as s √(k/χ²ₖ) with k amounts above the median.
pub(crate) fn model_pivots(sample: &Sample, scale: Scale, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed, MODEL_STREAM);
    let (spread, above) = sample.upper_spread();
    let n = sample.n() as f64;
    let share = sample.payers() as f64 / n;
    let mut draws = Vec::new();
    let tail = Tail::of(sample.payers());
    let mut replicate = |_| {
        let payers = random.binomial(sample.n(), share).max(2);
        let degrees = above as f64;
        let sigma =
            if above == 0 { 0.0 } else { spread * (degrees / random.chi_square(degrees)).sqrt() };
        let (sums, unit) = match &tail {
            None => singles(payers, sigma, &mut draws, &mut random),
            Some(tail) => tail.draw(payers, sigma, &mut random),
        };
        let error = sums.relative_error(n)?;
        // ln m° − ln E m°, in parts that stay finite however wide the tail.
        let gap = unit + libm::log(sums.sum / n / share) - sigma * sigma / 2.0;
        Some(match scale {
            Scale::Log => gap / error,
            Scale::Raw => -libm::expm1(-gap) / error,
        })
    };
    (0..REPLICATES).filter_map(&mut replicate).filter(|pivot| pivot.is_finite()).collect()
}

/// Returns sums of log-normal amounts, drawn one by one, in units of the largest; and the
/// logarithm of that unit.
fn singles(payers: u64, sigma: f64, draws: &mut Vec<f64>, random: &mut Random) -> (Sums, f64) {
    draws.clear();
    draws.extend((0..payers).map(|_| sigma * random.normal()));
    let unit = draws.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let add = |sums: Sums, draw: &f64| {
        let amount = libm::exp(draw - unit);
        Sums { sum: sums.sum + amount, squares: sums.squares + amount * amount }
    };
    (draws.iter().fold(Sums { sum: 0.0, squares: 0.0 }, add), unit)
}

/// The upper tail of the standard normal distribution that holds the largest payers.
#[derive(Debug)]
struct Tail {
    share: f64,
    from: f64,
    density: f64,
}

impl Tail {
    /// Returns the tail that holds the expected number of large payers, or `None` if there are so
    /// few payers that each is drawn.
    fn of(payers: usize) -> Option<Self> {
        if payers <= SINGLES {
            return None;
        }
        let share = LARGEST as f64 / payers as f64;
        let from = -quantile(share);
        Some(Self { share, from, density: density(from) })
    }

    /// Returns sums of log-normal amounts in units of the tail's lower end; and the logarithm of
    /// that unit.
    fn draw(&self, payers: u64, sigma: f64, random: &mut Random) -> (Sums, f64) {
        let large = random.binomial(payers, self.share);
        // E[e^{jσ(Z − from)}; Z < from] = φ(from) · Mills(jσ − from)
        let moment =
            |power: f64| self.density * mills_ratio(power * sigma - self.from) / (1.0 - self.share);
        let bulk = Bulk::from_moments([moment(1.0), moment(2.0), moment(3.0), moment(4.0)]);
        let mut sums = bulk.draw(payers - large, random);
        for _ in 0..large {
            let z = -quantile(self.share * random.unit());
            let amount = libm::exp(sigma * (z - self.from));
            sums.sum += amount;
            sums.squares += amount * amount;
        }
        (sums, sigma * self.from)
    }
}

/// The joint distribution of x and x² over the many smaller amounts.
#[derive(Debug)]
struct Bulk {
    mean: f64,
    square_mean: f64,
    deviation: f64,
    square_deviation: f64,
    correlation: f64,
}

impl Bulk {
    /// Measures amounts.
    fn of(amounts: &[f64]) -> Self {
        let moment = |power: i32| {
            amounts.iter().map(|amount| amount.powi(power)).sum::<f64>() / amounts.len() as f64
        };
        if amounts.is_empty() {
            return Self::from_moments([0.0; 4]);
        }
        Self::from_moments([moment(1), moment(2), moment(3), moment(4)])
    }

    /// Creates the distribution from the means of the powers 1 to 4.
    fn from_moments([first, second, third, fourth]: [f64; 4]) -> Self {
        let deviation = (second - first * first).max(0.0).sqrt();
        let square_deviation = (fourth - second * second).max(0.0).sqrt();
        let product = deviation * square_deviation;
        let correlation = if product > 0.0 { (third - first * second) / product } else { 0.0 };
        Self {
            mean: first,
            square_mean: second,
            deviation,
            square_deviation,
            correlation: correlation.clamp(-1.0, 1.0),
        }
    }

    /// Returns sums over `count` draws.
    fn draw(&self, count: u64, random: &mut Random) -> Sums {
        if count == 0 {
            return Sums { sum: 0.0, squares: 0.0 };
        }
        let (count, root) = (count as f64, (count as f64).sqrt());
        let (one, other) = (random.normal(), random.normal());
        let mixed = self.correlation * one
            + (1.0 - self.correlation * self.correlation).max(0.0).sqrt() * other;
        let sum = count * self.mean + root * self.deviation * one;
        let squares = count * self.square_mean + root * self.square_deviation * mixed;
        Sums { sum, squares: squares.max(sum * sum / count) }
    }
}
