//! A user's balances and holds.

use crate::classic::parameters::COINS;

/// A user's balances in 10⁻⁸, and the holds on them for resting orders and pending withdrawals.
#[derive(Debug)]
pub(super) struct Wallet {
    /// The fiat currency, followed by the coins.
    balances: [(&'static str, i128); 5],
    holds: Vec<Hold>,
}

#[derive(Debug)]
struct Hold {
    currency: &'static str,
    amount: i128,
    until: i64,
}

impl Wallet {
    /// Creates an empty wallet.
    pub(super) fn new(fiat: &'static str) -> Self {
        let [a, b, c, d] = COINS.map(|(coin, _)| (coin, 0));
        Self { balances: [(fiat, 0), a, b, c, d], holds: Vec::new() }
    }

    /// Adds an amount, which may be negative, to a balance.
    pub(super) fn add(&mut self, currency: &str, amount: i128) {
        for (name, balance) in &mut self.balances {
            if *name == currency {
                *balance += amount;
            }
        }
    }

    /// Places a hold on an amount until a moment.
    pub(super) fn hold(&mut self, currency: &'static str, amount: i128, until: i64) {
        self.holds.push(Hold { currency, amount, until });
    }

    /// Releases the holds that end at `now` or before.
    pub(super) fn release(&mut self, now: i64) {
        self.holds.retain(|hold| hold.until > now);
    }

    /// Returns the sum of the holds on a currency.
    fn held(&self, currency: &str) -> i128 {
        let holds = self.holds.iter().filter(|hold| hold.currency == currency);
        holds.map(|hold| hold.amount).sum()
    }

    /// Returns the balances without holds, which can be spent or withdrawn.
    pub(super) fn available(&self) -> [(&'static str, i128); 5] {
        self.balances.map(|(currency, balance)| (currency, balance - self.held(currency)))
    }

    /// Returns the amounts that a resting order may use: at most half of a balance is ever held by such
    /// orders.
    pub(super) fn spare(&self) -> [(&'static str, i128); 5] {
        let spare = |balance: i128, currency| (balance / 2 - self.held(currency)).max(0);
        self.balances.map(|(currency, balance)| (currency, spare(balance, currency)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_reduce_available_and_spare_balances() {
        let mut wallet = Wallet::new("USD");
        wallet.add("USD", 100);
        wallet.hold("USD", 30, 5);
        assert_eq!((wallet.available()[0], wallet.spare()[0]), (("USD", 70), ("USD", 20)));
        wallet.hold("USD", 40, 6);
        assert_eq!((wallet.available()[0], wallet.spare()[0]), (("USD", 30), ("USD", 0)));
        wallet.release(5);
        assert_eq!((wallet.available()[0], wallet.spare()[0]), (("USD", 60), ("USD", 10)));
    }
}
