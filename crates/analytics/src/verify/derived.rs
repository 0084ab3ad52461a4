//! The rules of the derived tables: they must follow from the raw market tables.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use futures_util::TryStreamExt;
use tidegauge_core::arrow::array::BooleanArray;
use tidegauge_core::arrow::array::types::Float64Type;
use tidegauge_core::market::Rates;
use tidegauge_core::tables::{FxDaily, MarketPrice};
use tidegauge_core::{
    Batch, Crypto, Filter, Scan, SetAsideRows, TextView, Warehouse, WarehouseExt,
};

use super::RuleResult;
use super::books::{Amounts, Texts, some_amounts, texts};
use super::parts::{Part, parts};
use crate::Result;
use crate::market::{Names, RawTable, bucket_end, each, is_told};
use crate::period::after_epoch;
use crate::typed::{Nullable, amounts, ints, times, typed};

/// The tolerance of a stored difference.
const ROUNDING: f64 = 1e-12;

/// Checks the rules of `market_prices`, of which about `rows` rows are held at a time.
pub(super) async fn prices(warehouse: &dyn Warehouse, rows: u64) -> Result<[RuleResult; 2]> {
    let table = MarketPrice::table();
    let lowest = lowest_dispute(warehouse).await?;
    let mut rules = [observed_rule(), disputes_rule()];
    for part in parts(warehouse, table, rows).await? {
        let rows = warehouse.read(&part.of(Scan::all(table))).await?;
        let prices = Prices::of(&rows)?;
        observed(&mut rules[0], &prices, warehouse, part).await?;
        disputes(&mut rules[1], &prices, lowest);
    }
    Ok(rules)
}

/// Returns the smallest difference of a disputed price; infinity if there is none.
async fn lowest_dispute(warehouse: &dyn Warehouse) -> Result<f64> {
    let scan = Scan::columns(MarketPrice::table(), ["difference"]);
    let mut batches = warehouse.scan(&scan.filter(Filter::eq("is_disputed", true))).await?;
    let mut lowest = f64::INFINITY;
    while let Some(batch) = batches.try_next().await? {
        let differences = typed(&batch, "difference", |column| column.as_f64())?;
        lowest = differences.iter().flatten().map(f64::abs).fold(lowest, f64::min);
    }
    Ok(lowest)
}

struct Prices<'f> {
    symbol: Texts<'f>,
    at: &'f [i64],
    price: &'f [i128],
    source: Texts<'f>,
    sources: &'f [i64],
    other_source: TextView<'f>,
    other_price: Amounts<'f>,
    difference: Nullable<'f, Float64Type>,
    is_disputed: &'f BooleanArray,
}

impl<'f> Prices<'f> {
    fn of(rows: &'f Batch) -> Result<Self> {
        Ok(Self {
            symbol: texts(rows, "symbol")?,
            at: times(rows, "at")?,
            price: amounts(rows, "price_usd")?,
            source: texts(rows, "source")?,
            sources: ints(rows, "sources")?,
            other_source: typed(rows, "other_source", |column| column.as_text())?,
            other_price: some_amounts(rows, "other_price_usd")?,
            difference: Nullable(typed(rows, "difference", |column| column.as_f64())?),
            is_disputed: typed(rows, "is_disputed", |column| column.as_bool())?,
        })
    }

    fn key(&self, row: usize) -> String {
        let at = chrono::DateTime::from_timestamp_micros(self.at[row]).unwrap_or_default();
        format!("market_prices {} · {}", self.symbol.get(row), at.to_rfc3339())
    }
}

fn observed_rule() -> RuleResult {
    RuleResult::new(
        "market_prices_are_observed",
        "a market price, and the one that it is compared with, are what their sources had in those five minutes",
    )
}

/// Looks up every price among the observations of the sources, which are read batch by batch.
async fn observed(
    rule: &mut RuleResult,
    prices: &Prices<'_>,
    warehouse: &dyn Warehouse,
    part: Part,
) -> Result<()> {
    if prices.at.is_empty() {
        return Ok(());
    }
    let (mut symbols, mut sources) = (Names::default(), Names::default());
    let mut told = Vec::with_capacity(prices.at.len());
    let mut is_seen = HashMap::new();
    for (row, at) in prices.at.iter().enumerate() {
        let symbol = symbols.number(prices.symbol.get(row));
        let winner = (symbol, sources.number(prices.source.get(row)), *at, prices.price[row]);
        let other = prices.other_source.get(row).zip(prices.other_price.get(row));
        let other = other.map(|(source, price)| (symbol, sources.number(source), *at, price));
        is_seen.insert(winner, false);
        other.map(|other| is_seen.insert(other, false));
        told.push((winner, other));
    }
    for table in RawTable::ALL {
        let scan = part.and_before(table.scan(), table.reach());
        let mut batches = warehouse.scan(&scan).await?;
        while let Some(batch) = batches.try_next().await? {
            each(
                table,
                &batch,
                |symbol| symbols.find(symbol).is_some(),
                &mut SetAsideRows::default(), // judged by the rule of market rows
                |observation| {
                    let source = sources.find(observation.source);
                    let names = symbols.find(observation.symbol).zip(source);
                    let Some((symbol, source)) = names else { return };
                    let seen = observation.seen;
                    let place = (symbol, source, bucket_end(seen.at), seen.price);
                    is_seen.entry(place).and_modify(|is_seen| *is_seen = true);
                },
            )?;
        }
    }
    for (row, (winner, other)) in told.iter().enumerate() {
        let holds = is_seen[winner] && other.is_none_or(|other| is_seen[&other]);
        rule.check(holds, || prices.key(row));
    }
    Ok(())
}

fn disputes_rule() -> RuleResult {
    RuleResult::new(
        "market_prices_disputes_share_a_threshold",
        "another source, its price and the difference go together, and no price is undisputed that differs more than a disputed one",
    )
}

/// Checks the disputes for a common threshold. The configured one is unknown to the audit:
/// `lowest`, the smallest disputed difference, stands for it.
fn disputes(rule: &mut RuleResult, prices: &Prices<'_>, lowest: f64) {
    let disputed = |row: usize| prices.is_disputed.value(row);
    for row in 0..prices.at.len() {
        let price = prices.price[row];
        let (source, other) = (prices.other_source.get(row), prices.other_price.get(row));
        let holds = match (source, other, prices.difference.get(row)) {
            (Some(source), Some(other), Some(difference)) => {
                let expected = Crypto::from_units(other.saturating_sub(price))
                    .ratio(Crypto::from_units(price));
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
}

/// Checks the rules of `fx_daily`.
pub(super) async fn fx(warehouse: &dyn Warehouse) -> Result<[RuleResult; 2]> {
    let mut follows = RuleResult::new(
        "fx_daily_follows_fixings",
        "a daily rate, the day that it was fixed on and the way that it came are what the fixings say",
    );
    let mut whole = RuleResult::new(
        "fx_daily_has_no_hole",
        "between a currency's first and last day there is every day that the fixings tell of",
    );
    let rates = Rates::read(warehouse).await?;
    let rows = warehouse.read(&Scan::all(FxDaily::table())).await?;
    let (bases, quotes) = (texts(&rows, "base")?, texts(&rows, "quote")?);
    let (days, fixed) = (dates(&rows, "rate_date")?, dates(&rows, "fixed_on")?);
    let rate = amounts(&rows, "rate")?;
    let via = typed(&rows, "via", |column| column.as_text())?;
    let filled = typed(&rows, "is_filled", |column| column.as_bool())?;

    let mut pairs: BTreeMap<(&str, &str), Vec<NaiveDate>> = BTreeMap::new();
    let key =
        |base: &str, quote: &str, day: NaiveDate| format!("fx_daily {base} · {quote} · {day}");
    for (row, day) in days.iter().enumerate() {
        let (base, quote) = (bases.get(row), quotes.get(row));
        pairs.entry((base, quote)).or_default().push(*day);
        let holds = rates.fixing(base, quote, *day).is_some_and(|fixing| {
            // Tables that were computed when rates had eight places have those.
            let said = fixing.rate().map(|exact| (exact, exact.rescaled::<8>()));
            said.is_some_and(|(exact, short)| {
                let short = short.and_then(|short| short.rescaled::<18>());
                exact.units() == rate[row] || short.map(Crypto::units) == Some(rate[row])
            }) && fixing.fixed_on == fixed[row]
                && fixing.via == via.get(row)
                && filled.value(row) == (fixing.fixed_on < *day)
        });
        follows.check(holds, || key(base, quote, *day));
    }
    for ((base, quote), mut there) in pairs {
        there.sort_unstable();
        let Some((first, last)) = there.first().copied().zip(there.last().copied()) else {
            continue;
        };
        let told = |day: &NaiveDate| {
            rates.fixing(base, quote, *day).is_some_and(|fixing| fixing.rate().is_some_and(is_told))
        };
        for day in first.iter_days().take_while(|day| *day <= last).filter(told) {
            whole.check(there.binary_search(&day).is_ok(), || key(base, quote, day));
        }
    }
    Ok([follows, whole])
}

fn dates(rows: &Batch, name: &str) -> Result<Vec<NaiveDate>> {
    let days = typed(rows, name, |column| column.as_date())?;
    Ok(days.iter().flatten().filter_map(|day| after_epoch(day.into())).collect())
}
