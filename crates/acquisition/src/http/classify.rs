//! What a reply means: an answer, a refusal, or a reason to ask again.

use std::error::Error as _;
use std::time::Duration;

use crate::Error;
use crate::decode::json;
use crate::error::{cut, is_html, is_web_page};
use crate::hidden::Hidden;
use crate::refusal::{Endpoint, RefusalKind};

/// What an API says in its own words when it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its code, as it writes it.
    pub code: Option<String>,
    /// Its words.
    pub message: String,
    /// What kind of refusal it is.
    pub kind: RefusalKind,
    /// The way out; empty where the words say it all.
    pub advice: &'static str,
}

/// Why an attempt failed, and whether another may succeed.
pub(super) struct Failure {
    pub(super) error: Box<Error>,
    pub(super) again: RetryDecision,
    /// The HTTP status, where there was an answer.
    pub(super) status: Option<u16>,
}

/// Whether to ask again, and when.
pub(super) enum RetryDecision {
    Never,
    Backoff,
    After(Duration),
}

impl Failure {
    pub(super) fn new(error: Error, again: RetryDecision) -> Self {
        Self { error: Box::new(error), again, status: None }
    }

    /// The same without what must not be shown.
    pub(super) fn without(self, hidden: &Hidden) -> Self {
        Self { error: Box::new(hidden.error(*self.error)), ..self }
    }

    /// No reply, or one that broke off.
    pub(super) fn transport(error: reqwest::Error, endpoint: &Endpoint) -> Self {
        let endpoint = endpoint.clone();
        let error = error.without_url();
        if let Some(reason) = distrust(&error) {
            return Self::new(
                Error::Certificate { endpoint, reason, error: error.into() },
                RetryDecision::Never,
            );
        }
        let again = if error.is_builder() { RetryDecision::Never } else { RetryDecision::Backoff };
        let error = if error.is_timeout() {
            Error::Timeout { endpoint, error: error.into() }
        } else if error.is_body() || error.is_decode() {
            Error::Interrupted { endpoint, reason: "the body is shorter than announced".into() }
        } else {
            Error::Connect { endpoint, error: error.into() }
        };
        Self::new(error, again)
    }
}

/// What TLS holds against the certificate that it was shown, if that is the cause.
fn distrust(error: &reqwest::Error) -> Option<String> {
    // The type is that of the TLS library, which nobody here names: its words are enough.
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

/// A reply, whole.
pub(super) struct Reply<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) status: u16,
    /// Whether it has to be JSON.
    pub(super) json: bool,
    /// The host that a redirect names.
    pub(super) redirect: Option<String>,
    /// How long it asks to be left alone.
    pub(super) asked: Option<Duration>,
    /// How long to leave it alone if it asks without a time.
    pub(super) throttled: Duration,
    pub(super) body: Vec<u8>,
}

impl Reply<'_> {
    /// The body if it is an answer.
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
            // Maintenance, or a proxy that is out of sorts: it passes, as a 5xx does.
            return Err(Failure::new(
                self.not_json("it is a web page, try again later"),
                RetryDecision::Backoff,
            ));
        }
        if !self.json {
            return Ok(self.body);
        }
        if let Err(error) = json::check(&self.body) {
            // JSON that ends too early is an answer cut short by somebody who did not tell.
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
        let refusal = refusal.unwrap_or_else(|| self.in_plain_text());
        // A plan that is used up says 429, too, and no pause of ours will help.
        let throttled = match refusal.kind {
            RefusalKind::Throttled => true,
            RefusalKind::Other => status == 429,
            _ => false,
        };
        let again = match (self.asked, status) {
            _ if throttled => RetryDecision::After(self.asked.unwrap_or(self.throttled)),
            _ if refusal.kind == RefusalKind::Busy => RetryDecision::Backoff,
            _ if refusal.kind == RefusalKind::Spent => RetryDecision::Never,
            (Some(asked), 408 | 500..) => RetryDecision::After(asked),
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
        let error = match again {
            RetryDecision::After(retry_after) => {
                Error::RateLimited { endpoint, status, retry_after, message }
            }
            _ if web_page => self.not_json("it is a web page"),
            _ if auth => Error::Auth { endpoint, status, code, message, advice },
            _ => Error::Status { endpoint, status, kind, code, message, advice },
        };
        Failure::new(error, again)
    }

    fn in_plain_text(&self) -> Refusal {
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
