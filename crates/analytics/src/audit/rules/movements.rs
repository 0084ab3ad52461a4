//! Movements: changes of users' balances by completed events.

use std::collections::HashMap;

use crate::audit::records::{Records, Transfers};

/// A change of a user's balance in a currency at an instant, in units of amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Movement {
    pub(crate) user: i64,
    pub(crate) currency: usize,
    pub(crate) at: i64,
    pub(crate) units: i128,
}

/// All movements, by user, currency and time.
#[derive(Default)]
pub(crate) struct Movements<'f> {
    pub(crate) all: Vec<Movement>,
    currencies: Vec<&'f str>,
    ids: HashMap<&'f str, usize>,
}

impl<'f> Movements<'f> {
    /// Returns the id of a currency, which is added if it is new.
    pub(crate) fn currency_id(&mut self, currency: &'f str) -> usize {
        let next = self.currencies.len();
        *self.ids.entry(currency).or_insert_with(|| {
            self.currencies.push(currency);
            next
        })
    }

    /// Returns the code of a currency.
    pub(crate) fn currency(&self, id: usize) -> &'f str {
        self.currencies.get(id).copied().unwrap_or_default()
    }

    fn push(&mut self, user: i64, currency: &'f str, at: i64, units: i128) {
        let currency = self.currency_id(currency);
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

    /// Returns the completed movements of all records.
    pub(crate) fn from_records(records: &Records<'f>) -> Self {
        let mut movements = Self::default();
        movements.transfers(&records.deposits, 1);
        movements.transfers(&records.withdrawals, -1);
        let trades = &records.trades;
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
        let ramp = &records.ramp;
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
