//! Churn of two channels: survival curves, their difference, and why users leave.
//!
//! ```sh
//! cargo run -p tidegauge-models --example survival
//! ```

#![allow(clippy::print_stdout, reason = "an example prints its result")]

use tidegauge_models::Estimate;
use tidegauge_models::survival::{
    LifeCounts, RiskTable, SurvivalError, aalen_johansen, kaplan_meier, log_rank,
};

const LEVEL: f64 = 0.9;
/// The causes of an end: left for good, closed for fraud.
const LEFT: u8 = 0;
const CLOSED: u8 = 1;

fn main() -> Result<(), SurvivalError> {
    let organic = channel(&[(30, 120, 2), (60, 90, 1), (90, 60, 0)], &[(45, 300), (120, 430)])?;
    let paid = channel(&[(30, 260, 30), (60, 110, 12), (90, 70, 3)], &[(45, 200), (120, 315)])?;

    for (name, table) in [("organic", &organic), ("paid", &paid)] {
        let curve = kaplan_meier(table);
        let ended = |cause| aalen_johansen(table, cause).at(90.0, LEVEL);
        println!("{name}: {} users", curve.lives());
        println!("  still there on day 90, %   {}", text(curve.at(90.0, LEVEL), 100.0));
        println!("  left by day 90, %          {}", text(ended(LEFT), 100.0));
        println!("  closed by day 90, %        {}", text(ended(CLOSED), 100.0));
        println!("  mean days of the first 120 {}", text(curve.restricted_mean(120.0, LEVEL), 1.0));
    }
    let [long, short] = [&organic, &paid].map(kaplan_meier);
    let gain = long.restricted_mean_difference(&short, 120.0, LEVEL);
    println!("organic users stay longer by {} days", text(gain, 1.0));
    let test = log_rank(&[organic, paid])?;
    println!("log-rank: χ² = {:.1}, p = {:.1e}", test.statistic, test.p_value);
    Ok(())
}

/// Counts the users of a channel from (day, left, closed) and (last day observed, still there).
fn channel(
    ended: &[(usize, u64, u64)],
    still_there: &[(usize, u64)],
) -> Result<RiskTable, SurvivalError> {
    let mut counts = LifeCounts::new(120, 2);
    for (day, left, closed) in ended {
        counts.add_event(*day, LEFT, *left)?;
        counts.add_event(*day, CLOSED, *closed)?;
    }
    for (day, users) in still_there {
        counts.add_censored(*day, *users)?;
    }
    RiskTable::of_counts(&counts)
}

/// Formats value and interval, or says that there is none.
fn text(estimate: Estimate, unit: f64) -> String {
    match (estimate.scaled(unit).value, estimate.scaled(unit).interval) {
        (Some(value), Some(bounds)) => {
            format!("{value:.1} ({:.1} to {:.1})", bounds.low, bounds.high)
        }
        (Some(value), None) => format!("{value:.1}"),
        (None, _) => "not known yet".to_owned(),
    }
}
