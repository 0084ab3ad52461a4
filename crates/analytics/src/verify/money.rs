//! The rules of amounts: they follow from prices, and the ramp's fee from the amount. The
//! arithmetic is exact, on integer units.

use tidegauge_core::{Crypto, multiply_divide_floor};

use super::RuleResult;
use super::books::Books;
use crate::facts::Usd;
use crate::frames::DAY;

/// One, in units of amounts and prices.
pub(super) const ONE: i128 = Crypto::ONE;
/// The last of the 8 decimal places of the simulation.
const PLACE: i128 = ONE / 100_000_000;
/// Half a cent and the last of 8 places: the tolerance of a fiat amount around the exact product.
pub(super) const HALF_A_CENT: i128 = ONE / 200 + PLACE;
/// The fee rate of the ramp, relative to the amount in US dollars.
const RAMP: f64 = 0.015;

pub(super) fn quotes(books: &Books<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "quote_amount_is_price_times_base",
        "quote_amount is price times base_amount, rounded to the cent; of a user's own trades within a thousandth",
    );
    let trades = &books.trades;
    for (row, id) in trades.id.iter().enumerate() {
        let known = trades.price.get(row).zip(trades.base_amount.get(row));
        let Some((price, base)) = known else { continue };
        let paid = trades.quote_amount[row];
        // In other data the price of a trade may be a rounded average.
        let is_own = !books.is_simulated("trades", *id, trades.user[row]);
        let is_close = is_own && is_within(price, base, paid, ONE, paid.abs() / 1_000);
        rule.check(is_close || near(price, base, paid, ONE), || format!("trades {id}"));
    }
    rule
}

/// Returns `true` if `x × y ÷ scale` is `amount`, within half a cent.
pub(super) fn near(x: i128, y: i128, amount: i128, scale: i128) -> bool {
    is_within(x, y, amount, scale, HALF_A_CENT)
}

/// Returns `true` if `x × y ÷ scale` is within `reach` of `amount`; `false` if the product is too
/// large for an amount.
fn is_within(x: i128, y: i128, amount: i128, scale: i128, reach: i128) -> bool {
    multiply_divide_floor(x, y, scale).is_some_and(|(whole, rest)| {
        // The product lies between this and the next integer.
        let off = whole.saturating_sub(amount);
        off >= -reach && (off < reach || (off == reach && rest == 0))
    })
}

pub(super) fn ramp(books: &Books<'_>, usd: &Usd) -> RuleResult {
    let rule = RuleResult::new(
        "ramp_fees_follow_schedule",
        "the fee of a completed purchase is 1.5 %, or what the configuration says of a user's own, of the amount in US dollars, within one cent",
    );
    let own = books.subject.own.ramp_fee;
    let mut rule = rule.of_simulation(own.is_some());
    let ramp = &books.ramp;
    for (row, id) in ramp.id.iter().enumerate() {
        if ramp.status.get(row) != "completed" {
            continue;
        }
        let simulated = books.is_simulated("ramp_transactions", *id, ramp.user[row]);
        let Some(share) = (if simulated { Some(RAMP) } else { own }) else { continue };
        let Some(fee) = ramp.fee_usd.get(row) else { continue };
        // Without an exchange rate the rule cannot be checked.
        if let Ok(worth) = usd.of(ramp.fiat.get(row), ramp.at[row].div_euclid(DAY)) {
            let due = share * worth * ramp.fiat_amount[row] as f64;
            let off = (fee as f64 - due).abs();
            rule.check(off <= 1.0 + 1e-6, || format!("ramp_transactions {id}"));
        }
    }
    rule
}
