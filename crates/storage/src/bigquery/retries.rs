//! Retries with exponential backoff: of transient errors, and of transactions that conflicted.

use std::time::Duration;

use backon::Retryable;

use super::api_error::ApiError;
use crate::retry::{self, Policy};

/// The retry policy of requests that failed with a transient error.
const TRANSIENT_RETRIES: Policy = retry::exponential(INITIAL_BACKOFF, MAX_BACKOFF, 5);

/// The retry policy of changes that conflicted with concurrent ones.
const CONFLICT_RETRIES: Policy = retry::exponential(INITIAL_BACKOFF, MAX_BACKOFF, 11);

/// The delay before the first retry, and the maximum delay.
pub(super) const INITIAL_BACKOFF: Duration = Duration::from_millis(250);
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Retries a request after transient errors. Every request of this client is idempotent.
pub(super) async fn retry_transient<T, F>(request: impl Fn() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    retry(TRANSIENT_RETRIES, ApiError::is_transient, request).await
}

/// Retries a change that was aborted because of a concurrent one at the same tables. Of conflicting
/// transactions the service lets the first one through:
/// <https://cloud.google.com/bigquery/docs/transactions>.
pub(super) async fn retry_on_conflict<T, F>(change: impl Fn() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    retry(CONFLICT_RETRIES, ApiError::is_conflict, change).await
}

async fn retry<T, F>(
    policy: Policy,
    when: fn(&ApiError) -> bool,
    request: impl Fn() -> F,
) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>>,
{
    let notify = |error: &ApiError, delay: Duration| {
        tracing::debug!(?error, ?delay, "request failed, retrying");
    };
    request.retry(policy).when(when).notify(notify).await
}
