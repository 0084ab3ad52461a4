//! Published data and cases made for the tests.

use tidegauge_models::survival::{Life, RiskTable};

/// Remission of leukaemia in weeks (Miller 1981), R's `aml`: time, and whether it ended.
pub(crate) const MAINTAINED: [(f64, bool); 11] = [
    (9.0, true),
    (13.0, true),
    (13.0, false),
    (18.0, true),
    (23.0, true),
    (28.0, false),
    (31.0, true),
    (34.0, true),
    (45.0, false),
    (48.0, true),
    (161.0, false),
];
pub(crate) const NOT_MAINTAINED: [(f64, bool); 12] = [
    (5.0, true),
    (5.0, true),
    (8.0, true),
    (8.0, true),
    (12.0, true),
    (16.0, false),
    (23.0, true),
    (27.0, true),
    (30.0, true),
    (33.0, true),
    (43.0, true),
    (45.0, true),
];

/// Remission under 6-MP and under placebo (Freireich et al. 1963; Kalbfleisch and Prentice 1980).
pub(crate) const SIX_MP: [(f64, bool); 21] = [
    (6.0, true),
    (6.0, true),
    (6.0, true),
    (6.0, false),
    (7.0, true),
    (9.0, false),
    (10.0, true),
    (10.0, false),
    (11.0, false),
    (13.0, true),
    (16.0, true),
    (17.0, false),
    (19.0, false),
    (20.0, false),
    (22.0, true),
    (23.0, true),
    (25.0, false),
    (32.0, false),
    (32.0, false),
    (34.0, false),
    (35.0, false),
];
pub(crate) const PLACEBO: [f64; 21] = [
    1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0, 5.0, 5.0, 8.0, 8.0, 8.0, 8.0, 11.0, 11.0, 12.0, 12.0, 15.0,
    17.0, 22.0, 23.0,
];

/// Twenty lives with late entries, ties and two causes: entry, end, cause (0: censored).
pub(crate) const LATE: [(f64, f64, u8); 20] = [
    (0.0, 3.0, 1),
    (0.0, 5.0, 1),
    (0.0, 5.0, 0),
    (1.0, 4.0, 2),
    (2.0, 5.0, 1),
    (2.0, 8.0, 1),
    (3.0, 8.0, 2),
    (0.0, 8.0, 0),
    (5.0, 9.0, 1),
    (4.0, 9.0, 1),
    (4.0, 10.0, 0),
    (6.0, 10.0, 2),
    (7.0, 12.0, 0),
    (0.0, 12.0, 1),
    (1.0, 12.0, 1),
    (3.0, 6.0, 2),
    (8.0, 12.0, 1),
    (8.0, 11.0, 0),
    (2.0, 3.0, 1),
    (0.0, 14.0, 0),
];

pub(crate) fn table(lives: impl IntoIterator<Item = Life>) -> RiskTable {
    RiskTable::of(&lives.into_iter().collect::<Vec<_>>()).unwrap()
}

pub(crate) fn life(time: f64, ended: bool) -> Life {
    if ended { Life::ended(time) } else { Life::censored(time) }
}

/// Returns a life whose causes are numbered from 1, with 0 for censored.
pub(crate) fn caused(time: f64, cause: u8) -> Life {
    if cause == 0 { Life::censored(time) } else { Life::ended_by(time, cause - 1) }
}

pub(crate) fn observed(group: &[(f64, bool)]) -> RiskTable {
    table(group.iter().map(|(time, ended)| life(*time, *ended)))
}

pub(crate) fn late() -> RiskTable {
    table(LATE.iter().map(|(entry, time, cause)| caused(*time, *cause).entered_at(*entry)))
}

/// Returns the lives of `veteran` with treatment and cell type.
pub(crate) fn veteran() -> Vec<(Life, String, String)> {
    let rows = include_str!("../data/veteran.csv").lines().filter(|line| !line.starts_with('#'));
    let parse = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let time = cells[0].parse().unwrap();
        (life(time, cells[1] == "1"), cells[2].to_owned(), cells[3].to_owned())
    };
    rows.skip(1).map(parse).collect()
}
