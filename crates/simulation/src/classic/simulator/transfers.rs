//! Deposits and withdrawals.

use tidegauge_core::tables::{Deposit, Withdrawal};

use super::user_simulation::{LOT, UserSimulation};
use crate::classic::parameters::COINS;
use crate::error::{Error, Result};
use crate::fees::withdrawal_fee;
use crate::units::{
    self, Amount, CENT, DAY, HOUR, MINUTE, ONE, day_of, micros, time_of, to_cents, units,
};

/// Longest time that a withdrawal or bank transfer may be pending, in microseconds.
pub(super) const MAX_PENDING: i64 = 3 * DAY;
/// Largest card payment, in 10⁻⁸ US dollars.
const CARD_LIMIT: i128 = 5_000 * ONE;
/// Fiat deposits are multiples of ten, in 10⁻⁸.
const TEN: i128 = 10 * ONE;

/// A deposit method: its name, its minimum and maximum duration, and the longest time it may be pending, in
/// microseconds.
struct DepositMethod {
    name: &'static str,
    duration: (i64, i64),
    pending: i64,
}

const BLOCKCHAIN: DepositMethod =
    DepositMethod { name: "blockchain", duration: (10 * MINUTE, HOUR), pending: 3 * HOUR };
const CARD: DepositMethod =
    DepositMethod { name: "card", duration: (MINUTE, 5 * MINUTE), pending: 6 * HOUR };
const BANK: DepositMethod =
    DepositMethod { name: "bank_transfer", duration: (2 * HOUR, 20 * HOUR), pending: MAX_PENDING };

impl UserSimulation<'_> {
    /// Creates a deposit that starts within a time range, or shortly before the end if it is pending.
    ///
    /// # Errors
    /// Returns an error if the market lacks a price or an exchange rate.
    pub(super) fn deposit(
        &mut self,
        status: &str,
        (from, to): (i64, i64),
        longest: i64,
    ) -> Result<Deposit> {
        let value = self.rng.log_normal(700.0 * self.user.size_factor, 1.0).clamp(200.0, 100_000.0);
        let dollars = units(value, CENT);
        let pending = status == "pending";
        // Card payments and blockchain transfers settle quickly, so pending deposits are mostly bank
        // transfers.
        let crypto = self.rng.chance(if pending { 0.1 } else { 0.2 });
        let bank = self.rng.chance(if pending { 0.9 } else { 0.6 }) || dollars > CARD_LIMIT;
        let method = match (crypto, bank) {
            (true, _) => BLOCKCHAIN,
            (_, true) => BANK,
            _ => CARD,
        };
        let created = if pending {
            self.rng.between((self.end - method.pending).max(from), self.end - MINUTE)
        } else {
            self.rng.between(from, to)
        };
        let delay = self.rng.between(method.duration.0, method.duration.1);
        let (currency, amount) = if crypto {
            let coin = *self.rng.pick(&COINS);
            (coin, dollars * ONE / self.market.price(coin, "USD", created)? / LOT * LOT)
        } else {
            let currency = self.user.currency;
            let price = self.market.to_usd(ONE, currency, day_of(created))?;
            (currency, dollars * ONE / price / TEN * TEN)
        };
        let completed = status == "completed";
        let confirmations = self.rng.between(0, 3) + if completed { 6 } else { 0 };
        Ok(Deposit {
            deposit_id: 0,
            user_id: self.user.row.user_id,
            deposit_type: if crypto { "crypto" } else { "fiat" }.into(),
            currency: currency.into(),
            amount: units::crypto(amount),
            payment_method: method.name.into(),
            status: status.into(),
            blockchain_confirmations: crypto.then_some(confirmations),
            created_at: time_of(created),
            completed_at: completed.then(|| time_of(created + delay.min(longest - 1).max(0))),
            tx_hash: None,
            external_id: None,
            external_user_id: None,
        })
    }

    /// Books a completed deposit.
    pub(super) fn credit(&mut self, deposit: &Deposit) {
        self.wallet.add(&deposit.currency, units::from_crypto(deposit.amount));
        self.rows.deposits.push(deposit.clone());
    }

    /// Books a withdrawal.
    ///
    /// # Errors
    /// Returns [`Error::Infeasible`] if no balance is large enough.
    pub(super) fn withdraw(&mut self, at: i64, status: &str) -> Result<()> {
        let holding = self.holding(at, self.wallet.available())?;
        let currency = holding.currency;
        let fiat = currency == self.user.currency;
        let fee = withdrawal_fee(currency);
        let spare = holding.amount - fee;
        // The amount must be large compared to the fee.
        let share = self.rng.uniform(0.05, 0.25).max((20.0 / holding.worth).min(0.5));
        let drawn = units(Amount::from_units(spare.max(0)).to_f64() * share, 1);
        let amount = if fiat { to_cents(drawn).max(CENT) } else { (drawn / LOT * LOT).max(LOT) };
        if spare < amount {
            return Err(Error::Infeasible { user: self.user.row.user_id, what: "withdraw" });
        }
        let completed = status == "completed";
        match status {
            "completed" => self.wallet.add(currency, -amount - fee),
            "pending" => self.wallet.hold(currency, amount + fee, i64::MAX),
            _ => {}
        }
        let longest = if fiat { 24 * HOUR } else { HOUR };
        let delay = micros(self.rng.uniform(0.1, 1.0) * longest as f64);
        let hash = [(); 4].map(|()| format!("{:016x}", self.rng.bits())).concat();
        let prefix = if currency == "BTC" { "" } else { "0x" };
        self.rows.withdrawals.push(Withdrawal {
            withdrawal_id: 0,
            user_id: self.user.row.user_id,
            withdrawal_type: if fiat { "fiat" } else { "crypto" }.into(),
            currency: currency.into(),
            amount: units::crypto(amount),
            fee: units::crypto(fee),
            destination_type: if fiat { "bank_account" } else { "wallet" }.into(),
            tx_hash: (completed && !fiat).then(|| format!("{prefix}{hash}")),
            status: status.into(),
            created_at: time_of(at),
            completed_at: completed.then(|| time_of(at + delay.min((self.end - at) / 2))),
            address: None,
            external_id: None,
            external_user_id: None,
        });
        Ok(())
    }
}
