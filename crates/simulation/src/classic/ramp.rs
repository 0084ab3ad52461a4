//! Ramp purchases: five hundred a day, in exact shares.

use chrono::NaiveDate;
use tidegauge_core::tables::RampTransaction;
use tidegauge_core::{Crypto, Fiat};

use super::people::{Person, id, shares};
use crate::Result;
use crate::draw::{Draws, Stream, Weighted};
use crate::market::Market;
use crate::world::{CENT, COINS, DAY, ONE, RAMP_FEE, divide, midnight, time_of, to_cents, units};

/// Purchases a day.
pub(super) const A_DAY: usize = 500;

const METHODS: [(&str, u32); 4] =
    [("card", 50), ("bank_transfer", 25), ("apple_pay", 15), ("google_pay", 10)];

/// The purchases of a day, the `number`th from the opening, in the order of time; `None` if
/// nobody is there to buy.
pub(super) fn day(
    seed: u64,
    day: NaiveDate,
    number: u64,
    people: &[Person],
    market: &Market,
) -> Result<Option<Vec<RampTransaction>>> {
    let mut draws = Draws::of(seed, Stream::Ramp, number);
    let (from, to) = (midnight(day), midnight(day) + DAY);
    // There for part of the day at least.
    let present = |person: &Person| {
        person.verified_at.is_some_and(|at| at < to - 1) && person.lapses_at > from + DAY / 2
    };
    let buyers = Weighted::new(
        people.iter().map(|person| if present(person) { person.activity } else { 0.0 }),
    );
    let mut statuses = shares(&[("completed", 425), ("failed", 50), ("pending", 25)]);
    draws.shuffle(&mut statuses);
    let mut rows = Vec::with_capacity(A_DAY);
    for status in statuses {
        let Some(buyer) = buyers.draw(&mut draws) else { return Ok(None) };
        let person = &people[buyer];
        let since = person.verified_at.unwrap_or(from).max(from);
        let at = draws.between(since, to.min(person.lapses_at));
        let coin = *draws.pick(&COINS);
        let method = *draws.pick(&METHODS);
        let size = draws.log_normal(70.0 * person.purse.sqrt(), 0.9).clamp(15.0, 5_000.0);
        let price = market.to_usd(ONE, person.currency, day)?;
        let paid = to_cents(units(size, CENT) * ONE / price);
        let fee = to_cents(divide(paid * RAMP_FEE, 10_000));
        let fee_usd = divide(divide(paid * price, ONE) * RAMP_FEE, 10_000);
        let bought = (paid - fee) * ONE / market.price(coin, person.currency, at)?;
        rows.push(RampTransaction {
            transaction_id: 0,
            user_id: person.row.user_id,
            fiat_currency: person.currency.into(),
            fiat_amount: Fiat::from_units(paid / CENT),
            crypto_token: coin.into(),
            crypto_amount: Crypto::from_units(bought),
            payment_method: method.into(),
            country: person.row.country.clone(),
            status: status.into(),
            fee_usd: Fiat::from_units(divide(fee_usd, CENT)),
            created_at: time_of(at),
        });
    }
    rows.sort_by_key(|row| row.created_at);
    let before = usize::try_from(number).unwrap_or(usize::MAX).saturating_mul(A_DAY);
    for (at, row) in rows.iter_mut().enumerate() {
        row.transaction_id = id(before.saturating_add(at));
    }
    Ok(Some(rows))
}
