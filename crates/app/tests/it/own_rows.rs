//! A report and an audit of a user's own rows, invalid ones among them, through the command.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tidegauge::analytics::audit::AppliesTo;

use crate::common::{Said, done, house, says, tidegauge};

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
    done(dir.path(), &["run"]);
    dir
}

fn said(dir: &Path, command: &str) -> Said {
    says(tidegauge(dir).arg(command))
}

#[test]
fn a_report_of_rows_of_which_some_are_bad_comes_and_says_which() {
    let dir = loaded(BAD, "");
    let report = said(dir.path(), "report");
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
    assert!(volume && roas);
    assert!(!report.out.contains("-0.0"), "{report:?}");
}

#[test]
fn a_strict_report_refuses_the_first_bad_row() {
    let dir = loaded(BAD, "[analytics]\nstrict = true\n");
    let report = said(dir.path(), "report");
    assert_eq!(report.code, Some(10), "{report:?}");
    assert!(report.err.contains("no exchange rate of `"), "{report:?}");
    assert!(!dir.path().join("report.html").exists());
}

#[test]
fn a_bad_fixing_costs_neither_the_derived_tables_nor_the_report() {
    let dir = loaded("", "");
    let fixings = format!("{FX}EUR,GBP,2020-11-06,ours,0\n");
    fs::write(dir.path().join("fx.csv"), &fixings).unwrap();
    let run = said(dir.path(), "run");
    assert_eq!(run.code, Some(0), "{run:?}");
    let words = "the rate of EUR/GBP on 2020-11-06 is not above zero";
    assert!(run.err.contains(words), "{run:?}");
    let report = said(dir.path(), "report");
    assert!(report.code == Some(0) && report.out.contains(words), "{report:?}");
    let verify = said(dir.path(), "verify");
    assert_eq!(verify.code, Some(3), "{verify:?}");
    assert!(verify.out.contains("fx_rates: the rate of EUR/GBP"), "{verify:?}");
    let settings = format!("{SETTINGS}[analytics]\nstrict = true\n");
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    let run = said(dir.path(), "run");
    assert!(run.code == Some(1) && run.err.contains(words), "{run:?}");
}

#[test]
fn own_rows_pass_an_audit_that_says_which_rules_were_not_meant_for_them() {
    let dir = loaded("", "");
    let verify = said(dir.path(), "verify");
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
        said(dir.path(), "verify")
    };
    assert_eq!(fee("0.03").code, Some(0));
    let verify = fee("0.015");
    assert!(verify.code == Some(3) && verify.out.contains("ramp_transactions 1"), "{verify:?}");
    let verify = fee("15");
    assert!(verify.code == Some(2) && verify.err.contains("verify.ramp_fee"), "{verify:?}");
}

#[test]
fn what_is_wrong_in_own_rows_is_found() {
    let dir = loaded(BAD, "");
    let verify = said(dir.path(), "verify");
    assert_eq!(verify.code, Some(3), "{verify:?}");
    for example in ["ramp_transactions 4", "ramp_transactions 5"] {
        assert!(verify.out.contains(example), "{verify:?}");
    }
    assert!(verify.out.contains("2 of "), "signups and references: {verify:?}");
}

/// Checks that simulated rows and own rows in one warehouse are checked by their own rules.
#[tokio::test(flavor = "multi_thread")]
async fn own_rows_and_simulated_ones_in_one_warehouse_are_told_apart() {
    let dir = TempDir::new().unwrap();
    done(dir.path(), &["run"]);
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("users.csv", &USERS.replace("\n1,", "\n5001,").replace("\n2,", "\n5002,"));
    write("ramp.csv", &RAMP.replace("\n1,1,", "\n900001,5001,"));
    write("fx.csv", FX);
    write("spend.csv", SPEND);
    write("tidegauge.toml", &SETTINGS.replace("[[files]]\n", "[[files]]\nshared = true\n"));
    done(dir.path(), &["run"]);
    let verify = said(dir.path(), "verify");
    assert_eq!(verify.code, Some(0), "{verify:?}");
    assert!(verify.out.contains("simulated rows and 3 rows of your own"), "{verify:?}");
    // The simulation's rules apply to its own rows alone: 85 % of 500 a day.
    let report = house(dir.path(), |_| {}).verify().await.unwrap();
    let fees = report.rules.iter().find(|rule| rule.name == "ramp_fees_follow_schedule").unwrap();
    assert_eq!((fees.checked, fees.applies_to), (38_250, AppliesTo::SimulatedRows));
    assert_eq!(report.own_rows, 3);
}

#[test]
fn rows_in_quarantine_and_in_unknown_states_are_told() {
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
    done(dir.path(), &["run"]);
    for command in ["report", "verify"] {
        let said = said(dir.path(), command);
        assert_eq!(said.code, Some(0), "{said:?}");
        for note in [
            "1 row of purchases for ramp_transactions was set aside, and was not loaded unless mended since: the table",
            "1 row of ramp_transactions has a status that is not known (`paid` 1) and does not count: `values`",
        ] {
            assert!(said.out.contains(note), "{command}: {note}: {said:?}");
        }
    }
}

#[test]
fn what_cannot_be_read_anew_is_not_removed() {
    let dir = loaded("", "");
    fs::rename(dir.path().join("ramp.csv"), dir.path().join("moved.csv")).unwrap();
    let refused = says(tidegauge(dir.path()).args(["run", "--full-refresh", "purchases"]));
    assert_eq!(refused.code, Some(10), "{refused:?}");
    assert!(refused.err.contains("nothing was removed"), "{refused:?}");
    fs::rename(dir.path().join("moved.csv"), dir.path().join("ramp.csv")).unwrap();
    let report = said(dir.path(), "report");
    assert_eq!(report.code, Some(0), "{report:?}");
    // What the run finds is told once, and noted.
    let anew = says(tidegauge(dir.path()).args(["run", "--full-refresh", "purchases"]));
    let null = "columns of the table are null";
    assert_eq!((anew.code, anew.err.matches(null).count()), (Some(0), 1), "{anew:?}");
    assert_eq!(anew.out.matches(null).count(), 1, "{anew:?}");
}

#[test]
fn purchases_of_which_none_is_completed_are_told() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("ramp.csv"), RAMP.replace("completed", "paid")).unwrap();
    let settings =
        "[[files]]\nname = \"purchases\"\npath = \"ramp.csv\"\ntable = \"ramp_transactions\"\n";
    fs::write(dir.path().join("tidegauge.toml"), settings).unwrap();
    done(dir.path(), &["run"]);
    let report = said(dir.path(), "report");
    assert_eq!(report.code, Some(10), "{report:?}");
    assert!(report.err.contains("is completed") && report.err.contains("`values`"), "{report:?}");
}
