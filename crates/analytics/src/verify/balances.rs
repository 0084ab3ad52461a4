//! The rule that balances never become negative.

use std::collections::HashMap;

use chrono::DateTime;

use super::RuleResult;
use super::books::{Books, Transfers};

/// A change of a user's balance in a currency at an instant, in units of amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Movement {
    pub(super) user: i64,
    pub(super) currency: usize,
    pub(super) at: i64,
    pub(super) units: i128,
}

/// All movements, by user, currency and time.
#[derive(Default)]
pub(super) struct Movements<'f> {
    pub(super) all: Vec<Movement>,
    currencies: Vec<&'f str>,
    numbers: HashMap<&'f str, usize>,
}

impl<'f> Movements<'f> {
    /// Returns the number of a currency, which is added if it is new.
    pub(super) fn number(&mut self, currency: &'f str) -> usize {
        let next = self.currencies.len();
        *self.numbers.entry(currency).or_insert_with(|| {
            self.currencies.push(currency);
            next
        })
    }

    fn push(&mut self, user: i64, currency: &'f str, at: i64, units: i128) {
        let currency = self.number(currency);
        self.all.push(Movement { user, currency, at, units });
    }

    fn transfers(&mut self, transfers: &Transfers<'f>, sign: i128) {
        for (row, user) in transfers.user.iter().enumerate() {
            if transfers.status.get(row) == "completed" {
                let at = transfers.completed_at.get(row).unwrap_or(transfers.created_at[row]);
                let fee = transfers.fee.map_or(0, |fees| fees[row]);
                let units = sign * transfers.amount[row].saturating_add(fee);
                self.push(*user, transfers.currency.get(row), at, units);
            }
        }
    }

    pub(super) fn of(books: &Books<'f>) -> Self {
        let mut movements = Self::default();
        movements.transfers(&books.deposits, 1);
        movements.transfers(&books.withdrawals, -1);
        let trades = &books.trades;
        for (row, user) in trades.user.iter().enumerate() {
            let at = trades.at[row];
            let sign = match trades.side.get(row) {
                "" => 0,
                "buy" => 1,
                _ => -1,
            };
            let (base, fee) = (trades.base_amount.get(row), trades.fee.get(row));
            movements.push(*user, trades.base.get(row), at, sign * base.unwrap_or(0));
            movements.push(*user, trades.quote.get(row), at, -sign * trades.quote_amount[row]);
            movements.push(*user, trades.fee_currency.get(row), at, -fee.unwrap_or(0));
        }
        let ramp = &books.ramp;
        for (row, user) in ramp.user.iter().enumerate() {
            if ramp.status.get(row) == "completed" {
                let bought = ramp.token_amount.get(row).unwrap_or(0);
                movements.push(*user, ramp.token.get(row), ramp.at[row], bought);
            }
        }
        movements.all.sort_unstable();
        movements
    }
}

/// Checks each user's balance in each currency. Movements at the same instant are summed first.
pub(super) fn rule(books: &Books<'_>, movements: &Movements<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "balance_never_negative",
        "no user ever has less than nothing of any currency, after any completed event",
    )
    .of_simulation(books.subject.own.complete_history);
    for account in movements.all.chunk_by(|a, b| (a.user, a.currency) == (b.user, b.currency)) {
        // Unknown users are violations of the foreign keys.
        if !books.users.contains_key(&account[0].user) || !books.has_history(account[0].user) {
            continue;
        }
        let mut balance = 0i128;
        let overdrawn = account.chunk_by(|a, b| a.at == b.at).find(|moment| {
            balance =
                moment.iter().fold(balance, |sum, movement| sum.saturating_add(movement.units));
            balance < 0
        });
        rule.check(overdrawn.is_none(), || {
            let at = overdrawn.and_then(|moment| DateTime::from_timestamp_micros(moment[0].at));
            let at = at.map(|at| at.to_rfc3339()).unwrap_or_default();
            format!(
                "user {} {} at {at}",
                account[0].user, movements.currencies[account[0].currency]
            )
        });
    }
    rule
}
