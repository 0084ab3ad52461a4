//! Waits for locks: logged after a while, and bounded by a timeout.

use std::time::Duration;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use tidegauge_core::{ErrorKind, Table};

#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::Error;

/// The maximum wait for a lock that another process holds, unless the server has a limit of its
/// own.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// The time after which a warning about a wait is logged.
const WARN_AFTER: Duration = Duration::from_secs(3);

/// Awaits `step` of the store called `store`, which is quick unless another process holds the lock
/// on `lock`, and logs a warning about a longer wait. `step` ends by itself after [`LOCK_TIMEOUT`].
pub(crate) async fn warn_if_slow<T>(store: &str, lock: &str, step: impl Future<Output = T>) -> T {
    tokio::pin!(step);
    match tokio::time::timeout(WARN_AFTER, &mut step).await {
        Ok(done) => done,
        Err(_) => {
            tracing::warn!(store, "{lock} is locked by another process, waiting");
            step.await
        }
    }
}

/// Returns the error of a lock on one of `tables` (if empty: on any needed object) that another
/// session has held for too long; `advice` says how to find that session.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn lock_timeout_error(tables: &[&Table], advice: &str) -> Error {
    let names: Vec<_> = tables.iter().map(|table| format!("`{}`", table.name)).collect();
    let what = match names.is_empty() {
        true => "what is needed".to_owned(),
        false => format!("table {}", names.join(" or ")),
    };
    Error::server(
        ErrorKind::Conflict,
        format!("another session has locked {what}, and has not let go"),
        format!("wait until it is done, or end it ({advice}), then run again"),
    )
}
