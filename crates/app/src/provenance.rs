//! Provenance of a report: what the warehouse says its rows come from. Counts and spans are worked
//! out where the rows are, by [`Aggregate`]; no column is read.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate};
use tidegauge_acquisition::SourceSpec;
use tidegauge_core::polars::error::PolarsError;
use tidegauge_core::polars::prelude::{Column as Series, DataFrame};
use tidegauge_core::tables::{
    self, Candle, FxRate, MarketTrade, Order, Quote, RampTransaction, RawCryptoMarketData, Trade,
    User,
};
use tidegauge_core::{Aggregate, Column, DataType, Error, Table, TableRef, Warehouse};
use tidegauge_report::{PriceSpan, Provenance, SimulatedWorld};
use tidegauge_simulation::{Classic, Exchange};

use crate::Result;
use crate::sources::SIMULATION;

/// Reads the provenance off the warehouse and never off the configuration: the seed is that of the
/// rows. `specs` are the sources that may be owed an attribution. The end of observation follows from the facts, and is not known yet.
pub(crate) async fn read(warehouse: &dyn Warehouse, specs: &[SourceSpec]) -> Result<Provenance> {
    let mut provenance = Provenance::default();
    provenance.warehouse = warehouse.name().into();
    provenance.users = count(warehouse, User::table()).await?;
    provenance.orders = count(warehouse, Order::table()).await?;
    provenance.trades = count(warehouse, Trade::table()).await?;
    provenance.ramp_purchases = count(warehouse, RampTransaction::table()).await?;
    provenance.world = world(warehouse).await?;
    for table in prices() {
        provenance.prices.extend(spans(warehouse, table).await?);
    }
    let mut sources = other_sources(warehouse).await?;
    sources.extend(provenance.prices.iter().map(|span| span.source.clone()));
    provenance.attributions = attributions(specs, &sources);
    Ok(provenance)
}

/// Returns the tables of prices and rates as sources observed them.
fn prices() -> [&'static TableRef; 5] {
    [
        Candle::table(),
        Quote::table(),
        MarketTrade::table(),
        RawCryptoMarketData::table(),
        FxRate::table(),
    ]
}

/// Returns the number of rows of a table.
pub(crate) async fn count(warehouse: &dyn Warehouse, table: &TableRef) -> Result<u64> {
    let summary = summarize(warehouse, &Aggregate::of(table).count()).await?;
    Ok(summary.first().map_or(0, |group| group.rows))
}

/// Returns the simulated world that the cursor of the simulation tells of.
async fn world(warehouse: &dyn Warehouse) -> Result<Option<SimulatedWorld>> {
    let Some(cursor) = warehouse.cursor(SIMULATION).await? else { return Ok(None) };
    let classic = Classic::told_by(&cursor).map(|(seed, day, _)| ("classic", seed, day));
    let exchange = || Exchange::told_by(&cursor).map(|(seed, day, _)| ("exchange", seed, day));
    Ok(classic.or_else(exchange).map(|(preset, seed, start_day)| SimulatedWorld {
        preset: preset.into(),
        parameters: format!("seed {seed}, start day {start_day}"),
    }))
}

/// Returns the rows and days of each source in a table of prices or rates.
async fn spans(warehouse: &dyn Warehouse, table: &TableRef) -> Result<Vec<PriceSpan>> {
    let Some(time) = &table.time else { return Ok(Vec::new()) };
    let by_source = Aggregate::of(table).by("source").count();
    let summary = by_source.min(time.as_ref()).max(time.as_ref());
    let groups = summarize(warehouse, &summary).await?.into_iter();
    let span = groups.filter_map(|group| {
        let (source, (first, last)) = (group.names.into_iter().next()??, group.days?);
        Some(PriceSpan { table: table.name.to_string(), source, rows: group.rows, first, last })
    });
    Ok(span.collect())
}

/// Returns every source that has rows in a table that is none of the [`prices`], by all columns that
/// name the source of a row or of a part of it. A ledger that counts what came names a source only
/// where something came.
async fn other_sources(warehouse: &dyn Warehouse) -> Result<BTreeSet<String>> {
    let mut sources = BTreeSet::new();
    for table in tables::all().iter().filter(|table| !prices().contains(table)) {
        let names_source = |column: &&Column| {
            let name = column.name.as_ref();
            column.dtype == DataType::Text && (name == "source" || name.ends_with("_source"))
        };
        let columns = table.columns.iter().filter(names_source);
        let by = |summary: Aggregate, column: &Column| summary.by(column.name.as_ref());
        let mut summary = columns.fold(Aggregate::of(table).count(), by);
        if summary.by.is_empty() {
            continue;
        }
        if is_ledger(table) {
            summary = summary.max("rows");
        }
        let groups = summarize(warehouse, &summary).await?.into_iter();
        let came = groups.filter(|group| group.most_rows.is_none_or(|rows| rows > 0));
        sources.extend(came.flat_map(|group| group.names).flatten());
    }
    Ok(sources)
}

/// Returns `true` if the rows of a table tell how many rows came, and are none of them.
fn is_ledger(table: &Table) -> bool {
    table.columns.iter().any(|column| column.name == "rows" && column.dtype == DataType::Int64)
}

/// Returns what the terms of `sources` want shown, each text once, in the order of the registry.
fn attributions(specs: &[SourceSpec], sources: &BTreeSet<String>) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for spec in specs.iter().filter(|spec| sources.contains(spec.name)) {
        let new = spec.attribution.filter(|text| !shown.iter().any(|known| known == text));
        shown.extend(new.map(str::to_owned));
    }
    shown
}

/// A group of a summary.
struct Group {
    /// The values of the columns that the summary goes by, all of them text.
    names: Vec<Option<String>>,
    /// How many rows.
    rows: u64,
    /// The first and the last day, if the summary has a least and a greatest time.
    days: Option<(NaiveDate, NaiveDate)>,
    /// The greatest number in the column `rows`, if the summary has it.
    most_rows: Option<i64>,
}

/// Asks the warehouse for a summary: columns of text that it goes by, the count, then the least and the
/// greatest event time, or the greatest number in the column `rows`.
async fn summarize(warehouse: &dyn Warehouse, summary: &Aggregate) -> Result<Vec<Group>> {
    let frame = warehouse.aggregate(summary).await?;
    let groups = groups(&frame, summary.by.len());
    Ok(groups.map_err(|error| Error::sink(warehouse.name(), error))?)
}

/// Reads the frame of a summary: the one place that knows how a warehouse gives it.
fn groups(frame: &DataFrame, by: usize) -> std::result::Result<Vec<Group>, PolarsError> {
    let columns = frame.columns();
    let names = columns.iter().take(by).map(Series::str).collect::<Result<Vec<_>, _>>()?;
    let counts = frame.column("count")?.i64()?;
    let most_rows = frame.column("max_rows").ok().map(Series::i64).transpose()?;
    let days = match columns.get(by + 1..) {
        Some([first, last]) => Some((days(first), days(last))),
        _ => None,
    };
    let group = |row: usize| Group {
        names: names.iter().map(|names| names.get(row).map(str::to_owned)).collect(),
        rows: counts.get(row).and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default(),
        days: days
            .as_ref()
            .and_then(|(first, last)| Some(((*first.get(row)?)?, (*last.get(row)?)?))),
        most_rows: most_rows.and_then(|rows| rows.get(row)),
    };
    Ok((0..frame.height()).map(group).collect())
}

/// Reads the days of a column of dates or timestamps.
fn days(column: &Series) -> Vec<Option<NaiveDate>> {
    if let Ok(times) = column.datetime() {
        let day = |micros: i64| DateTime::from_timestamp_micros(micros).map(|at| at.date_naive());
        return times.physical().iter().map(|micros| micros.and_then(day)).collect();
    }
    let Ok(days) = column.date() else { return vec![None; column.len()] };
    days.physical().iter().map(|days| days.and_then(NaiveDate::from_epoch_days)).collect()
}
