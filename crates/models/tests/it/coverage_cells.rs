//! Coverage of an interval in one cell: draws of a population, each with its interval.

use std::time::{Duration, Instant};

use tidegauge_models::estimate::Estimate;

use crate::coverage_draw::Draw;

/// What the intervals of many samples held.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) samples: u32,
    /// Samples without an interval; they count in none of the following.
    pub(crate) without: u32,
    /// Samples whose truth lies below and above the interval.
    pub(crate) below: u32,
    pub(crate) above: u32,
    /// The median ratio of the upper to the lower bound, or the median width if a bound may be
    /// negative.
    pub(crate) width: f64,
    /// The mean time of one estimate.
    pub(crate) time: Duration,
}

impl Held {
    /// Returns the share of intervals that hold the truth, in percent.
    pub(crate) fn percent(&self) -> f64 {
        let shown = f64::from(self.samples - self.without);
        100.0 * (1.0 - f64::from(self.below + self.above) / shown)
    }

    /// Returns the share of intervals above the truth, and of those below it, in percent.
    pub(crate) fn missed(&self) -> (f64, f64) {
        let shown = f64::from(self.samples - self.without);
        (100.0 * f64::from(self.below) / shown, 100.0 * f64::from(self.above) / shown)
    }
}

/// Draws samples of a cell and counts what their intervals held.
pub(crate) fn held(
    truth: f64,
    samples: u32,
    seed: u64,
    mut estimate: impl FnMut(&mut Draw) -> Box<dyn Fn() -> Estimate>,
) -> Held {
    let (mut without, mut below, mut above) = (0, 0, 0);
    let (mut widths, mut time) = (Vec::new(), Duration::ZERO);
    for sample in 0..samples {
        let mut draw = Draw::new(seed, u64::from(sample));
        let compute = estimate(&mut draw);
        let started = Instant::now();
        let interval = compute().interval;
        time += started.elapsed();
        let Some(interval) = interval else {
            without += 1;
            continue;
        };
        below += u32::from(truth < interval.low);
        above += u32::from(truth > interval.high);
        let positive = interval.low > 0.0;
        widths.push(if positive { interval.high / interval.low } else { f64::INFINITY });
    }
    widths.sort_by(f64::total_cmp);
    let width = widths.get(widths.len() / 2).copied().unwrap_or(f64::NAN);
    Held { samples, without, below, above, width, time: time / samples }
}
