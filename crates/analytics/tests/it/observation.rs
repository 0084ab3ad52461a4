use tidegauge_analytics::ltv::{LtvParams, ltv};
use tidegauge_analytics::{Cohort, Facts, FactsParams};
use tidegauge_core::tables::{Chargeback, RampTransaction, Trade, User};

use crate::support::{at, run};
use crate::warehouse::{revenue, strict, trade, user, warehouse};

#[test]
fn the_day_of_the_last_event_may_not_be_over() {
    let mut memory = warehouse();
    let rows = [
        trade(1, "2026-01-05 12:00", "USD", "100", ("2", "USD")),
        trade(2, "2026-01-08 09:00", "USD", "50", ("1", "USD")),
        trade(3, "2031-01-08 09:00", "USD", "50", ("1", "USD")), // dated years ahead
    ];
    memory.put(Trade::table(), &rows);
    let params = FactsParams { now: Some(at("2026-01-09")), ..FactsParams::default() };
    let facts = run(Facts::from_warehouse(&memory, &params)).unwrap();
    assert_eq!((facts.end(), facts.event_count()), (at("2026-01-08"), 1));
    let told: Vec<_> = facts.set_aside().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("2 rows of events are left out: a trade of user `1` on 20"),
        "{told:?}"
    );
    // Without the half day nothing that is complete changes.
    memory.put(Trade::table(), &rows[..1]);
    let without = run(Facts::from_warehouse(&memory, &params)).unwrap();
    assert_eq!(without.end(), at("2026-01-05"));
    // All rows of one day: there is nothing else to observe.
    memory.put(Trade::table(), &[trade(1, "2026-01-01 12:00", "USD", "1", ("0", "USD"))]);
    let one_day = run(Facts::from_warehouse(&memory, &params)).unwrap();
    assert_eq!((one_day.end(), one_day.event_count()), (at("2026-01-02"), 1));
    assert!(one_day.notes()[0].contains("which may not be over"), "{:?}", one_day.notes());
}

#[test]
fn a_chargeback_takes_its_purchase_back_at_the_time_of_the_purchase() {
    let mut memory = warehouse();
    let ramp = |id: i64, when: &str| RampTransaction {
        transaction_id: id,
        user_id: 1,
        fiat_currency: "EUR".into(),
        fiat_amount: "50".parse().unwrap(),
        crypto_token: None,
        crypto_amount: None,
        payment_method: None,
        country: None,
        status: "completed".into(),
        fee_usd: Some("0.9".parse().unwrap()),
        created_at: at(when),
        card: None,
        external_id: None,
        external_user_id: None,
    };
    memory.put(RampTransaction::table(), &[ramp(1, "2026-01-03 08:00"), ramp(2, "2026-01-06")]);
    let chargeback = |id: i64, of: i64, when: &str| Chargeback {
        chargeback_id: id,
        transaction_id: of,
        user_id: 1,
        currency: "EUR".into(),
        amount: "50".parse().unwrap(),
        reason: "fraud".into(),
        created_at: at(when),
        external_id: None,
        external_transaction_id: None,
        external_user_id: None,
    };
    // The second one is not known yet at the end of observation.
    let chargebacks = [chargeback(1, 1, "2026-01-20"), chargeback(2, 2, "2026-02-02")];
    memory.put(Chargeback::table(), &chargebacks);
    let facts = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap();
    // 50 EUR at 1.20 on the third; the fee and the principal are lost.
    assert_eq!(revenue(&facts), [(60.0, 0.9), (-60.0, -60.0), (75.0, 0.9)]);
    assert!(
        facts.notes()[0].contains("a purchase of $60.00 in all, taken back"),
        "{:?}",
        facts.notes()
    );
}

#[test]
fn events_that_do_not_fit_into_memory_give_the_same_facts() {
    let mut memory = warehouse();
    let of = |user_id: i64, trade: Trade| Trade { user_id, ..trade };
    let users: Vec<User> = (0..500).map(|user_id| User { user_id, ..user() }).collect();
    memory.put(User::table(), &users);
    let rows: Vec<Trade> = (0..3_000i64)
        .map(|id| {
            let day = 2 + id % 6;
            let when = format!("2026-01-{day:02} {:02}:00", id % 24);
            of(id * 7 % 500, trade(id, &when, "USD", &(id % 90 + 1).to_string(), ("1", "USD")))
        })
        .collect();
    memory.put(Trade::table(), &rows);
    let in_memory = run(Facts::from_warehouse(&memory, &strict("2026-02-01"))).unwrap();
    let small = FactsParams { memory: 5_000, ..strict("2026-02-01") };
    let in_file = run(Facts::from_warehouse(&memory, &small)).unwrap();
    assert_eq!(in_file.event_count(), 3_000);
    assert!(in_file.events().unwrap().equals_missing(&in_memory.events().unwrap()));
    let by_tier =
        |facts: &Facts| ltv(facts, &Cohort::dimension("tier"), &LtvParams::default()).unwrap();
    assert_eq!(by_tier(&in_file), by_tier(&in_memory));
}

#[test]
fn activity_needs_no_amounts() {
    use tidegauge_analytics::Period;
    use tidegauge_analytics::retention::{RetentionParams, retention};

    let mut memory = warehouse();
    let rows = [
        trade(1, "2026-01-05 12:00", "USD", "100", ("2", "USD")),
        trade(2, "2026-01-14 09:00", "XAG", "50", ("1", "USD")),
    ];
    memory.put(Trade::table(), &rows);
    let params = FactsParams { end: Some(at("2026-02-01")), ..FactsParams::default() };
    let whole = run(Facts::from_warehouse(&memory, &params)).unwrap();
    let bare = FactsParams { amounts: false, ..params };
    let bare = run(Facts::from_warehouse(&memory, &bare)).unwrap();
    // What has no rate is not asked for.
    assert_eq!((whole.set_aside().len(), bare.set_aside().len()), (1, 0));
    assert_eq!(revenue(&bare), [(0.0, 0.0); 2]);
    let weeks = |facts: &Facts| retention(facts, &RetentionParams::by(Period::Week)).unwrap();
    assert_eq!(weeks(&bare), weeks(&whole));
}
