//! Mutation tests of the audit: an exchange is played, one fault is put into it at a time, and the
//! rule that covers it must report it. Rules that always pass fail here.

mod faults;
mod tables;
mod world;

use std::collections::BTreeSet;

use tidegauge::analytics::audit::{AuditParams, AuditReport, audit};

use faults::Fault;
use tables::Tables;
use world::world;

/// The number of rows per slice, small enough that the world is audited in several slices.
const FEW: u64 = 2_000;

async fn audits(tables: &Tables) -> [AuditReport; 2] {
    let all = AuditParams::all_simulated();
    let few = AuditParams { rows: FEW, ..all.clone() };
    [audit(tables, &all).await.unwrap(), audit(tables, &few).await.unwrap()]
}

/// Rules without rows in this world, which has no market data but candles and rates.
const IDLE: [&str; 8] = [
    "unique_key.raw_crypto_market_data",
    "unique_key.market_prices",
    "unique_key.fx_daily",
    "market_prices_are_observed",
    "market_prices_disputes_share_a_threshold",
    "fx_daily_follows_fixings",
    "fx_daily_has_no_hole",
    "pending_withdrawals_are_covered",
];

#[tokio::test]
async fn unmodified_exchange_passes_every_rule() {
    let tables = world().await;
    assert!(tables.rows("ledger_entries") as u64 > 2 * FEW, "there are no slices");
    let [whole, sliced] = audits(&tables).await;
    let broken: Vec<_> = whole.violated().collect();
    assert!(whole.passed(), "{broken:#?}");
    for (one, other) in whole.rules.iter().zip(&sliced.rules) {
        assert_eq!(one, other, "slices find something else");
    }
    for rule in whole.rules.iter().filter(|rule| rule.checked == 0) {
        assert!(IDLE.contains(&rule.name.as_str()), "{} tries nothing", rule.name);
    }
}

#[tokio::test]
async fn every_injected_fault_is_detected_by_its_rule() {
    let tables = world().await;
    let mut missed = Vec::new();
    let faults = faults::all();
    assert!(faults.len() > 100, "{}", faults.len());
    for Fault { what, rule, break_it } in &faults {
        let mut broken = tables.clone();
        break_it(&mut broken);
        for (report, how) in audits(&broken).await.iter().zip(["whole", "in slices"]) {
            let found: Vec<_> = report.violated().map(|rule| rule.name.as_str()).collect();
            if !found.contains(&rule.as_str()) {
                missed.push(format!("{what}, {how}: {rule} is not among {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), faults.len(), missed.join("\n"));
}

/// Checks that every rule with rows in this world is violated by some fault.
#[tokio::test]
async fn every_rule_has_a_fault() {
    let report = audit(&world().await, &AuditParams::all_simulated()).await.unwrap();
    let broken: BTreeSet<_> = faults::all().into_iter().map(|fault| fault.rule).collect();
    let tried = report.rules.iter().filter(|rule| rule.checked > 0);
    let untested: Vec<_> =
        tried.map(|rule| rule.name.as_str()).filter(|name| !broken.contains(*name)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}
