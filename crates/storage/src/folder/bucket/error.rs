//! Error messages for the bucket service's errors.

use object_store::Error as ServiceError;
use tidegauge_core::ErrorKind;

use super::address::Address;
use crate::Error;

/// The parts of a service's error that are safe to show; the rest repeats the request and may hold
/// a token.
struct ServiceMessage {
    /// The error code: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
    code: String,
    message: String,
}

impl ServiceMessage {
    fn from_error(error: &ServiceError) -> Self {
        // The innermost cause is the informative one.
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let text = cause.to_string();
        let tag = |name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            Some(rest.split_once(&format!("</{name}>"))?.0.replace('\n', " "))
        };
        // If the response is not one of the service, its first line serves as the message.
        let first = || text.split(": <").next().unwrap_or(&text).lines().next().unwrap_or_default();
        let code = tag("Code").unwrap_or_default();
        let message = tag("Message").unwrap_or_else(|| first().trim_end_matches(':').to_owned());
        Self { code, message }
    }
}

/// Returns `true` if the bucket itself does not exist.
pub(super) fn is_missing_bucket(error: &ServiceError) -> bool {
    matches!(error, ServiceError::NotFound { .. })
        && ServiceMessage::from_error(error).code == "NoSuchBucket"
}

impl Address {
    /// Converts an error at `path` to one whose message says what to do.
    pub(super) fn to_error(&self, path: &str, error: &ServiceError) -> Error {
        let ServiceMessage { code, message } = ServiceMessage::from_error(error);
        let (kind, advice) = match (code.as_str(), error) {
            ("NoSuchBucket", _) => (ErrorKind::NotFound, "create it, or correct its name"),
            ("InvalidRange", _) => {
                return Error::Damaged { path: self.name(path), reason: "it is empty".into() };
            }
            ("XMinioStorageFull", _) => return Error::DiskFull { path: self.name(path) },
            ("AccessDenied", _) => (
                ErrorKind::Permission,
                "let these credentials list the folder, and read, write and delete in it",
            ),
            ("RequestTimeTooSkewed", _) => (ErrorKind::Configuration, "set this machine's clock"),
            ("SlowDown", _) => (ErrorKind::RateLimited, "wait, then run again"),
            ("ServiceUnavailable" | "InternalError", _) => {
                (ErrorKind::Unavailable, "wait, then run again")
            }
            (
                "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken",
                _,
            )
            | (_, ServiceError::Unauthenticated { .. } | ServiceError::PermissionDenied { .. }) => {
                (
                    ErrorKind::Authentication,
                    "set credentials in the environment that may list the folder, and read, write and \
                 delete in it, as docs/sinks/parquet.md says",
                )
            }
            (_, ServiceError::NotFound { .. }) => {
                (ErrorKind::NotFound, "restore what was removed from the bucket")
            }
            _ => (
                ErrorKind::Unavailable,
                "check the endpoint, the network and the credentials, then run again",
            ),
        };
        let code = if code.is_empty() { code } else { format!("{code}: ") };
        let at = self.endpoint.iter().map(|endpoint| format!(" at {endpoint}")).collect::<String>();
        let reason = format!("`{}`{at}: {code}{message}", self.name(path));
        Error::Server { kind, reason, advice: advice.into() }
    }
}
