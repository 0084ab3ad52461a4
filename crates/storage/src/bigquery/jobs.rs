//! Jobs: the service does all its work in jobs, whose ids the client chooses, so that requests for
//! them are idempotent.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::api_error::{ApiError, job_outcome};
use super::query::{Param, Query};
use super::results::ResultPage;
use super::retries::retry_on_conflict;
use super::store::BigQuery;
use crate::random;

/// The time after which a warning about a running job is logged; the duration of a job is not
/// limited here.
const WARN_AFTER: Duration = Duration::from_secs(60);

impl BigQuery {
    /// Returns the request body of a query or a script: its text, default dataset, parameters and
    /// cost limit.
    pub(super) fn query_json(&self, query: &Query) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("query".into(), json!(query.sql));
        body.insert("useLegacySql".into(), json!(false));
        let dataset =
            json!({ "projectId": self.dataset.project_id, "datasetId": self.dataset.dataset_id });
        body.insert("defaultDataset".into(), dataset);
        if !query.params.is_empty() {
            body.insert("parameterMode".into(), json!("NAMED"));
            let params: Vec<Value> = query.params.iter().map(Param::json).collect();
            body.insert("queryParameters".into(), json!(params));
        }
        if let Some(most) = self.dataset.max_bytes_billed {
            body.insert("maximumBytesBilled".into(), json!(most.to_string()));
        }
        body
    }

    /// Returns a job's full reference: without a location, the service finds only jobs in the US
    /// and EU.
    fn reference(&self, id: &str) -> Value {
        let mut reference = json!({ "projectId": self.dataset.project_id, "jobId": id });
        if let Some(location) = &self.dataset.location {
            reference["location"] = json!(location);
        }
        reference
    }

    /// Returns `url` with the location of the dataset.
    pub(super) fn located(&self, url: String) -> String {
        let join = if url.contains('?') { '&' } else { '?' };
        match &self.dataset.location {
            Some(location) => format!("{url}{join}location={location}"),
            None => url,
        }
    }

    /// Runs `query` to its end and returns the job's id. If a response is lost the request is
    /// retried, but the job runs once.
    pub(super) async fn run(&self, query: &Query) -> Result<String, ApiError> {
        let id =
            format!("tidegauge_{:016x}{:016x}", random::random_number(), random::random_number());
        let job = json!({
            "jobReference": self.reference(&id),
            "configuration": { "query": self.query_json(query) },
        });
        match self.client.request_json(Method::POST, &self.client.url("jobs"), Some(&job)).await {
            Ok(job) => {
                if let Some(outcome) = job_outcome(&job) {
                    return outcome.map(|()| id);
                }
            }
            // The job was created by an earlier attempt whose response was lost.
            Err(error) if error.is_duplicate() => {}
            Err(error) => return Err(error),
        }
        // The error of a failed job is returned by this request for its rows.
        let path = format!("queries/{id}?maxResults=0&timeoutMs=20000");
        let url = self.located(self.client.url(&path));
        let began = Instant::now();
        let mut has_warned = false;
        loop {
            let bytes = self.client.request(Method::GET, &url, None).await?;
            if serde_json::from_slice::<ResultPage<'_>>(&bytes)?.job_complete {
                return Ok(id);
            }
            if !has_warned && began.elapsed() >= WARN_AFTER {
                has_warned = true;
                let (name, seconds) = (&self.dataset.name, WARN_AFTER.as_secs());
                tracing::warn!(store = name, job = id, seconds, "job is still running, waiting");
            }
        }
    }

    /// Runs `query`, which changes data, and retries it on conflicts.
    pub(super) async fn run_with_retry(&self, query: &Query) -> Result<(), ApiError> {
        retry_on_conflict(|| async { self.run(query).await.map(|_| ()) }).await
    }

    /// Loads a Parquet file into the table `id`, replacing its rows, by a job with the same id. If
    /// that job exists already, waits for it.
    pub(super) async fn load_job(
        &self,
        id: &str,
        content: Bytes,
        timeout: Duration,
    ) -> Result<(), ApiError> {
        let job = json!({
            "jobReference": self.reference(id),
            "configuration": { "load": {
                "sourceFormat": "PARQUET",
                "destinationTable": {
                    "projectId": self.dataset.project_id,
                    "datasetId": self.dataset.dataset_id,
                    "tableId": id,
                },
                "createDisposition": "CREATE_IF_NEEDED",
                "writeDisposition": "WRITE_TRUNCATE",
                "decimalTargetTypes": ["NUMERIC", "BIGNUMERIC"],
            } },
        });
        match self.client.upload(&job, content).await {
            Ok(job) => {
                if let Some(outcome) = job_outcome(&job) {
                    return outcome;
                }
            }
            Err(error) if error.is_duplicate() => {}
            Err(error) => return Err(error),
        }
        let unknown = || ApiError::Malformed(format!("it knows nothing of job `{id}`"));
        self.wait_for_job(id, timeout).await?.ok_or_else(unknown)?
    }

    /// Returns the outcome of the job `id` after waiting for it for at most `timeout`; `None` if
    /// there is no such job.
    pub(super) async fn wait_for_job(
        &self,
        id: &str,
        timeout: Duration,
    ) -> Result<Option<Result<(), ApiError>>, ApiError> {
        let url = self.located(self.client.url(&format!("jobs/{id}")));
        let (mut delay, mut waited) = (Duration::from_millis(50), Duration::ZERO);
        loop {
            let job = match self.client.request_json(Method::GET, &url, None).await {
                Err(error) if error.is_not_found() => return Ok(None),
                job => job?,
            };
            if let Some(outcome) = job_outcome(&job) {
                return Ok(Some(outcome));
            }
            if waited >= timeout {
                return Ok(Some(Err(ApiError::JobTimeout(waited))));
            }
            tokio::time::sleep(delay).await;
            waited += delay;
            delay = (delay * 2).min(Duration::from_secs(5));
        }
    }
}
