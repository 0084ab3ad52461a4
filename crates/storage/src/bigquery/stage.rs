//! Staging of rows: each batch is loaded into a table of its own by one load job.

use std::sync::Arc;
use std::time::Duration;

use backon::BackoffBuilder;
use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;
use tidegauge_core::arrow::array::types::Int64Type;
use tidegauge_core::arrow::array::{ArrayRef, RecordBatch};
use tidegauge_core::arrow::schema::{Field, Schema};
use tidegauge_core::{Batch, Column, ColumnView, DataType, ErrorKind, Fingerprint, Load, Table};

use super::client::{INITIAL_BACKOFF, MAX_BACKOFF, Refusal};
use super::jobs::{Param, Query};
use super::{BigQuery, ddl};
use crate::parquet_file::encode;
use crate::{Error, Result, retry};

/// The prefix of the names of staging tables.
const PREFIX: &str = "_tidegauge_stage_";

/// The maximum number of load jobs for the same rows that may fail within one load. Jobs of earlier
/// loads do not count: their ids stay taken for as long as the project keeps its history.
const ATTEMPTS: usize = 10;

/// The time that the first job is waited for; it doubles with each further one. A job without a
/// living client may be reported as running forever, and one that ends late does no harm, since its
/// table is not used.
const PATIENCE: Duration = Duration::from_secs(20);

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Staged rows of a table.
#[derive(Debug)]
pub(super) struct Stage {
    /// The staging table.
    pub(super) name: String,
    /// The number of rows.
    pub(super) rows: usize,
}

impl Stage {
    /// Returns a SELECT of the staged rows with the columns of `table`.
    pub(super) fn select(&self, table: &Table) -> String {
        let column = |column: &Column| {
            let name = ddl::DIALECT.quoted(&column.name);
            match column.dtype {
                DataType::Timestamp => format!("TIMESTAMP_MICROS({name}) AS {name}"),
                _ => name,
            }
        };
        let columns: Vec<String> = table.columns.iter().map(column).collect();
        format!("SELECT {} FROM {}", columns.join(", "), ddl::DIALECT.quoted(&self.name))
    }
}

impl BigQuery {
    /// Loads the rows of `batch` into a staging table. The names of the table and of its load job
    /// are derived from the content and its purpose, so that a retried load finds the job instead
    /// of sending the rows twice.
    pub(super) async fn stage(
        &self,
        load: &Load<'_>,
        table: &Table,
        batch: Batch,
    ) -> Result<Stage> {
        let failed = |refusal| self.failed(refusal, Some(table));
        let rows = batch.rows();
        let content = Bytes::from(parquet(table, &batch)?);
        let mut print = Fingerprint::default();
        print.add(Some(&self.place.dataset));
        print.add(Some(load.source));
        print.add(load.before.map(|cursor| cursor.as_str()));
        print.add(Some(load.after.as_str()));
        print.add(Some(&content));
        let mut pauses = retry::exponential(INITIAL_BACKOFF, MAX_BACKOFF, ATTEMPTS).build();
        let (mut patience, mut failures) = (PATIENCE, 0);
        let mut number = 0u64;
        while failures < ATTEMPTS {
            number += 1;
            let name = format!("{PREFIX}{}_{print}_{number}", table.name);
            let ended = match self.ended(&name, Duration::ZERO).await.map_err(failed)? {
                None => self.load_job(&name, content.clone(), patience).await,
                // The staging table was used and removed since: the same rows are loaded again, for
                // example after a reset.
                Some(Ok(())) if self.rows_in(&name).await.map_err(failed)? != Some(rows) => {
                    continue;
                }
                Some(Ok(())) => Ok(()),
                // The job of another loader, possibly of one that was killed.
                Some(Err(Refusal::Late(_))) => {
                    match self.ended(&name, PATIENCE).await.map_err(failed)? {
                        Some(Ok(())) => Ok(()),
                        _ => continue,
                    }
                }
                // The failed job of an earlier load, whose cause may have been fixed since.
                Some(Err(_)) => continue,
            };
            match ended {
                Ok(()) => return Ok(Stage { name, rows }),
                Err(refusal) if refusal.is_passing() || refusal.met_another() => {
                    tracing::debug!(?refusal, job = name, "a load job failed");
                    failures += 1;
                    tokio::time::sleep(pauses.next().unwrap_or(MAX_BACKOFF)).await;
                    patience *= 2;
                }
                Err(refusal) => return Err(failed(refusal)),
            }
        }
        Err(Error::server(
            ErrorKind::Unavailable,
            format!("table `{}`: {ATTEMPTS} load jobs have failed", table.name),
            "look at the project's job history for why",
        ))
    }

    /// Returns the number of rows of a staging table in the catalog, or `None` if the table does
    /// not exist.
    async fn rows_in(&self, stage: &str) -> Result<Option<usize>, Refusal> {
        let described = self.described(stage).await?;
        let rows = described.as_ref().and_then(|table| table.get("numRows"));
        Ok(rows.and_then(|rows| match rows {
            Value::String(text) => text.parse().ok(),
            other => usize::try_from(other.as_u64()?).ok(),
        }))
    }

    /// Returns `true` if a table exists and has a row. A count of all rows is free of charge, and
    /// exact, whereas the catalog's is an estimate.
    pub(super) async fn has_rows(&self, table: &Table) -> Result<bool, Refusal> {
        let name = ddl::DIALECT.quoted(&table.name);
        match self.value(&Query::new(format!("SELECT COUNT(*) FROM {name}"))).await {
            Ok(count) => Ok(count.is_some_and(|count| count != "0")),
            Err(refusal) if refusal.is_not_found() => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// Removes a staging table after use. If that fails, a later sweep removes it.
    pub(super) async fn unstage(&self, stage: &str) {
        let path = format!("datasets/{}/tables/{stage}", self.place.dataset);
        let removed = self.client.ask(Method::DELETE, &self.client.url(&path), None).await;
        if let Err(refusal) = removed
            && !refusal.is_not_found()
        {
            tracing::debug!(?refusal, stage, "left for whoever comes next");
        }
    }

    /// Removes staging tables of killed loads that are more than a day old.
    pub(super) async fn sweep(&self) -> Result<(), Refusal> {
        let mut query = Query::new(
            "SELECT STRING_AGG(table_name) FROM INFORMATION_SCHEMA.TABLES \
             WHERE STARTS_WITH(table_name, @prefix) \
               AND creation_time < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)",
        );
        query.params.push(Param::text("prefix", Some(PREFIX)));
        for stage in self.value(&query).await?.iter().flat_map(|names| names.split(',')) {
            self.unstage(stage).await;
        }
        Ok(())
    }
}

/// Encodes the rows as a Parquet file with the types of the staging table. Timestamps are encoded
/// as integers, because without a time zone they would become another type.
fn parquet(table: &Table, batch: &Batch) -> Result<Vec<u8>> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::<ArrayRef>::new());
    for ((column, view), array) in
        table.columns.iter().zip(batch.views()?).zip(batch.record().columns())
    {
        let (bounds, array): (_, ArrayRef) = match view {
            ColumnView::Date(days) => {
                let bounds = days.iter().flatten().map(i64::from);
                (bounds.fold((0, 0), widen), array.clone())
            }
            ColumnView::Timestamp(micros) => {
                let bounds = micros.iter().flatten().map(|at| at.div_euclid(MICROS_PER_DAY));
                let integers = micros.reinterpret_cast::<Int64Type>();
                (bounds.fold((0, 0), widen), Arc::new(integers))
            }
            _ => ((0, 0), array.clone()),
        };
        let known = |days: &i64| i32::try_from(*days).is_ok_and(|days| ddl::DAYS.contains(&days));
        if let Some(days) = [bounds.0, bounds.1].into_iter().find(|days| !known(days)) {
            let reason = format!("{days} days after 1970 lie outside the years 0001 to 9999");
            return Err(Error::unrepresentable(&table.name, &column.name, reason));
        }
        // Staging columns are nullable: the constraints of the table are checked when the rows are
        // moved.
        fields.push(Field::new(column.name.as_ref(), array.data_type().clone(), true));
        arrays.push(array);
    }
    encode(&RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?, None)
}

fn widen((least, most): (i64, i64), days: i64) -> (i64, i64) {
    (least.min(days), most.max(days))
}
