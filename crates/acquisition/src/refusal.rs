//! What errors say about a request that failed: where it went, and what kind of refusal it met.

use std::fmt;

/// As much of a URL as may be shown: its host and its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host, with the port if it is not the usual one.
    pub host: String,
    /// The path.
    pub path: String,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.host, self.path)
    }
}

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Asked too often.
    Throttled,
    /// The service is busy, and may not be in a moment.
    Busy,
    /// The credits of a day or a month are gone: waiting a minute does not help.
    Spent,
    /// What was asked for is not there, or not for us, while other things may be.
    Absent,
    /// The key or the plan does not allow it.
    Auth,
    /// Anything else.
    Other,
}
