//! The parts of errors that describe a failed request: its endpoint and the kind of refusal.

use std::fmt;

/// The part of a URL that may be shown: its host and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host, with the port if it is not the default one.
    pub host: String,
    /// The path.
    pub path: String,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host, self.path)
    }
}

/// The kind of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The rate limit is exceeded.
    Throttled,
    /// The service is busy; the failure is transient.
    Busy,
    /// The quota of a day or a month is used up: waiting a minute does not help.
    Spent,
    /// The requested item does not exist or is not accessible, while others may be.
    Absent,
    /// The key or the plan does not allow the request.
    Auth,
    /// Anything else.
    Other,
}
