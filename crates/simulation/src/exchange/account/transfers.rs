//! Deposits, withdrawals, card purchases and chargebacks.

use tidegauge_core::fees;

use crate::error::Result;
use crate::exchange::account::blockchain;
use crate::exchange::account::user_account::FIAT_SLOT;
use crate::exchange::account::user_state::{CARD_LIMIT, DOLLAR, TradeIntent, UserState, to_i64};
use crate::exchange::market::assets::{COINS, FIATS, code};
use crate::exchange::output::enum_values::{
    AssetKind, ChargebackReason, DepositMethod, Destination, LedgerAccount, LedgerEvent,
    PurchaseMethod, TransferStatus,
};
use crate::exchange::output::rows::{ChargebackRow, DepositRow, Purchase, WithdrawalRow};
use crate::exchange::population::device;
use crate::fees::withdrawal_fee;
use crate::rng::{RandomStream, StreamId};
use crate::units::{CENT, DAY, HOUR, MINUTE, ONE, divide, micros};

/// One unit of any asset, and one cent, in 10⁻⁸.
const UNIT: i64 = 100_000_000;
const FIAT_CENT: i64 = UNIT / 100;

/// Payment methods of card purchases, and their weights.
const METHODS: [(PurchaseMethod, u32); 3] =
    [(PurchaseMethod::Card, 2), (PurchaseMethod::ApplePay, 1), (PurchaseMethod::GooglePay, 1)];

/// Deposits at least `short`, in 10⁻⁸, ahead of a trade that lacks this balance.
pub(crate) fn deposit(
    state: &mut UserState<'_>,
    slot: usize,
    short: i64,
    intent: &TradeIntent,
) -> Result<()> {
    let more = i128::from(short) * i128::from(state.rng.between(100, 160)) / 100;
    let more = to_i64(more, state)?;
    let amount = match slot {
        // Fiat deposits are rounded up to multiples of ten.
        FIAT_SLOT => (more.max(short) + 10 * UNIT - 1) / (10 * UNIT) * (10 * UNIT),
        _ => more.max(short),
    };
    // The deposit completes before the order is placed, which happens in the last quarter.
    let between = intent.at - intent.from;
    let at = intent.from + state.rng.between(between / 4, between / 2);
    // Two thirds of the US dollar limit is within the limit in every currency.
    let by_bank = state.rng.chance(0.6) || amount / FIAT_CENT > CARD_LIMIT / 3 * 2;
    let (by, lead) = match (slot, by_bank) {
        (FIAT_SLOT, true) => (DepositMethod::Bank, 20.0 * HOUR as f64),
        (FIAT_SLOT, false) => (DepositMethod::Card, MINUTE as f64),
        _ => (DepositMethod::Blockchain, 40.0 * MINUTE as f64),
    };
    let checked_at = state.signup.checked_at;
    let created = (at - micros(state.rng.exponential(lead)) - 1).max(checked_at);
    if state.rng.chance(0.04) && slot == FIAT_SLOT {
        // A failed attempt may precede the successful deposit.
        let tried = created.saturating_sub(state.rng.between(MINUTE, HOUR)).max(checked_at);
        record_deposit(state, slot, amount, by, (tried, None), at)?;
    }
    let id = record_deposit(state, slot, amount, by, (created, Some(at)), at)?;
    let entries = [(LedgerAccount::User, slot, amount), (LedgerAccount::Outside, slot, -amount)];
    state.account.post(LedgerEvent::Deposit, id, at, &entries)
}

/// Writes a deposit row on the day of `at`, when the outcome is known. Returns the row's id.
fn record_deposit(
    state: &mut UserState<'_>,
    slot: usize,
    amount: i64,
    by: DepositMethod,
    (created_at, completed_at): (i64, Option<i64>),
    at: i64,
) -> Result<i64> {
    let id = state.account.next_id()?;
    if state.account.in_window(at) {
        let coin = COINS.get(slot);
        let confirmations = 6 + id % 30;
        let status =
            if completed_at.is_some() { TransferStatus::Completed } else { TransferStatus::Failed };
        let row = DepositRow {
            deposit_id: id,
            user_id: state.account.user(),
            deposit_type: coin.map_or(AssetKind::Fiat, |_| AssetKind::Crypto) as u8,
            currency: state.account.asset(slot),
            amount: amount.into(),
            payment_method: by as u8,
            status: status as u8,
            blockchain_confirmations: coin.map(|_| confirmations),
            created_at,
            completed_at,
            tx_hash: coin
                .map(|coin| blockchain::transaction_hash(&mut hash_stream(state, id), coin)),
        };
        state.account.rows.deposits.push(row);
    }
    Ok(id)
}

/// Creates the random stream of a transaction hash, which does not affect any other draw.
fn hash_stream(state: &UserState<'_>, id: i64) -> RandomStream {
    // An id is longer than an entity number, so the id goes into the seed.
    let seed = state.context.seed.wrapping_add(id.unsigned_abs());
    RandomStream::new(seed, StreamId::TransactionHash, state.signup.id.unsigned_abs())
}

/// Buys a coin by card without an order. Returns the time of the purchase.
pub(crate) fn purchase(
    state: &mut UserState<'_>,
    intent: &TradeIntent,
    coin: usize,
) -> Result<i64> {
    let TradeIntent { at, from, .. } = *intent;
    let usd = to_i64(i128::from(intent.cents) * CENT, state)?;
    let paid = (state.in_user_currency(usd, at)? / FIAT_CENT).max(1);
    let fee = to_i64(fees::purchase_fee(paid.into()), state)?;
    let bought = i128::from((paid - fee) * FIAT_CENT) * ONE;
    let bought = to_i64(divide(bought, state.price(coin, at)?.into()), state)?;
    let fee_usd = fees::purchase_fee(intent.cents.into());
    let method = *state.rng.pick(&METHODS);
    let tried = at - state.rng.between(1, ((at - from) / 2).clamp(2, HOUR));
    let fails = state.rng.chance(0.1) && tried > from;
    let chargeback = match (state.signup.ring, state.rng.unit()) {
        (Some(_), chance) if chance < 0.9 => Some((ChargebackReason::Fraud, 20, 45)),
        (None, chance) if chance < 0.002 && method == PurchaseMethod::Card => {
            Some((ChargebackReason::Dispute, 10, 60))
        }
        _ => None,
    };
    for (status, when) in [(TransferStatus::Failed, tried), (TransferStatus::Completed, at)] {
        if status == TransferStatus::Failed && !fails {
            continue;
        }
        let id = state.account.next_id()?;
        if state.account.in_window(when) {
            let card = (method == PurchaseMethod::Card).then(|| card(state, id));
            state.account.rows.purchases.push(Purchase {
                transaction_id: id,
                user_id: state.account.user(),
                fiat_currency: code(state.fiat),
                fiat_amount: paid.into(),
                crypto_token: code(coin),
                crypto_amount: bought.into(),
                payment_method: method as u8,
                country: code(state.signup.country),
                status: status as u8,
                fee_usd,
                created_at: when,
                card,
            });
        }
        if status == TransferStatus::Completed {
            let entries = [
                (LedgerAccount::User, coin, bought),
                (LedgerAccount::Exchange, coin, -bought),
                (LedgerAccount::Outside, FIAT_SLOT, -paid * FIAT_CENT),
                (LedgerAccount::Exchange, FIAT_SLOT, (paid - fee) * FIAT_CENT),
                (LedgerAccount::Fees, FIAT_SLOT, fee * FIAT_CENT),
            ];
            state.account.post(LedgerEvent::Ramp, id, when, &entries)?;
            if let Some((reason, min_days, max_days)) = chargeback {
                let then = at + state.rng.between(min_days * DAY, max_days * DAY);
                charge_back(state, id, paid, reason, then)?;
            }
        }
    }
    Ok(at)
}

/// Returns the card of a purchase: the user's own, or one of many stolen cards in a fraud ring.
fn card(state: &UserState<'_>, id: i64) -> String {
    let owner = match state.signup.ring {
        Some(_) => (1 << 40) + id.unsigned_abs() % 1_009,
        None => state.signup.id.unsigned_abs(),
    };
    device::card(&mut RandomStream::new(state.context.seed, StreamId::Card, owner))
}

/// Reverses a purchase by chargeback: the exchange refunds the payment and loses the coins.
fn charge_back(
    state: &mut UserState<'_>,
    purchase: i64,
    paid: i64,
    reason: ChargebackReason,
    at: i64,
) -> Result<()> {
    let id = state.account.next_id()?;
    if state.account.in_window(at) {
        state.account.rows.chargebacks.push(ChargebackRow {
            chargeback_id: id,
            transaction_id: purchase,
            user_id: state.account.user(),
            currency: code(state.fiat),
            amount: paid.into(),
            reason: reason as u8,
            created_at: at,
        });
    }
    let entries = [
        (LedgerAccount::Exchange, FIAT_SLOT, -paid * FIAT_CENT),
        (LedgerAccount::Outside, FIAT_SLOT, paid * FIAT_CENT),
    ];
    state.account.post(LedgerEvent::Chargeback, id, at, &entries)
}

/// Withdraws fiat, and occasionally coins, after a trade. Returns the time of the last event.
pub(crate) fn withdraw_after_trade(
    state: &mut UserState<'_>,
    coin: usize,
    ended_at: i64,
    to: i64,
) -> Result<i64> {
    let falls = state.context.clock.is_falling(ended_at);
    let withdraws_fiat = state.rng.chance(if falls { 0.5 } else { 0.25 });
    let share = state.rng.between(30, 101);
    let withdraws_coin = state.rng.chance(if falls { 0.1 } else { 0.05 });
    let fee = fee(FIATS[state.fiat]);
    let amount = state.account.balance(FIAT_SLOT) / (100 * UNIT) * share * UNIT - fee;
    let ended_at = match withdraws_fiat && amount >= 50 * UNIT {
        true => withdraw(state, FIAT_SLOT, amount, fee, ended_at, to)?,
        false => ended_at,
    };
    match withdraws_coin && state.coin_value(coin, ended_at)? > 100 * DOLLAR {
        true => withdraw_share(state, coin, share, ended_at, to),
        false => Ok(ended_at),
    }
}

/// Withdraws `share` percent of a coin's balance. Returns the time of the last event.
pub(crate) fn withdraw_share(
    state: &mut UserState<'_>,
    coin: usize,
    share: i64,
    ended_at: i64,
    to: i64,
) -> Result<i64> {
    let fee = fee(COINS[coin]);
    let amount = state.account.balance(coin) / 100 * share - fee;
    match amount > fee {
        true => withdraw(state, coin, amount, fee, ended_at, to),
        false => Ok(ended_at),
    }
}

/// Withdraws an amount in 10⁻⁸, unless too little time is left before `to`. Returns the time of the event.
fn withdraw(
    state: &mut UserState<'_>,
    slot: usize,
    amount: i64,
    fee: i64,
    ended_at: i64,
    to: i64,
) -> Result<i64> {
    let room = (to - ended_at) / 2;
    let at = ended_at + state.rng.between(1, room.max(2));
    if room < 4 {
        return Ok(ended_at);
    }
    let created = at - micros(state.rng.exponential(HOUR as f64)).min((at - ended_at) / 2);
    let cancelled = state.rng.chance(0.03);
    let id = state.account.next_id()?;
    if state.account.in_window(at) {
        let coin = COINS.get(slot).filter(|_| !cancelled);
        let is_coin = slot < FIAT_SLOT;
        let row = WithdrawalRow {
            withdrawal_id: id,
            user_id: state.account.user(),
            withdrawal_type: if is_coin { AssetKind::Crypto } else { AssetKind::Fiat } as u8,
            currency: state.account.asset(slot),
            amount: amount.into(),
            fee: fee.into(),
            destination_type: if is_coin { Destination::Wallet } else { Destination::Bank } as u8,
            tx_hash: coin
                .map(|coin| blockchain::transaction_hash(&mut hash_stream(state, id), coin)),
            status: if cancelled { TransferStatus::Cancelled } else { TransferStatus::Completed }
                as u8,
            created_at: created,
            completed_at: (!cancelled).then_some(at),
            address: COINS.get(slot).map(|coin| address(state, coin)),
        };
        state.account.rows.withdrawals.push(row);
    }
    if !cancelled {
        let entries = [
            (LedgerAccount::User, slot, -(amount + fee)),
            (LedgerAccount::Outside, slot, amount),
            (LedgerAccount::Fees, slot, fee),
        ];
        state.account.post(LedgerEvent::Withdrawal, id, at, &entries)?;
    }
    Ok(at)
}

/// Returns the withdrawal address of a coin: one wallet per user, and one per fraud ring.
fn address(state: &UserState<'_>, coin: &str) -> String {
    let owner = match state.signup.ring {
        Some(ring) => (1 << 47) + ring as u64,
        None => state.signup.id.unsigned_abs(),
    };
    blockchain::address(&mut RandomStream::new(state.context.seed, StreamId::Wallet, owner), coin)
}

/// Returns the withdrawal fee in 10⁻⁸ of the currency.
fn fee(currency: &str) -> i64 {
    i64::try_from(withdrawal_fee(currency)).unwrap_or(i64::MAX)
}
