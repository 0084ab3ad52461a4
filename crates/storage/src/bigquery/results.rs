//! Results of queries, page by page.

use std::borrow::Cow;

use futures_util::{TryStreamExt, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegauge_core::{Batch, BatchBuilder, BatchStream, Cell, DataType, Scan, TableRef};

use super::api_error::ApiError;
use super::client::percent_encode;
use super::query::Query;
use super::store::BigQuery;
use crate::{Error, Result};

/// The tracing target of messages on the cost of queries.
const COST_TARGET: &str = "tidegauge_storage::cost";

/// The on-demand price of 2⁴⁰ bytes: <https://cloud.google.com/bigquery/pricing>, as of 2026-11.
const DOLLARS_PER_TIB: f64 = 6.25;

/// The maximum number of rows of a result page, and so of a batch; the service returns fewer if
/// they are long.
const PAGE_ROWS: usize = 65_536;

/// A page of a result. Every value is text or null, except for lists and records, which are not
/// used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultPage<'a> {
    #[serde(default)]
    pub(super) job_complete: bool,
    #[serde(default, borrow)]
    rows: Option<Vec<Row<'a>>>,
    #[serde(default)]
    page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    f: Vec<Field<'a>>,
}

#[derive(Debug, Deserialize)]
struct Field<'a> {
    #[serde(borrow)]
    v: Option<Cow<'a, str>>,
}

impl BigQuery {
    /// Returns the first value of the first row.
    pub(super) async fn query_value(&self, query: &Query) -> Result<Option<String>, ApiError> {
        let id = self.run(query).await?;
        let url = self.located(self.client.url(&format!("queries/{id}?maxResults=1")));
        let bytes = self.client.request(Method::GET, &url, None).await?;
        let rows = serde_json::from_slice::<ResultPage<'_>>(&bytes)?.rows.unwrap_or_default();
        let first = rows.into_iter().next().and_then(|row| row.f.into_iter().next());
        Ok(first.and_then(|field| field.v).map(Cow::into_owned))
    }

    /// Returns all rows of the result of `query`, which must be few.
    pub(super) async fn query_values(
        &self,
        query: &Query,
    ) -> Result<Vec<Vec<Option<String>>>, ApiError> {
        let first = self.first_page_url(&self.run(query).await?);
        let (mut url, mut all) = (first.clone(), Vec::new());
        loop {
            let bytes = self.client.request(Method::GET, &url, None).await?;
            let page: ResultPage<'_> = serde_json::from_slice(&bytes)?;
            let owned = |row: Row<'_>| {
                row.f.into_iter().map(|field| field.v.map(Cow::into_owned)).collect::<Vec<_>>()
            };
            all.extend(page.rows.unwrap_or_default().into_iter().map(owned));
            match page.page_token.filter(|token| !token.is_empty()) {
                Some(token) => url = format!("{first}&pageToken={}", percent_encode(&token)),
                None => return Ok(all),
            }
        }
    }

    fn first_page_url(&self, id: &str) -> String {
        self.located(self.client.url(&format!("queries/{id}?maxResults={PAGE_ROWS}")))
    }

    /// Streams the rows of the result of `query`, which has the columns of `table`, page by page,
    /// after applying `residual` to them. Timestamps are expected in microseconds.
    pub(super) async fn stream_rows(
        &self,
        query: Query,
        table: TableRef,
        residual: Option<Scan>,
    ) -> Result<BatchStream> {
        let to_error = |error| self.to_error(error, Some(&table));
        self.log_cost(&query, &table).await.map_err(to_error)?;
        let id = self.run(&query).await.map_err(to_error)?;
        let first = self.first_page_url(&id);
        let limit = residual.as_ref().and_then(|residual| residual.limit).unwrap_or(usize::MAX);
        let state = (self.clone(), Some(first.clone()), limit);
        let pages = stream::try_unfold(state, move |(store, url, remaining)| {
            let (table, first, residual) = (table.clone(), first.clone(), residual.clone());
            async move {
                let Some(url) = url.filter(|_| remaining > 0) else { return Ok(None) };
                let page = store.read_page(&url, &table).await;
                let (batch, token) = store.to_core(page)?;
                let batch = match &residual {
                    Some(residual) => residual.apply(&batch)?.slice(0, remaining),
                    None => batch,
                };
                let next =
                    token.map(|token| format!("{first}&pageToken={}", percent_encode(&token)));
                let remaining = remaining - batch.rows().min(remaining);
                Ok(Some((batch, (store, next, remaining))))
            }
        });
        let some = |batch: &Batch| futures_util::future::ready(batch.rows() > 0);
        Ok(Box::pin(pages.try_filter(some)))
    }

    /// Returns a page of rows, and the token of the next one.
    async fn read_page(&self, url: &str, table: &TableRef) -> Result<(Batch, Option<String>)> {
        let to_error = |error| self.to_error(error, Some(table));
        let bytes = self.client.request(Method::GET, url, None).await.map_err(to_error)?;
        let page: ResultPage<'_> =
            serde_json::from_slice(&bytes).map_err(|error| to_error(error.into()))?;
        let mut builder = BatchBuilder::new(table);
        for row in page.rows.unwrap_or_default() {
            for (column, field) in table.columns.iter().zip(row.f) {
                let damaged = || Error::Damaged {
                    path: self.dataset.name.clone(),
                    reason: format!(
                        "table `{}`: {} holds no {}",
                        table.name, column.name, column.dtype
                    ),
                };
                let cell = parse_cell(field.v.as_deref(), column.dtype).ok_or_else(damaged)?;
                builder.push(cell)?;
            }
        }
        Ok((builder.finish()?, page.page_token.filter(|token| !token.is_empty())))
    }

    /// Logs how much `query` is going to read and what that costs, from a dry run.
    async fn log_cost(&self, query: &Query, table: &TableRef) -> Result<(), ApiError> {
        let mut body = self.query_json(query);
        body.insert("dryRun".into(), json!(true));
        if let Some(location) = &self.dataset.location {
            body.insert("location".into(), json!(location));
        }
        let (url, body) = (self.client.url("queries"), Value::Object(body));
        let estimate = self.client.request_json(Method::POST, &url, Some(&body)).await?;
        let bytes = estimate.get("totalBytesProcessed").and_then(|bytes| match bytes {
            Value::String(text) => text.parse::<u64>().ok(),
            other => other.as_u64(),
        });
        if let Some(bytes) = bytes {
            let dollars = bytes as f64 / (1u64 << 40) as f64 * DOLLARS_PER_TIB;
            tracing::info!(
                target: COST_TARGET,
                "{}: the query on `{}` reads {:.1} MB, ${dollars:.4} on demand",
                self.dataset.name, table.name, bytes as f64 / 1e6
            );
        }
        Ok(())
    }
}

/// Converts a value of a result to a cell; returns `None` if it cannot be parsed.
fn parse_cell(value: Option<&str>, dtype: DataType) -> Option<Cell<'_>> {
    let Some(text) = value else { return Some(Cell::Null) };
    Some(match dtype {
        DataType::Bool => Cell::Bool(text.parse().ok()?),
        DataType::Int64 => Cell::Int(text.parse::<i64>().ok()?.into()),
        DataType::Float64 => Cell::Float(text.parse().ok()?),
        DataType::Timestamp => Cell::Timestamp(text.parse().ok()?),
        DataType::Text | DataType::Date | DataType::Decimal { .. } => Cell::Text(text),
    })
}
