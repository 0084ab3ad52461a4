//! The coverage table: what the intervals of each cell held.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::coverage_cells::Cell;
use crate::coverage_draw::Draw;

/// What the intervals of a cell held.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// Samples with an interval, and without.
    pub(crate) shown: u32,
    pub(crate) without: u32,
    /// Samples whose truth lies below and above the interval.
    pub(crate) below: u32,
    pub(crate) above: u32,
    /// The median ratio of the upper bound to the lower one; infinite if most lower bounds are not
    /// positive.
    pub(crate) width: f64,
    /// The median time of one estimate.
    pub(crate) time: Duration,
}

impl Held {
    /// Returns the share of intervals that hold the truth, in percent.
    pub(crate) fn percent(&self) -> f64 {
        100.0 * (1.0 - f64::from(self.below + self.above) / f64::from(self.shown))
    }
}

/// Draws samples of a cell, from a seed, and counts what their intervals hold.
pub(crate) fn held(cell: &Cell, samples: u32, seed: u64) -> Held {
    let mut held = Held::default();
    let (mut widths, mut times) = (Vec::new(), Vec::new());
    for sample in 0..u64::from(samples) {
        let compute = (cell.sample)(&mut Draw::new(seed, sample), seed << 32 | sample);
        let started = Instant::now();
        let interval = compute().interval;
        times.push(started.elapsed());
        let Some(interval) = interval else {
            held.without += 1;
            continue;
        };
        held.shown += 1;
        held.below += u32::from(cell.truth < interval.low);
        held.above += u32::from(cell.truth > interval.high);
        let ratio = interval.high / interval.low;
        widths.push(if interval.low > 0.0 { ratio } else { f64::INFINITY });
    }
    widths.sort_by(f64::total_cmp);
    times.sort();
    held.width = widths.get(widths.len() / 2).copied().unwrap_or(f64::NAN);
    held.time = times.get(times.len() / 2).copied().unwrap_or_default();
    held
}

/// Computes cells on all processors, in their order.
pub(crate) fn held_by_all(cells: &[Cell], samples: u32, seed: u64) -> Vec<Held> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((index, cell)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            cells.get(index).map(|cell| (index, cell))
        } {
            done.push((index, held(cell, samples, seed)));
        }
        done
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, Held)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, held)| held).collect()
}

/// Returns the first cells of a row of the table, which name it.
pub(crate) fn label(cell: &Cell) -> String {
    format!("| {} | {} |", cell.name, cell.users)
}
