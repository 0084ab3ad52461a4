//! What is worked out from the raw market tables says nothing that is not in them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::*;
use tidegauge_core::market::Rates;
use tidegauge_core::tables::{FxDaily, FxRate, MarketPrice};
use tidegauge_core::{Scan, Warehouse};

use super::RuleResult;
use super::books::{Texts, amounts, ints, texts, times};
use super::read::scan;
use crate::Result;
use crate::market::{Observations, Observed, bucket_end};
use crate::period::after_epoch;

/// Rounding of a difference that a store has kept.
const ROUNDING: f64 = 1e-12;

/// The rules of `market_prices`.
pub(super) async fn prices(warehouse: &dyn Warehouse) -> Result<[RuleResult; 2]> {
    let mut frame = warehouse.scan(&Scan::all(MarketPrice::table())).await?;
    frame.rechunk_mut();
    let prices = Prices::of(&frame)?;
    let seen = if frame.height() == 0 { None } else { Some(Observed::read(warehouse).await?) };
    Ok([observed(&prices, seen.as_ref())?, disputes(&prices)])
}

struct Prices<'f> {
    symbol: Texts<'f>,
    at: &'f [i64],
    price: &'f [i128],
    source: Texts<'f>,
    sources: &'f [i64],
    other_source: &'f StringChunked,
    other_price: &'f Int128Chunked,
    difference: &'f Float64Chunked,
    is_disputed: &'f BooleanChunked,
}

impl<'f> Prices<'f> {
    fn of(frame: &'f DataFrame) -> Result<Self> {
        Ok(Self {
            symbol: texts(frame, "symbol")?,
            at: times(frame, "at")?,
            price: amounts(frame, "price_usd")?,
            source: texts(frame, "source")?,
            sources: ints(frame, "sources")?,
            other_source: frame.column("other_source")?.str()?,
            other_price: frame.column("other_price_usd")?.decimal()?.physical(),
            difference: frame.column("difference")?.f64()?,
            is_disputed: frame.column("is_disputed")?.bool()?,
        })
    }

    fn key(&self, row: usize) -> String {
        let at = chrono::DateTime::from_timestamp_micros(self.at[row]).unwrap_or_default();
        format!("market_prices {} · {}", self.symbol.get(row), at.to_rfc3339())
    }

    /// How far away the other source is, where there is one.
    fn away(&self, row: usize) -> Option<f64> {
        self.difference.get(row).map(f64::abs)
    }
}

fn observed(prices: &Prices<'_>, seen: Option<&Observed>) -> Result<RuleResult> {
    let mut rule = RuleResult::new(
        "market_prices_are_observed",
        "a market price, and the one that it is compared with, are what their sources had in those five minutes",
    );
    let Some(seen) = seen else { return Ok(rule) };
    let symbols = (0..prices.at.len()).map(|row| prices.symbol.get(row)).collect();
    let seen = Observations::of(seen, &symbols)?;
    let mut known: Vec<(&str, &str, i64, i128)> = seen
        .rows
        .iter()
        .map(|it| {
            (seen.symbols.get(it.symbol), seen.sources.get(it.source), bucket_end(it.at), it.price)
        })
        .collect();
    known.sort_unstable();
    for (row, at) in prices.at.iter().enumerate() {
        let had = |source: &str, price: i128| {
            known.binary_search(&(prices.symbol.get(row), source, *at, price)).is_ok()
        };
        let other = prices.other_source.get(row).zip(prices.other_price.get(row));
        let holds = had(prices.source.get(row), prices.price[row])
            && other.is_none_or(|(source, price)| had(source, price));
        rule.check(holds, || prices.key(row));
    }
    Ok(rule)
}

/// Which threshold was configured nobody tells the audit; that there was one can be seen.
fn disputes(prices: &Prices<'_>) -> RuleResult {
    let mut rule = RuleResult::new(
        "market_prices_disputes_share_a_threshold",
        "another source, its price and the difference go together, and no price is undisputed that differs more than a disputed one",
    );
    let disputed = |row: usize| prices.is_disputed.get(row) == Some(true);
    let rows = 0..prices.at.len();
    let lowest = rows.clone().filter(|row| disputed(*row)).filter_map(|row| prices.away(row));
    let lowest = lowest.fold(f64::INFINITY, f64::min);
    for row in rows {
        let price = prices.price[row];
        let (source, other) = (prices.other_source.get(row), prices.other_price.get(row));
        let holds = match (source, other, prices.difference.get(row)) {
            (Some(source), Some(other), Some(difference)) => {
                let expected = (other - price) as f64 / price as f64;
                let is_told = disputed(row) || difference.abs() < lowest;
                prices.sources[row] > 1
                    && source != prices.source.get(row)
                    && (difference - expected).abs() <= ROUNDING * expected.abs().max(1.0)
                    && is_told
            }
            (None, None, None) => prices.sources[row] == 1 && !disputed(row),
            _ => false,
        };
        rule.check(holds, || prices.key(row));
    }
    rule
}

/// The rules of `fx_daily`.
pub(super) async fn fx(warehouse: &dyn Warehouse) -> Result<[RuleResult; 2]> {
    let mut follows = RuleResult::new(
        "fx_daily_follows_fixings",
        "a daily rate, the day that it was fixed on and the way that it came are what the fixings say",
    );
    let mut whole = RuleResult::new(
        "fx_daily_has_no_hole",
        "between a currency's first and last day there is every day that the fixings tell of",
    );
    let rates = Rates::from_frame(&warehouse.scan(&Scan::all(FxRate::table())).await?)?;
    let frame = scan(
        warehouse,
        FxDaily::table(),
        &["base", "quote", "rate_date", "rate", "fixed_on", "is_filled", "via"],
    )
    .await?;
    let (bases, quotes) = (texts(&frame, "base")?, texts(&frame, "quote")?);
    let (days, fixed) = (dates(&frame, "rate_date")?, dates(&frame, "fixed_on")?);
    let (rate, via) = (amounts(&frame, "rate")?, frame.column("via")?.str()?);
    let filled = frame.column("is_filled")?.bool()?;

    let mut pairs: BTreeMap<(&str, &str), Vec<NaiveDate>> = BTreeMap::new();
    let key =
        |base: &str, quote: &str, day: NaiveDate| format!("fx_daily {base} · {quote} · {day}");
    for (row, day) in days.iter().enumerate() {
        let (base, quote) = (bases.get(row), quotes.get(row));
        pairs.entry((base, quote)).or_default().push(*day);
        let holds = rates.fixing(base, quote, *day).is_some_and(|fixing| {
            fixing.rate().units() == rate[row]
                && fixing.fixed_on == fixed[row]
                && fixing.via == via.get(row)
                && filled.get(row) == Some(fixing.fixed_on < *day)
        });
        follows.check(holds, || key(base, quote, *day));
    }
    for ((base, quote), mut there) in pairs {
        there.sort_unstable();
        let Some((first, last)) = there.first().copied().zip(there.last().copied()) else {
            continue;
        };
        let told = |day: &NaiveDate| {
            rates.fixing(base, quote, *day).is_some_and(|fixing| fixing.rate().units() != 0)
        };
        for day in first.iter_days().take_while(|day| *day <= last).filter(told) {
            whole.check(there.binary_search(&day).is_ok(), || key(base, quote, day));
        }
    }
    Ok([follows, whole])
}

fn dates(frame: &DataFrame, name: &str) -> Result<Vec<NaiveDate>> {
    let days = frame.column(name)?.date()?.physical();
    Ok(days.iter().flatten().filter_map(|day| after_epoch(day.into())).collect())
}
