//! The audit of a user's own rows, to which the rules of the simulated world do not apply.

use tidegauge_analytics::audit::{AppliesTo, AuditParams, AuditReport, FeeTier, OwnRules, audit};
use tidegauge_core::Crypto;
use tidegauge_core::tables::Trade;

use super::faults::Change;
use super::world::{World, money, order, world};
use crate::support::{at, run};

/// Returns records of an exchange that is not simulated: no identity checks, purchases at 3 % in a
/// currency that is not the country's, trades without their orders that cost 0.1 %.
fn own_world() -> World {
    let mut world = world();
    world.users.iter_mut().for_each(|user| {
        (user.kyc_status, user.kyc_verified_at) = (Some("unknown".into()), None);
    });
    world.ramp[0].country = Some("JP".into());
    world.ramp[0].fee_usd = Some("3.75".parse().unwrap());
    (world.deposits, world.withdrawals, world.orders) = Default::default();
    world.trades.iter_mut().for_each(|trade| {
        trade.fee_amount = Some(Crypto::from_units(trade.quote_amount.units() / 1_000));
        // A rounded average price.
        let off = 1_000 * (Crypto::ONE / 100_000_000);
        trade.price = trade.price.map(|price| Crypto::from_units(price.units() + off));
    });
    world
}

fn audit_own(world: &World, own: OwnRules) -> AuditReport {
    run(audit(&world.memory(), &AuditParams { own, ..AuditParams::default() })).unwrap()
}

#[test]
fn rules_of_the_simulated_world_do_not_apply_to_own_rows() {
    let report = audit_own(&own_world(), OwnRules::default());
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    assert_eq!((report.simulated_rows, report.own_rows), (0, 9));
    for rule in report.rules.iter().filter(|rule| rule.applies_to == AppliesTo::SimulatedRows) {
        assert_eq!(rule.checked, 0, "{}", rule.name);
    }
    let of_simulation = |rule: &&str| {
        report
            .rules
            .iter()
            .any(|result| result.name == **rule && result.applies_to == AppliesTo::SimulatedRows)
    };
    let worldly = [
        "ramp_fees_follow_schedule",
        "trade_fees_follow_schedule",
        "currency_fits_country",
        "nothing_before_kyc",
        "balance_never_negative",
        "trade_price_within_market_range",
        "ledger_agrees",
        "truth_fits",
    ];
    assert!(worldly.iter().all(of_simulation));
    // As simulated rows they would not pass.
    assert!(!own_world().audit().passed());
}

#[test]
fn rules_of_any_exchange_apply_to_own_rows() {
    let broken = |change: Change| {
        let mut world = own_world();
        change(&mut world);
        let report = audit_own(&world, OwnRules::default());
        report.violated().map(|rule| rule.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(broken(|w| w.ramp[0].user_id = 99), ["foreign_key.ramp_transactions.user_id"]);
    assert_eq!(broken(|w| w.trades.push(w.trades[0].clone())), ["unique_key.trades"]);
    assert_eq!(broken(|w| w.trades[0].quote_amount = money("-150")).len(), 2);
    assert_eq!(
        broken(|w| w.trades[0].price = Some(money("10"))),
        ["quote_amount_is_price_times_base"]
    );
    assert_eq!(broken(|w| w.users[1].signup_at = at("2026-02-01")), ["nothing_before_signup"]);
    // Once any orders are loaded, the order of every trade must be.
    let lost = broken(|w| w.orders.push(order(7, 1, ("buy", "USD"), ("1", "0"), None, "open")));
    assert_eq!(lost, ["foreign_key.trades.order_id"]);
}

#[test]
fn configured_rules_apply_to_own_rows() {
    let mut rules = OwnRules { ramp_fee: Some(0.03), ..OwnRules::default() };
    let step = |from_usd, rate| FeeTier { from_usd, maker: rate, taker: rate };
    rules.trade_fees = vec![step(0.0, 0.001), step(140.0, 0.0005)];
    let mut world = own_world();
    // The volume before these two is 150 USD: the second tier.
    world.trades[1].fee_amount = Some(money("0.026"));
    world.trades[3].fee_amount = Some(money("0.049"));
    let report = audit_own(&world, rules.clone());
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    let tried = |report: &AuditReport, name: &str| {
        let rule = report.rules.iter().find(|rule| rule.name == name).unwrap();
        (rule.checked, rule.violations, rule.applies_to)
    };
    assert_eq!(tried(&report, "ramp_fees_follow_schedule"), (1, 0, AppliesTo::AllRows));
    assert_eq!(tried(&report, "trade_fees_follow_schedule"), (4, 0, AppliesTo::AllRows));
    rules.ramp_fee = Some(0.015);
    rules.trade_fees[1] = step(140.0, 0.001);
    rules.verified_first = vec!["ramp_transactions".into()];
    rules.complete_history = true;
    let report = audit_own(&world, rules);
    let broken: Vec<_> =
        report.violated().map(|rule| (rule.name.as_str(), rule.violations)).collect();
    assert_eq!(
        broken,
        [
            ("trade_fees_follow_schedule", 2),
            ("ramp_fees_follow_schedule", 1),
            ("balance_never_negative", 2),
            ("nothing_before_kyc", 2),
        ]
    );
}

/// Checks the data of a shop, which has customers and their orders only.
#[test]
fn unknown_values_of_own_rows_violate_no_rule() {
    let mut world = world();
    for user in &mut world.users {
        (user.email, user.country, user.kyc_status) = (None, None, None);
        (user.kyc_verified_at, user.account_tier, user.is_active) = (None, None, None);
        user.acquisition_channel = None;
    }
    for order in &mut world.orders {
        (order.trading_pair, order.side, order.order_type) = (None, None, None);
        (order.quote_currency, order.filled_amount, order.limit_price) = (None, None, None);
        (order.status, order.updated_at) = (None, None);
    }
    for trade in &mut world.trades {
        (trade.trading_pair, trade.side, trade.base_currency) = (None, None, None);
        (trade.base_amount, trade.price, trade.fee_amount) = (None, None, None);
        (trade.fee_currency, trade.is_maker) = (None, None);
    }
    world.trades[0].order_id = None;
    for purchase in &mut world.ramp {
        (purchase.crypto_token, purchase.crypto_amount) = (None, None);
        (purchase.payment_method, purchase.country, purchase.fee_usd) = (None, None, None);
    }
    (world.deposits, world.withdrawals) = Default::default();
    let rules = OwnRules {
        verified_first: vec!["trades".into(), "ramp_transactions".into()],
        trade_fees: vec![FeeTier { from_usd: 0.0, maker: 0.1, taker: 0.1 }],
        ramp_fee: Some(0.03),
        complete_history: false,
    };
    let report = audit_own(&world, rules.clone());
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    // The same holds for users that were never loaded.
    world.users.clear();
    let report = audit_own(&world, rules);
    assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>());
    // In a simulation all values are required.
    let names: Vec<_> = world.audit().violated().map(|rule| rule.name.clone()).collect();
    assert!(names.contains(&"never_null.trades".to_owned()), "{names:?}");
}

#[test]
fn examples_show_external_ids() {
    let mut world = own_world();
    let id = (1 << 62) + 17;
    let lost = Trade {
        trade_id: id,
        user_id: 99,
        external_id: Some("T-17".into()),
        ..world.trades[0].clone()
    };
    world.trades.push(lost);
    let report = audit_own(&world, OwnRules::default());
    let broken = report.violated().next().unwrap();
    assert_eq!(broken.examples, ["trades `T-17`"]);
}

#[test]
fn a_user_id_has_one_external_id() {
    let mut world = own_world();
    world.ramp[0].external_user_id = Some("b".into());
    world.trades[2].external_user_id = Some("b".into());
    assert!(audit_own(&world, OwnRules::default()).passed());
    world.users[1].external_id = Some("a".into());
    let report = audit_own(&world, OwnRules::default());
    let broken: Vec<_> = report.violated().map(|rule| rule.name.as_str()).collect();
    assert_eq!(broken, ["foreign_key.trades.user_id", "foreign_key.ramp_transactions.user_id"]);
    // The same without users.
    world.users.clear();
    world.trades[2].external_user_id = Some("a".into());
    let report = audit_own(&world, OwnRules::default());
    let broken: Vec<_> = report.violated().map(|rule| rule.name.as_str()).collect();
    assert_eq!(broken, ["foreign_key.ramp_transactions.user_id"]);
}

#[test]
fn invalid_own_rules_are_reported_by_setting() {
    let step = |from_usd, maker| FeeTier { from_usd, maker, taker: 0.004 };
    for (change, says) in [
        (OwnRules { ramp_fee: Some(1.5), ..OwnRules::default() }, "verify.ramp_fee"),
        (OwnRules { trade_fees: vec![step(1.0, 0.1)], ..OwnRules::default() }, "verify.trade_fees"),
        (
            OwnRules { trade_fees: vec![step(0.0, 25.0)], ..OwnRules::default() },
            "verify.trade_fees",
        ),
        (
            OwnRules { verified_first: vec!["trade".into()], ..OwnRules::default() },
            "verify.verified_first",
        ),
    ] {
        assert_eq!(change.first_invalid().unwrap().0, says);
    }
    assert_eq!(OwnRules::default().first_invalid(), None);
}
