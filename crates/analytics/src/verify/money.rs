//! Amounts follow from prices, and fees from the schedule. Exact arithmetic on whole units.

use super::RuleResult;
use super::books::{Books, Ramp, Trades};
use crate::facts::Usd;
use crate::frames::DAY;

/// One, in units of 8 places.
pub(super) const ONE: i128 = 100_000_000;
/// Half a cent and the last of 8 places: how far a fiat amount may lie from the exact product.
const HALF_A_CENT: i128 = ONE / 200 + 1;
/// The fee of a maker and of a taker, in hundredths of a percent of the quote amount.
pub(super) const MAKER: i128 = 25;
const TAKER: i128 = 40;
/// The whole, in hundredths of a percent.
pub(super) const WHOLE: i128 = 10_000;
/// The ramp's fee, of the amount in US dollars.
const RAMP: f64 = 0.015;

pub(super) fn rules(books: &Books<'_>, usd: &Usd) -> [RuleResult; 3] {
    let [quote, fees] = trades(&books.trades);
    [quote, fees, ramp(&books.ramp, usd)]
}

fn trades(trades: &Trades<'_>) -> [RuleResult; 2] {
    let mut quote = RuleResult::new(
        "quote_amount_is_price_times_base",
        "quote_amount is price times base_amount, rounded to the cent",
    );
    let mut fees = RuleResult::new(
        "trade_fees_follow_schedule",
        "the fee is 0.25 % of the quote amount for makers and 0.40 % for takers, within half a cent",
    );
    for (row, id) in trades.id.iter().enumerate() {
        let key = || format!("trades {id}");
        let (price, paid) = (trades.price[row], trades.quote_amount[row]);
        quote.check(near(price.checked_mul(trades.base_amount[row]), paid, ONE), key);

        let share = if trades.is_maker.get(row) == Some(true) { MAKER } else { TAKER };
        let due = paid.checked_mul(share);
        let fee = trades.fee[row];
        if trades.fee_currency.get(row) == trades.quote.get(row) {
            fees.check(near(due, fee, WHOLE), key);
        } else if trades.fee_currency.get(row) == trades.base.get(row) {
            // Taken in coins: worth the same at the trade's price, but for the coins' last place.
            let worth = fee.checked_mul(price).map(|worth| worth / ONE);
            fees.check(worth.is_some_and(|worth| near(due, worth, WHOLE)), key);
        }
    }
    [quote, fees]
}

/// Whether `exact / scale` is `amount`, within half a cent. What overflows is near nothing.
fn near(exact: Option<i128>, amount: i128, scale: i128) -> bool {
    let off = exact.zip(amount.checked_mul(scale)).map(|(exact, amount)| (exact - amount).abs());
    off.is_some_and(|off| off <= HALF_A_CENT * scale)
}

fn ramp(ramp: &Ramp<'_>, usd: &Usd) -> RuleResult {
    let mut rule = RuleResult::new(
        "ramp_fees_follow_schedule",
        "the fee of a completed purchase is 1.5 % of the amount in US dollars, within one cent",
    );
    for (row, id) in ramp.id.iter().enumerate() {
        if ramp.status.get(row) != "completed" {
            continue;
        }
        // Without a rate there is no telling.
        if let Ok(worth) = usd.of(ramp.fiat.get(row), ramp.at[row].div_euclid(DAY)) {
            let due = RAMP * worth * ramp.fiat_amount[row] as f64;
            let off = (ramp.fee_usd[row] as f64 - due).abs();
            rule.check(off <= 1.0 + 1e-6, || format!("ramp_transactions {id}"));
        }
    }
    rule
}
