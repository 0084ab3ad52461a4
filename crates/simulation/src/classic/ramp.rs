//! Ramp purchases of the `classic` preset: five hundred a day, with exact shares of statuses.

use chrono::NaiveDate;
use tidegauge_core::Fiat;
use tidegauge_core::tables::RampTransaction;

use super::people::{Person, id, shares};
use crate::Result;
use crate::draw::{Draws, Stream, Weighted};
use crate::market::Market;
use crate::world::{
    CENT, COINS, DAY, HOUR, MINUTE, ONE, RAMP_FEE, crypto, divide, midnight, time_of, to_cents,
    units,
};

/// Number of purchases per day.
pub(super) const A_DAY: usize = 500;

const METHODS: [(&str, u32); 4] =
    [("card", 50), ("bank_transfer", 25), ("apple_pay", 15), ("google_pay", 10)];

/// Maximum number of purchases per user and day.
const OFTEN: usize = 5;
/// Minimum time between two purchases of a user, in microseconds, across midnight as well.
const PAUSE: i64 = 5 * MINUTE;

/// Returns the purchases of a day in order of time; `number` counts days from the opening. Returns `None` if
/// too few users can buy.
///
/// # Errors
/// Returns an error if the market lacks a price or an exchange rate.
pub(super) fn day(
    seed: u64,
    day: NaiveDate,
    number: u64,
    people: &[Person],
    market: &Market,
) -> Result<Option<Vec<RampTransaction>>> {
    let mut draws = Draws::of(seed, Stream::Ramp, number);
    let windows: Vec<(i64, i64)> = people.iter().map(|person| window(person, day)).collect();
    let Some(counts) = share_out(&mut draws, people, &windows) else { return Ok(None) };
    let mut rows = Vec::with_capacity(A_DAY);
    for ((person, window), count) in people.iter().zip(windows).zip(counts) {
        for at in times(&mut draws, window, count) {
            rows.push(purchase(&mut draws, day, at, person, market)?);
        }
    }
    rows.sort_by_key(|row| row.created_at); // stable: equal times stay in the order of users
    // Only late purchases are still pending at the end of the day.
    let mut early = shares(&[("completed", 390), ("failed", 50)]);
    let mut late = shares(&[("completed", 35), ("pending", 25)]);
    draws.shuffle(&mut early);
    draws.shuffle(&mut late);
    let before = usize::try_from(number).unwrap_or(usize::MAX).saturating_mul(A_DAY);
    for (at, (row, status)) in rows.iter_mut().zip(early.into_iter().chain(late)).enumerate() {
        row.status = status.into();
        row.transaction_id = id(before.saturating_add(at));
    }
    Ok(Some(rows))
}

/// Returns the interval in which a user may buy on a day, in microseconds since 1970; empty for users who are
/// not active long enough.
fn window(person: &Person, day: NaiveDate) -> (i64, i64) {
    let (from, to) = (midnight(day), midnight(day) + DAY);
    match person.verified_at {
        Some(at) if person.lapses_at > from + DAY / 2 => {
            (at.max(from), person.lapses_at.min(to - PAUSE))
        }
        _ => (to, to),
    }
}

/// Draws the number of purchases of each user, in proportion to activity and a daily random factor.
fn share_out(draws: &mut Draws, people: &[Person], windows: &[(i64, i64)]) -> Option<Vec<usize>> {
    let most = |(from, to): &(i64, i64)| {
        let hours = usize::try_from((to - from).div_euclid(HOUR)).ok();
        hours.filter(|_| to > from).map_or(0, |hours| (hours + 1).min(OFTEN))
    };
    let most: Vec<usize> = windows.iter().map(most).collect();
    let mut weights: Vec<f64> = people
        .iter()
        .zip(&most)
        .map(|(person, most)| {
            let mood = person.activity * draws.exponential(1.0);
            if *most > 0 { mood } else { 0.0 }
        })
        .collect();
    let mut buyers = Weighted::new(weights.iter().copied());
    let mut counts = vec![0; people.len()];
    for _ in 0..A_DAY {
        let buyer = buyers.draw(draws)?;
        counts[buyer] += 1;
        if counts[buyer] == most[buyer] {
            weights[buyer] = 0.0;
            buyers = Weighted::new(weights.iter().copied());
        }
    }
    Some(counts)
}

/// Draws `count` sorted times of an interval, each at least [`PAUSE`] after the one before.
fn times(draws: &mut Draws, (from, to): (i64, i64), count: usize) -> Vec<i64> {
    let pauses = (0..count).map(|at| PAUSE * i64::try_from(at).unwrap_or_default());
    let last = pauses.clone().max().unwrap_or_default();
    let mut times: Vec<i64> = (0..count).map(|_| draws.between(from, to - last)).collect();
    times.sort_unstable();
    times.into_iter().zip(pauses).map(|(time, pause)| time + pause).collect()
}

/// Creates one purchase. Its id and status are set later.
fn purchase(
    draws: &mut Draws,
    day: NaiveDate,
    at: i64,
    person: &Person,
    market: &Market,
) -> Result<RampTransaction> {
    let coin = *draws.pick(&COINS);
    let method = *draws.pick(&METHODS);
    let size = draws.log_normal(70.0 * person.purse.sqrt(), 0.9).clamp(15.0, 5_000.0);
    let price = market.to_usd(ONE, person.currency, day)?;
    let paid = to_cents(units(size, CENT) * ONE / price);
    let fee = to_cents(divide(paid * RAMP_FEE, 10_000));
    let fee_usd = divide(divide(paid * price, ONE) * RAMP_FEE, 10_000);
    let bought = (paid - fee) * ONE / market.price(coin, person.currency, at)?;
    Ok(RampTransaction {
        transaction_id: 0,
        user_id: person.row.user_id,
        fiat_currency: person.currency.into(),
        fiat_amount: Fiat::from_units(paid / CENT),
        crypto_token: Some(coin.into()),
        crypto_amount: Some(crypto(bought)),
        payment_method: Some(method.into()),
        country: person.row.country.clone(),
        status: String::new(), // once the order of all is known
        fee_usd: Some(Fiat::from_units(divide(fee_usd, CENT))),
        created_at: time_of(at),
        card: None,
        external_id: None,
        external_user_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_buys_again_before_a_pause() {
        let mut draws = Draws::of(1, Stream::Ramp, 0);
        for hours in 4..24 {
            let times = times(&mut draws, (0, hours * HOUR), OFTEN);
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= PAUSE), "{times:?}");
            assert!(times[0] >= 0 && times[OFTEN - 1] < hours * HOUR, "{times:?}");
        }
        assert!(times(&mut draws, (5, 5), 0).is_empty());
    }
}
