//! The audit: a consistent world passes; each rule is violated by one change, and no other rule
//! with it.

mod faults;
mod own_rows;
mod world;

use tidegauge_analytics::audit::{AuditParams, audit};
use tidegauge_core::tables::Deposit;

use crate::support::{Memory, run};
use faults::FAULTS;
use world::{deposit, world};

/// The rules of an exchange with a ledger; `faults.rs` violates these.
const LEDGER_RULES: [&str; 18] = [
    "unique_key.truth_channels",
    "unique_key.chargebacks",
    "unique_key.ledger_entries",
    "unique_key.truth_users",
    "foreign_key.chargebacks.transaction_id",
    "foreign_key.chargebacks.user_id",
    "foreign_key.ledger_entries.user_id",
    "foreign_key.truth_users.user_id",
    "never_null.chargebacks",
    "never_null.ledger_entries",
    "never_null.truth_users",
    "ledger_sums_to_zero",
    "ledger_never_below_zero",
    "balances_are_the_ledgers",
    "ledger_agrees",
    "chargebacks_undo_purchases",
    "referrers_came_first",
    "truth_fits",
];

#[test]
fn consistent_records_pass_every_rule_and_every_rule_is_checked() {
    let report = world().audit();
    let broken: Vec<_> = report.violated().collect();
    assert!(report.passed(), "{broken:#?}");
    let idle: Vec<_> = report.rules.iter().filter(|rule| rule.checked == 0).collect();
    let names: Vec<_> = idle.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, LEDGER_RULES, "{idle:#?}");
}

#[test]
fn an_empty_warehouse_has_no_checks() {
    let report = run(audit(&Memory::default(), &AuditParams::all_simulated())).unwrap();
    assert!(report.passed());
    assert!(report.rules.iter().all(|rule| rule.checked == 0 && rule.examples.is_empty()));
}

#[test]
fn each_fault_violates_exactly_one_rule() {
    for (rule, example, change) in FAULTS {
        let mut world = world();
        change(&mut world);
        let report = world.audit();
        let broken: Vec<_> = report.violated().map(|rule| rule.name.as_str()).collect();
        assert_eq!(broken, [*rule], "{example}: {:#?}", report.violated().collect::<Vec<_>>());
        let examples = &report.violated().next().unwrap().examples;
        assert!(examples[0].starts_with(example), "{rule}: {examples:?}");
    }
    for rule in world().audit().rules {
        // A batch refuses a row with missing values: `faults.rs` creates them.
        let elsewhere =
            LEDGER_RULES.contains(&rule.name.as_str()) || rule.name.starts_with("never_null.");
        let covered = elsewhere || FAULTS.iter().any(|(name, ..)| *name == rule.name);
        assert!(covered, "no change breaks {}", rule.name);
    }
}

/// Checks that results do not depend on the number of users in a slice.
#[test]
fn an_audit_in_slices_finds_the_same_violations() {
    for (rule, example, change) in FAULTS {
        let mut world = world();
        change(&mut world);
        let [whole, sliced] = [1_000_000, 1].map(|rows| {
            let mut report =
                run(audit(&world.memory(), &AuditParams { rows, ..AuditParams::all_simulated() }))
                    .unwrap();
            report.rules.iter_mut().for_each(|rule| rule.examples.sort());
            report
        });
        // A trade of another user's order is missing in that order, which violates further rules.
        let apart = ["foreign_key.trades.user_id", "trades_match_their_order"];
        if !apart.contains(rule) {
            let differs = whole.rules.iter().zip(&sliced.rules).find(|(one, other)| one != other);
            assert!(differs.is_none(), "{rule}: {example}: {differs:#?}");
        }
        assert!(sliced.violated().any(|result| result.name == *rule), "{rule}: {example}");
    }
}

#[test]
fn the_number_of_examples_is_limited() {
    let mut world = world();
    for id in 10..20 {
        world.deposits.push(Deposit { user_id: 99, ..deposit(id, 1, "USD", "1", None) });
    }
    let report = world.audit();
    let rule = report.violated().next().unwrap();
    assert_eq!((rule.checked, rule.violations), (13, 10));
    assert_eq!(rule.examples, ["deposits 10", "deposits 11", "deposits 12"]);
}
