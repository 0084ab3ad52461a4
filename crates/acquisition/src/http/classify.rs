//! The classification of replies: an answer, a permanent refusal, or a transient failure that is worth a retry.

use std::error::Error as _;
use std::time::Duration;

use crate::Error;
use crate::decode::json;
use crate::redact::Redactor;
use crate::refusal::{Endpoint, RefusalKind};
use crate::text::{cut, is_html, is_web_page};

/// A refusal in an API's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The API's error code, as it writes it.
    pub code: Option<String>,
    /// The API's message.
    pub message: String,
    /// The kind of refusal.
    pub kind: RefusalKind,
    /// Advice on how to fix it; empty if the message suffices.
    pub advice: &'static str,
}

/// The error of a failed attempt, and whether to retry.
pub(super) struct Failure {
    pub(super) error: Box<Error>,
    pub(super) decision: RetryDecision,
    /// The HTTP status, if there was a reply.
    pub(super) status: Option<u16>,
}

/// The decision whether to retry, and when.
pub(super) enum RetryDecision {
    Never,
    Backoff,
    After(Duration),
}

impl Failure {
    pub(super) fn new(error: Error, decision: RetryDecision) -> Self {
        Self { error: Box::new(error), decision, status: None }
    }

    /// Returns the failure with `redactor` redacted.
    pub(super) fn redacted(self, redactor: &Redactor) -> Self {
        Self { error: Box::new(redactor.error(*self.error)), ..self }
    }

    /// Creates the failure of a request without a complete reply. Certificate errors are not retried.
    pub(super) fn transport(error: reqwest::Error, endpoint: &Endpoint) -> Self {
        let endpoint = endpoint.clone();
        let error = error.without_url();
        if let Some(reason) = untrusted_certificate(&error) {
            return Self::new(
                Error::Certificate { endpoint, reason, error: error.into() },
                RetryDecision::Never,
            );
        }
        let decision =
            if error.is_builder() { RetryDecision::Never } else { RetryDecision::Backoff };
        let error = if error.is_timeout() {
            Error::Timeout { endpoint, error: error.into() }
        } else if error.is_body() || error.is_decode() {
            Error::Interrupted { endpoint, reason: "the body is shorter than announced".into() }
        } else {
            Error::Connect { endpoint, error: error.into() }
        };
        Self::new(error, decision)
    }
}

/// Returns the reason for which TLS rejected the certificate, if that is the cause.
fn untrusted_certificate(error: &reqwest::Error) -> Option<String> {
    // The type is that of the TLS library, which this crate does not name, so its message is parsed.
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if let Some((_, reason)) = words.split_once("invalid peer certificate: ") {
            return Some(cut(reason, 120));
        }
        cause = error.source();
    }
    None
}

/// A complete reply.
pub(super) struct Reply<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) status: u16,
    /// Whether the body has to be JSON.
    pub(super) json: bool,
    /// The host that a redirect names.
    pub(super) redirect: Option<String>,
    /// The pause that the reply asks for.
    pub(super) retry_after: Option<Duration>,
    /// The pause if the service throttles without naming one.
    pub(super) throttled: Duration,
    pub(super) body: Vec<u8>,
}

impl Reply<'_> {
    /// Returns the body if the reply is an answer, and the failure otherwise.
    pub(super) fn classify(
        self,
        refusal: fn(&[u8]) -> Option<Refusal>,
    ) -> Result<Vec<u8>, Failure> {
        match self.status {
            200..300 => self.success(refusal),
            300..400 => {
                let to = self.redirect.clone().unwrap_or_else(|| "nowhere".into());
                let endpoint = self.endpoint.clone();
                Err(Failure::new(Error::Redirect { endpoint, to }, RetryDecision::Never))
            }
            _ => Err(self.refused(refusal(&self.body))),
        }
    }

    fn success(self, refusal: fn(&[u8]) -> Option<Refusal>) -> Result<Vec<u8>, Failure> {
        let web_page = if self.json { is_web_page(&self.body) } else { is_html(&self.body) };
        if web_page {
            // The page of maintenance or of a failing proxy is transient, as a 5xx is.
            return Err(Failure::new(
                self.not_json("it is a web page, try again later"),
                RetryDecision::Backoff,
            ));
        }
        if !self.json {
            return Ok(self.body);
        }
        if let Err(error) = json::check(&self.body) {
            // JSON that ends too early is an answer that was cut off in transit without notice.
            return Err(if error.is_eof() {
                let reason = format!("its JSON ends at column {}", error.column());
                let endpoint = self.endpoint.clone();
                Failure::new(Error::Interrupted { endpoint, reason }, RetryDecision::Backoff)
            } else {
                Failure::new(self.not_json(&error.to_string()), RetryDecision::Never)
            });
        }
        match refusal(&self.body) {
            Some(refusal) => Err(self.refused(Some(refusal))),
            None => Ok(self.body),
        }
    }

    fn refused(&self, refusal: Option<Refusal>) -> Failure {
        let status = self.status;
        let web_page = refusal.is_none() && is_web_page(&self.body);
        let refusal = refusal.unwrap_or_else(|| self.plain_text_refusal());
        // A used-up quota is also reported as 429, and no pause of the retry policy helps.
        let throttled = match refusal.kind {
            RefusalKind::Throttled => true,
            RefusalKind::Other => status == 429,
            _ => false,
        };
        let decision = match (self.retry_after, status) {
            _ if throttled => RetryDecision::After(self.retry_after.unwrap_or(self.throttled)),
            _ if refusal.kind == RefusalKind::Busy => RetryDecision::Backoff,
            _ if refusal.kind == RefusalKind::Spent => RetryDecision::Never,
            (Some(retry_after), 408 | 500..) => RetryDecision::After(retry_after),
            (None, 408 | 500..) => RetryDecision::Backoff,
            _ => RetryDecision::Never,
        };
        let (endpoint, message) = (self.endpoint.clone(), cut(&refusal.message, 200));
        let Refusal { code, kind, advice, .. } = refusal;
        let auth = match kind {
            RefusalKind::Auth => true,
            RefusalKind::Other => matches!(status, 401 | 403),
            _ => false,
        };
        let advice = if auth && advice.is_empty() { "check the key and the plan" } else { advice };
        let error = match decision {
            RetryDecision::After(retry_after) => {
                Error::RateLimited { endpoint, status, retry_after, message }
            }
            _ if web_page => self.not_json("it is a web page"),
            _ if auth => Error::Auth { endpoint, status, code, message, advice },
            _ => Error::Status { endpoint, status, kind, code, message, advice },
        };
        Failure::new(error, decision)
    }

    fn plain_text_refusal(&self) -> Refusal {
        let text = String::from_utf8_lossy(&self.body);
        let message = if text.trim().is_empty() { "nothing more".into() } else { text.into() };
        Refusal { code: None, message, kind: RefusalKind::Other, advice: "" }
    }

    fn not_json(&self, reason: &str) -> Error {
        Error::NotJson {
            endpoint: self.endpoint.clone(),
            status: self.status,
            reason: cut(reason, 80),
            start: cut(&String::from_utf8_lossy(&self.body), 80),
        }
    }
}
