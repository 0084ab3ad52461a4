//! A warehouse in memory, and helpers for times and facts.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use futures_util::stream;
use polars::prelude::*;
use serde::Serialize;
use tidegauge_analytics::Facts;
use tidegauge_core::{
    Batch, BatchStream, Cursor, ErrorKind, Load, Loaded, Result, Scan, Sink, TableRef, Warehouse,
};

/// Parses `2026-01-05` or `2026-01-05 10:00`.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    let midnight = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    let minute = || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok();
    midnight().or_else(minute).unwrap().and_utc()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn times(texts: &[&str]) -> Vec<NaiveDateTime> {
    texts.iter().map(|text| at(text).naive_utc()).collect()
}

/// Returns events from (user, at, volume, revenue), all of kind `trade`.
pub(crate) fn events(rows: &[(&str, &str, f64, f64)]) -> DataFrame {
    df!(
        "user" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => times(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        "kind" => vec!["trade"; rows.len()],
        "volume_usd" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "revenue_usd" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
    )
    .unwrap()
}

/// Returns users from (user, signup, channel).
pub(crate) fn users(rows: &[(&str, &str, Option<&str>)]) -> DataFrame {
    df!(
        "user" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "signup_at" => times(&rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        "channel" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap()
}

pub(crate) fn facts(
    users_: &[(&str, &str, Option<&str>)],
    events_: &[(&str, &str, f64, f64)],
    end: &str,
) -> Facts {
    Facts::new(&users(users_), &events(events_), at(end)).unwrap()
}

/// Runs a future that never waits.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a warehouse in memory never waits"),
    }
}

/// Tables in memory, returned a few rows at a time.
#[derive(Debug)]
pub(crate) struct Memory {
    tables: HashMap<String, Batch>,
    batch_rows: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self { tables: HashMap::new(), batch_rows: 3 }
    }
}

impl Memory {
    /// Sets the number of rows that are returned at a time.
    pub(crate) fn in_batches_of(self, batch_rows: usize) -> Self {
        Self { batch_rows, ..self }
    }

    pub(crate) fn put<R: Serialize>(&mut self, table: &TableRef, rows: &[R]) {
        let batch = Batch::from_rows(table, rows).unwrap();
        self.tables.insert(table.name.to_string(), batch);
    }
}

#[async_trait]
impl Sink for Memory {
    fn name(&self) -> &str {
        "memory"
    }
    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        Ok(())
    }
    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(BTreeMap::new())
    }
    async fn load(&self, _: Load<'_>) -> Result<Loaded> {
        Err(tidegauge_core::Error::sink("memory", ErrorKind::Permission, "is only read"))
    }
}

#[async_trait]
impl Warehouse for Memory {
    async fn scan(&self, scan: &Scan) -> Result<BatchStream> {
        let Some(rows) = self.tables.get(scan.table.name.as_ref()) else {
            return Ok(Box::pin(stream::empty()));
        };
        let found = scan.apply(rows)?;
        let parts = (0..found.rows())
            .step_by(self.batch_rows)
            .map(|from| Ok(found.slice(from, self.batch_rows)));
        Ok(Box::pin(stream::iter(parts.collect::<Vec<_>>())))
    }
}
