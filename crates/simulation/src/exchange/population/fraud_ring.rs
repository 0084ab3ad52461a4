//! Fraud rings: groups of accounts in addition to the regular users.

use chrono::NaiveDate;

use crate::exchange::scenario::Scenario;

/// A fraud ring.
#[derive(Debug)]
pub(crate) struct FraudRing {
    pub(crate) from: NaiveDate,
    /// Number of days on which accounts are opened.
    pub(crate) days: i64,
    accounts: u64,
    /// Total number of accounts of the rings before this one.
    before: u64,
}

/// Returns the fraud rings of the scenarios by start date, so that a later ring does not renumber earlier
/// ones.
pub(crate) fn fraud_rings(scenarios: &[Scenario]) -> Vec<FraudRing> {
    let mut scenarios: Vec<_> = scenarios.iter().collect();
    scenarios.sort_by_key(|scenario| scenario.from());
    let mut before = 0;
    let ring = |scenario: &Scenario| {
        let Scenario::FraudRing { from, days, accounts } = scenario else { return None };
        let (days, accounts) = ((*days).max(1).into(), u64::from(*accounts));
        let ring = FraudRing { from: *from, days, accounts, before };
        before += accounts;
        Some(ring)
    };
    scenarios.into_iter().filter_map(ring).collect()
}

/// Returns the number of accounts of all rings that start before a day.
pub(crate) fn accounts_opened_before(rings: &[FraudRing], before: NaiveDate) -> u64 {
    rings.iter().filter(|ring| ring.from < before).map(|ring| ring.accounts).sum()
}

/// Returns the index and the ring of the account with that number, counted from 0 over all rings.
pub(crate) fn ring_of(rings: &[FraudRing], account: u64) -> Option<(usize, &FraudRing)> {
    let has_account =
        |ring: &FraudRing| (ring.before..ring.before + ring.accounts).contains(&account);
    rings.iter().enumerate().find(|(_, ring)| has_account(ring))
}
