//! The rule that every event that moves an asset is posted exactly once, and nothing else is.

use std::collections::HashMap;

use tidegauge_core::{Crypto, fees};

use super::ledger::rows_by_posting;
use crate::audit::records::{LedgerEntries, Records, Transfers};
use crate::audit::report::RuleResult;

/// The units of an amount in a cent.
const CENT: i128 = Crypto::ONE / 100;

/// A change of an account: its name, the asset, and the amount.
type EntryAmount<'f> = (&'static str, &'f str, i128);

/// An event of the exchange's tables that moves assets.
struct Event<'f> {
    kind: &'static str,
    table: &'static str,
    id: i64,
    user: i64,
    /// The time; `None` if it is unknown, and any time matches.
    at: Option<i64>,
    moves: Vec<EntryAmount<'f>>,
}

/// The entries with one posting number.
struct Posting<'a> {
    rows: &'a [usize],
    is_claimed: bool,
}

/// Checks that events and postings of the ledger correspond one to one.
pub(crate) fn rule(records: &Records<'_>, has_ledger: bool) -> RuleResult {
    let mut rule = RuleResult::new(
        "ledger_agrees",
        "every completed event is posted once, at its time and to its amounts, and nothing else is",
    )
    .only_simulated_unless(false);
    if !has_ledger {
        return rule;
    }
    let entries = &records.ledger_entries;
    let rows = rows_by_posting(entries);
    let mut postings: Vec<Posting<'_>> = rows
        .chunk_by(|one, other| entries.posting[*one] == entries.posting[*other])
        .map(|rows| Posting { rows, is_claimed: false })
        .collect();
    let mut found: HashMap<(&str, i64), Vec<usize>> = HashMap::new();
    for (at, posting) in postings.iter().enumerate() {
        let first = posting.rows[0];
        let key = (entries.kind.get(first), entries.reference[first]);
        found.entry(key).or_default().push(at);
    }
    for_each_event(records, |event| {
        if !records.is_simulated(event.table, event.id, event.user) {
            return;
        }
        let posted = found.get(&(event.kind, event.id));
        let holds = match posted.map(Vec::as_slice) {
            Some([at]) => {
                postings[*at].is_claimed = true;
                matches_event(entries, postings[*at].rows, event)
            }
            // One of them is redundant, and it is unknown which one.
            Some(all) => {
                all.iter().for_each(|at| postings[*at].is_claimed = true);
                false
            }
            None => false,
        };
        rule.check(holds, || format!("{} {}", event.table, event.id));
    });
    for posting in postings.iter().filter(|posting| !posting.is_claimed) {
        let first = posting.rows[0];
        if records.is_simulated("ledger_entries", entries.id[first], entries.user[first]) {
            rule.check(false, || format!("ledger_entries {}", entries.id[first]));
        }
    }
    rule
}

/// Returns `true` if the entries in `rows` are exactly the moves of `event`.
fn matches_event(entries: &LedgerEntries<'_>, rows: &[usize], event: &Event<'_>) -> bool {
    let is_posted_for_event = rows.iter().all(|row| {
        entries.kind.get(*row) == event.kind
            && entries.reference[*row] == event.id
            && entries.user[*row] == event.user
            && event.at.is_none_or(|at| entries.at[*row] == at)
    });
    let mut posted: Vec<(&str, &str, i128)> = rows
        .iter()
        .map(|row| (entries.account.get(*row), entries.asset.get(*row), entries.amount[*row]))
        .collect();
    posted.sort_unstable();
    is_posted_for_event && posted == merge_entries(&event.moves)
}

/// Returns one entry for each account and asset, sorted, without zeros.
fn merge_entries<'f>(moves: &[EntryAmount<'f>]) -> Vec<(&'f str, &'f str, i128)> {
    let mut moves: Vec<(&str, &str, i128)> = moves.to_vec();
    moves.sort_unstable();
    let mut merged: Vec<(&str, &str, i128)> = Vec::with_capacity(moves.len());
    for (account, asset, amount) in moves {
        match merged.last_mut() {
            Some(last) if (last.0, last.1) == (account, asset) => {
                last.2 = last.2.saturating_add(amount)
            }
            _ => merged.push((account, asset, amount)),
        }
    }
    merged.retain(|(.., amount)| *amount != 0);
    merged
}

/// Passes every event that moves an asset to `visit`.
fn for_each_event<'f>(records: &Records<'f>, mut visit: impl FnMut(&Event<'f>)) {
    transfers(&records.deposits, "deposit", &mut visit);
    transfers(&records.withdrawals, "withdrawal", &mut visit);
    let trades = &records.trades;
    for (row, id) in trades.id.iter().enumerate() {
        let sign = if trades.side.get(row) == "buy" { 1 } else { -1 };
        let base = (trades.base.get(row), sign * trades.base_amount.get(row).unwrap_or(0));
        let quote = (trades.quote.get(row), -sign * trades.quote_amount[row]);
        let (currency, fee) = (trades.fee_currency.get(row), trades.fee.get(row).unwrap_or(0));
        let moves = vec![
            ("user", base.0, base.1),
            ("exchange", base.0, -base.1),
            ("user", quote.0, quote.1),
            ("exchange", quote.0, -quote.1),
            ("user", currency, -fee),
            ("fees", currency, fee),
        ];
        let (user, at) = (trades.user[row], Some(trades.at[row]));
        visit(&Event { kind: "trade", table: "trades", id: *id, user, at, moves });
    }
    let ramp = &records.ramp;
    for (row, id) in ramp.id.iter().enumerate() {
        if ramp.status.get(row) != "completed" {
            continue;
        }
        let (fiat, token) = (ramp.fiat.get(row), ramp.token.get(row));
        let (cents, coins) = (ramp.fiat_amount[row], ramp.token_amount.get(row).unwrap_or(0));
        let fee = fees::purchase_fee(cents);
        let moves = vec![
            ("user", token, coins),
            ("exchange", token, -coins),
            ("outside", fiat, cents.saturating_mul(-CENT)),
            ("exchange", fiat, cents.saturating_sub(fee).saturating_mul(CENT)),
            ("fees", fiat, fee.saturating_mul(CENT)),
        ];
        let (table, user, at) = ("ramp_transactions", ramp.user[row], Some(ramp.at[row]));
        visit(&Event { kind: "ramp", table, id: *id, user, at, moves });
    }
    let back = &records.chargebacks;
    for (row, id) in back.id.iter().enumerate() {
        let (currency, amount) = (back.currency.get(row), back.amount[row].saturating_mul(CENT));
        let moves = vec![("exchange", currency, -amount), ("outside", currency, amount)];
        let (user, at) = (back.user[row], Some(back.at[row]));
        visit(&Event { kind: "chargeback", table: "chargebacks", id: *id, user, at, moves });
    }
}

fn transfers<'f>(
    transfers: &Transfers<'f>,
    kind: &'static str,
    visit: &mut impl FnMut(&Event<'f>),
) {
    for (row, id) in transfers.id.iter().enumerate() {
        if transfers.status.get(row) != "completed" {
            continue;
        }
        let (currency, amount) = (transfers.currency.get(row), transfers.amount[row]);
        let moves = match transfers.fee {
            None => vec![("user", currency, amount), ("outside", currency, -amount)],
            Some(fees) => vec![
                ("user", currency, (-amount).saturating_sub(fees[row])),
                ("outside", currency, amount),
                ("fees", currency, fees[row]),
            ],
        };
        let (user, at) = (transfers.user[row], transfers.completed_at.get(row));
        visit(&Event { kind, table: transfers.name, id: *id, user, at, moves });
    }
}
