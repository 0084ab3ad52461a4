//! What kind of error ended a source, in one word that a program can act on.

use std::error::Error as StdError;

use tidegauge_acquisition::database::DatabaseError;
use tidegauge_acquisition::http::RefusalKind;
use tidegauge_core::Error as CoreError;

use crate::Error;

/// Returns the kind of an error, as in the column `error_kind` of the table `runs`.
pub(crate) fn of(error: &Error) -> &'static str {
    match error {
        Error::Config { .. } | Error::NoConfig { .. } | Error::Setting { .. } => "configuration",
        Error::Nothing { .. } => "not_found",
        Error::Silent { .. } => "unavailable",
        Error::Write { error, .. } => of_io(error),
        Error::Core(error) => of_core(error),
        Error::Acquisition(error) => of_source(error),
        Error::Storage(error) => of_store(error),
        Error::Run(error) => error.failures().first().map_or("bug", |failure| of(&failure.error)),
        // Both are made from settings and from rows that were checked before.
        Error::Simulation(_) => "invalid_input",
        Error::Analytics(_) | Error::Report(_) => "invalid_input",
    }
}

fn of_core(error: &CoreError) -> &'static str {
    match error {
        CoreError::Conflict { .. } => "conflict",
        CoreError::Schema { .. } | CoreError::Mismatch { .. } => "schema_mismatch",
        CoreError::Cursor { .. } | CoreError::Instrument { .. } => "configuration",
        CoreError::NoPrice { .. } | CoreError::NoRate { .. } => "not_found",
        CoreError::Source { error, .. } | CoreError::Sink { error, .. } => of_cause(error.as_ref()),
        _ => "invalid_input",
    }
}

/// The kind of what a port carries as its cause: an error of one of our layers, or of somebody else's.
fn of_cause(error: &(dyn StdError + Send + Sync + 'static)) -> &'static str {
    if let Some(error) = error.downcast_ref::<tidegauge_acquisition::Error>() {
        of_source(error)
    } else if let Some(error) = error.downcast_ref::<tidegauge_storage::Error>() {
        of_store(error)
    } else if let Some(error) = error.downcast_ref::<CoreError>() {
        of_core(error)
    } else if let Some(error) = error.downcast_ref::<std::io::Error>() {
        of_io(error)
    } else {
        "other"
    }
}

fn of_source(error: &tidegauge_acquisition::Error) -> &'static str {
    use tidegauge_acquisition::Error as E;
    match error {
        E::Config { .. } | E::Mapping { .. } | E::Redirect { .. } => "configuration",
        E::NoKey { .. } | E::Auth { .. } => "authentication",
        E::NoInstrument { .. } | E::NoFiles { .. } | E::Refused { .. } => "not_found",
        E::RateLimited { .. } | E::CreditsSpent { .. } => "rate_limited",
        E::Timeout { .. } | E::Connect { .. } | E::Certificate { .. } | E::Interrupted { .. } => {
            "unavailable"
        }
        E::Status { kind, .. } => match kind {
            RefusalKind::Throttled | RefusalKind::Spent => "rate_limited",
            RefusalKind::Auth => "authentication",
            RefusalKind::Absent => "not_found",
            _ => "unavailable",
        },
        E::Usage { error, .. } => of_io(error),
        E::Database(error) => match error {
            DatabaseError::Connect { .. }
            | DatabaseError::Broken { .. }
            | DatabaseError::Timeout { .. } => "unavailable",
            _ => "configuration",
        },
        E::Core(error) => of_core(error),
        _ if error.is_temporary() => "unavailable",
        _ => "invalid_input",
    }
}

fn of_store(error: &tidegauge_storage::Error) -> &'static str {
    use tidegauge_storage::Error as E;
    match error {
        E::UnknownStore { .. } | E::InvalidUrl { .. } | E::NotReadable | E::Newer { .. } => {
            "configuration"
        }
        E::Drift { .. } | E::InTheWay { .. } | E::Reserved { .. } => "schema_mismatch",
        E::Duplicate { .. } | E::Unrepresentable { .. } | E::Narrow { .. } => "invalid_input",
        E::Busy { .. } | E::Server { .. } => "unavailable",
        E::ReadOnly { .. } => "permission",
        E::DiskFull { .. } => "out_of_space",
        E::Damaged { .. } => "corrupt",
        E::Io { error, .. } => of_io(error),
        E::Core(error) => of_core(error),
        _ => "other",
    }
}

fn of_io(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "not_found",
        K::PermissionDenied | K::ReadOnlyFilesystem => "permission",
        K::StorageFull | K::QuotaExceeded => "out_of_space",
        _ => "unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_through_the_ports() {
        let gone = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let full = tidegauge_storage::Error::DiskFull { path: "w.db".into() };
        let no_key = tidegauge_acquisition::Error::NoKey { service: "x" };
        for (error, kind) in [
            (CoreError::sink("sqlite://w.db", full), "out_of_space"),
            (CoreError::sink("csv://w", gone), "out_of_space"),
            (CoreError::source("x", no_key), "authentication"),
            (CoreError::source("x", "a word"), "other"),
        ] {
            assert_eq!(of(&Error::Core(error)), kind);
        }
    }
}
