//! Jobs: the service does all its work in jobs, whose ids the client chooses.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tidegauge_core::{Batch, BatchBuilder, BatchStream, Cell, DataType, Scalar, Scan, TableRef};

use super::client::{Refusal, encoded, ending, retry_on_conflict};
use super::{BigQuery, ddl};
use crate::{Error, Result, random, sql, text};

/// The tracing target of messages on the cost of queries.
const COST: &str = "tidegauge_storage::cost";

/// The on-demand price of 2⁴⁰ bytes: <https://cloud.google.com/bigquery/pricing>, as of 2026-11.
const DOLLARS_PER_TIB: f64 = 6.25;

/// The maximum number of rows of a result page, and so of a batch; the service returns fewer if
/// they are long.
const PAGE: usize = 65_536;

/// The time after which a warning about a running job is logged; the duration of a job is not
/// limited here.
const TOLD_AFTER: Duration = Duration::from_secs(60);

/// A named query parameter.
#[derive(Debug, Clone)]
pub(super) struct Param {
    name: Cow<'static, str>,
    dtype: DataType,
    value: ParamValue,
}

#[derive(Debug, Clone)]
enum ParamValue {
    One(Option<String>),
    List(Vec<String>),
}

impl Param {
    /// Creates a text parameter.
    pub(super) fn text(name: &'static str, value: Option<&str>) -> Self {
        let value = ParamValue::One(value.map(ToOwned::to_owned));
        Self { name: name.into(), dtype: DataType::Text, value }
    }

    /// Creates the parameter at index `at` of the numbered ones.
    fn numbered(at: usize, param: &sql::Param) -> Result<Self> {
        let (dtype, values) = param.values();
        let texts: Result<Vec<String>> = values.iter().map(|value| written(dtype, value)).collect();
        let mut texts = texts?;
        let value = match param {
            sql::Param::One(..) => ParamValue::One(texts.pop()),
            sql::Param::List(..) => ParamValue::List(texts),
        };
        Ok(Self { name: format!("p{at}").into(), dtype, value })
    }

    fn json(&self) -> Value {
        let dtype = json!({ "type": ddl::type_name(self.dtype) });
        let (dtype, value) = match &self.value {
            ParamValue::One(value) => (dtype, json!({ "value": value })),
            ParamValue::List(values) => {
                let values: Vec<_> = values.iter().map(|value| json!({ "value": value })).collect();
                (json!({ "type": "ARRAY", "arrayType": dtype }), json!({ "arrayValues": values }))
            }
        };
        json!({ "name": self.name, "parameterType": dtype, "parameterValue": value })
    }
}

/// Formats a value in the syntax of the service.
fn written(dtype: DataType, value: &Scalar) -> Result<String> {
    let beyond = |unit, units| tidegauge_core::Error::Filter {
        table: String::new(),
        reason: text::beyond(unit, units),
    };
    Ok(match (value, dtype) {
        (Scalar::Bool(value), _) => value.to_string(),
        (Scalar::Int(value), _) => value.to_string(),
        (Scalar::Float(value), _) => format!("{value:?}"),
        (Scalar::Text(text), _) => text.clone(),
        (Scalar::Date(days), _) => {
            text::day(*days).ok_or_else(|| beyond("day", i64::from(*days)))?
        }
        (Scalar::Timestamp(at), _) => {
            text::instant(*at, ' ', "+00").ok_or_else(|| beyond("microsecond", *at))?
        }
        (Scalar::Decimal(units), DataType::Decimal { scale, .. }) => text::decimal(*units, scale),
        (Scalar::Decimal(units), _) => units.to_string(),
    })
}

/// A query with its parameters.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) sql: String,
    pub(super) params: Vec<Param>,
}

impl Query {
    pub(super) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), params: Vec::new() }
    }

    /// Converts a query with numbered parameters.
    ///
    /// # Errors
    /// When a bound time is out of the service's range.
    pub(super) fn bound(query: &sql::Query) -> Result<Self> {
        let mut bound = Self::new(query.sql.clone());
        for (at, param) in query.params.iter().enumerate() {
            let (dtype, values) = param.values();
            if !ddl::is_literal(dtype) {
                bound.params.push(Param::numbered(at, param)?);
                continue;
            }
            let name = ddl::type_name(dtype);
            let literal = |value| Ok(format!("{name} '{}'", written(dtype, value)?));
            let literals: Result<Vec<String>> = values.iter().map(literal).collect();
            bound.sql = bound.sql.replace(&ddl::literals(at), &literals?.join(", "));
        }
        Ok(bound)
    }
}

/// A page of a result. Every value is text or null, except for lists and records, which are not
/// used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rows<'a> {
    #[serde(default)]
    job_complete: bool,
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
    /// Returns the request body of a query or a script: its text, default dataset, parameters and
    /// cost limit.
    fn query_json(&self, query: &Query) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("query".into(), json!(query.sql));
        body.insert("useLegacySql".into(), json!(false));
        let dataset = json!({ "projectId": self.place.project, "datasetId": self.place.dataset });
        body.insert("defaultDataset".into(), dataset);
        if !query.params.is_empty() {
            body.insert("parameterMode".into(), json!("NAMED"));
            let params: Vec<Value> = query.params.iter().map(Param::json).collect();
            body.insert("queryParameters".into(), json!(params));
        }
        if let Some(most) = self.place.max_bytes_billed {
            body.insert("maximumBytesBilled".into(), json!(most.to_string()));
        }
        body
    }

    /// Returns a job's full reference: without a location, the service finds only jobs in the US
    /// and EU.
    fn reference(&self, id: &str) -> Value {
        let mut reference = json!({ "projectId": self.place.project, "jobId": id });
        if let Some(location) = &self.place.location {
            reference["location"] = json!(location);
        }
        reference
    }

    fn located(&self, url: String) -> String {
        let join = if url.contains('?') { '&' } else { '?' };
        match &self.place.location {
            Some(location) => format!("{url}{join}location={location}"),
            None => url,
        }
    }

    /// Runs `query` to its end and returns the job's id. If a response is lost the request is
    /// retried, but the job runs once.
    pub(super) async fn run(&self, query: &Query) -> Result<String, Refusal> {
        let id = format!("tidegauge_{:016x}{:016x}", random::number(), random::number());
        let job = json!({
            "jobReference": self.reference(&id),
            "configuration": { "query": self.query_json(query) },
        });
        match self.client.ask(Method::POST, &self.client.url("jobs"), Some(&job)).await {
            Ok(job) => {
                if let Some(ended) = ending(&job) {
                    return ended.map(|()| id);
                }
            }
            // The job was created by an earlier attempt whose response was lost.
            Err(refusal) if refusal.is_duplicate() => {}
            Err(refusal) => return Err(refusal),
        }
        // The error of a failed job is returned by this request for its rows.
        let path = format!("queries/{id}?maxResults=0&timeoutMs=20000");
        let url = self.located(self.client.url(&path));
        let began = Instant::now();
        let mut is_told = false;
        loop {
            let bytes = self.client.bytes(Method::GET, &url, None).await?;
            if serde_json::from_slice::<Rows<'_>>(&bytes)?.job_complete {
                return Ok(id);
            }
            if !is_told && began.elapsed() >= TOLD_AFTER {
                is_told = true;
                let (name, seconds) = (&self.place.name, TOLD_AFTER.as_secs());
                tracing::warn!(
                    "{name}: job `{id}` has not ended for {seconds} s, and is waited for"
                );
            }
        }
    }

    /// Runs `query`, which changes data, and retries it on conflicts.
    pub(super) async fn change(&self, query: &Query) -> Result<(), Refusal> {
        retry_on_conflict(|| async { self.run(query).await.map(|_| ()) }).await
    }

    /// Returns the first value of the first row.
    pub(super) async fn value(&self, query: &Query) -> Result<Option<String>, Refusal> {
        let id = self.run(query).await?;
        let url = self.located(self.client.url(&format!("queries/{id}?maxResults=1")));
        let bytes = self.client.bytes(Method::GET, &url, None).await?;
        let rows = serde_json::from_slice::<Rows<'_>>(&bytes)?.rows.unwrap_or_default();
        let first = rows.into_iter().next().and_then(|row| row.f.into_iter().next());
        Ok(first.and_then(|field| field.v).map(Cow::into_owned))
    }

    /// Returns all rows of the result of `query`, which must be few.
    pub(super) async fn values(&self, query: &Query) -> Result<Vec<Vec<Option<String>>>, Refusal> {
        let first = self.first_page(&self.run(query).await?);
        let (mut url, mut all) = (first.clone(), Vec::new());
        loop {
            let bytes = self.client.bytes(Method::GET, &url, None).await?;
            let page: Rows<'_> = serde_json::from_slice(&bytes)?;
            let owned = |row: Row<'_>| {
                row.f.into_iter().map(|field| field.v.map(Cow::into_owned)).collect::<Vec<_>>()
            };
            all.extend(page.rows.unwrap_or_default().into_iter().map(owned));
            match page.page_token.filter(|token| !token.is_empty()) {
                Some(token) => url = format!("{first}&pageToken={}", encoded(&token)),
                None => return Ok(all),
            }
        }
    }

    fn first_page(&self, id: &str) -> String {
        self.located(self.client.url(&format!("queries/{id}?maxResults={PAGE}")))
    }

    /// Streams the rows of the result of `query`, which has the columns of `table`, page by page,
    /// after applying `rest` to them. Timestamps are expected in microseconds.
    pub(super) async fn rows(
        &self,
        query: Query,
        table: TableRef,
        rest: Option<Scan>,
    ) -> Result<BatchStream> {
        let failed = |refusal| self.failed(refusal, Some(&table));
        self.tell_cost(&query, &table).await.map_err(failed)?;
        let id = self.run(&query).await.map_err(failed)?;
        let first = self.first_page(&id);
        let limit = rest.as_ref().and_then(|rest| rest.limit).unwrap_or(usize::MAX);
        let state = (self.clone(), Some(first.clone()), limit);
        let pages = stream::try_unfold(state, move |(store, url, left)| {
            let (table, first, rest) = (table.clone(), first.clone(), rest.clone());
            async move {
                let Some(url) = url.filter(|_| left > 0) else { return Ok(None) };
                let page = store.page(&url, &table).await;
                let (batch, token) = store.of(page)?;
                let batch = match &rest {
                    Some(rest) => rest.apply(&batch)?.slice(0, left),
                    None => batch,
                };
                let next = token.map(|token| format!("{first}&pageToken={}", encoded(&token)));
                let left = left - batch.rows().min(left);
                Ok(Some((batch, (store, next, left))))
            }
        });
        let some = |batch: &Batch| futures_util::future::ready(batch.rows() > 0);
        Ok(Box::pin(pages.try_filter(some)))
    }

    /// Returns a page of rows, and the token of the next one.
    async fn page(&self, url: &str, table: &TableRef) -> Result<(Batch, Option<String>)> {
        let failed = |refusal| self.failed(refusal, Some(table));
        let bytes = self.client.bytes(Method::GET, url, None).await.map_err(failed)?;
        let page: Rows<'_> =
            serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?;
        let mut builder = BatchBuilder::new(table);
        for row in page.rows.unwrap_or_default() {
            for (column, field) in table.columns.iter().zip(row.f) {
                let damaged = || Error::Damaged {
                    path: self.place.name.clone(),
                    reason: format!(
                        "table `{}`: {} holds no {}",
                        table.name, column.name, column.dtype
                    ),
                };
                let cell = cell(field.v.as_deref(), column.dtype).ok_or_else(damaged)?;
                builder.push(cell)?;
            }
        }
        Ok((builder.finish()?, page.page_token.filter(|token| !token.is_empty())))
    }

    /// Logs how much `query` is going to read and what that costs, from a dry run.
    async fn tell_cost(&self, query: &Query, table: &TableRef) -> Result<(), Refusal> {
        let mut body = self.query_json(query);
        body.insert("dryRun".into(), json!(true));
        if let Some(location) = &self.place.location {
            body.insert("location".into(), json!(location));
        }
        let (url, body) = (self.client.url("queries"), Value::Object(body));
        let said = self.client.ask(Method::POST, &url, Some(&body)).await?;
        let bytes = said.get("totalBytesProcessed").and_then(|bytes| match bytes {
            Value::String(text) => text.parse::<u64>().ok(),
            other => other.as_u64(),
        });
        if let Some(bytes) = bytes {
            let dollars = bytes as f64 / (1u64 << 40) as f64 * DOLLARS_PER_TIB;
            tracing::info!(
                target: COST,
                "{}: the query on `{}` reads {:.1} MB, ${dollars:.4} on demand",
                self.place.name, table.name, bytes as f64 / 1e6
            );
        }
        Ok(())
    }

    /// Loads a Parquet file into the table `id`, replacing its rows, by a job with the same id. If
    /// that job exists already, waits for it.
    pub(super) async fn load_job(
        &self,
        id: &str,
        content: Bytes,
        patience: Duration,
    ) -> Result<(), Refusal> {
        let job = json!({
            "jobReference": self.reference(id),
            "configuration": { "load": {
                "sourceFormat": "PARQUET",
                "destinationTable": {
                    "projectId": self.place.project,
                    "datasetId": self.place.dataset,
                    "tableId": id,
                },
                "createDisposition": "CREATE_IF_NEEDED",
                "writeDisposition": "WRITE_TRUNCATE",
                "decimalTargetTypes": ["NUMERIC", "BIGNUMERIC"],
            } },
        });
        match self.client.upload(&job, content).await {
            Ok(job) => {
                if let Some(ended) = ending(&job) {
                    return ended;
                }
            }
            Err(refusal) if refusal.is_duplicate() => {}
            Err(refusal) => return Err(refusal),
        }
        let unknown = || Refusal::Malformed(format!("it knows nothing of job `{id}`"));
        self.ended(id, patience).await?.ok_or_else(unknown)?
    }

    /// Returns the outcome of the job `id` after waiting for it for at most `patience`; `None` if
    /// there is no such job.
    pub(super) async fn ended(
        &self,
        id: &str,
        patience: Duration,
    ) -> Result<Option<Result<(), Refusal>>, Refusal> {
        let url = self.located(self.client.url(&format!("jobs/{id}")));
        let (mut pause, mut waited) = (Duration::from_millis(50), Duration::ZERO);
        loop {
            let job = match self.client.ask(Method::GET, &url, None).await {
                Err(refusal) if refusal.is_not_found() => return Ok(None),
                job => job?,
            };
            if let Some(ended) = ending(&job) {
                return Ok(Some(ended));
            }
            if waited >= patience {
                return Ok(Some(Err(Refusal::Late(waited))));
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}

/// Converts a value of a result to a cell; returns `None` if it cannot be parsed.
fn cell(value: Option<&str>, dtype: DataType) -> Option<Cell<'_>> {
    let Some(text) = value else { return Some(Cell::Null) };
    Some(match dtype {
        DataType::Bool => Cell::Bool(text.parse().ok()?),
        DataType::Int64 => Cell::Int(text.parse::<i64>().ok()?.into()),
        DataType::Float64 => Cell::Float(text.parse().ok()?),
        DataType::Timestamp => Cell::Timestamp(text.parse().ok()?),
        DataType::Text | DataType::Date | DataType::Decimal { .. } => Cell::Text(text),
    })
}
