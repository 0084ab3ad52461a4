//! The client of the REST API.

use std::time::Duration;

use bytes::Bytes;
use google_cloud_auth::credentials::AccessTokenCredentials;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::api_error::{ApiError, ErrorBody};
use super::credentials::create_credentials;
use super::dataset::DatasetRef;
use super::retries::retry_transient;

/// The timeouts for connecting to the service and between two reads of a response.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// An HTTP client of the service.
#[derive(Debug)]
pub(super) struct Client {
    dataset: DatasetRef,
    http: reqwest::Client,
    credentials: OnceCell<AccessTokenCredentials>,
}

impl Client {
    /// Creates the client of the service of `dataset`.
    pub(super) fn new(dataset: DatasetRef) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("tidegauge/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // The service answers part of an upload with 308 when it expects more.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { dataset, http, credentials: OnceCell::new() })
    }

    /// Returns the URL of `path` below the project.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/bigquery/v2/projects/{}/{path}", self.dataset.endpoint, self.dataset.project_id)
    }

    /// Sends a request and returns the response as JSON.
    pub(super) async fn request_json(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Value, ApiError> {
        let response_body = self.request(method, url, body).await?;
        // The response to a deletion is empty.
        if response_body.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_slice(&response_body)?)
        }
    }

    /// Sends a request and returns the body of the response.
    pub(super) async fn request(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Bytes, ApiError> {
        retry_transient(|| async {
            let mut request = self.http.request(method.clone(), url);
            if let Some(body) = body {
                let text = serde_json::to_vec(body)?;
                request = request.header(CONTENT_TYPE, "application/json").body(text);
            }
            Ok(check_response(self.authorize(request).await?.send().await?).await?.1)
        })
        .await
    }

    /// Starts the load job `job` with `content`, and returns the job resource.
    pub(super) async fn upload(&self, job: &Value, content: Bytes) -> Result<Value, ApiError> {
        let DatasetRef { endpoint, project_id: project, .. } = &self.dataset;
        let url =
            format!("{endpoint}/upload/bigquery/v2/projects/{project}/jobs?uploadType=resumable");
        // An interrupted upload is started over instead of resumed: it is no larger than a page.
        retry_transient(|| async {
            let opened = self
                .http
                .post(&url)
                .header(CONTENT_TYPE, "application/json; charset=UTF-8")
                .header("X-Upload-Content-Type", "application/vnd.apache.parquet")
                .header("X-Upload-Content-Length", content.len())
                .body(serde_json::to_vec(job)?);
            let (session, _) = check_response(self.authorize(opened).await?.send().await?).await?;
            let session = self.session_url(session)?;
            let put = self.http.put(session).body(content.clone());
            let (_, response_body) =
                check_response(self.authorize(put).await?.send().await?).await?;
            Ok(serde_json::from_slice(&response_body)?)
        })
        .await
    }

    /// Returns the session URL of an upload. Emulators return the address that they listen on,
    /// which may not be reachable from here, so only path and query of it are used.
    fn session_url(&self, location: Option<String>) -> Result<Url, ApiError> {
        let malformed = || ApiError::Malformed("it opens an upload and says not where".into());
        let base = Url::parse(&self.dataset.endpoint).map_err(|_| malformed())?;
        let session = base.join(&location.ok_or_else(malformed)?).map_err(|_| malformed())?;
        if !self.dataset.is_emulator() {
            return Ok(session);
        }
        let mut reachable = base;
        reachable.set_path(session.path());
        reachable.set_query(session.query());
        Ok(reachable)
    }

    /// Adds the credentials to the request, but never for an emulator, whose connection is not
    /// encrypted.
    async fn authorize(&self, request: RequestBuilder) -> Result<RequestBuilder, ApiError> {
        if self.dataset.is_emulator() {
            return Ok(request);
        }
        let refused = |error: &dyn std::fmt::Display| ApiError::Credentials(error.to_string());
        let credentials =
            self.credentials.get_or_try_init(async || create_credentials(&self.dataset)).await?;
        let token = credentials.access_token().await.map_err(|error| refused(&error))?;
        Ok(request.bearer_auth(token.token))
    }
}

/// Returns the body of a response with its `Location` header, or the error that it reports.
async fn check_response(response: reqwest::Response) -> Result<(Option<String>, Bytes), ApiError> {
    let status = response.status();
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.map(ToOwned::to_owned);
    let response_body = response.bytes().await?;
    if status.is_success() {
        return Ok((location, response_body));
    }
    #[derive(Deserialize)]
    struct ErrorResponse {
        error: ErrorBody,
    }
    // The body may not be an error of the API, but a proxy's page, for example.
    let body = serde_json::from_slice::<ErrorResponse>(&response_body)
        .map(|response_body| response_body.error);
    let body = body.unwrap_or_default();
    let known = StatusCode::canonical_reason(&status).unwrap_or("unknown");
    let message = if body.message.is_empty() { known.to_owned() } else { body.message };
    let first = body.errors.into_iter().next();
    let reason = first.map(|first| first.reason).unwrap_or_default();
    Err(ApiError::Response { status: status.as_u16(), reason, message })
}

/// Percent-encodes text for a URL.
pub(super) fn percent_encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
