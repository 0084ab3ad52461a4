//! Ramp purchases of the `classic` preset: five hundred a day, with exact shares of statuses.

use chrono::NaiveDate;
use tidegauge_core::Fiat;
use tidegauge_core::tables::RampTransaction;

use super::population::{SimulatedUser, repeat_names, row_id};
use crate::classic::market::Market;
use crate::classic::parameters::COINS;
use crate::error::Result;
use crate::fees::RAMP_FEE;
use crate::rng::{RandomStream, StreamId, Weighted};
use crate::units::{
    CENT, DAY, HOUR, MINUTE, ONE, crypto, divide, midnight, time_of, to_cents, units,
};

/// Number of purchases per day.
pub(super) const PURCHASES_PER_DAY: usize = 500;

const METHODS: [(&str, u32); 4] =
    [("card", 50), ("bank_transfer", 25), ("apple_pay", 15), ("google_pay", 10)];

/// Maximum number of purchases per user and day.
const MAX_PER_USER: usize = 5;
/// Minimum time between two purchases of a user, in microseconds, across midnight as well.
const MIN_INTERVAL: i64 = 5 * MINUTE;

/// Returns the purchases of a day in order of time; `number` counts days from the opening. Returns `None` if
/// too few users can buy.
///
/// # Errors
/// Returns an error if the market lacks a price or an exchange rate.
pub(super) fn purchases_of_day(
    seed: u64,
    day: NaiveDate,
    number: u64,
    users: &[SimulatedUser],
    market: &Market,
) -> Result<Option<Vec<RampTransaction>>> {
    let mut rng = RandomStream::new(seed, StreamId::Ramp, number);
    let windows: Vec<(i64, i64)> = users.iter().map(|user| window(user, day)).collect();
    let Some(counts) = allocate_purchases(&mut rng, users, &windows) else { return Ok(None) };
    let mut rows = Vec::with_capacity(PURCHASES_PER_DAY);
    for ((user, window), count) in users.iter().zip(windows).zip(counts) {
        for at in draw_times(&mut rng, window, count) {
            rows.push(purchase(&mut rng, day, at, user, market)?);
        }
    }
    rows.sort_by_key(|row| row.created_at); // stable: equal times stay in the order of users
    // Only late purchases are still pending at the end of the day.
    let mut early = repeat_names(&[("completed", 390), ("failed", 50)]);
    let mut late = repeat_names(&[("completed", 35), ("pending", 25)]);
    rng.shuffle(&mut early);
    rng.shuffle(&mut late);
    let before = usize::try_from(number).unwrap_or(usize::MAX).saturating_mul(PURCHASES_PER_DAY);
    for (at, (row, status)) in rows.iter_mut().zip(early.into_iter().chain(late)).enumerate() {
        row.status = status.into();
        row.transaction_id = row_id(before.saturating_add(at));
    }
    Ok(Some(rows))
}

/// Returns the interval in which a user may buy on a day, in microseconds since 1970; empty for users who are
/// not active long enough.
fn window(user: &SimulatedUser, day: NaiveDate) -> (i64, i64) {
    let (from, to) = (midnight(day), midnight(day) + DAY);
    match user.verified_at {
        Some(at) if user.churned_at > from + DAY / 2 => {
            (at.max(from), user.churned_at.min(to - MIN_INTERVAL))
        }
        _ => (to, to),
    }
}

/// Draws the number of purchases of each user, in proportion to activity and a daily random factor.
fn allocate_purchases(
    rng: &mut RandomStream,
    users: &[SimulatedUser],
    windows: &[(i64, i64)],
) -> Option<Vec<usize>> {
    let limit = |(from, to): &(i64, i64)| {
        let hours = usize::try_from((to - from).div_euclid(HOUR)).ok();
        hours.filter(|_| to > from).map_or(0, |hours| (hours + 1).min(MAX_PER_USER))
    };
    let limit: Vec<usize> = windows.iter().map(limit).collect();
    let mut weights: Vec<f64> = users
        .iter()
        .zip(&limit)
        .map(|(user, limit)| {
            let weight = user.activity * rng.exponential(1.0);
            if *limit > 0 { weight } else { 0.0 }
        })
        .collect();
    let mut buyers = Weighted::new(weights.iter().copied());
    let mut counts = vec![0; users.len()];
    for _ in 0..PURCHASES_PER_DAY {
        let buyer = buyers.draw(rng)?;
        counts[buyer] += 1;
        if counts[buyer] == limit[buyer] {
            weights[buyer] = 0.0;
            buyers = Weighted::new(weights.iter().copied());
        }
    }
    Some(counts)
}

/// Draws `count` sorted times of an interval, each at least [`MIN_INTERVAL`] after the one before.
fn draw_times(rng: &mut RandomStream, (from, to): (i64, i64), count: usize) -> Vec<i64> {
    let offsets = (0..count).map(|at| MIN_INTERVAL * i64::try_from(at).unwrap_or_default());
    let last = offsets.clone().max().unwrap_or_default();
    let mut times: Vec<i64> = (0..count).map(|_| rng.between(from, to - last)).collect();
    times.sort_unstable();
    times.into_iter().zip(offsets).map(|(time, offset)| time + offset).collect()
}

/// Creates one purchase. Its id and status are set later.
fn purchase(
    rng: &mut RandomStream,
    day: NaiveDate,
    at: i64,
    user: &SimulatedUser,
    market: &Market,
) -> Result<RampTransaction> {
    let coin = *rng.pick(&COINS);
    let method = *rng.pick(&METHODS);
    let size = rng.log_normal(70.0 * user.size_factor.sqrt(), 0.9).clamp(15.0, 5_000.0);
    let price = market.to_usd(ONE, user.currency, day)?;
    let paid = to_cents(units(size, CENT) * ONE / price);
    let fee = to_cents(divide(paid * RAMP_FEE, 10_000));
    let fee_usd = divide(divide(paid * price, ONE) * RAMP_FEE, 10_000);
    let bought = (paid - fee) * ONE / market.price(coin, user.currency, at)?;
    Ok(RampTransaction {
        transaction_id: 0,
        user_id: user.row.user_id,
        fiat_currency: user.currency.into(),
        fiat_amount: Fiat::from_units(paid / CENT),
        crypto_token: Some(coin.into()),
        crypto_amount: Some(crypto(bought)),
        payment_method: Some(method.into()),
        country: user.row.country.clone(),
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
    fn purchases_of_a_user_keep_the_minimum_interval() {
        let mut rng = RandomStream::new(1, StreamId::Ramp, 0);
        for hours in 4..24 {
            let times = draw_times(&mut rng, (0, hours * HOUR), MAX_PER_USER);
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= MIN_INTERVAL), "{times:?}");
            assert!(times[0] >= 0 && times[MAX_PER_USER - 1] < hours * HOUR, "{times:?}");
        }
        assert!(draw_times(&mut rng, (5, 5), 0).is_empty());
    }
}
