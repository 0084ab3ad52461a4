use tidegauge_analytics::kpi::{NetInflowParams, net_inflow};
use tidegauge_analytics::{BadRows, Period};
use tidegauge_core::tables::{Deposit, FxRate, LedgerEntry, Withdrawal};

use crate::support::{Memory, at, day, run};

fn deposit(id: i64, currency: &'static str, amount: &str, completed: Option<&str>) -> Deposit {
    Deposit {
        deposit_id: id,
        user_id: 1,
        deposit_type: "fiat".into(),
        currency: currency.into(),
        amount: amount.parse().unwrap(),
        payment_method: "bank_transfer".into(),
        status: "completed".into(),
        blockchain_confirmations: None,
        created_at: at("2026-01-01"),
        completed_at: completed.map(at),
        tx_hash: None,
        external_id: None,
        external_user_id: None,
    }
}

fn withdrawal(id: i64, amount: &str, completed: &str) -> Withdrawal {
    Withdrawal {
        withdrawal_id: id,
        user_id: 1,
        withdrawal_type: "fiat".into(),
        currency: "EUR".into(),
        amount: amount.parse().unwrap(),
        fee: "1".parse().unwrap(),
        destination_type: "bank_account".into(),
        tx_hash: None,
        status: "completed".into(),
        created_at: at("2026-01-01"),
        completed_at: Some(at(completed)),
        address: None,
        external_id: None,
        external_user_id: None,
    }
}

fn entry(id: i64, account: &'static str, amount: &str, posted: &str) -> LedgerEntry {
    LedgerEntry {
        entry_id: id,
        posting_id: id,
        user_id: 1,
        kind: "deposit".into(),
        reference_id: id,
        account: account.into(),
        asset: "EUR".into(),
        amount: amount.parse().unwrap(),
        posted_at: at(posted),
    }
}

/// A euro is 1.50 dollars from 5 January and 2 dollars from 12 January on.
fn warehouse() -> Memory {
    let fixing = |date: &str, rate: &str| FxRate {
        base: "EUR".into(),
        quote: "USD".into(),
        rate_date: day(date),
        source: "ecb".into(),
        rate: rate.parse().unwrap(),
    };
    let mut memory = Memory::default();
    memory.put(FxRate::table(), &[fixing("2026-01-05", "1.5"), fixing("2026-01-12", "2")]);
    let failed = Deposit { status: "failed".into(), ..deposit(3, "EUR", "900", None) };
    memory.put(
        Deposit::table(),
        &[
            deposit(1, "EUR", "100.000000000000000001", Some("2026-01-06 23:59")),
            deposit(2, "EUR", "10", Some("2026-01-12")),
            failed,
            deposit(4, "EUR", "70", Some("2026-01-19")), // in the week that is not over
        ],
    );
    memory.put(Withdrawal::table(), &[withdrawal(1, "20", "2026-01-13")]);
    memory
}

#[test]
fn net_inflow_is_valued_as_of_the_day() {
    let params = NetInflowParams::by(Period::Week, at("2026-01-20 12:00"));
    let found = run(net_inflow(&warehouse(), &params)).unwrap();
    let rows: Vec<_> = found
        .periods
        .iter()
        .map(|week| (week.start, week.deposits_usd, week.withdrawals_usd, week.net_inflow_usd))
        .collect();
    assert_eq!(
        rows,
        [(day("2026-01-05"), 150.0, 0.0, 150.0), (day("2026-01-12"), 20.0, 40.0, -20.0)]
    );
    // Without a ledger the assets are unknown.
    assert!(found.periods.iter().all(|week| week.assets_usd.is_none()));
    assert_eq!(found.frame().unwrap().shape(), (2, 5));
    assert!(found.set_aside.is_empty());
}

#[test]
fn assets_are_the_ledgers_balances_of_users() {
    let mut memory = warehouse();
    memory.put(
        LedgerEntry::table(),
        &[
            entry(1, "user", "100", "2026-01-06 23:59"),
            entry(2, "outside", "-100", "2026-01-06 23:59"),
            entry(3, "user", "-21", "2026-01-13"),
            entry(4, "fees", "1", "2026-01-13"),
            entry(5, "user", "500", "2026-01-19"),
        ],
    );
    let params = NetInflowParams::by(Period::Week, at("2026-01-20"));
    let found = run(net_inflow(&memory, &params)).unwrap();
    let held: Vec<_> = found.periods.iter().map(|week| week.assets_usd).collect();
    assert_eq!(held, [Some(150.0), Some(79.0 * 2.0)]);
}

#[test]
fn what_cannot_be_valued_is_set_aside() {
    let mut memory = warehouse();
    memory.put(
        Deposit::table(),
        &[
            deposit(1, "EUR", "100", Some("2026-01-06")),
            deposit(2, "XAG", "5", Some("2026-01-06")),
            deposit(3, "EUR", "7", None), // completed, without a time
        ],
    );
    let params = NetInflowParams::by(Period::Day, at("2026-01-08"));
    let found = run(net_inflow(&memory, &params)).unwrap();
    assert_eq!(found.periods.len(), 2);
    assert_eq!((found.periods[0].start, found.periods[0].deposits_usd), (day("2026-01-06"), 150.0));
    assert_eq!(found.periods[1].net_inflow_usd, 0.0);
    let told: Vec<_> = found.set_aside.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2);
    assert!(told.iter().any(|said| said.contains("`XAG` on 2026-01-06 has no price")), "{told:?}");
    assert!(told.iter().any(|said| said.contains("`completed_at` is missing")), "{told:?}");
    let strict = NetInflowParams { bad_rows: BadRows::Fail, ..params };
    assert!(run(net_inflow(&memory, &strict)).is_err());
}

#[test]
fn an_empty_warehouse_has_no_periods() {
    let params = NetInflowParams::by(Period::Month, at("2026-01-08"));
    assert!(run(net_inflow(&Memory::default(), &params)).unwrap().periods.is_empty());
}
