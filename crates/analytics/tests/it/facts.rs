use polars::prelude::*;
use tidegauge_analytics::{Error, Facts};
use tidegauge_core::{Batch, DataType as CoreType, Table, Values};

use crate::support::{at, events, times, users};

const END: &str = "2026-02-01";

fn refusal(users: &DataFrame, events: &DataFrame) -> String {
    Facts::new_strict(users, events, at(END)).unwrap_err().to_string()
}

#[test]
fn strict_facts_refuse_implausible_rows() {
    let good_users = users(&[("a", "2026-01-01", None)]);
    let good_events = events(&[("a", "2026-01-02", 1.0, 1.0)]);
    Facts::new(&good_users, &good_events, at(END)).unwrap();

    let says = |error: String, what: &str| assert!(error.contains(what), "{error}: {what}");
    says(
        refusal(&good_users.drop("signup_at").unwrap(), &good_events),
        "need a column `signup_at`",
    );
    says(refusal(&good_users, &good_events.drop("kind").unwrap()), "need a column `kind`");
    let twice = users(&[("a", "2026-01-01", None), ("a", "2026-01-03", None)]);
    says(refusal(&twice, &good_events), "user `a` is there more than once");
    let stranger = events(&[("z", "2026-01-02", 1.0, 1.0)]);
    says(refusal(&good_users, &stranger), "first `z`");
    let early = events(&[("a", "2025-12-31", 1.0, 1.0)]);
    says(refusal(&good_users, &early), "before their user's signup");
    let not_a_number = events(&[("a", "2026-01-02", f64::NAN, 1.0)]);
    says(refusal(&good_users, &not_a_number), "`volume_usd` has 1 rows");
    let numbers = df!("user" => [1i64], "signup_at" => times(&["2026-01-01"])).unwrap();
    says(refusal(&numbers, &good_events), "column `user` is str");
    let reserved = df!("user" => ["a"], "signup_at" => times(&["2026-01-01"]), "events" => [1]);
    says(refusal(&reserved.unwrap(), &good_events), "rename it");
    let textual = df!("user" => ["a"], "signup_at" => ["2026-01-01"]).unwrap();
    assert!(matches!(
        Facts::new(&textual, &good_events, at(END)).unwrap_err(),
        Error::ColumnType { frame: "users", .. }
    ));
}

#[test]
fn implausible_rows_are_set_aside_and_counted_once() {
    let people = users(&[
        ("a", "2026-01-01", Some("x")),
        ("a", "2026-01-03", Some("y")), // the earlier signup counts
        ("b", "2026-01-02", None),
    ]);
    let bad = f64::NAN;
    let rows = events(&[
        ("a", "2026-01-02", 1.0, 0.5),
        ("a", "2026-01-04", bad, bad), // lacks two values, and is one row
        ("b", "2026-01-01", 4.0, 1.0), // before the signup
        ("z", "2026-01-04", 8.0, 1.0), // of an unknown user
        ("z", "2026-01-05", 8.0, 1.0),
        ("b", "2026-01-04", 16.0, 2.0),
    ]);
    let facts = Facts::new(&people, &rows, at(END)).unwrap();
    assert_eq!((facts.user_count(), facts.event_count()), (2, 2));
    let events = facts.events().unwrap();
    let volume: f64 = events.column("volume_usd").unwrap().f64().unwrap().sum().unwrap();
    assert_eq!(volume, 17.0);
    let people = facts.users().unwrap();
    let channel = people.column("channel").unwrap().str().unwrap().get(0);
    assert_eq!(channel, Some("x"));
    let found: Vec<_> = facts.set_aside().iter().map(|aside| (aside.reason, aside.rows)).collect();
    use tidegauge_core::SetAsideReason::{BeforeSignup, DuplicateUser, Incomplete, UnknownUser};
    let all = [(DuplicateUser, 1), (Incomplete, 1), (UnknownUser, 2), (BeforeSignup, 1)];
    assert_eq!(found, all);
    let spend = df!("day" => [Some(at(END).date_naive().pred_opt().unwrap()), None],
        "channel" => ["x", "x"], "campaign" => ["c", "c"], "spend_usd" => [1.0, 2.0]);
    let facts = facts.with_spend(&spend.unwrap()).unwrap();
    assert_eq!((facts.spend().height(), facts.set_aside().len()), (1, 5));
}

#[test]
fn rows_after_the_end_of_observation_are_set_aside() {
    let facts = Facts::new(
        &users(&[("a", "2026-01-01", None), ("late", END, None)]),
        &events(&[("a", "2026-01-31 23:59", 1.0, 1.0), ("a", END, 1.0, 1.0)]),
        at(END),
    )
    .unwrap();
    assert_eq!((facts.user_count(), facts.event_count()), (1, 1));
    let told: Vec<_> = facts.set_aside().iter().map(ToString::to_string).collect();
    let after = "is not before the end of observation";
    assert_eq!(
        told,
        [
            format!("1 row of events is left out: a trade of user `a` on {END} {after}"),
            format!("1 row of users is left out: the signup of user `late` on {END} {after}"),
        ]
    );
}

#[test]
fn metrics_do_not_depend_on_the_order_of_rows() {
    let rows: Vec<_> = (0..200u32)
        .map(|i| {
            (
                ["a", "b", "c"][i as usize % 3],
                "2026-01-02",
                0.1 * f64::from(i),
                1.0 / f64::from(i + 1),
            )
        })
        .collect();
    let mut backwards = rows.clone();
    backwards.reverse();
    let people =
        users(&[("a", "2026-01-01", None), ("b", "2026-01-01", None), ("c", "2026-01-01", None)]);
    let revenue = |rows: &[_]| {
        let facts = Facts::new(&people, &events(rows), at(END)).unwrap();
        let params = tidegauge_analytics::ltv::LtvParams::at([7]);
        let everyone = tidegauge_analytics::Cohort::Everyone;
        let table = tidegauge_analytics::ltv::ltv(&facts, &everyone, &params);
        table.unwrap().cohorts[0].revenue_usd.to_bits()
    };
    assert_eq!(revenue(&rows), revenue(&backwards));
}

#[test]
fn facts_without_users_have_no_cohorts() {
    use tidegauge_analytics::{Cohort, churn, ltv, unit_economics, volume};
    let facts = crate::support::facts(&[], &[], END);
    for cohort in [Cohort::Everyone, Cohort::dimension("channel")] {
        assert!(ltv::ltv(&facts, &cohort, &ltv::LtvParams::at([7])).unwrap().cohorts.is_empty());
        let churn = churn::churn(&facts, &cohort, &churn::ChurnParams::default()).unwrap();
        assert_eq!((churn.cohorts.len(), churn.overall.users), (0, 0));
        let volume = volume::volume(&facts, &cohort, &volume::VolumeParams::default()).unwrap();
        assert!(volume.cohorts.is_empty());
    }
    assert_eq!(volume::concentration(&facts, None).unwrap().top_1_percent, None);
    let costs =
        unit_economics::unit_economics(&facts, &unit_economics::UnitEconomicsParams::default());
    assert_eq!(costs.unwrap().blended.users, 0);
    assert_eq!(ltv::users(&facts).unwrap().height(), 0);
}

#[test]
fn facts_from_batches_equal_facts_from_frames() {
    let people_table = Table::builder("people", "")
        .column("user", CoreType::Int64, "")
        .column("signup_at", CoreType::Timestamp, "")
        .nullable("channel", CoreType::Text, "")
        .key(["user"])
        .build()
        .unwrap();
    let purchases = Table::builder("purchases", "")
        .column("user", CoreType::Int64, "")
        .column("at", CoreType::Date, "")
        .column("kind", CoreType::Text, "")
        .column("volume_usd", CoreType::FIAT, "")
        .column("revenue_usd", CoreType::Float64, "")
        .key(["user", "at"])
        .build()
        .unwrap();
    let signups = vec![at("2026-01-01").timestamp_micros(), at("2026-01-02").timestamp_micros()];
    let people = vec![
        Values::Ints(vec![2, 1]),
        Values::Timestamps(signups),
        Values::Dictionary(vec![0, 1], &["search", "email"]),
    ];
    let day = 20_470; // 2026-01-17
    let purchased = vec![
        Values::Ints(vec![1]),
        Values::Dates(vec![day]),
        Values::Constant("purchase"),
        Values::Decimals(vec![1_250]),
        Values::Floats(vec![0.5]),
    ];
    let users = Batch::from_columns(&people_table, 2, people).unwrap();
    let events = Batch::from_columns(&purchases, 1, purchased).unwrap();
    let facts = Facts::from_batches(users, events, at(END)).unwrap();

    let users = df!(
        "user" => [1i64, 2],
        "signup_at" => times(&["2026-01-02", "2026-01-01"]),
        "channel" => ["email", "search"],
    );
    let events = df!(
        "user" => [1i64],
        "at" => times(&["2026-01-17"]),
        "kind" => ["purchase"],
        "volume_usd" => [12.5],
        "revenue_usd" => [0.5],
    );
    let expected = Facts::new(&users.unwrap(), &events.unwrap(), at(END)).unwrap();
    let (users, expected_users) = (facts.users().unwrap(), expected.users().unwrap());
    assert!(users.equals_missing(&expected_users), "{users} {expected_users}");
    let (events, expected_events) = (facts.events().unwrap(), expected.events().unwrap());
    assert!(events.equals_missing(&expected_events), "{events} {expected_events}");
}
