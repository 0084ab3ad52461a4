//! A check that runs every example as a user would.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::paths::target;
use crate::process::{cargo, run};
use crate::terminal::say;

/// Builds the examples and the command, and runs every example in an empty folder.
pub(super) fn examples() -> Result<(), String> {
    let build = ["build", "--workspace", "--all-features", "--examples", "--bins", "--locked"];
    run(cargo().args(build))?;
    let folder = target().join("examples-run");
    let in_folder = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(in_folder)?;
    }
    fs::create_dir_all(&folder).map_err(in_folder)?;
    // Synthetic purchases: two users bought again, one did not.
    let purchases = "user,date,value\nann,2026-01-05,20\nann,2026-02-14,5\nbob,2026-01-06,7.5\n\
                     bob,2026-03-01,1\ncyd,2026-02-02,3\n";
    fs::write(folder.join("purchases.csv"), purchases).map_err(in_folder)?;
    let runs: [(&str, &[&str]); 10] = [
        ("pipeline", &[]),
        ("pipeline", &[]), // the next day
        ("custom_source", &[]),
        ("your_own_source", &[]),
        ("custom_sink", &[]),
        ("your_own_csv", &[]),
        ("simulate_to_parquet", &["simulated", "7", "2"]),
        ("live_prices", &["3"]),
        ("what_if", &["paid_social", "2000"]),
        ("cohorts_of_your_data", &["purchases.csv", "user", "date", "value"]),
    ];
    for (example, args) in runs {
        let program = target().join("debug/examples").join(example);
        run(Command::new(program).args(args).current_dir(&folder))?;
    }
    run_queries(&folder.join("tidegauge.db"))
}

/// Runs the two queries that the predecessor of this system documented, in its own SQL.
fn run_queries(database: &Path) -> Result<(), String> {
    for query in [
        "SELECT u.country, u.account_tier, COUNT(*), SUM(r.fiat_amount) FROM users u \
         JOIN ramp_transactions r ON u.user_id = r.user_id GROUP BY u.country, u.account_tier",
        "SELECT o.order_id, o.trading_pair, o.status, t.trade_id, t.price, t.base_amount \
         FROM orders o JOIN trades t ON o.order_id = t.order_id",
    ] {
        let mut sqlite = Command::new("sqlite3");
        let output = sqlite.arg(database).arg(query).output().map_err(|error| error.to_string())?;
        let rows = output.stdout.iter().filter(|byte| **byte == b'\n').count();
        if !output.status.success() || rows == 0 {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("sqlite3 gives {rows} rows for {query}: {error}"));
        }
        say(&format!("sqlite3: {rows} rows for {query}"));
    }
    Ok(())
}
