//! The provenance of a report: the origin of the rows of a warehouse. Counts and spans are computed
//! by the warehouse, with [`Aggregate`]; no column is read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use tidegauge_acquisition::SourceSpec;
use tidegauge_core::tables::{
    self, Candle, Chargeback, FxRate, MarketTrade, MarketingSpend, Order, Quarantine, Quote,
    RampTransaction, RawCryptoMarketData, Trade, User, Withdrawal,
};
use tidegauge_core::{
    Aggregate, Batch, Cell, Column, ColumnView, Cursor, DataType, Table, TableRef, Warehouse,
    WarehouseExt,
};
use tidegauge_report::{PriceSpan, Provenance, SimulatedWorld};
use tidegauge_simulation::SimulatedRows;

use crate::Result;
use crate::sources::SIMULATION;
use crate::text::cut;

/// Reads the provenance from the warehouse and never from the configuration: the seed is that of
/// the rows. `specs` are the sources that may require an attribution, `declared` the user's own
/// tables. The end of observation follows from the facts, and is not set yet.
///
/// # Errors
/// When the warehouse cannot be read.
pub(crate) async fn read(
    warehouse: &dyn Warehouse,
    specs: &[SourceSpec],
    declared: &[TableRef],
) -> Result<Provenance> {
    let mut provenance = Provenance::default();
    provenance.warehouse = warehouse.name().into();
    provenance.users = warehouse.count(User::table()).await? as u64;
    provenance.orders = warehouse.count(Order::table()).await? as u64;
    provenance.trades = warehouse.count(Trade::table()).await? as u64;
    provenance.ramp_purchases = warehouse.count(RampTransaction::table()).await? as u64;
    provenance.world = world(warehouse).await?;
    for table in prices() {
        provenance.prices.extend(spans(warehouse, table).await?);
    }
    let mut sources = other_sources(warehouse, declared).await?;
    sources.extend(provenance.prices.iter().map(|span| span.source.clone()));
    provenance.attributions = attributions(specs, &sources);
    provenance.notes = not_counted(warehouse).await?;
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

/// Returns the simulated world that the cursor of the simulation describes; `None` if there is
/// none.
async fn world(warehouse: &dyn Warehouse) -> Result<Option<SimulatedWorld>> {
    let played = simulations(&warehouse.cursors().await?);
    let Some((name, first)) = played.first() else { return Ok(None) };
    let users: usize = played.iter().map(|(_, played)| played.users().count()).sum();
    let mut parameters =
        format!("seed {}, {users} users, first day {}", first.seed(), first.first_day());
    // The shards of one world are separate sources of one warehouse.
    let shards =
        played.iter().filter_map(|(name, _)| name.strip_prefix(SIMULATION)?.strip_prefix(' '));
    let shards: Vec<_> = shards.collect();
    if !shards.is_empty() && name != SIMULATION {
        parameters += &format!(", shard {}", shards.join(", "));
    }
    Ok(Some(SimulatedWorld { preset: first.preset().into(), parameters }))
}

/// Returns the rows that simulations, whole or in shards, have written into a warehouse with these
/// cursors.
pub(crate) fn simulations(cursors: &BTreeMap<String, Cursor>) -> Vec<(String, SimulatedRows)> {
    let ours = cursors.iter().filter(|(name, _)| {
        name.strip_prefix(SIMULATION).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    });
    ours.filter_map(|(name, cursor)| Some((name.clone(), SimulatedRows::from_cursor(cursor)?)))
        .collect()
}

/// Returns the number of rows and the first and last day of each source in a table of prices or
/// rates.
async fn spans(warehouse: &dyn Warehouse, table: &TableRef) -> Result<Vec<PriceSpan>> {
    let Some(time) = &table.time else { return Ok(Vec::new()) };
    let by_source = Aggregate::new(&table.as_read()).by("source").count();
    let summary = by_source.min(time.as_ref()).max(time.as_ref());
    let groups = summarize(warehouse, &summary).await?.into_iter();
    let span = groups.filter_map(|group| {
        let (source, (first, last)) = (group.names.into_iter().next()??, group.days?);
        Some(PriceSpan { table: table.name.to_string(), source, rows: group.rows, first, last })
    });
    Ok(span.collect())
}

/// Returns every source that has rows in a table outside of [`prices`], by all columns that name
/// the source of a row or of a part of it. A table that counts the delivered rows names a source
/// only if the count is positive.
async fn other_sources(
    warehouse: &dyn Warehouse,
    declared: &[TableRef],
) -> Result<BTreeSet<String>> {
    let mut sources = BTreeSet::new();
    let all = tables::all();
    for table in all.iter().chain(declared).filter(|table| !prices().contains(table)) {
        let names_source = |column: &&Column| {
            let name = column.name.as_ref();
            column.dtype == DataType::Text && (name == "source" || name.ends_with("_source"))
        };
        let columns = table.columns.iter().filter(names_source);
        let by = |summary: Aggregate, column: &Column| summary.by(column.name.as_ref());
        let mut summary = columns.fold(Aggregate::new(&table.as_read()).count(), by);
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

/// The known states of purchases and withdrawals. Only the first is counted in metrics.
const STATES: [&str; 4] = ["completed", "pending", "failed", "cancelled"];

/// Returns a sentence for each kind of rows that no metric includes: those in `quarantine`, and
/// those in an unknown state.
pub(crate) async fn not_counted(warehouse: &dyn Warehouse) -> Result<Vec<String>> {
    let mut notes = quarantined(warehouse).await?;
    for table in [RampTransaction::table(), Withdrawal::table()] {
        let summary = Aggregate::new(&table.as_read()).by("status").count();
        let mut unknown: Vec<(String, u64)> = Vec::new();
        for Group { names, rows, .. } in summarize(warehouse, &summary).await? {
            if let Some(state) = names.into_iter().next().flatten()
                && !STATES.contains(&state.as_str())
            {
                unknown.push((state, rows));
            }
        }
        unknown.sort_unstable_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        if unknown.is_empty() {
            continue;
        }
        let rows: u64 = unknown.iter().map(|(_, rows)| rows).sum();
        let shown =
            unknown.iter().take(5).map(|(state, rows)| format!("`{}` {rows}", cut(state, 40)));
        let (noun, have, do_not) = match rows {
            1 => ("row", "has", "does not"),
            _ => ("rows", "have", "do not"),
        };
        notes.push(format!(
            "{rows} {noun} of {} {have} a status that is not known ({}) and {do_not} count: `values` in the mapping says which \
             of {} each means.",
            table.name,
            shown.collect::<Vec<_>>().join(", "),
            STATES.join(", ")
        ));
    }
    Ok(notes)
}

/// Returns a sentence for each source that has rows of users or of their activity in `quarantine`.
async fn quarantined(warehouse: &dyn Warehouse) -> Result<Vec<String>> {
    let judged = [
        User::table(),
        Order::table(),
        Trade::table(),
        RampTransaction::table(),
        Withdrawal::table(),
        Chargeback::table(),
        MarketingSpend::table(),
    ];
    let summary =
        Aggregate::new(&Quarantine::table().as_read()).by("source").by("table_name").count();
    let mut notes = Vec::new();
    for Group { names, rows, .. } in summarize(warehouse, &summary).await? {
        let [Some(source), Some(table)] = names.as_slice() else { continue };
        if judged.iter().any(|judged| *judged.name == **table) {
            let (noun, were) = if rows == 1 { ("row", "was") } else { ("rows", "were") };
            notes.push(format!(
                "{rows} {noun} of {source} for {table} {were} set aside, and {were} not loaded unless mended since: the table \
                 `quarantine` says why."
            ));
        }
    }
    notes.sort_unstable();
    Ok(notes)
}

/// Returns `true` if the rows of the table count delivered rows instead of being data themselves.
fn is_ledger(table: &Table) -> bool {
    table.columns.iter().any(|column| column.name == "rows" && column.dtype == DataType::Int64)
}

/// Returns the attributions that the terms of `sources` require, without duplicates, in the order
/// of the registry.
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
    /// The values of the group-by columns, all of them strings.
    names: Vec<Option<String>>,
    /// The number of rows.
    rows: u64,
    /// The first and the last day, if the summary has a minimum and a maximum time.
    days: Option<(NaiveDate, NaiveDate)>,
    /// The maximum of the column `rows`, if the summary has it.
    most_rows: Option<i64>,
}

/// Executes a summary in the warehouse: string columns to group by, the count, then the minimum and
/// the maximum event time, or the maximum of the column `rows`.
async fn summarize(warehouse: &dyn Warehouse, summary: &Aggregate) -> Result<Vec<Group>> {
    Ok(groups(&warehouse.aggregate(summary).await?, summary.by.len())?)
}

/// Converts the batch of a summary to groups. No other function depends on its column order.
fn groups(batch: &Batch, by: usize) -> tidegauge_core::Result<Vec<Group>> {
    let columns = batch.views()?;
    let has = |name: &str| batch.table().columns.iter().any(|column| column.name == name);
    let counts = batch.column("count")?;
    let most_rows = if has("max_rows") { Some(batch.column("max_rows")?) } else { None };
    let days = match columns.get(by + 1..) {
        Some([first, last]) => Some((*first, *last)),
        _ => None,
    };
    let text = |column: &ColumnView<'_>, row| match column.cell(row) {
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    };
    let group = |row: usize| Group {
        names: columns.iter().take(by).map(|column| text(column, row)).collect(),
        rows: whole(counts.cell(row)).and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default(),
        days: days.and_then(|(first, last)| Some((day(first.cell(row))?, day(last.cell(row))?))),
        most_rows: most_rows.and_then(|rows| whole(rows.cell(row))),
    };
    Ok((0..batch.rows()).map(group).collect())
}

fn whole(cell: Cell<'_>) -> Option<i64> {
    if let Cell::Int(value) = cell { i64::try_from(value).ok() } else { None }
}

/// Returns the day of a date or a timestamp; `None` for any other cell.
fn day(cell: Cell<'_>) -> Option<NaiveDate> {
    match cell {
        Cell::Date(days) => NaiveDate::from_epoch_days(days),
        Cell::Timestamp(micros) => {
            DateTime::from_timestamp_micros(micros).map(|time| time.date_naive())
        }
        _ => None,
    }
}
