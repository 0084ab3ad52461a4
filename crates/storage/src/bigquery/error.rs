//! Error messages for the service's errors.

use tidegauge_core::{ErrorKind, Table};

use super::api_error::ApiError;
use super::store::BigQuery;
use crate::Error;

impl BigQuery {
    /// Converts an error of the service to one whose message says what to do; `at` is the table
    /// concerned. The reasons are those of <https://cloud.google.com/bigquery/docs/error-messages>.
    pub(super) fn to_error(&self, error: ApiError, at: Option<&Table>) -> Error {
        let server_error = |kind, reason: String, advice: &str| Error::server(kind, reason, advice);
        let is_conflict = error.is_conflict();
        let is_transient = error.is_transient();
        let (status, reason, text) = match error {
            ApiError::Response { status, reason, message } => (status, reason, one_line(&message)),
            ApiError::Unreachable(cause) => {
                return server_error(
                    ErrorKind::Unavailable,
                    format!("it cannot be reached, or has gone away: {cause}"),
                    "check the network (and BIGQUERY_EMULATOR_HOST, if it is set), then run again",
                );
            }
            ApiError::Credentials(cause) => {
                return server_error(
                    ErrorKind::Authentication,
                    format!("no credentials for it: {}", one_line(&cause)),
                    "run `gcloud auth application-default login`, set \
                     GOOGLE_APPLICATION_CREDENTIALS, or say `credentials=key.json` in the URL",
                );
            }
            ApiError::JobTimeout(waited) => {
                return server_error(
                    ErrorKind::Unavailable,
                    format!("a job has not ended for {} s", waited.as_secs()),
                    "look at the project's job history for why, then run again",
                );
            }
            ApiError::Malformed(cause) => {
                return server_error(
                    ErrorKind::Unavailable,
                    format!("its answer cannot be read: {cause}"),
                    "check that the endpoint is BigQuery's; then run again",
                );
            }
        };
        let dataset = &self.dataset;
        match (status, reason.as_str()) {
            (401, _) => server_error(
                ErrorKind::Authentication,
                format!("the credentials are not accepted: {text}"),
                "renew them: `gcloud auth application-default login`, or another key",
            ),
            (_, "accessDenied") => server_error(
                ErrorKind::Permission,
                text,
                &format!(
                    "let this account be `BigQuery Data Editor` of dataset `{}` and `BigQuery Job \
                     User` of project `{}`",
                    dataset.dataset_id, dataset.project_id
                ),
            ),
            (_, "billingNotEnabled") => server_error(
                ErrorKind::Configuration,
                text,
                "enable billing for the project: the free sandbox takes no DML",
            ),
            (_, "quotaExceeded") => {
                server_error(ErrorKind::RateLimited, text, "wait until the quota is there again")
            }
            (_, "bytesBilledLimitExceeded") => server_error(
                ErrorKind::Configuration,
                text,
                "raise `max_bytes_billed` in the URL, or ask for less",
            ),
            (404, _) => server_error(
                ErrorKind::NotFound,
                text,
                "check project and dataset in the URL, and that `location` is the dataset's",
            ),
            (_, reason) => {
                let kind = match reason {
                    "rateLimitExceeded" => ErrorKind::RateLimited,
                    _ if is_conflict => ErrorKind::Conflict,
                    _ if is_transient => ErrorKind::Unavailable,
                    _ => ErrorKind::Bug,
                };
                let table = at.map(|at| format!("table `{}`: ", at.name)).unwrap_or_default();
                server_error(kind, format!("{table}{text}"), "nothing was written")
            }
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
