//! What a user has, and what of it is spoken for.

use crate::world::COINS;

/// A user's balances in 10⁻⁸, and what is held of them for orders and withdrawals on their way.
#[derive(Debug)]
pub(super) struct Wallet {
    /// The fiat currency first, then the coins.
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
    pub(super) fn new(fiat: &'static str) -> Self {
        let [a, b, c, d] = COINS.map(|(coin, _)| (coin, 0));
        Self { balances: [(fiat, 0), a, b, c, d], holds: Vec::new() }
    }

    pub(super) fn add(&mut self, currency: &str, amount: i128) {
        for (name, balance) in &mut self.balances {
            if *name == currency {
                *balance += amount;
            }
        }
    }

    /// Keeps an amount from being spent until a moment.
    pub(super) fn hold(&mut self, currency: &'static str, amount: i128, until: i64) {
        self.holds.push(Hold { currency, amount, until });
    }

    /// Gives back what was held until now or before.
    pub(super) fn release(&mut self, now: i64) {
        self.holds.retain(|hold| hold.until > now);
    }

    fn held(&self, currency: &str) -> i128 {
        let holds = self.holds.iter().filter(|hold| hold.currency == currency);
        holds.map(|hold| hold.amount).sum()
    }

    /// What can be spent or withdrawn.
    pub(super) fn free(&self) -> [(&'static str, i128); 5] {
        self.balances.map(|(currency, balance)| (currency, balance - self.held(currency)))
    }

    /// What can well be tied up in an order that waits: as long as no more than half of a balance
    /// is held, the user can go on.
    pub(super) fn spare(&self) -> [(&'static str, i128); 5] {
        let spare = |balance: i128, currency| (balance / 2 - self.held(currency)).max(0);
        self.balances.map(|(currency, balance)| (currency, spare(balance, currency)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_neither_free_nor_spare() {
        let mut wallet = Wallet::new("USD");
        wallet.add("USD", 100);
        wallet.hold("USD", 30, 5);
        assert_eq!((wallet.free()[0], wallet.spare()[0]), (("USD", 70), ("USD", 20)));
        wallet.hold("USD", 40, 6);
        assert_eq!((wallet.free()[0], wallet.spare()[0]), (("USD", 30), ("USD", 0)));
        wallet.release(5);
        assert_eq!((wallet.free()[0], wallet.spare()[0]), (("USD", 60), ("USD", 10)));
    }
}
