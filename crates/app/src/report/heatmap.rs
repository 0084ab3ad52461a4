//! Retention as a table of colours.

use tidegauge_analytics::Period;
use tidegauge_analytics::retention::RetentionTable;

use super::format::{count, known};

/// More periods than this do not fit a page.
const PERIODS: usize = 14;

/// Who came back, by cohort and period.
pub(super) struct Heatmap {
    pub(super) title: String,
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// A cohort.
pub(super) struct Row {
    /// The year with its dash, where a narrow page may leave it out.
    pub(super) year: String,
    pub(super) label: String,
    pub(super) users: String,
    pub(super) cells: Vec<Cell>,
}

/// A cohort in a period.
pub(super) struct Cell {
    pub(super) text: String,
    /// 0 (nobody) to 10 (everybody); none where the period is not over.
    pub(super) level: Option<u8>,
    pub(super) title: String,
}

impl Heatmap {
    pub(super) fn new(title: &str, table: &RetentionTable) -> Self {
        let by_month = table.params.period == Period::Month;
        let widest = table.cohorts.iter().map(|it| it.cells.len()).max().unwrap_or(0).min(PERIODS);
        let cell = |active: u64, of: u64, rate: Option<f64>| Cell {
            text: known(rate, |rate| format!("{:.0}", rate * 100.0)),
            level: rate.map(level),
            title: format!("{} of {} users", count(active), count(of)),
        };
        let blank = || Cell { text: String::new(), level: None, title: "not over yet".into() };
        let mut rows: Vec<_> = table
            .cohorts
            .iter()
            .map(|cohort| Row {
                year: cohort.start.format(if by_month { "" } else { "%Y-" }).to_string(),
                label: cohort.start.format(if by_month { "%Y-%m" } else { "%m-%d" }).to_string(),
                users: count(cohort.users),
                cells: (0..widest)
                    .map(|at| match cohort.cells.get(at) {
                        Some(Some(it)) => cell(it.active, cohort.users, it.rate),
                        _ => blank(),
                    })
                    .collect(),
            })
            .collect();
        rows.push(Row {
            year: String::new(),
            label: "All".into(),
            users: count(table.cohorts.iter().map(|it| it.users).sum::<u64>()),
            cells: (0..widest)
                .map(|at| match table.pooled.get(at) {
                    Some(Some(it)) => cell(it.active, it.eligible, it.rate),
                    _ => blank(),
                })
                .collect(),
        });
        let head = (0..widest).map(|at| at.to_string()).collect();
        Self { title: title.into(), head, rows }
    }
}

/// Eleven steps of colour.
fn level(rate: f64) -> u8 {
    let step = (rate * 10.0).round().clamp(0.0, 10.0);
    (0..=10u8).find(|level| f64::from(*level) >= step).unwrap_or(10)
}
