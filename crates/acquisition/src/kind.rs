//! The classification of errors, for programs to act on: their kind, and whether they are transient.

use tidegauge_core::ErrorKind;

use crate::Error;
use crate::refusal::RefusalKind;
use crate::text::is_web_page;

impl Error {
    /// Returns `true` if the error is transient and worth a retry: running again later, unchanged, may succeed.
    ///
    /// ```
    /// use tidegauge_acquisition::Error;
    ///
    /// let error = Error::Config { setting: "symbols", reason: "it is empty".into() };
    /// assert!(!error.is_temporary());
    /// ```
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Timeout { .. }
            | Self::Connect { .. }
            | Self::Interrupted { .. }
            | Self::RateLimited { .. }
            | Self::CreditsSpent { .. } => true,
            Self::Status { kind: RefusalKind::Busy | RefusalKind::Spent, .. } => true,
            // A web page instead of an answer is that of maintenance, or of a proxy.
            Self::NotJson { status: 200..300, start, .. } if is_web_page(start.as_bytes()) => true,
            Self::Status { status, .. } | Self::NotJson { status, .. } => {
                *status >= 500 || *status == 408
            }
            #[cfg(feature = "database")]
            Self::Database(error) => error.is_temporary(),
            _ => false,
        }
    }

    /// Returns the kind of failure.
    ///
    /// ```
    /// use tidegauge_acquisition::Error;
    /// use tidegauge_core::ErrorKind;
    ///
    /// let error = Error::NoKey { service: "coingecko" };
    /// assert_eq!(error.kind(), ErrorKind::Authentication);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config { .. }
            | Self::Certificate { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. }
            | Self::Refused { .. } => ErrorKind::Configuration,
            Self::NoKey { .. } => ErrorKind::Authentication,
            Self::Auth { status: 403, .. } => ErrorKind::Permission,
            Self::Auth { .. } => ErrorKind::Authentication,
            Self::NoInstrument { .. } | Self::SymbolRefused { .. } | Self::NoFiles { .. } => {
                ErrorKind::NotFound
            }
            Self::Timeout { .. }
            | Self::Connect { .. }
            | Self::Interrupted { .. }
            | Self::Unsettled { .. } => ErrorKind::Unavailable,
            Self::RateLimited { .. } | Self::CreditsSpent { .. } => ErrorKind::RateLimited,
            Self::Status { kind, status, .. } => kind_of_status(*kind, *status),
            Self::NotJson { .. } if self.is_temporary() => ErrorKind::Unavailable,
            Self::NotJson { .. }
            | Self::Decode { .. }
            | Self::Mapping { .. }
            | Self::Condition { .. }
            | Self::Columns { .. } => ErrorKind::SchemaMismatch,
            Self::Usage { error, .. } => {
                ErrorKind::from_io(error).unwrap_or(ErrorKind::Configuration)
            }
            Self::Unreadable { kind, .. } => *kind,
            Self::BadValue { .. }
            | Self::BadRow { .. }
            | Self::Duplicate { .. }
            | Self::File { .. }
            | Self::EmptySnapshot { .. } => ErrorKind::InvalidInput,
            #[cfg(feature = "database")]
            Self::Database(error) => error.kind(),
            Self::Core(error) => error.kind(),
        }
    }
}

fn kind_of_status(kind: RefusalKind, status: u16) -> ErrorKind {
    match kind {
        RefusalKind::Throttled | RefusalKind::Spent => ErrorKind::RateLimited,
        RefusalKind::Busy => ErrorKind::Unavailable,
        RefusalKind::Absent => ErrorKind::NotFound,
        RefusalKind::Auth => ErrorKind::Authentication,
        RefusalKind::Other if status >= 500 || status == 408 => ErrorKind::Unavailable,
        RefusalKind::Other => ErrorKind::InvalidInput,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn only_transient_errors_are_retryable() {
        for error in [
            Error::NoKey { service: "x" },
            Error::NoFiles { pattern: "*.csv".into() },
            Error::CreditsSpent {
                service: "coingecko",
                limit: 1,
                per: "day",
                until: chrono::NaiveDate::default(),
            },
            Error::Usage { path: "usage".into(), error: io::ErrorKind::StorageFull.into() },
        ] {
            assert_eq!(error.kind().is_retryable(), error.is_temporary(), "{error}");
        }
    }
}
