//! Prints the coverage table of `docs/metrics/intervals.md`: how often the intervals hold the true
//! value, by simulation.
//!
//! ```text
//! cargo run --release -p tidegauge-models --example coverage [samples of a cell, else 2000]
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for its developers")]

#[path = "../tests/it/coverage_cells.rs"]
mod coverage_cells;
#[path = "../tests/it/coverage_draw.rs"]
mod coverage_draw;
#[path = "../tests/it/coverage_populations.rs"]
mod coverage_populations;
#[path = "../tests/it/coverage_table.rs"]
mod coverage_table;

use coverage_cells::Cell;
use coverage_table::{Held, held_by_all, label};

/// The seed of the published table.
const SEED: u64 = 2;

fn main() {
    let samples = std::env::args().nth(1).map_or(2_000, |samples| samples.parse().unwrap());
    let mut cells = coverage_cells::cells();
    if let Some(section) = std::env::args().nth(2) {
        cells.retain(|cell| cell.section.contains(&section));
    }
    let all = held_by_all(&cells, samples, SEED);
    let mut section = "";
    for (cell, held) in cells.iter().zip(&all) {
        if cell.section != section {
            section = cell.section;
            println!("\n### {section}\n");
            println!("| population | users | held, % (below/above) | width |\n|---|---|---|---|");
        }
        println!("{}", row(cell, held));
    }
    let without: u32 = all.iter().map(|held| held.without).sum();
    let times = all.iter().zip(&cells).map(|(held, cell)| (held.time, label(cell)));
    let (time, slowest) = times.max().unwrap();
    println!("\n{samples} samples a cell, seed {SEED}; {without} without an interval;");
    println!("slowest estimate, at the median: {time:?}, {slowest}");
}

/// Returns a row of the table: name, users, percent held (below and above the interval), width.
fn row(cell: &Cell, held: &Held) -> String {
    let percent = |count: u32| 100.0 * f64::from(count) / f64::from(held.shown);
    let width =
        if held.width.is_finite() { format!("{:.2}", held.width) } else { "–".to_owned() };
    let label = label(cell);
    format!(
        "{label} {:.1} ({:.1}/{:.1}) | {width} |",
        held.percent(),
        percent(held.below),
        percent(held.above)
    )
}
