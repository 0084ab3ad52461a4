//! The `exchange` preset, through the command.

use crate::common::{command_in, output_of};

#[test]
fn exchange_is_simulated_day_by_day_and_passes_the_audit() {
    let dir = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let mut command = command_in(dir.path());
        command.env("TIDEGAUGE_SIMULATION__PRESET", "exchange");
        command.env("TIDEGAUGE_SIMULATION__USERS", "3000");
        let output = output_of(command.args(words));
        assert_eq!(output.code, Some(0), "{output:?}");
        output.out
    };
    let first = run(&["run"]);
    assert!(run(&["verify"]).contains("rules hold"));
    let rows = |output: &str, table: &str| -> usize {
        let line = output.lines().find(|line| line.contains(table)).unwrap().to_owned();
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
    let mut other = command_in(dir.path());
    other.env("TIDEGAUGE_SIMULATION__PRESET", "exchange").env("TIDEGAUGE_SIMULATION__SEED", "7");
    let output = output_of(other.args(["run"]));
    assert!(output.code != Some(0) && output.err.contains("go on with these"), "{output:?}");
}
