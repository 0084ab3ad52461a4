//! The parameters of the report as flags and as settings.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{CommandOutput, command_in, output_of, succeed};

const SETTINGS: &str = r#"
warehouse = "sqlite://t.db"
sources = []
[market]
derive = false
[[files]]
name = "users"
path = "users.csv"
table = "users"
settle = "0s"
[files.columns]
user_id = "id"
signup_at = "at"
country = "country"
acquisition_channel = "channel"
[[files]]
name = "purchases"
path = "purchases.csv"
table = "ramp_transactions"
settle = "0s"
[files.columns]
transaction_id = "order"
user_id = "id"
created_at = "at"
fiat_amount = "total"
fiat_currency = { value = "USD" }
fee_usd = "total"
"#;

/// Returns a folder with three users, who buy on the day of signup and some of them later.
fn shop(analytics: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("tidegauge.toml", &format!("{SETTINGS}[analytics]\nend = 2024-03-01\n{analytics}"));
    write(
        "users.csv",
        "id,at,country,channel\n1,2024-01-01,DE,ads\n2,2024-01-01,FR,ads\n3,2024-01-08,DE,organic\n",
    );
    write(
        "purchases.csv",
        "order,id,at,total\n1,1,2024-01-01,10\n2,2,2024-01-01,20\n3,3,2024-01-08,30\n4,1,2024-01-20,40\n5,2,2024-02-10,5\n",
    );
    dir
}

fn run(dir: &Path, words: &[&str]) -> CommandOutput {
    output_of(command_in(dir).args(words))
}

/// Returns the data of the report.
fn data(dir: &Path, words: &[&str]) -> Value {
    let output = run(dir, &[&["report", "--data", "-"], words].concat());
    assert_eq!(output.code, Some(0), "{output:?}");
    serde_json::from_str(&output.out).unwrap()
}

fn panel<'d>(data: &'d Value, id: &str) -> &'d Value {
    let panels = data["panels"].as_array().unwrap();
    panels.iter().find(|panel| panel["id"] == id).unwrap_or_else(|| panic!("{id} in {data}"))
}

/// Returns the parameter that the report states.
fn stated(data: &Value, name: &str) -> String {
    let rows = panel(data, "parameters")["table"]["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["parameter"] == name);
    row.map(|row| row["value"].as_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn flags_take_precedence_over_settings_and_settings_over_defaults() {
    let dir = shop(
        "period = \"week\"\nretention = \"on_or_after\"\nlevel = 0.8\ncohorts = [\"country\"]\n",
    );
    succeed(dir.path(), &["run"]);
    let configured = data(dir.path(), &[]);
    let of = |name| stated(&configured, name);
    assert_eq!([of("period"), of("retention"), of("level")], ["week", "on_or_after", "0.8"]);
    assert_eq!([of("cohort"), of("periods"), of("revenue")], ["country", "14", "net"]);
    assert_eq!(panel(&configured, "high-volume")["title"], "Volume by country");
    // User 1 comes back in the third week, user 2 in the sixth.
    let first = &panel(&configured, "retention-by-week")["table"]["rows"][0];
    assert_eq!([&first["week_1"], &first["week_3"], &first["week_6"]], [1.0, 0.5, 0.0]);

    let words = [
        "--period",
        "day",
        "--periods",
        "20",
        "--retention",
        "within:7",
        "--windows",
        "relative",
        "--level",
        "0.95",
        "--cohort",
        "channel",
        "--cohort",
        "channel*country",
        "--ages",
        "5,20",
        "--margin",
        "0.5",
        "--as-of",
        "2024-02-01",
        "--high-volume",
        "25",
        "--horizons",
        "10",
        "--inactive-days",
        "15",
        "--week-start",
        "sunday",
        "--zone",
        "Europe/Madrid",
        "--revenue-kind",
        "gross",
        "--anchor",
        "first_ramp",
    ];
    let asked = data(dir.path(), &words);
    let of = |name| stated(&asked, name);
    assert_eq!([of("period"), of("periods"), of("retention")], ["day", "20", "within:7"]);
    assert_eq!(
        [of("cohort"), of("ages"), of("margin")],
        ["channel, channel*country", "5,20", "0.5"]
    );
    // The day begins in Madrid.
    assert_eq!([of("end"), of("zone")], ["2024-01-31T23:00:00Z", "Europe/Madrid"]);
    assert_eq!([of("threshold_usd"), of("horizons"), of("inactive_days")], ["25", "10", "15"]);
    assert_eq!([of("week_start"), of("revenue"), of("anchor")], ["Sun", "gross", "first_ramp"]);
    assert_eq!(asked["provenance"]["end"], "2024-01-31T23:00:00Z");
    let first = &panel(&asked, "retention-by-day-of-first-ramp")["table"]["rows"][0];
    assert_eq!([&first["day_12"], &first["day_13"], &first["day_19"]], [0.0, 0.5, 0.5]);
    // Users 1 and 2 bring 10 and 20 by day 5, half of which is margin.
    let ltv = &panel(&asked, "ltv-by-channel")["table"]["rows"][0];
    assert_eq!((&ltv["channel"], &ltv["day_5"]), (&"ads".into(), &7.5.into()));
    assert_eq!(ltv["day_20"], 17.5);
    // User 1 passes 25 after 19 days, and user 3 at once.
    let high = &panel(&asked, "high-volume")["table"]["rows"];
    let within = &panel(&asked, "time-to-high-volume")["table"]["rows"];
    assert_eq!(
        [&high[0]["high_volume"], &within[0]["within_10"], &within[1]["within_10"]],
        [0.5, 0.0, 1.0]
    );
}

#[test]
fn wrong_values_name_the_flag_the_value_and_what_is_allowed() {
    let dir = shop("");
    for (flag, value, says) in [
        ("--period", "year", "day, week or month"),
        ("--periods", "0", "from 1 to 1000"),
        ("--retention", "often", "within:DAYS"),
        ("--windows", "both", "calendar or relative"),
        ("--anchor", "login", "first_deposit"),
        ("--ages", "30,x", "numbers of days"),
        ("--cohort", "signup:year", "signup:month"),
        ("--horizons", "0", "at least 1"),
        ("--margin", "40", "at most 1"),
        ("--revenue-kind", "all", "net or gross"),
        ("--level", "95", "between 0 and 1"),
        ("--zone", "Mars/Olympus", "Europe/Madrid"),
        ("--week-start", "payday", "monday"),
        ("--as-of", "tomorrow", "2024-01-31"),
        ("--high-volume", "-5", "above 0"),
        ("--inactive-days", "0", "1 to 36500"),
    ] {
        let output = run(dir.path(), &["report", &format!("{flag}={value}")]);
        assert_eq!(output.code, Some(2), "{flag}: {output:?}");
        assert!(output.err.contains(flag) && output.err.contains(value), "{flag}: {output:?}");
        assert!(output.err.contains(says), "{flag}: {output:?}");
    }
    for (setting, value) in [
        ("anchor", "\"login\""),
        ("ages", "[0]"),
        ("cohorts", "[\"signup:year\"]"),
        ("horizons", "[0]"),
        ("margin", "40.0"),
        ("period", "\"year\""),
        ("periods", "0"),
        ("retention", "\"often\""),
        ("revenue", "\"all\""),
        ("windows", "\"both\""),
    ] {
        let dir = shop(&format!("{setting} = {value}\n"));
        let output = run(dir.path(), &["report"]);
        assert_eq!(output.code, Some(2), "{setting}: {output:?}");
        assert!(output.err.contains(&format!("analytics.{setting}")), "{setting}: {output:?}");
        assert!(output.err.contains("it must be"), "{setting}: {output:?}");
    }
}

#[test]
fn unknown_cohort_is_answered_with_those_that_exist() {
    let dir = shop("");
    succeed(dir.path(), &["run"]);
    let output = run(dir.path(), &["report", "--cohort", "planet"]);
    assert_eq!(output.code, Some(2), "{output:?}");
    for known in ["`planet`", "channel", "country", "entry_product", "signup:month"] {
        assert!(output.err.contains(known), "{known}: {output:?}");
    }
}
