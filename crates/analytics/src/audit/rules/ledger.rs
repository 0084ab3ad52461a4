//! The rules of the simulated exchange's ledger: it balances, no account is negative, and balances
//! agree with it.

use std::collections::{BTreeMap, HashMap};

use tidegauge_core::Crypto;

use crate::audit::records::{LedgerEntries, Records};
use crate::audit::report::RuleResult;

/// Checks the ledger and the balances of users against it.
pub(crate) fn rules(records: &Records<'_>) -> [RuleResult; 3] {
    let [never_below, balances] = accounts(records);
    [sums(&records.ledger_entries), never_below, balances]
}

/// Returns the rows of the entries, sorted by posting.
pub(crate) fn rows_by_posting(entries: &LedgerEntries<'_>) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..entries.id.len()).collect();
    rows.sort_unstable_by_key(|row| (entries.posting[*row], entries.id[*row]));
    rows
}

fn sums(entries: &LedgerEntries<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "ledger_sums_to_zero",
        "the amounts of each posting add up to zero in every asset",
    );
    let rows = rows_by_posting(entries);
    for posting in rows.chunk_by(|one, other| entries.posting[*one] == entries.posting[*other]) {
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for row in posting {
            let sum = sums.entry(entries.asset.get(*row)).or_default();
            *sum = sum.saturating_add(entries.amount[*row]);
        }
        rule.check(sums.values().all(|sum| *sum == 0), || {
            format!("ledger_entries of posting {}", entries.posting[posting[0]])
        });
    }
    rule
}

/// Checks each user's account of each asset entry by entry, and the balances of all of them.
fn accounts(records: &Records<'_>) -> [RuleResult; 2] {
    let mut never_below = RuleResult::new(
        "ledger_never_below_zero",
        "no account of a user is ever below zero, entry by entry",
    );
    let mut balances = RuleResult::new(
        "balances_are_the_ledgers",
        "a user's balances are what the entries of their accounts sum to",
    );
    let entries = &records.ledger_entries;
    let mut rows: Vec<usize> =
        (0..entries.id.len()).filter(|row| entries.account.get(*row) == "user").collect();
    let account = |row: usize| (entries.user[row], entries.asset.get(row));
    rows.sort_unstable_by_key(|row| (account(*row), entries.at[*row], entries.id[*row]));
    let mut sums: HashMap<i64, BTreeMap<&str, i128>> = HashMap::new();
    for rows in rows.chunk_by(|one, other| account(*one) == account(*other)) {
        let (user, asset) = account(rows[0]);
        let mut sum = 0i128;
        let below = rows.iter().find(|row| {
            sum = sum.saturating_add(entries.amount[**row]);
            sum < 0
        });
        never_below.check(below.is_none(), || {
            let entry = below.map_or(0, |row| entries.id[*row]);
            format!("user {user} {asset} at ledger_entries {entry}")
        });
        let sum = rows.iter().fold(0i128, |sum, row| sum.saturating_add(entries.amount[*row]));
        if sum != 0 {
            sums.entry(user).or_default().insert(asset, sum);
        }
    }
    for (id, record) in records.users_by_id() {
        // A user's own data may have balances, but no ledger.
        let has_books = entries.users.contains(&id) || records.is_simulated("users", id, id);
        if let Some(recorded) = record.balances.filter(|_| has_books) {
            let expected = sums.remove(&id).unwrap_or_default();
            balances.check(equals_balances(recorded, &expected), || format!("users {id}"));
        }
    }
    [never_below, balances]
}

/// Returns `true` if the JSON object `recorded` equals `expected`, which has no zeros.
fn equals_balances(recorded: &str, expected: &BTreeMap<&str, i128>) -> bool {
    let Ok(recorded) = serde_json::from_str::<BTreeMap<String, String>>(recorded) else {
        return false;
    };
    recorded.len() == expected.len()
        && recorded.iter().all(|(asset, amount)| {
            let amount = amount.parse::<Crypto>().ok().map(Crypto::units);
            amount.is_some() && amount == expected.get(asset.as_str()).copied()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_balances_are_exact_and_without_zeros() {
        let expected = BTreeMap::from([("BTC", Crypto::ONE / 50), ("EUR", 15 * Crypto::ONE)]);
        assert!(equals_balances(r#"{"BTC":"0.02","EUR":"15"}"#, &expected));
        assert!(equals_balances("{}", &BTreeMap::new()));
        for recorded in [
            "",
            "[]",
            "{}",
            r#"{"BTC":"0.02"}"#,
            r#"{"BTC":"0.02","EUR":"15","USD":"0"}"#,
            r#"{"BTC":"0.02","EUR":"15.00000001"}"#,
            r#"{"BTC":"0.02","USD":"15"}"#,
            r#"{"BTC":"0.02","EUR":15}"#,
            r#"{"BTC":"0.02","EUR":"fifteen"}"#,
        ] {
            assert!(!equals_balances(recorded, &expected), "{recorded}");
        }
    }
}
