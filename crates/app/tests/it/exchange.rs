//! The `exchange` preset, through the command.

use crate::common::{says, tidegauge};

#[test]
fn the_exchange_is_played_and_goes_on_day_by_day_and_its_records_hold() {
    let dir = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let mut command = tidegauge(dir.path());
        command.env("TIDEGAUGE_SIMULATION__PRESET", "exchange");
        command.env("TIDEGAUGE_SIMULATION__USERS", "3000");
        let said = says(command.args(words));
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out
    };
    let first = run(&["run"]);
    assert!(run(&["verify"]).contains("rules hold"));
    let rows = |said: &str, table: &str| -> usize {
        let line = said.lines().find(|line| line.contains(table)).unwrap().to_owned();
        line.split_whitespace().nth(2).unwrap().parse().unwrap()
    };
    let day = run(&["run"]);
    assert!(rows(&first, "ledger_entries") > 1_000, "{first}");
    assert!((1..1_000).contains(&rows(&day, "ledger_entries")), "{day}");
    assert_eq!((rows(&first, "truth_channels"), rows(&day, "truth_channels")), (5, 0));
    let audit = run(&["verify"]);
    assert!(audit.contains("rules hold"), "{audit}");
    assert!(audit.contains("simulated rows and 0 rows of your own"), "{audit}");
    assert!(run(&["report"]).contains("ROAS"));
    // Another seed would be another exchange.
    let mut other = tidegauge(dir.path());
    other.env("TIDEGAUGE_SIMULATION__PRESET", "exchange").env("TIDEGAUGE_SIMULATION__SEED", "7");
    let said = says(other.args(["run"]));
    assert!(said.code != Some(0) && said.err.contains("go on with these"), "{said:?}");
}
