//! Coverage of the intervals, against the published table.

use crate::coverage_cells::{Cell, cells};
use crate::coverage_draw::Draw;
use crate::coverage_exact::exact_mean;
use crate::coverage_populations::{PAID_SEARCH, Population};
use crate::coverage_table::{held_by_all, label};
use tidegauge_models::estimate::mean;

/// The samples of a cell here and in the published table.
const SAMPLES: u32 = 50;
const PUBLISHED_SAMPLES: f64 = 2_000.0;

/// The seed here; that of the table is 2.
const SEED: u64 = 3;

/// The normal quantile of a binomial band of 99.9 %.
const BAND: f64 = 3.2905;

/// Returns the percentage that the published table states for a cell, or `None` without a row.
fn published(table: &str, label: &str) -> Option<f64> {
    let row = table.lines().find_map(|line| line.strip_prefix(label))?;
    row.split_whitespace().next()?.parse().ok()
}

/// Returns the number of users of a cell.
fn users(cell: &Cell) -> u64 {
    cell.users.split([';', ' ']).filter_map(|users| users.parse::<u64>().ok()).sum()
}

#[test]
fn intervals_hold_what_the_table_says() {
    let page = include_str!("../../../../docs/metrics/intervals.md");
    // Larger samples take long to draw, and are left to the command that prints the table.
    let cells: Vec<Cell> = cells().into_iter().filter(|cell| users(cell) <= 4_000).collect();
    let all = held_by_all(&cells, SAMPLES, SEED);
    let mut section = "";
    let mut table = page;
    for (cell, held) in cells.iter().zip(&all) {
        if cell.section != section {
            section = cell.section;
            table = page.split(&format!("\n### {section}\n")).nth(1).unwrap();
        }
        let label = label(cell);
        let expected = published(table, &label).unwrap_or_else(|| panic!("no row {label}")) / 100.0;
        let samples = f64::from(held.shown);
        let error = expected * (1.0 - expected) * (1.0 / samples + 1.0 / PUBLISHED_SAMPLES);
        let found = held.percent() / 100.0;
        // Half a sample for the discreteness of few misses.
        let band = BAND * error.sqrt() + 0.5 / samples;
        assert!((found - expected).abs() < band, "{label} {found}, published {expected}");
    }
}

/// What the interval leaves out for speed changes its bounds by less than what another seed does.
#[test]
fn shortcuts_keep_the_bounds_of_the_exact_rule() {
    let cells = [
        (Population::LogNormal { share: 0.6, sigma: 1.0 }, 60),
        (Population::LogNormal { share: 0.5, sigma: 2.0 }, 400),
        (Population::Exchange(&PAID_SEARCH), 600),
        (Population::Gamma { shape: 0.25 }, 250),
    ];
    for (population, users) in cells {
        let (mut fast, mut exact) = ((0.0, 0.0), (0.0, 0.0));
        for sample in 0..20 {
            let mut draw = Draw::new(4, sample);
            let amounts = population.draw(users, &mut draw);
            let estimate = mean(&amounts, 0.9, sample);
            let (value, interval) = (estimate.value.unwrap(), estimate.interval.unwrap());
            fast.0 += (value / interval.low).ln();
            fast.1 += (interval.high / value).ln();
            let (low, high) = exact_mean(&amounts, 0.9, 999, &mut draw);
            exact.0 += (value / low).ln();
            exact.1 += (high / value).ln();
        }
        let (below, above) = (fast.0 / exact.0, fast.1 / exact.1);
        assert!((below - 1.0).abs() < 0.03, "{}: {below}", population.name());
        assert!((above - 1.0).abs() < 0.05, "{}: {above}", population.name());
    }
}
