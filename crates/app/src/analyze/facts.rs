//! The facts of purchases.

use std::collections::{HashMap, HashSet};
use std::mem::take;

use chrono::{DateTime, Utc};
use tidegauge_analytics::Facts;
use tidegauge_analytics::polars::prelude::{
    Column, DataFrame, DataType, Int64Chunked, IntoColumn, StringChunked, TimeUnit,
};
use tidegauge_report::End;

use super::columns::{EventKind, PurchaseColumns};
use super::params::AnalyzeParams;
use super::rows::PurchaseRows;
use super::summary::AnalysisSummary;
use crate::{Error, Result};

/// The most labels of a dimension that is compared unasked.
const MAX_LABELS: usize = 40;

/// Returns the facts of the rows: a user's signup is the first purchase, which also has the labels
/// of the user's dimensions; a refund counts at the time of the purchase that it takes back.
///
/// # Errors
/// When there is no purchase before the end of observation, or the end cannot be told.
pub(super) fn facts(
    mut rows: PurchaseRows,
    params: &AnalyzeParams,
    summary: &mut AnalysisSummary,
) -> Result<Facts> {
    let end = end(&rows.columns, params, summary)?;
    count(&rows.columns, params, summary);
    let users = users(&rows, params, summary)?;
    if users.height() == 0 {
        return Err(no_purchases(summary));
    }
    // The labels of other rows are not needed any more.
    rows.columns.dimensions = Vec::new();
    let facts = Facts::new(&users, &events(rows)?, end)?.with_calendar(params.calendar);
    summary.users = facts.user_count();
    if summary.users == 0 {
        return Err(no_purchases(summary));
    }
    Ok(facts)
}

/// Counts purchases, refunds and days in the summary.
fn count(columns: &PurchaseColumns, params: &AnalyzeParams, summary: &mut AnalysisSummary) {
    let day = |at: &i64| DateTime::from_timestamp_micros(*at).map(|at| params.calendar.date(at));
    summary.first_day = columns.at.iter().min().and_then(day);
    summary.last_day = columns.at.iter().max().and_then(day);
    let refunds = columns.kind.iter().filter(|kind| kind.is_reversal()).count();
    summary.refunds = refunds as u64;
    summary.purchases = (columns.len() - refunds) as u64;
}

/// Returns the end of observation: the given one, or the start of the day of the last row, which may
/// not be over.
fn end(
    columns: &PurchaseColumns,
    params: &AnalyzeParams,
    summary: &mut AnalysisSummary,
) -> Result<DateTime<Utc>> {
    if let Some(end) = params.end {
        return Ok(end.instant(&params.calendar));
    }
    let last = columns.at.iter().max().copied();
    let Some(last) = last.and_then(DateTime::from_timestamp_micros) else {
        return Err(no_purchases(summary));
    };
    let day = params.calendar.date(last);
    let end = End::Day(day).instant(&params.calendar);
    let next = day.succ_opt().unwrap_or(day);
    let rows = columns.at.iter().zip(&columns.kind);
    let on_it = rows
        .filter(|(at, kind)| **at >= end.timestamp_micros() && **kind != EventKind::RefundedPart);
    let on_it = on_it.count();
    let (noun, them) = if on_it == 1 { ("row is", "it") } else { ("rows are", "them") };
    summary.notes.push(format!(
        "The day of the last row, {day}, may not be over: its {on_it} {noun} left out, and `--as-of {next}` includes {them}.",
    ));
    Ok(end)
}

fn no_purchases(summary: &AnalysisSummary) -> Error {
    let mut reasons = summary.caveats();
    reasons.extend(summary.notes.iter().cloned());
    Error::NoPurchases { rows: summary.rows, reasons }
}

/// Returns the users with the time and the labels of their first purchase. Dimensions that were
/// found and not asked for are left out if they have too many labels to be compared.
fn users(
    rows: &PurchaseRows,
    params: &AnalyzeParams,
    summary: &mut AnalysisSummary,
) -> Result<DataFrame> {
    let columns = &rows.columns;
    let mut first: Vec<Option<usize>> = vec![None; rows.users.len()];
    for (row, (user, kind)) in columns.user.iter().zip(&columns.kind).enumerate() {
        // A refund is not the first act of a user.
        let known = &mut first[*user as usize];
        if !kind.is_reversal() && known.is_none_or(|known| columns.at[row] < columns.at[known]) {
            *known = Some(row);
        }
    }
    let known = || first.iter().zip(0u32..).filter_map(|(row, user)| Some((user, (*row)?)));
    let names: StringChunked = known().map(|(user, _)| Some(rows.users.text(user))).collect();
    let mut frame_columns = vec![
        names.with_name("user".into()).into_column(),
        times("signup_at", known().map(|(_, row)| columns.at[row]).collect())?,
    ];
    for dimension in columns.dimensions.iter().filter(|dimension| dimension.labels.len() > 0) {
        let (name, labels) = (&dimension.name, dimension.labels.len());
        let is_asked = params.hints.names_dimension(name);
        if labels > MAX_LABELS && !is_asked {
            summary.notes.push(format!(
                "`{name}` has {labels} different values, too many to compare users by: `--dimension {name}` does so \
                 nevertheless."
            ));
            continue;
        }
        let labels: StringChunked = known().map(|(_, row)| dimension.label(row)).collect();
        frame_columns.push(labels.with_name(name.as_str().into()).into_column());
    }
    frame(frame_columns[0].len(), frame_columns)
}

/// The names of the kinds of events.
const KINDS: [&str; 4] = ["purchase", "deposit", "withdrawal", "refund"];

/// Returns the events of the rows. Columns are moved into the frame as far as possible.
fn events(rows: PurchaseRows) -> Result<DataFrame> {
    let PurchaseRows { mut columns, users, .. } = rows;
    let bought_at = purchase_times(&columns);
    let height = columns.len();
    let orders: Option<Int64Chunked> =
        columns.has_orders().then(|| (0..height).map(|row| columns.order(row)).collect());
    let mut at = take(&mut columns.at);
    let mut kinds = Vec::with_capacity(height);
    for (row, kind) in columns.kind.iter().enumerate() {
        kinds.push(match kind {
            EventKind::Purchase | EventKind::RefundedPart => 0,
            EventKind::Deposit => 1,
            EventKind::Withdrawal => 2,
            // A refund is at the time of the purchase that it takes back, and of its kind, if that is
            // known.
            EventKind::Refund => {
                let bought = |order| bought_at.get(&(columns.user[row], order));
                match columns.order(row).and_then(bought) {
                    Some(bought) => {
                        at[row] = *bought;
                        0
                    }
                    None => 3,
                }
            }
        });
    }
    let reversals: Vec<bool> = columns.kind.iter().map(|kind| kind.is_reversal()).collect();
    let PurchaseColumns { user, value, revenue, .. } = columns;
    let texts = |name: &str, texts: StringChunked, codes: Vec<u32>| {
        let texts = texts.with_name(name.into()).into_column();
        Ok::<_, Error>(texts.take_slice(&codes).map_err(tidegauge_analytics::Error::from)?)
    };
    let names: StringChunked = users.texts().map(Some).collect();
    drop(users);
    let volume = Column::new("volume_usd".into(), value);
    let mut revenue_column = match revenue {
        Some(revenue) => Column::new("revenue_usd".into(), revenue),
        None => volume.clone(),
    };
    revenue_column.rename("revenue_usd".into());
    let mut frame_columns = vec![
        texts("user", names, user)?,
        times("at", at)?,
        texts("kind", KINDS.into_iter().map(Some).collect(), kinds)?,
        volume,
        revenue_column,
        Column::new("is_reversal".into(), reversals),
    ];
    frame_columns.extend(orders.map(|orders| orders.with_name("order".into()).into_column()));
    frame(height, frame_columns)
}

/// Returns the time of the first purchase of each order and user, for orders that have refunds.
fn purchase_times(columns: &PurchaseColumns) -> HashMap<(u32, i64), i64> {
    let rows = || columns.kind.iter().enumerate();
    let key = |row: usize| Some((columns.user[row], columns.order(row)?));
    let refunds = rows().filter(|(_, kind)| **kind == EventKind::Refund);
    let refunded: HashSet<(u32, i64)> = refunds.filter_map(|(row, _)| key(row)).collect();
    let mut times = HashMap::new();
    if refunded.is_empty() {
        return times;
    }
    for (row, _) in rows().filter(|(_, kind)| !kind.is_reversal()) {
        if let Some(key) = key(row).filter(|key| refunded.contains(key)) {
            let at = times.entry(key).or_insert(columns.at[row]);
            *at = columns.at[row].min(*at);
        }
    }
    times
}

fn times(name: &str, micros: Vec<i64>) -> Result<Column> {
    let micros = Column::new(name.into(), micros);
    let times = micros.cast(&DataType::Datetime(TimeUnit::Microseconds, None));
    Ok(times.map_err(tidegauge_analytics::Error::from)?)
}

fn frame(height: usize, columns: Vec<Column>) -> Result<DataFrame> {
    Ok(DataFrame::new(height, columns).map_err(tidegauge_analytics::Error::from)?)
}
