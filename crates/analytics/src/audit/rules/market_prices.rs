//! The rules of `market_prices`: its prices must follow from the raw market tables.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use tidegauge_core::arrow::array::BooleanArray;
use tidegauge_core::arrow::array::types::Float64Type;
use tidegauge_core::tables::MarketPrice;
use tidegauge_core::{
    Batch, Crypto, Filter, Scan, SetAsideRows, TextView, Warehouse, WarehouseExt,
};

use crate::Result;
use crate::audit::records::{
    NullableAmounts, Strings, TimePart, nullable_amounts, strings, time_parts,
};
use crate::audit::report::RuleResult;
use crate::market::{NameInterner, RawTable, bucket_end, for_each_observation};
use crate::typed_columns::{Nullable, amounts, ints, times, typed_column};

/// The tolerance of a stored difference.
const ROUNDING_TOLERANCE: f64 = 1e-12;

/// Checks the rules of `market_prices`, of which about `rows` rows are held at a time.
pub(crate) async fn rules(warehouse: &dyn Warehouse, rows: u64) -> Result<[RuleResult; 2]> {
    let table = MarketPrice::table();
    let lowest = lowest_dispute(warehouse).await?;
    let mut rules = [observed_rule(), disputes_rule()];
    for part in time_parts(warehouse, table, rows).await? {
        let rows = warehouse.read(&part.restrict(Scan::all(table))).await?;
        let prices = Prices::from_batch(&rows)?;
        check_observed(&mut rules[0], &prices, warehouse, part).await?;
        check_disputes(&mut rules[1], &prices, lowest);
    }
    Ok(rules)
}

/// Returns the smallest difference of a disputed price; infinity if there is none.
async fn lowest_dispute(warehouse: &dyn Warehouse) -> Result<f64> {
    let scan = Scan::columns(MarketPrice::table(), ["difference"]);
    let mut batches = warehouse.scan(&scan.filter(Filter::eq("is_disputed", true))).await?;
    let mut lowest = f64::INFINITY;
    while let Some(batch) = batches.try_next().await? {
        let differences = typed_column(&batch, "difference", |column| column.as_f64())?;
        lowest = differences.iter().flatten().map(f64::abs).fold(lowest, f64::min);
    }
    Ok(lowest)
}

struct Prices<'f> {
    symbol: Strings<'f>,
    at: &'f [i64],
    price: &'f [i128],
    source: Strings<'f>,
    sources: &'f [i64],
    other_source: TextView<'f>,
    other_price: NullableAmounts<'f>,
    difference: Nullable<'f, Float64Type>,
    is_disputed: &'f BooleanArray,
}

impl<'f> Prices<'f> {
    fn from_batch(rows: &'f Batch) -> Result<Self> {
        Ok(Self {
            symbol: strings(rows, "symbol")?,
            at: times(rows, "at")?,
            price: amounts(rows, "price_usd")?,
            source: strings(rows, "source")?,
            sources: ints(rows, "sources")?,
            other_source: typed_column(rows, "other_source", |column| column.as_text())?,
            other_price: nullable_amounts(rows, "other_price_usd")?,
            difference: Nullable(typed_column(rows, "difference", |column| column.as_f64())?),
            is_disputed: typed_column(rows, "is_disputed", |column| column.as_bool())?,
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
async fn check_observed(
    rule: &mut RuleResult,
    prices: &Prices<'_>,
    warehouse: &dyn Warehouse,
    part: TimePart,
) -> Result<()> {
    if prices.at.is_empty() {
        return Ok(());
    }
    let (mut symbols, mut sources) = (NameInterner::default(), NameInterner::default());
    let mut expected = Vec::with_capacity(prices.at.len());
    let mut is_observed = HashMap::new();
    for (row, at) in prices.at.iter().enumerate() {
        let symbol = symbols.intern(prices.symbol.get(row));
        let winner = (symbol, sources.intern(prices.source.get(row)), *at, prices.price[row]);
        let other = prices.other_source.get(row).zip(prices.other_price.get(row));
        let other = other.map(|(source, price)| (symbol, sources.intern(source), *at, price));
        is_observed.insert(winner, false);
        other.map(|other| is_observed.insert(other, false));
        expected.push((winner, other));
    }
    for table in RawTable::ALL {
        let scan = part.restrict_with_lookback(table.scan(), table.max_delay());
        let mut batches = warehouse.scan(&scan).await?;
        while let Some(batch) = batches.try_next().await? {
            for_each_observation(
                table,
                &batch,
                |symbol| symbols.id_of(symbol).is_some(),
                &mut SetAsideRows::default(), // reported by the rule of market rows
                |observation| {
                    let source = sources.id_of(observation.source);
                    let names = symbols.id_of(observation.symbol).zip(source);
                    let Some((symbol, source)) = names else { return };
                    let observed = observation.price;
                    let key = (symbol, source, bucket_end(observed.at), observed.units);
                    is_observed.entry(key).and_modify(|is_observed| *is_observed = true);
                },
            )?;
        }
    }
    for (row, (winner, other)) in expected.iter().enumerate() {
        let holds = is_observed[winner] && other.is_none_or(|other| is_observed[&other]);
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
/// `lowest`, the smallest disputed difference, replaces it.
fn check_disputes(rule: &mut RuleResult, prices: &Prices<'_>, lowest: f64) {
    let disputed = |row: usize| prices.is_disputed.value(row);
    for row in 0..prices.at.len() {
        let price = prices.price[row];
        let (source, other) = (prices.other_source.get(row), prices.other_price.get(row));
        let holds = match (source, other, prices.difference.get(row)) {
            (Some(source), Some(other), Some(difference)) => {
                let expected = Crypto::from_units(other.saturating_sub(price))
                    .ratio(Crypto::from_units(price));
                let fits_threshold = disputed(row) || difference.abs() < lowest;
                prices.sources[row] > 1
                    && source != prices.source.get(row)
                    && (difference - expected).abs() <= ROUNDING_TOLERANCE * expected.abs().max(1.0)
                    && fits_threshold
            }
            (None, None, None) => prices.sources[row] == 1 && !disputed(row),
            _ => false,
        };
        rule.check(holds, || prices.key(row));
    }
}
