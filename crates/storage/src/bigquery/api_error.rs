//! Errors of the REST API and of its jobs: transient ones, conflicts, and others.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// The reason why a request has no result.
#[derive(Debug)]
pub(super) enum ApiError {
    /// The service, or a job of it, returned an error.
    Response { status: u16, reason: String, message: String },
    /// The service could not be reached, or closed the connection.
    Unreachable(String),
    /// The credentials are missing or unusable.
    Credentials(String),
    /// The response cannot be parsed.
    Malformed(String),
    /// A job that did not end within this time.
    JobTimeout(Duration),
}

impl ApiError {
    /// Returns `true` if the requested resource, or its parent, does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Response { status: 404, .. })
    }

    /// Returns `true` if the resource already exists.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Response { status: 409, .. })
    }

    /// Returns `true` if a transaction was aborted because another one changed the same tables.
    pub(super) fn is_conflict(&self) -> bool {
        const CONFLICT_MESSAGES: [&str; 5] = [
            "concurrent update",    // the service's
            "Could not serialize",  // likewise, of DDL
            "Failed to commit",     // those of the emulator,
            "Conflict on update",   // for what its engine says
            "violates primary key", // when two create one table
        ];
        let Self::Response { message, .. } = self else { return false };
        CONFLICT_MESSAGES.iter().any(|words| message.contains(words))
    }

    /// Returns `true` if the error is transient, so that a retry may succeed:
    /// <https://cloud.google.com/bigquery/docs/error-messages>
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::JobTimeout(_) => true,
            Self::Response { status, reason, .. } => match reason.as_str() {
                "rateLimitExceeded" | "backendError" | "internalError" | "badGateway" => true,
                "" => [429, 500, 502, 503, 504].contains(status),
                _ => false,
            },
            _ => false,
        }
    }
}

impl From<reqwest::Error> for ApiError {
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

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The error object of the API and of jobs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody {
    pub(super) message: String,
    pub(super) reason: String,
    pub(super) errors: Vec<ErrorBody>,
}

/// Returns the outcome of a job, or `None` if it has not ended yet.
pub(super) fn job_outcome(job: &Value) -> Option<Result<(), ApiError>> {
    if job.pointer("/status/state").and_then(Value::as_str) != Some("DONE") {
        return None;
    }
    let Some(body) = job.pointer("/status/errorResult").filter(|body| !body.is_null()) else {
        return Some(Ok(()));
    };
    let ErrorBody { message, reason, .. } = ErrorBody::deserialize(body).unwrap_or_default();
    let status = if reason == "notFound" { 404 } else { 400 };
    Some(Err(ApiError::Response { status, reason, message }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_errors_are_distinguished_from_permanent_ones() {
        let said = |status, reason: &str| ApiError::Response {
            status,
            reason: reason.into(),
            message: String::new(),
        };
        for error in [
            said(403, "rateLimitExceeded"),
            said(503, ""),
            said(500, "backendError"),
            ApiError::Unreachable("connection reset".into()),
        ] {
            assert!(error.is_transient(), "{error:?}");
        }
        for error in [
            said(403, "quotaExceeded"),
            said(403, "accessDenied"),
            said(400, "invalidQuery"),
            said(404, "notFound"),
        ] {
            assert!(!error.is_transient(), "{error:?}");
        }
    }
}
