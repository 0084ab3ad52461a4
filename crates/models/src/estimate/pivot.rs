//! The two bootstrap distributions of a studentised mean.
//!
//! A replicate needs only Σx and Σx². The largest amounts decide their distribution and are drawn
//! one by one; the sums over the many smaller ones are drawn at once, as jointly normal with their
//! exact means and covariance. The cost of a replicate therefore does not grow with the sample.

use super::log_normal_draws::{LARGEST, LogNormalDraws, SINGLES};
use super::sample::Sample;
use super::sums::{Bulk, Sums};
use crate::random::Random;

/// The number of bootstrap replicates.
const REPLICATES: usize = 999;

/// Random streams of one seed.
const RESAMPLE_STREAM: u64 = 0;
const MODEL_STREAM: u64 = 1;

/// The scale of a pivot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// The logarithm of the mean.
    Log,
    /// The mean.
    Raw,
}

/// Returns the pivots of resamples, sorted: as many users as there are, drawn with replacement. On
/// the scale of the logarithm, `ln(m*/m) / (e*/m*)`; if the mean or that of a resample is not
/// positive, `(m* − m) / e*`. Resamples without spread have none.
pub(crate) fn resampled_pivots(sample: &Sample, seed: u64) -> (Scale, Vec<f64>) {
    let (n, mean) = (sample.n() as f64, sample.mean());
    let resamples = resample(sample, seed);
    if mean > 0.0 && resamples.iter().all(|sums| sums.sum > 0.0) {
        let pivot = |sums: &Sums| Some(libm::log(sums.sum / n / mean) / sums.relative_error(n)?);
        return (Scale::Log, sorted(resamples.iter().filter_map(pivot)));
    }
    (Scale::Raw, raw_pivots(&resamples, n, mean))
}

/// Returns the pivots `(m* − m) / e*` of resampled influences, sorted.
pub(crate) fn influence_pivots(influences: &Sample, seed: u64) -> Vec<f64> {
    raw_pivots(&resample(influences, seed), influences.n() as f64, influences.mean())
}

/// Returns `(m* − m) / e*` of the resamples with spread, sorted.
fn raw_pivots(resamples: &[Sums], n: f64, mean: f64) -> Vec<f64> {
    let pivot = |sums: &Sums| sums.mean_and_error(n).map(|(drawn, error)| (drawn - mean) / error);
    sorted(resamples.iter().filter_map(pivot))
}

/// Returns the pivots, sorted, of samples whose payers are log-normal with the spread of the
/// sample's upper tail; the spread is drawn too, as s √(k/χ²ₖ) with k amounts above the median.
pub(crate) fn model_pivots(sample: &Sample, scale: Scale, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed, MODEL_STREAM);
    let (spread, above) = sample.upper_spread();
    let (n, degrees) = (sample.n() as f64, above as f64);
    let share = sample.payers() as f64 / n;
    let mut draws = LogNormalDraws::new(sample.payers());
    let replicate = |_| {
        let payers = random.binomial(sample.n(), share).max(2);
        let sigma = match above {
            0 => 0.0,
            _ => spread * (degrees / random.chi_square(degrees)).sqrt(),
        };
        let (sums, unit) = draws.draw(payers, sigma, &mut random);
        let error = sums.relative_error(n)?;
        // ln m° − ln E m°, in parts that stay finite however wide the tail.
        let gap = unit + libm::log(sums.sum / n / share) - sigma * sigma / 2.0;
        Some(match scale {
            Scale::Log => gap / error,
            Scale::Raw => -libm::expm1(-gap) / error,
        })
    };
    sorted((0..REPLICATES).filter_map(replicate).filter(|pivot| pivot.is_finite()))
}

/// Returns the sums of resamples.
fn resample(sample: &Sample, seed: u64) -> Vec<Sums> {
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
            sums.add(large[random.below(large.len())]);
        }
        sums
    };
    (0..REPLICATES).map(replicate).collect()
}

/// Returns numbers in ascending order.
fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// Returns the quantile of sorted numbers, interpolated linearly (type 7 of Hyndman and Fan 1996).
pub(crate) fn quantile_of(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = p * last as f64;
    let below = (0..=last).rev().find(|index| *index as f64 <= at)?;
    let low = sorted[below];
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * (at - below as f64))
}
