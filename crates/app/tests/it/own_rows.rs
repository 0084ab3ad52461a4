//! A report and an audit of a user's own rows, invalid ones among them, through the command.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tidegauge::analytics::audit::AppliesTo;

use crate::common::{CommandOutput, command_in, open_demo, output_of, succeed};

/// The settings of three users, purchases in euros and yen and silver on a weekend, and fees and
/// funnels of an exchange that is not the simulated one.
const SETTINGS: &str = r#"
sources = ["people", "purchases", "fixings", "ads"]
[[files]]
name = "people"
path = "users.csv"
table = "users"
[[files]]
name = "purchases"
path = "ramp.csv"
table = "ramp_transactions"
[[files]]
name = "fixings"
path = "fx.csv"
table = "fx_rates"
[[files]]
name = "ads"
path = "spend.csv"
table = "marketing_spend"
"#;

const USERS: &str = "user_id,email,country,kyc_status,account_tier,is_active,signup_at,acquisition_channel\n\
    1,a@example.com,DE,unknown,starter,true,2020-11-01 10:00:00,search\n\
    2,b@example.com,JP,unknown,starter,true,2020-11-02 10:00:00,search\n";
const RAMP: &str = "transaction_id,user_id,fiat_currency,fiat_amount,crypto_token,crypto_amount,\
    payment_method,country,status,fee_usd,created_at\n\
    1,1,EUR,100.00,BTC,0.01,card,DE,completed,3.60,2020-11-07 12:00:00\n";
const FX: &str = "base,quote,rate_date,source,rate\n\
    EUR,USD,2020-11-06,ours,1.20\nEUR,JPY,2020-11-06,ours,160\n";
const SPEND: &str = "day,channel,campaign,currency,spend\n2020-11-06,search,brand,EUR,60.00\n";

/// Purchases that are implausible, or cannot be valued.
const BAD: &str = "2,2,XAG,50.00,BTC,0.01,card,JP,completed,1.00,2020-11-08 12:00:00\n\
    3,2,EUR,50.00,BTC,0.01,card,JP,completed,1.00,2020-11-14 12:00:00\n\
    4,1,USD,50.00,BTC,0.01,card,DE,completed,1.00,2020-10-31 12:00:00\n\
    5,9,EUR,50.00,BTC,0.01,card,DE,completed,1.00,2020-11-07 12:00:00\n";

fn loaded(ramp: &str, settings: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("users.csv", USERS);
    write("ramp.csv", &format!("{RAMP}{ramp}"));
    write("fx.csv", FX);
    write("spend.csv", SPEND);
    write("tidegauge.toml", &format!("{SETTINGS}{settings}"));
    succeed(dir.path(), &["run"]);
    dir
}

fn run_in(dir: &Path, command: &str) -> CommandOutput {
    output_of(command_in(dir).arg(command))
}

#[test]
fn report_lists_bad_rows_that_it_leaves_out() {
    let dir = loaded(BAD, "[analytics]\nend = 2020-11-15\n");
    let report = run_in(dir.path(), "report");
    assert_eq!(report.code, Some(0), "{report:?}");
    for note in [
        "note: 2 rows of ramp_transactions count as activity, without the amount: `EUR` on 2020-11-14 has no price \
         or exchange rate in the market tables that is at most 7 days old; also `XAG` on 2020-11-08",
        "note: 1 row of events is left out: a ramp of user `9` on 2020-11-07 is of a user that is not \
         among the users",
        "note: 1 row of events is left out: a ramp of user `1` on 2020-10-31 comes before its user's \
         signup",
    ] {
        assert!(report.out.contains(note), "{note}: {report:?}");
    }
    let page = fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(page.contains("`XAG` on 2020-11-08"), "the page says it too");
    // The volume of 100 EUR is 120 USD; spend of 72 USD returned 3.60, and 2 of the purchases have
    // no value.
    let [volume, roas] = ["120.00", "0.08"].map(|number| page.contains(number));
    assert!(volume && roas, "{}", report.out);
    assert!(!report.out.contains("-0.0"), "{report:?}");
}

#[test]
fn strict_report_fails_on_a_bad_row() {
    let dir = loaded(BAD, "[analytics]\nstrict = true\n");
    let report = run_in(dir.path(), "report");
    assert_eq!(report.code, Some(10), "{report:?}");
    assert!(report.err.contains("no exchange rate of `"), "{report:?}");
    assert!(!dir.path().join("report.html").exists());
}

#[test]
fn bad_fixing_fails_neither_derived_tables_nor_report() {
    let dir = loaded("", "");
    let fixings = format!("{FX}EUR,GBP,2020-11-06,ours,0\n");
    fs::write(dir.path().join("fx.csv"), &fixings).unwrap();
    let run = run_in(dir.path(), "run");
    assert_eq!(run.code, Some(0), "{run:?}");
    let words = "the rate of EUR/GBP on 2020-11-06 is not above zero";
    assert!(run.err.contains(words), "{run:?}");
    let report = run_in(dir.path(), "report");
    assert!(report.code == Some(0) && report.out.contains(words), "{report:?}");
    let verify = run_in(dir.path(), "verify");
    assert_eq!(verify.code, Some(3), "{verify:?}");
    assert!(verify.out.contains("fx_rates: the rate of EUR/GBP"), "{verify:?}");
    let settings = format!("{SETTINGS}[analytics]\nstrict = true\n");
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    let run = run_in(dir.path(), "run");
    assert!(run.code == Some(1) && run.err.contains(words), "{run:?}");
}

#[test]
fn audit_of_user_rows_names_inapplicable_rules() {
    let dir = loaded("", "");
    let verify = run_in(dir.path(), "verify");
    assert_eq!(verify.code, Some(0), "{verify:?}");
    for words in [
        "judged 0 simulated rows and 3 rows of your own",
        "rules are of the simulated exchange and do not apply to your own",
        "rules hold",
    ] {
        assert!(verify.out.contains(words), "{words}: {verify:?}");
    }
    // Fees of the configuration are enforced.
    let fee = |share: &str| {
        let settings = format!("{SETTINGS}[verify]\nramp_fee = {share}\n");
        fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
        run_in(dir.path(), "verify")
    };
    assert_eq!(fee("0.03").code, Some(0));
    let verify = fee("0.015");
    assert!(verify.code == Some(3) && verify.out.contains("ramp_transactions 1"), "{verify:?}");
    let verify = fee("15");
    assert!(verify.code == Some(2) && verify.err.contains("verify.ramp_fee"), "{verify:?}");
}

#[test]
fn audit_detects_faults_in_user_rows() {
    let dir = loaded(BAD, "");
    let verify = run_in(dir.path(), "verify");
    assert_eq!(verify.code, Some(3), "{verify:?}");
    for example in ["ramp_transactions 4", "ramp_transactions 5"] {
        assert!(verify.out.contains(example), "{verify:?}");
    }
    assert!(verify.out.contains("2 of "), "signups and references: {verify:?}");
}

/// Checks that simulated rows and own rows in one warehouse are checked by their own rules.
#[tokio::test(flavor = "multi_thread")]
async fn audit_separates_user_rows_from_simulated_rows() {
    let dir = TempDir::new().unwrap();
    succeed(dir.path(), &["run"]);
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("users.csv", &USERS.replace("\n1,", "\n5001,").replace("\n2,", "\n5002,"));
    write("ramp.csv", &RAMP.replace("\n1,1,", "\n900001,5001,"));
    write("fx.csv", FX);
    write("spend.csv", SPEND);
    write("tidegauge.toml", &SETTINGS.replace("[[files]]\n", "[[files]]\nshared = true\n"));
    succeed(dir.path(), &["run"]);
    let verify = run_in(dir.path(), "verify");
    assert_eq!(verify.code, Some(0), "{verify:?}");
    assert!(verify.out.contains("simulated rows and 3 rows of your own"), "{verify:?}");
    // The simulation's rules apply to its own rows alone: 85 % of 500 a day.
    let report = open_demo(dir.path(), |_| {}).verify().await.unwrap();
    let fees = report.rules.iter().find(|rule| rule.name == "ramp_fees_follow_schedule").unwrap();
    assert_eq!((fees.checked, fees.applies_to), (38_250, AppliesTo::SimulatedRows));
    assert_eq!(report.own_rows, 3);
}

#[test]
fn quarantined_rows_and_unknown_statuses_are_reported() {
    let more = "2,1,EUR,50.00,BTC,0.01,card,DE,paid,1.00,2020-11-07 13:00:00\n\
                3,1,EUR,free,BTC,0.01,card,DE,completed,1.00,2020-11-07 14:00:00\n";
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("users.csv", USERS);
    write("ramp.csv", &format!("{RAMP}{more}"));
    write("fx.csv", FX);
    write("spend.csv", SPEND);
    let settings = SETTINGS.replace(
        "table = \"ramp_transactions\"",
        "table = \"ramp_transactions\"\nbad_rows = \"quarantine\"",
    );
    write("tidegauge.toml", &settings);
    succeed(dir.path(), &["run"]);
    for command in ["report", "verify"] {
        let output = run_in(dir.path(), command);
        assert_eq!(output.code, Some(0), "{output:?}");
        for note in [
            "1 row of purchases for ramp_transactions was set aside, and was not loaded unless mended since: the table",
            "1 row of ramp_transactions has a status that is not known (`paid` 1) and does not count: `values`",
        ] {
            assert!(output.out.contains(note), "{command}: {note}: {output:?}");
        }
    }
}

#[test]
fn full_refresh_of_an_unreadable_source_removes_nothing() {
    let dir = loaded("", "");
    fs::rename(dir.path().join("ramp.csv"), dir.path().join("moved.csv")).unwrap();
    let refused = output_of(command_in(dir.path()).args(["run", "--full-refresh", "purchases"]));
    assert_eq!(refused.code, Some(10), "{refused:?}");
    assert!(refused.err.contains("nothing was removed"), "{refused:?}");
    fs::rename(dir.path().join("moved.csv"), dir.path().join("ramp.csv")).unwrap();
    let report = run_in(dir.path(), "report");
    assert_eq!(report.code, Some(0), "{report:?}");
    // What the run finds is told once, and noted.
    let anew = output_of(command_in(dir.path()).args(["run", "--full-refresh", "purchases"]));
    let null = "columns of the table are null";
    assert_eq!((anew.code, anew.err.matches(null).count()), (Some(0), 1), "{anew:?}");
    assert_eq!(anew.out.matches(null).count(), 1, "{anew:?}");
}

#[test]
fn missing_completed_purchases_are_reported() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("ramp.csv"), RAMP.replace("completed", "paid")).unwrap();
    let settings =
        "[[files]]\nname = \"purchases\"\npath = \"ramp.csv\"\ntable = \"ramp_transactions\"\n";
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    succeed(dir.path(), &["run"]);
    let report = run_in(dir.path(), "report");
    assert_eq!(report.code, Some(10), "{report:?}");
    assert!(report.err.contains("is completed") && report.err.contains("`values`"), "{report:?}");
}
