//! Waits for locks: reported after a while, and always bounded.

use std::time::Duration;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use tidegauge_core::{ErrorKind, Table};

#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::Error;

/// The maximum wait for a lock that another process holds, unless the server has a limit of its
/// own.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// The time after which a wait is reported.
const TOLD_AFTER: Duration = Duration::from_secs(3);

/// Awaits `step` of the store called `store`, which is quick unless another process holds a lock on
/// `what`, and reports a longer wait. `step` ends by itself after [`LOCK_TIMEOUT`].
pub(crate) async fn told<T>(store: &str, what: &str, step: impl Future<Output = T>) -> T {
    tokio::pin!(step);
    match tokio::time::timeout(TOLD_AFTER, &mut step).await {
        Ok(done) => done,
        Err(_) => {
            tracing::warn!("{store}: {what} is locked by another process, and is waited for");
            step.await
        }
    }
}

/// Returns the error of a lock on one of `tables` (if empty: on any needed object) that another
/// session has held for too long; `holder` says where to look up that session.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn locked_out(tables: &[&Table], holder: &str) -> Error {
    let names: Vec<_> = tables.iter().map(|table| format!("`{}`", table.name)).collect();
    let what = match names.is_empty() {
        true => "what is needed".to_owned(),
        false => format!("table {}", names.join(" or ")),
    };
    Error::server(
        ErrorKind::Conflict,
        format!("another session has locked {what}, and has not let go"),
        format!("wait until it is done, or end it ({holder}), then run again"),
    )
}
