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

use super::api_error::ApiError;
use super::client::percent_encode;
use super::dialect::{DATE_RANGE, DIALECT};
use super::query::{Param, Query};
use super::retries::{INITIAL_BACKOFF, MAX_BACKOFF};
use super::store::BigQuery;
use crate::parquet_file::encode_file;
use crate::{Error, Result, retry};

/// The prefix of the names of staging tables.
const STAGE_PREFIX: &str = "_tidegauge_stage_";

/// The maximum number of load jobs for the same rows that may fail within one load. Jobs of earlier
/// loads do not count: their ids stay taken for as long as the project keeps its history.
const MAX_ATTEMPTS: usize = 10;

/// The time that the first job is waited for; it doubles with each further one. A job without a
/// living client may be reported as running forever, and one that ends late does no harm, since its
/// table is not used.
const JOB_TIMEOUT: Duration = Duration::from_secs(20);

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Staged rows of a table.
#[derive(Debug)]
pub(super) struct StagingTable {
    /// The staging table.
    pub(super) name: String,
    /// The number of rows.
    pub(super) rows: usize,
}

impl StagingTable {
    /// Returns a SELECT of the staged rows with the columns of `table`.
    pub(super) fn select(&self, table: &Table) -> String {
        let column = |column: &Column| {
            let name = DIALECT.quoted(&column.name);
            match column.dtype {
                DataType::Timestamp => format!("TIMESTAMP_MICROS({name}) AS {name}"),
                _ => name,
            }
        };
        let columns: Vec<String> = table.columns.iter().map(column).collect();
        format!("SELECT {} FROM {}", columns.join(", "), DIALECT.quoted(&self.name))
    }
}

impl BigQuery {
    /// Loads the rows of `batch` into a staging table. The names of the table and of its load job
    /// are derived from the content and its purpose, so that a retried load finds the job instead
    /// of sending the rows twice.
    pub(super) async fn load_into_staging_table(
        &self,
        load: &Load<'_>,
        table: &Table,
        batch: Batch,
    ) -> Result<StagingTable> {
        let to_error = |error| self.to_error(error, Some(table));
        let rows = batch.rows();
        let content = Bytes::from(encode_stage(table, &batch)?);
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(Some(&self.dataset.dataset_id));
        fingerprint.add(Some(load.source));
        fingerprint.add(load.before.map(|cursor| cursor.as_str()));
        fingerprint.add(Some(load.after.as_str()));
        fingerprint.add(Some(&content));
        let mut delays = retry::exponential(INITIAL_BACKOFF, MAX_BACKOFF, MAX_ATTEMPTS).build();
        let (mut timeout, mut failures) = (JOB_TIMEOUT, 0);
        let mut number = 0u64;
        while failures < MAX_ATTEMPTS {
            number += 1;
            let name = format!("{STAGE_PREFIX}{}_{fingerprint}_{number}", table.name);
            let outcome = match self.wait_for_job(&name, Duration::ZERO).await.map_err(to_error)? {
                None => self.load_job(&name, content.clone(), timeout).await,
                // The staging table was used and removed since: the same rows are loaded again, for
                // example after a reset.
                Some(Ok(()))
                    if self.staged_row_count(&name).await.map_err(to_error)? != Some(rows) =>
                {
                    continue;
                }
                Some(Ok(())) => Ok(()),
                // The job of another loader, possibly of one that was killed.
                Some(Err(ApiError::JobTimeout(_))) => {
                    match self.wait_for_job(&name, JOB_TIMEOUT).await.map_err(to_error)? {
                        Some(Ok(())) => Ok(()),
                        _ => continue,
                    }
                }
                // The failed job of an earlier load, whose cause may have been fixed since.
                Some(Err(_)) => continue,
            };
            match outcome {
                Ok(()) => return Ok(StagingTable { name, rows }),
                Err(error) if error.is_transient() || error.is_conflict() => {
                    tracing::debug!(?error, job = name, "load job failed, retrying");
                    failures += 1;
                    tokio::time::sleep(delays.next().unwrap_or(MAX_BACKOFF)).await;
                    timeout *= 2;
                }
                Err(error) => return Err(to_error(error)),
            }
        }
        Err(Error::server(
            ErrorKind::Unavailable,
            format!("table `{}`: {MAX_ATTEMPTS} load jobs have failed", table.name),
            "look at the project's job history for why",
        ))
    }

    /// Returns the number of rows of a staging table in the catalog, or `None` if the table does
    /// not exist.
    async fn staged_row_count(&self, stage: &str) -> Result<Option<usize>, ApiError> {
        let described = self.table_resource(stage).await?;
        let rows = described.as_ref().and_then(|table| table.get("numRows"));
        Ok(rows.and_then(|rows| match rows {
            Value::String(text) => text.parse().ok(),
            other => usize::try_from(other.as_u64()?).ok(),
        }))
    }

    /// Returns `true` if a table exists and has a row. A count of all rows is free of charge, and
    /// exact, whereas the catalog's is an estimate.
    pub(super) async fn has_rows(&self, table: &Table) -> Result<bool, ApiError> {
        let name = DIALECT.quoted(&table.name);
        match self.query_value(&Query::new(format!("SELECT COUNT(*) FROM {name}"))).await {
            Ok(count) => Ok(count.is_some_and(|count| count != "0")),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a staging table after use. If that fails, a later sweep removes it.
    pub(super) async fn drop_staging_table(&self, stage: &str) {
        let path = format!("datasets/{}/tables/{stage}", self.dataset.dataset_id);
        let removed = self.client.request_json(Method::DELETE, &self.client.url(&path), None).await;
        if let Err(error) = removed
            && !error.is_not_found()
        {
            tracing::debug!(
                ?error,
                stage,
                "removing the staging table failed, a later sweep removes it"
            );
        }
    }

    /// Returns `true` if the dataset has a staging table. A list of tables is free of charge,
    /// unlike a query.
    async fn has_staging_tables(&self) -> Result<bool, ApiError> {
        let path = format!("datasets/{}/tables?maxResults=1000", self.dataset.dataset_id);
        let first = self.client.url(&path);
        let mut url = first.clone();
        loop {
            let listed = self.client.request_json(Method::GET, &url, None).await?;
            let tables = listed.get("tables").and_then(Value::as_array);
            let is_staging = |table: &Value| {
                let name = table.pointer("/tableReference/tableId").and_then(Value::as_str);
                name.is_some_and(|name| name.starts_with(STAGE_PREFIX))
            };
            if tables.is_some_and(|tables| tables.iter().any(is_staging)) {
                return Ok(true);
            }
            match listed.get("nextPageToken").and_then(Value::as_str) {
                Some(token) => url = format!("{first}&pageToken={}", percent_encode(token)),
                None => return Ok(false),
            }
        }
    }

    /// Removes staging tables of killed loads that are more than a day old.
    pub(super) async fn drop_expired_staging_tables(&self) -> Result<(), ApiError> {
        if !self.has_staging_tables().await? {
            return Ok(());
        }
        let mut query = Query::new(
            "SELECT STRING_AGG(table_name) FROM INFORMATION_SCHEMA.TABLES \
             WHERE STARTS_WITH(table_name, @prefix) \
               AND creation_time < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)",
        );
        query.params.push(Param::text("prefix", Some(STAGE_PREFIX)));
        for stage in self.query_value(&query).await?.iter().flat_map(|names| names.split(',')) {
            self.drop_staging_table(stage).await;
        }
        Ok(())
    }
}

/// Encodes the rows as a Parquet file with the types of the staging table. Timestamps are encoded
/// as integers, because without a time zone they would become another type.
fn encode_stage(table: &Table, batch: &Batch) -> Result<Vec<u8>> {
    let (mut fields, mut arrays) = (Vec::new(), Vec::<ArrayRef>::new());
    for ((column, view), array) in
        table.columns.iter().zip(batch.views()?).zip(batch.record().columns())
    {
        let (bounds, array): (_, ArrayRef) = match view {
            ColumnView::Date(days) => {
                let bounds = days.iter().flatten().map(i64::from);
                (bounds.fold((0, 0), extend_range), array.clone())
            }
            ColumnView::Timestamp(micros) => {
                let bounds = micros.iter().flatten().map(|at| at.div_euclid(MICROS_PER_DAY));
                let integers = micros.reinterpret_cast::<Int64Type>();
                (bounds.fold((0, 0), extend_range), Arc::new(integers))
            }
            _ => ((0, 0), array.clone()),
        };
        let known = |days: &i64| i32::try_from(*days).is_ok_and(|days| DATE_RANGE.contains(&days));
        if let Some(days) = [bounds.0, bounds.1].into_iter().find(|days| !known(days)) {
            let reason = format!("{days} days after 1970 lie outside the years 0001 to 9999");
            return Err(Error::unrepresentable(&table.name, &column.name, reason));
        }
        // Staging columns are nullable: the constraints of the table are checked when the rows are
        // moved.
        fields.push(Field::new(column.name.as_ref(), array.data_type().clone(), true));
        arrays.push(array);
    }
    encode_file(&RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?, None)
}

fn extend_range((min, max): (i64, i64), days: i64) -> (i64, i64) {
    (min.min(days), max.max(days))
}
