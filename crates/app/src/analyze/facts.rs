//! The facts of purchases.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tidegauge_acquisition::files::import::RowKind;
use tidegauge_analytics::Facts;
use tidegauge_analytics::polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, StringChunked, TimeUnit,
};

use super::params::{AnalyzeParams, EndOfData};
use super::rows::{PurchaseRow, PurchaseRows};
use super::summary::AnalysisSummary;
use crate::{Error, Result};

/// Returns the facts of the rows: a user's signup is the first purchase, which also has the user's
/// channel and country; a refund counts at the time of the purchase that it takes back.
///
/// # Errors
/// When there is no purchase before the end of observation, or the end cannot be told.
pub(super) fn facts(
    rows: &PurchaseRows,
    params: &AnalyzeParams,
    summary: &mut AnalysisSummary,
) -> Result<Facts> {
    let end = end(rows, params, summary)?;
    let users = Users::new(rows);
    if users.rows.is_empty() {
        return Err(no_purchases(summary));
    }
    let facts = Facts::new(&users.frame(rows)?, &events(rows)?, end)?;
    let facts = facts.with_calendar(params.calendar);
    count(rows, params, summary);
    summary.users = facts.user_count();
    if summary.users == 0 {
        return Err(no_purchases(summary));
    }
    Ok(facts)
}

/// Counts purchases, refunds and days in the summary.
fn count(rows: &PurchaseRows, params: &AnalyzeParams, summary: &mut AnalysisSummary) {
    let day = |at: i64| DateTime::from_timestamp_micros(at).map(|at| params.calendar.date(at));
    summary.first_day = rows.rows.iter().map(|row| row.at).min().and_then(day);
    summary.last_day = rows.rows.iter().map(|row| row.at).max().and_then(day);
    let is_refund = |row: &&PurchaseRow| row.kind == RowKind::Refund;
    let later = rows.rows.iter().filter(|row| row.refunded > 0.0).count();
    let refunds = rows.rows.iter().filter(is_refund).count();
    summary.refunds = (refunds + later) as u64;
    summary.purchases = (rows.rows.len() - refunds) as u64;
}

/// Returns the end of observation: the given one, or the start of the day of the last row, which may
/// not be over.
fn end(
    rows: &PurchaseRows,
    params: &AnalyzeParams,
    summary: &mut AnalysisSummary,
) -> Result<DateTime<Utc>> {
    if let Some(end) = params.end {
        return Ok(end.instant(&params.calendar));
    }
    let last = rows.rows.iter().map(|row| row.at).max();
    let Some(last) = last.and_then(DateTime::from_timestamp_micros) else {
        return Err(no_purchases(summary));
    };
    let day = params.calendar.date(last);
    let end = EndOfData::Day(day).instant(&params.calendar);
    let next = day.succ_opt().unwrap_or(day);
    let on_it = rows.rows.iter().filter(|row| row.at >= end.timestamp_micros());
    let noun = |count: usize| if count == 1 { "row is" } else { "rows are" };
    let on_it = on_it.count();
    summary.notes.push(format!(
        "The day of the last row, {day}, may not be over: its {on_it} {} left out, and `--end {next}` includes {}.",
        noun(on_it),
        if on_it == 1 { "it" } else { "them" }
    ));
    Ok(end)
}

fn no_purchases(summary: &AnalysisSummary) -> Error {
    let mut reasons = summary.caveats();
    reasons.extend(summary.notes.iter().cloned());
    Error::NoPurchases { rows: summary.rows, reasons }
}

/// The first purchase of each user.
struct Users<'r> {
    rows: Vec<&'r PurchaseRow>,
}

impl<'r> Users<'r> {
    fn new(rows: &'r PurchaseRows) -> Self {
        let mut first: Vec<Option<&PurchaseRow>> = vec![None; rows.users.len()];
        // A refund is not the first act of a user.
        for row in rows.rows.iter().filter(|row| row.kind != RowKind::Refund) {
            let known = &mut first[row.user as usize];
            if known.is_none_or(|known| row.at < known.at) {
                *known = Some(row);
            }
        }
        Self { rows: first.into_iter().flatten().collect() }
    }

    fn frame(&self, rows: &PurchaseRows) -> Result<DataFrame> {
        let label =
            |name: &str, labels: &super::labels::Labels, of: fn(&PurchaseRow) -> Option<u32>| {
                let labels: StringChunked =
                    self.rows.iter().map(|row| of(row).map(|label| labels.text(label))).collect();
                labels.with_name(name.into()).into_column()
            };
        let users: StringChunked =
            self.rows.iter().map(|row| Some(rows.users.text(row.user))).collect();
        let mut columns = vec![
            users.with_name("user".into()).into_column(),
            times("signup_at", self.rows.iter().map(|row| row.at))?,
        ];
        if rows.channels.len() > 0 {
            columns.push(label("channel", &rows.channels, |row| row.channel));
        }
        if rows.countries.len() > 0 {
            columns.push(label("country", &rows.countries, |row| row.country));
        }
        frame(self.rows.len(), columns)
    }
}

/// An event of a row.
struct RowEvent<'r> {
    row: &'r PurchaseRow,
    at: i64,
    kind: &'static str,
    value: f64,
    revenue: f64,
    is_reversal: bool,
}

/// Returns the events of the rows. A refunded part of a purchase is an event of its own.
fn events(rows: &PurchaseRows) -> Result<DataFrame> {
    let bought_at = purchase_times(rows);
    let mut events: Vec<RowEvent<'_>> = Vec::with_capacity(rows.rows.len());
    for row in &rows.rows {
        let is_reversal = row.kind == RowKind::Refund;
        let order = row.order.filter(|_| is_reversal);
        let bought = order.and_then(|order| bought_at.get(&(row.user, order)).copied());
        let (at, kind) = (bought.unwrap_or(row.at), kind_name(row.kind, bought.is_some()));
        let (value, revenue) = (row.value, row.revenue);
        events.push(RowEvent { row, at, kind, value, revenue, is_reversal });
        if row.refunded > 0.0 {
            let share = if row.value > 0.0 { row.revenue / row.value } else { 0.0 };
            let (value, revenue) = (-row.refunded, -row.refunded * share);
            events.push(RowEvent { row, at, kind, value, revenue, is_reversal: true });
        }
    }
    let users: StringChunked =
        events.iter().map(|event| Some(rows.users.text(event.row.user))).collect();
    let kinds: StringChunked = events.iter().map(|event| Some(event.kind)).collect();
    let orders: Vec<_> = events.iter().map(|event| event.row.order.map(i64::from)).collect();
    let column = |name: &str, of: fn(&RowEvent<'_>) -> f64| {
        Column::new(name.into(), events.iter().map(of).collect::<Vec<f64>>())
    };
    let reversals: Vec<bool> = events.iter().map(|event| event.is_reversal).collect();
    let columns = vec![
        users.with_name("user".into()).into_column(),
        times("at", events.iter().map(|event| event.at))?,
        kinds.with_name("kind".into()).into_column(),
        column("volume_usd", |event| event.value),
        column("revenue_usd", |event| event.revenue),
        Column::new("order".into(), orders),
        Column::new("is_reversal".into(), reversals),
    ];
    frame(events.len(), columns)
}

/// Returns the time of the first purchase of each order and user.
fn purchase_times(rows: &PurchaseRows) -> HashMap<(u32, u32), i64> {
    let mut times = HashMap::new();
    for row in rows.rows.iter().filter(|row| row.kind != RowKind::Refund) {
        if let Some(order) = row.order {
            let at = times.entry((row.user, order)).or_insert(row.at);
            *at = row.at.min(*at);
        }
    }
    times
}

/// Returns the name of the kind of an event; a refund has that of the purchase that it takes back, if
/// that is known.
fn kind_name(kind: RowKind, is_known: bool) -> &'static str {
    match kind {
        RowKind::Deposit => "deposit",
        RowKind::Withdrawal => "withdrawal",
        RowKind::Refund if !is_known => "refund",
        _ => "purchase",
    }
}

fn times(name: &str, micros: impl Iterator<Item = i64>) -> Result<Column> {
    let micros = Column::new(name.into(), micros.collect::<Vec<i64>>());
    let times = micros.cast(&DataType::Datetime(TimeUnit::Microseconds, None));
    Ok(times.map_err(tidegauge_analytics::Error::from)?)
}

fn frame(height: usize, columns: Vec<Column>) -> Result<DataFrame> {
    Ok(DataFrame::new(height, columns).map_err(tidegauge_analytics::Error::from)?)
}
