//! The client of the REST API, with retries and error classification.

use std::time::Duration;

use backon::Retryable;
use bytes::Bytes;
use google_cloud_auth::credentials::{
    AccessTokenCredentials, Builder as DefaultCredentials, service_account,
};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::Place;
use crate::retry::{self, Policy};

/// The OAuth scope of the access tokens.
const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// The retry policy of requests that failed with a transient error.
const TRANSIENT: Policy = retry::exponential(INITIAL_BACKOFF, MAX_BACKOFF, 5);

/// The retry policy of changes that conflicted with concurrent ones.
const CONFLICTS: Policy = retry::exponential(INITIAL_BACKOFF, MAX_BACKOFF, 11);

pub(super) const INITIAL_BACKOFF: Duration = Duration::from_millis(250);
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// The timeouts for connecting to the service and between two reads of a response.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// The reason why a request has no result.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The service, or a job of it, returned an error.
    Said { status: u16, reason: String, message: String },
    /// The service could not be reached, or closed the connection.
    Unreachable(String),
    /// The credentials are missing or unusable.
    Credentials(String),
    /// The response cannot be parsed.
    Malformed(String),
    /// A job that did not end within this time.
    Late(Duration),
}

impl Refusal {
    /// Returns `true` if the requested resource, or its parent, does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Said { status: 404, .. })
    }

    /// Returns `true` if the resource already exists.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Said { status: 409, .. })
    }

    /// Returns `true` if a transaction was aborted because another one changed the same tables.
    pub(super) fn met_another(&self) -> bool {
        const WORDS: [&str; 5] = [
            "concurrent update",    // the service's
            "Could not serialize",  // likewise, of DDL
            "Failed to commit",     // those of the emulator,
            "Conflict on update",   // for what its engine says
            "violates primary key", // when two create one table
        ];
        matches!(self, Self::Said { message, .. } if WORDS.iter().any(|words| message.contains(words)))
    }

    /// Returns `true` if the error is transient, so that a retry may succeed:
    /// <https://cloud.google.com/bigquery/docs/error-messages>
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Late(_) => true,
            Self::Said { status, reason, .. } => match reason.as_str() {
                "rateLimitExceeded" | "backendError" | "internalError" | "badGateway" => true,
                "" => [429, 500, 502, 503, 504].contains(status),
                _ => false,
            },
            _ => false,
        }
    }
}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        // The innermost cause is the informative one; the URL is no secret, but long.
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Self::Unreachable(cause.to_string())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The error object of the API and of jobs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    message: String,
    reason: String,
    errors: Vec<Problem>,
}

/// Returns the outcome of a job, or `None` if it has not ended yet.
pub(super) fn ending(job: &Value) -> Option<Result<(), Refusal>> {
    if job.pointer("/status/state").and_then(Value::as_str) != Some("DONE") {
        return None;
    }
    let Some(problem) = job.pointer("/status/errorResult").filter(|problem| !problem.is_null())
    else {
        return Some(Ok(()));
    };
    let Problem { message, reason, .. } = Problem::deserialize(problem).unwrap_or_default();
    let status = if reason == "notFound" { 404 } else { 400 };
    Some(Err(Refusal::Said { status, reason, message }))
}

/// An HTTP client of the service.
#[derive(Debug)]
pub(super) struct Client {
    place: Place,
    http: reqwest::Client,
    credentials: OnceCell<AccessTokenCredentials>,
}

impl Client {
    pub(super) fn new(place: Place) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("tidegauge/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // The service answers part of an upload with 308 when it expects more.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { place, http, credentials: OnceCell::new() })
    }

    /// Returns the URL of `path` below the project.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/bigquery/v2/projects/{}/{path}", self.place.endpoint, self.place.project)
    }

    /// Sends a request and returns the response as JSON.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        let answer = self.bytes(method, url, body).await?;
        // The response to a deletion is empty.
        if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&answer)?) }
    }

    /// Sends a request and returns the body of the response.
    pub(super) async fn bytes(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Bytes, Refusal> {
        retry_transient(|| async {
            let mut request = self.http.request(method.clone(), url);
            if let Some(body) = body {
                let text = serde_json::to_vec(body)?;
                request = request.header(CONTENT_TYPE, "application/json").body(text);
            }
            Ok(answered(self.allowed(request).await?.send().await?).await?.1)
        })
        .await
    }

    /// Starts the load job `job` with `content`, and returns the job resource.
    pub(super) async fn upload(&self, job: &Value, content: Bytes) -> Result<Value, Refusal> {
        let Place { endpoint, project, .. } = &self.place;
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
            let (session, _) = answered(self.allowed(opened).await?.send().await?).await?;
            let session = self.session(session)?;
            let put = self.http.put(session).body(content.clone());
            let (_, answer) = answered(self.allowed(put).await?.send().await?).await?;
            Ok(serde_json::from_slice(&answer)?)
        })
        .await
    }

    /// Returns the session URL of an upload. Emulators return the address that they listen on,
    /// which may not be reachable from here, so only path and query of it are used.
    fn session(&self, location: Option<String>) -> Result<Url, Refusal> {
        let malformed = || Refusal::Malformed("it opens an upload and says not where".into());
        let base = Url::parse(&self.place.endpoint).map_err(|_| malformed())?;
        let session = base.join(&location.ok_or_else(malformed)?).map_err(|_| malformed())?;
        if !self.place.is_emulator() {
            return Ok(session);
        }
        let mut reachable = base;
        reachable.set_path(session.path());
        reachable.set_query(session.query());
        Ok(reachable)
    }

    /// Adds the credentials to the request, but never for an emulator, whose connection is not
    /// encrypted.
    async fn allowed(&self, request: RequestBuilder) -> Result<RequestBuilder, Refusal> {
        if self.place.is_emulator() {
            return Ok(request);
        }
        let refused = |error: &dyn std::fmt::Display| Refusal::Credentials(error.to_string());
        let credentials =
            self.credentials.get_or_try_init(async || credentials(&self.place)).await?;
        let token = credentials.access_token().await.map_err(|error| refused(&error))?;
        Ok(request.bearer_auth(token.token))
    }
}

/// Returns the credentials: the service account's key if the URL names one, else the
/// application-default credentials of this machine:
/// <https://cloud.google.com/docs/authentication/application-default-credentials>.
fn credentials(place: &Place) -> Result<AccessTokenCredentials, Refusal> {
    let Some(file) = &place.credentials else {
        let built =
            DefaultCredentials::default().with_scopes([SCOPE]).build_access_token_credentials();
        return built.map_err(|error| {
            // The library repeats what it cannot parse, which may be part of a key.
            let repeats = error.is_parsing() || error.is_unknown_type();
            let unusable = "the file of the application-default credentials holds none of Google's";
            let reason = if repeats { unusable.to_owned() } else { error.to_string() };
            Refusal::Credentials(reason)
        });
    };
    // The content of the file is not repeated in messages.
    let unusable = |why: &str| Refusal::Credentials(format!("`{}` {why}", file.display()));
    let text = std::fs::read(file).map_err(|error| unusable(&error.to_string()))?;
    let key: Value = serde_json::from_slice(&text).map_err(|_| unusable("is no JSON"))?;
    if key.get("type").and_then(Value::as_str) != Some("service_account") {
        return Err(unusable("is no key of a service account"));
    }
    let scopes = service_account::AccessSpecifier::from_scopes([SCOPE]);
    let builder = service_account::Builder::new(key).with_access_specifier(scopes);
    builder.build_access_token_credentials().map_err(|_| unusable("lacks a part of a key"))
}

/// Returns the body of a response with its `Location` header, or the error that it reports.
async fn answered(response: reqwest::Response) -> Result<(Option<String>, Bytes), Refusal> {
    let status = response.status();
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.map(ToOwned::to_owned);
    let answer = response.bytes().await?;
    if status.is_success() {
        return Ok((location, answer));
    }
    #[derive(Deserialize)]
    struct Answer {
        error: Problem,
    }
    // The body may not be an error of the API, but a proxy's page, for example.
    let problem = serde_json::from_slice::<Answer>(&answer).map(|answer| answer.error);
    let problem = problem.unwrap_or_default();
    let known = StatusCode::canonical_reason(&status).unwrap_or("unknown");
    let message = if problem.message.is_empty() { known.to_owned() } else { problem.message };
    let first = problem.errors.into_iter().next();
    let reason = first.map(|first| first.reason).unwrap_or_default();
    Err(Refusal::Said { status: status.as_u16(), reason, message })
}

/// Retries a request after transient errors. Every request of this client is idempotent.
async fn retry_transient<T, F>(ask: impl Fn() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    retry(TRANSIENT, Refusal::is_passing, ask).await
}

/// Retries a change that was aborted because of a concurrent one at the same tables. Of conflicting
/// transactions the service lets the first one through:
/// <https://cloud.google.com/bigquery/docs/transactions>.
pub(super) async fn retry_on_conflict<T, F>(change: impl Fn() -> F) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    retry(CONFLICTS, Refusal::met_another, change).await
}

async fn retry<T, F>(
    policy: Policy,
    when: fn(&Refusal) -> bool,
    ask: impl Fn() -> F,
) -> Result<T, Refusal>
where
    F: Future<Output = Result<T, Refusal>>,
{
    let notify = |refusal: &Refusal, pause: Duration| {
        tracing::debug!(?pause, ?refusal, "request to BigQuery failed, retrying");
    };
    ask.retry(policy).when(when).notify(notify).await
}

/// Percent-encodes text for a URL.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_stays() {
        let said = |status, reason: &str| Refusal::Said {
            status,
            reason: reason.into(),
            message: String::new(),
        };
        for refusal in [
            said(403, "rateLimitExceeded"),
            said(503, ""),
            said(500, "backendError"),
            Refusal::Unreachable("connection reset".into()),
        ] {
            assert!(refusal.is_passing(), "{refusal:?}");
        }
        for refusal in [
            said(403, "quotaExceeded"),
            said(403, "accessDenied"),
            said(400, "invalidQuery"),
            said(404, "notFound"),
        ] {
            assert!(!refusal.is_passing(), "{refusal:?}");
        }
    }

    /// Checks that the key is used without a token request: it signs a token itself, which the
    /// service verifies.
    #[tokio::test]
    async fn the_key_of_a_service_account_is_used() {
        use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
        use aws_lc_rs::rsa::{KeyPair, KeySize};
        use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
        use base64::engine::{Engine, general_purpose::STANDARD, general_purpose::URL_SAFE_NO_PAD};

        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let (begin, end) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        let key = serde_json::json!({
            "type": "service_account",
            "project_id": "shop",
            "private_key_id": "1",
            "private_key": format!("{begin}\n{}\n{end}\n", STANDARD.encode(&*der)),
            "client_email": "loader@shop.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
        });
        std::fs::write(&file, key.to_string()).unwrap();
        let url = format!("bigquery://shop/d?credentials={}", file.display());
        let place = Place::parse(&url).unwrap();
        if place.is_emulator() {
            return; // with BIGQUERY_EMULATOR_HOST set, no credentials are needed
        }
        let token = credentials(&place).unwrap().access_token().await.unwrap().token;
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        public.verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["iss"], "loader@shop.iam.gserviceaccount.com");
        assert_eq!(claims["scope"], SCOPE);
    }

    #[test]
    fn a_key_that_is_none_is_named_without_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.json");
        let url = format!("bigquery://shop/d?credentials={}", file.display());
        let said = || {
            credentials(&Place::parse(&url).unwrap()).err().map(|refusal| format!("{refusal:?}"))
        };
        assert!(said().unwrap().contains("key.json"), "there is none");
        for (text, says) in [
            ("secret", "is no JSON"),
            ("{\"type\": \"authorized_user\", \"secret\": 1}", "no key of a service account"),
        ] {
            std::fs::write(&file, text).unwrap();
            let said = said().unwrap();
            assert!(said.contains(says) && !said.contains("secret"), "{said}");
        }
    }
}
