//! The rules of trading fees: one fee for all users or, in an exchange with a ledger, tiers by
//! trading volume.

use tidegauge_core::fees::{BASIS_POINTS, FLAT, TIERED, VOLUME_DAYS};
use tidegauge_core::{Crypto, multiply_divide_floor};

use super::exact_products::{HALF_A_CENT, ONE, is_near};
use crate::audit::params::FeeTier;
use crate::audit::records::{Records, Trades};
use crate::audit::report::RuleResult;
use crate::dates::{DAY, days};
use crate::facts::UsdPrices;

/// The tolerance of a volume near a tier: relative, for exchange rates, and for each of its trades,
/// in cents, for rounding.
const RELATIVE_TOLERANCE: f64 = 1e-6;
const ROUNDING_PER_TRADE: f64 = 0.5;

/// Checks the fee of every trade.
pub(crate) fn rule(records: &Records<'_>, usd: &UsdPrices) -> RuleResult {
    let own = &records.scope.own.trade_fees;
    let mut rule = RuleResult::new(
        "trade_fees_follow_schedule",
        "the fee is 0.25 % of the quote amount for makers and 0.40 % for takers, or, where there are books, that of the volume of thirty days, within half a cent; of a user's own trades what the configuration says",
    )
    .only_simulated_unless(!own.is_empty());
    let trades = &records.trades;
    let volumes = Volumes::from_records(records, usd);
    for (row, id) in trades.id.iter().enumerate() {
        let Some(is_maker) = trades.is_maker(row) else { continue };
        if !records.is_simulated("trades", *id, trades.user[row]) {
            let volume = volumes.before(trades.user[row], trades.at[row]);
            if let Some(holds) =
                volume.and_then(|volume| matches_own_tiers(own, trades, row, volume))
            {
                rule.check(holds, || format!("trades {id}"));
            }
            continue;
        }
        let rates = match records.ledger_entries.users.contains(&trades.user[row]) {
            false => Some([FLAT.rate(0, is_maker); 2]),
            true => volumes
                .before(trades.user[row], trades.at[row])
                .map(|[least, most]| [TIERED.rate(least, is_maker), TIERED.rate(most, is_maker)]),
        };
        // Without an exchange rate the rule cannot be checked.
        if let Some(holds) = rates.and_then(|rates| matches_rates(trades, row, rates)) {
            rule.check(holds, || format!("trades {id}"));
        }
    }
    rule
}

/// Returns whether the fee of a user's own trade is that of a tier within `volume`; `None` if it is
/// unknown.
fn matches_own_tiers(
    tiers: &[FeeTier],
    trades: &Trades<'_>,
    row: usize,
    volume: [i128; 2],
) -> Option<bool> {
    let fee = fee_in_quote(trades, row)??;
    let matches = |cents: i128| {
        let reached = tiers.iter().rev().find(|tier| tier.from_usd * 100.0 <= cents as f64);
        let tier = reached.or(tiers.first())?;
        let rate = if trades.is_maker(row)? { tier.maker } else { tier.taker };
        let due = trades.quote_amount[row] as f64 * rate;
        Some((fee as f64 - due).abs() <= HALF_A_CENT as f64)
    };
    Some(matches(volume[0])? || matches(volume[1])?)
}

/// Returns whether the fee is that of one of `rates`; `None` if it is unknown or in a third
/// currency.
fn matches_rates(trades: &Trades<'_>, row: usize, rates: [i128; 2]) -> Option<bool> {
    let (paid, fee) = (trades.quote_amount[row], fee_in_quote(trades, row)?);
    let matches = |rate: i128| fee.is_some_and(|fee| is_near(paid, rate, fee, BASIS_POINTS));
    Some(rates.into_iter().any(matches))
}

/// Returns the fee in the quote currency; `None` for a fee that is unknown or in a third currency,
/// `Some(None)` for one that overflows.
#[allow(clippy::option_option)] // a fee that overflows is wrong, one in a third currency unknown
fn fee_in_quote(trades: &Trades<'_>, row: usize) -> Option<Option<i128>> {
    let fee = trades.fee.get(row)?;
    Some(if trades.fee_currency.get(row) == trades.quote.get(row) {
        Some(fee)
    } else if trades.fee_currency.get(row) == trades.base.get(row) {
        // A fee in coins is converted at the trade's price, except for the coins' last place.
        multiply_divide_floor(fee, trades.price.get(row)?, ONE).map(|(worth, _)| worth)
    } else {
        return None;
    })
}

/// The trading volumes of users whose fees depend on them, by user and time.
struct Volumes {
    keys: Vec<(i64, i64)>,
    /// The US cents of all trades before each, and the number of those without an exchange rate.
    before: Vec<(f64, usize)>,
}

impl Volumes {
    fn from_records(records: &Records<'_>, usd: &UsdPrices) -> Self {
        let trades = &records.trades;
        let own = !records.scope.own.trade_fees.is_empty();
        let counts = |row: &usize| {
            let (id, user) = (trades.id[*row], trades.user[*row]);
            records.ledger_entries.users.contains(&user)
                || (own && !records.is_simulated("trades", id, user))
        };
        let mut rows: Vec<usize> = (0..trades.id.len()).filter(counts).collect();
        rows.sort_unstable_by_key(|row| (trades.user[*row], trades.at[*row], trades.id[*row]));
        let (mut cents, mut unknown) = (0.0, 0);
        let mut before = vec![(cents, unknown)];
        for row in &rows {
            match usd.price(trades.quote.get(*row), trades.at[*row].div_euclid(DAY)) {
                Ok(rate) => {
                    cents += Crypto::from_units(trades.quote_amount[*row]).to_f64() * 100.0 * rate
                }
                Err(_) => unknown += 1,
            }
            before.push((cents, unknown));
        }
        let keys = rows.iter().map(|row| (trades.user[*row], trades.at[*row])).collect();
        Self { keys, before }
    }

    /// Returns the minimum and the maximum volume of a user in US cents in the days before `at`;
    /// `None` if one of the trades has no exchange rate.
    fn before(&self, user: i64, at: i64) -> Option<[i128; 2]> {
        let position = |at: i64| self.keys.partition_point(|key| *key < (user, at));
        let window = u32::try_from(VOLUME_DAYS).map_or(0, days);
        let (from, to) = (position(at.saturating_sub(window)), position(at));
        let (first, last) = (self.before.get(from)?, self.before.get(to)?);
        let cents = last.0 - first.0;
        let tolerance = cents * RELATIVE_TOLERANCE + (to - from) as f64 * ROUNDING_PER_TRADE;
        (first.1 == last.1).then(|| [cents - tolerance, cents + tolerance].map(floor))
    }
}

/// Rounds cents down to an integer.
#[allow(clippy::cast_possible_truncation)] // a volume beyond the range is in the last tier anyway
fn floor(cents: f64) -> i128 {
    cents.floor() as i128
}

/// Returns the lowest fee rate of a maker order.
pub(crate) fn lowest_maker_rate(has_ledger: bool) -> i128 {
    let steps = if has_ledger { TIERED } else { FLAT }.tiers();
    steps.iter().map(|step| step.maker).min().unwrap_or_default()
}
