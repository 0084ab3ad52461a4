//! Simulation of one user from signup to churn, a deterministic function of the seed and the user's number.
//!
//! All events that a trade causes, including deposits before and withdrawals after it, happen on the day of
//! the trade. A day can therefore be simulated without the next day's market.

use crate::error::Result;
use crate::exchange::account::user_account::UserAccount;
use crate::exchange::account::user_state::{
    CARD_LIMIT, TradeIntent, TrailingVolume, UserState, cents,
};
use crate::exchange::account::{orders, transfers};
use crate::exchange::context::SimulationContext;
use crate::exchange::output::snapshot;
use crate::exchange::population::signup::Signup;
use crate::rng::{RandomStream, StreamId};
use crate::units::DAY;

/// Probability that a trade is a card purchase without an order.
pub(crate) const CARD_PURCHASE_SHARE: f64 = 0.13;

/// Simulates a user and appends the rows to `account`. `rng` is the random stream of the coming trades.
///
/// # Errors
/// Returns an error if an amount, an id or a balance leaves its range.
pub(crate) fn simulate(
    context: &SimulationContext,
    signup: Signup,
    rng: RandomStream,
    account: &mut UserAccount,
) -> Result<()> {
    if signup.at >= account.window.end {
        return Ok(());
    }
    let fiat = signup.fiat();
    account.reset(signup.id, fiat);
    let (started, window) = (signup.started, account.window.clone());
    if window.contains(&signup.at) {
        snapshot::write_truth(&signup, account);
    }
    let none = RandomStream::new(context.seed, StreamId::Activity, 0);
    let trailing_volume = TrailingVolume::default();
    let (volume, last) = ([0; 2], [None; 2]);
    let mut state =
        UserState { context, account, signup, fiat, rng: none, volume, last, trailing_volume };
    if let Some(at) = started {
        trade_until_churn(&mut state, rng, at)?;
    }
    snapshot::write_user(&mut state);
    Ok(())
}

/// Executes trades from `at` on until the user churns or the window ends.
fn trade_until_churn(state: &mut UserState<'_>, mut rng: RandomStream, mut at: i64) -> Result<()> {
    let (context, end) = (state.context, state.account.window.end);
    let customer = state.signup.customer;
    // End of the previous trade's events: deposits and withdrawals of this trade come after it.
    let mut from = state.signup.checked_at;
    for number in 1..=customer.lifetime_trades {
        if at >= end {
            return Ok(());
        }
        let wait = rng.exponential(DAY as f64 / customer.rate);
        let next = context.clock.after(state.signup.country, at, wait);
        let cents = cents(customer.value(&mut rng));
        // A separate stream per trade: its draws must not shift those of later trades.
        state.rng = RandomStream::new(rng.bits(), StreamId::Activity, number.unsigned_abs());
        let midnight = at - at.rem_euclid(DAY);
        let intent =
            TradeIntent { cents, at, from: from.max(midnight), to: next.min(midnight + DAY) };
        from = execute(state, &intent)?;
        at = next;
    }
    Ok(())
}

/// Executes one trade or card purchase. Returns the time of its last event.
fn execute(state: &mut UserState<'_>, intent: &TradeIntent) -> Result<i64> {
    let coin = draw_coin(&mut state.rng);
    let ended_at = if state.signup.ring.is_some() {
        let ended_at = transfers::purchase(state, intent, coin)?;
        transfers::withdraw_share(state, coin, 100, ended_at, intent.to)?
    } else {
        let buys = state.rng.chance(CARD_PURCHASE_SHARE) && intent.cents <= CARD_LIMIT;
        let ended_at = match buys {
            true => transfers::purchase(state, intent, coin)?,
            false => orders::trade(state, intent, coin)?,
        };
        transfers::withdraw_after_trade(state, coin, ended_at, intent.to)?
    };
    state.volume[1] += intent.cents;
    state.last[1] = Some(intent.at);
    if intent.at < state.account.window.start {
        (state.volume[0], state.last[0]) = (state.volume[1], state.last[1]);
    }
    Ok(ended_at)
}

/// Draws a coin; returns its index in `COINS`.
fn draw_coin(rng: &mut RandomStream) -> usize {
    let at = rng.unit();
    [0.45, 0.75, 0.9].iter().filter(|below| at >= **below).count()
}
