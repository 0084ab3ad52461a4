//! The fees of an exchange with a ledger: tiers by the volume of the thirty days before.

use tidegauge_analytics::audit::{AuditParams, RuleResult, audit};
use tidegauge_core::Crypto;
use tidegauge_core::tables::{FxRate, LedgerEntry, Trade};

use crate::support::{Memory, at, day, run};

fn money(text: &str) -> Crypto {
    text.parse().unwrap()
}

/// Returns a trade of user 1 with this amount, at the price of 1.
fn trade(id: i64, when: &str, (quote, amount): (&str, &str), is_maker: bool, fee: &str) -> Trade {
    Trade {
        trade_id: id,
        order_id: Some(id),
        user_id: 1,
        trading_pair: Some(format!("BTC/{quote}")),
        side: Some("buy".into()),
        base_currency: Some("BTC".into()),
        quote_currency: quote.into(),
        base_amount: Some(money(amount)),
        quote_amount: money(amount),
        price: Some(money("1")),
        fee_amount: Some(money(fee)),
        fee_currency: Some(quote.into()),
        is_maker: Some(is_maker),
        executed_at: at(when),
        external_id: None,
        external_order_id: None,
        external_user_id: None,
    }
}

/// Returns the result of the rule for trades of a user, with or without a ledger.
fn judged(trades: &[Trade], has_books: bool) -> RuleResult {
    let mut memory = Memory::default();
    memory.put(Trade::table(), trades);
    let rate = FxRate {
        base: "EUR".into(),
        quote: "USD".into(),
        rate_date: day("2026-01-01"),
        source: "ecb".into(),
        rate: money("1.25"),
    };
    memory.put(FxRate::table(), &[rate]);
    let entry = LedgerEntry {
        entry_id: 1,
        posting_id: 1,
        user_id: 1,
        kind: "deposit".into(),
        reference_id: 1,
        account: "user".into(),
        asset: "USD".into(),
        amount: money("1"),
        posted_at: at("2026-01-01"),
    };
    memory.put(LedgerEntry::table(), if has_books { std::slice::from_ref(&entry) } else { &[] });
    let report = run(audit(&memory, &AuditParams::all_simulated())).unwrap();
    report.rules.into_iter().find(|rule| rule.name == "trade_fees_follow_schedule").unwrap()
}

#[test]
fn fee_tiers_depend_on_the_thirty_day_volume() {
    let trades = [
        trade(1, "2026-01-02 10:00", ("USD", "40000"), false, "160"), // 0.40 % of the first
        // The volume of 10,000 EUR is 12,500 USD: the start of the second tier.
        trade(2, "2026-01-03 10:00", ("EUR", "10000"), true, "20"),
        // The volume of 52,500 is in the third tier: 0.24 %. Trades at the same instant do not
        // count.
        trade(3, "2026-01-03 11:00", ("USD", "100"), false, "0.24"),
        trade(4, "2026-01-03 11:00", ("USD", "100"), true, "0.14"),
        // A trade counts for thirty days to the minute.
        trade(5, "2026-02-01 10:00", ("USD", "100"), false, "0.24"),
        trade(6, "2026-02-01 10:01", ("USD", "100"), false, "0.35"),
    ];
    let rule = judged(&trades, true);
    // Beyond a week the fixing of the euro is not valid; trades in dollars need none.
    assert_eq!((rule.checked, rule.violations), (6, 0), "{rule:?}");
    let rule = judged(&trades, false);
    assert_eq!(
        (rule.checked, rule.violations),
        (6, 5),
        "without books all pay the first fee: {rule:?}"
    );

    let flat = [trades[0].clone(), trade(2, "2026-01-03 10:00", ("USD", "100"), false, "0.4")];
    assert_eq!(judged(&flat, true).examples, ["trades 2"]);
    assert_eq!(judged(&flat, false).violations, 0);
}

#[test]
fn a_volume_near_a_tier_boundary_may_have_either_fee() {
    for (first, fees) in [
        ("9999.98", ["0.4"].as_slice()),
        ("10000.02", &["0.35"]),
        ("10000", &["0.35", "0.4"]),
        ("9999.995", &["0.35", "0.4"]),
    ] {
        for fee in ["0.35", "0.4"] {
            let paid = money(first).units() * 40 / 10_000;
            let mut trades = [
                trade(1, "2026-01-02", ("USD", first), false, "0"),
                trade(2, "2026-01-03", ("USD", "100"), false, fee),
            ];
            trades[0].fee_amount = Some(Crypto::from_units(paid));
            assert_eq!(judged(&trades, true).violations == 0, fees.contains(&fee), "{first} {fee}");
        }
    }
}
