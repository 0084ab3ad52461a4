//! The errors of this crate.

use std::time::Duration;

use tidegauge_core::{BoxError, ErrorKind};

use crate::refusal::{Endpoint, RefusalKind};
use crate::text::cut;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a source, from the request to the row. Every message says how to fix it; none contains a key,
/// nor more of a URL than its host and path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting from which the source cannot be built.
    #[error("`{setting}` is set wrongly: {reason}")]
    Config {
        /// The setting.
        setting: &'static str,
        /// What is wrong with the setting, and what would be right.
        reason: String,
    },
    /// A missing key.
    #[error(
        "{service} needs a key and there is none: set TIDEGAUGE_{}_KEY, or choose a plan that needs \
         none if there is one", .service.to_ascii_uppercase()
    )]
    NoKey {
        /// The source.
        service: &'static str,
    },
    /// A symbol or currency that the source does not know.
    #[error("{service} does not have `{symbol}`; known are {known}")]
    NoInstrument {
        /// The source asked.
        service: &'static str,
        /// The symbol or currency asked for.
        symbol: String,
        /// The known ones, or where they are listed.
        known: String,
    },
    /// A symbol that the service refuses while it answers for others.
    #[error("{service} refuses `{symbol}`: {reason}")]
    SymbolRefused {
        /// The source asked.
        service: &'static str,
        /// The symbol, as the service names it.
        symbol: String,
        /// The reason, in the service's own words if it gives any.
        reason: String,
    },
    /// A timeout on every attempt.
    #[error(
        "{endpoint} did not answer in time: try again later, or raise the timeouts of the source"
    )]
    Timeout {
        /// The endpoint.
        endpoint: Endpoint,
        /// The error of the transport.
        #[source]
        error: BoxError,
    },
    /// A connection that failed, or broke before the answer.
    #[error("{endpoint} cannot be reached: check the network, the proxy and the base URL")]
    Connect {
        /// The endpoint.
        endpoint: Endpoint,
        /// The error of the transport.
        #[source]
        error: BoxError,
    },
    /// A TLS certificate that this machine does not trust: the wrong host, or a proxy that intercepts TLS.
    #[error(
        "{endpoint} shows a certificate that this machine does not trust ({reason}): check the base \
         URL and the clock; if a proxy of your own stands between, have the system trust its \
         authority"
    )]
    Certificate {
        /// The endpoint.
        endpoint: Endpoint,
        /// What is wrong with the certificate.
        reason: String,
        /// The error of the transport.
        #[source]
        error: BoxError,
    },
    /// An answer that was incomplete on every attempt.
    #[error("{endpoint} broke off in the middle of its answer ({reason}): try again later")]
    Interrupted {
        /// The endpoint.
        endpoint: Endpoint,
        /// The symptom.
        reason: String,
    },
    /// A refusal by the API, with its own message.
    #[error(
        "{endpoint} answered {status}{}: {message}{}",
        code_shown(.code.as_deref()), advice_shown(.advice)
    )]
    Status {
        /// The endpoint.
        endpoint: Endpoint,
        /// The HTTP status; 200 if the refusal was sent as a success.
        status: u16,
        /// The kind of refusal.
        kind: RefusalKind,
        /// The API's own code, as it writes it.
        code: Option<String>,
        /// The API's own message, cut to 200 characters.
        message: String,
        /// Advice on how to fix it.
        advice: &'static str,
    },
    /// A rate limit that asks for a longer wait than the retries may take.
    #[error(
        "{endpoint} asks to be left alone for {} s (HTTP {status}): run again then, or lower \
         `per_minute` of the source; it says: {message}", .retry_after.as_secs_f64().ceil()
    )]
    RateLimited {
        /// The endpoint.
        endpoint: Endpoint,
        /// The HTTP status: 429, or 503 with a time to wait.
        status: u16,
        /// The time to wait.
        retry_after: Duration,
        /// The API's own message, cut to 200 characters.
        message: String,
    },
    /// A quota of credits, of the day or the month, that is used up.
    #[error(
        "{service} allows {limit} credits a {per} and they are gone: run again on {until} (UTC), \
         or set `per_{per}` of the source if your plan allows more"
    )]
    CreditsSpent {
        /// The service.
        service: &'static str,
        /// The quota.
        limit: u32,
        /// `day` or `month`.
        per: &'static str,
        /// The day on which the quota is renewed, UTC.
        until: chrono::NaiveDate,
    },
    /// A record of requests that cannot be read or written.
    #[error(
        "cannot keep count of requests in {}: {error}; make it writable, delete it to count anew, \
         or choose another folder", path.display()
    )]
    Usage {
        /// The file.
        path: std::path::PathBuf,
        /// The cause.
        #[source]
        error: std::io::Error,
    },
    /// A key that is missing or wrong, or whose plan does not cover the request.
    #[error(
        "{endpoint} refused the key or the plan ({status}{}){}; it says: {message}",
        code_shown(.code.as_deref()), advice_shown(.advice)
    )]
    Auth {
        /// The endpoint.
        endpoint: Endpoint,
        /// The HTTP status.
        status: u16,
        /// The API's own code, as it writes it.
        code: Option<String>,
        /// The API's own message, cut to 200 characters.
        message: String,
        /// Advice on how to fix it.
        advice: &'static str,
    },
    /// A redirect that leaves the host that was configured.
    #[error(
        "{endpoint} redirects to {to}, which is not followed: if that host is right, set it as \
         the base URL of the source"
    )]
    Redirect {
        /// The endpoint.
        endpoint: Endpoint,
        /// The host that the redirect names.
        to: String,
    },
    /// An answer that is not JSON, such as a web page.
    #[error(
        "{endpoint} answered {status} with something that is not JSON ({reason}), likely a proxy \
         or a firewall instead of the API; it begins: {start}"
    )]
    NotJson {
        /// The endpoint.
        endpoint: Endpoint,
        /// The HTTP status.
        status: u16,
        /// The position of the first JSON error.
        reason: String,
        /// The first 80 characters of the answer.
        start: String,
    },
    /// An answer that exceeds the size limit.
    #[error("{endpoint} answered with more than {limit} bytes: raise `max_body` if that is right")]
    TooLarge {
        /// The endpoint.
        endpoint: Endpoint,
        /// The limit, in bytes after decompression.
        limit: usize,
    },
    /// A stream of which the service refuses every series.
    #[error(
        "{service} refuses all that it is asked to stream, as `{series}`: {reason}; check the \
         symbols and what the plan covers"
    )]
    Refused {
        /// The source.
        service: &'static str,
        /// The first series.
        series: String,
        /// The service's own message about it, cut to 200 characters.
        reason: String,
    },
    /// A deserialization error: a field is missing, or has another type.
    #[error(
        "the answer about `{of}` cannot be read at `{field}`: {reason}; the API may have changed, \
         nothing was taken"
    )]
    Decode {
        /// The coin, the currency, or the kind of answer.
        of: String,
        /// The field.
        field: String,
        /// The reason.
        reason: String,
    },
    /// An impossible value: a price that is not a positive number, a day in the future.
    #[error("`{of}` has {field} `{value}`, {reason}; nothing of this page was taken")]
    BadValue {
        /// The coin or the currency.
        of: String,
        /// The field.
        field: String,
        /// The value, cut to 40 characters.
        value: String,
        /// The reason for which it is impossible.
        reason: &'static str,
    },
    /// A column that cannot be filled from the columns of a file or a query.
    #[error("{of} cannot fill column `{column}` of table `{table}`: {reason}")]
    Mapping {
        /// The file, the query, or the configured source.
        of: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The reason, and the columns that exist.
        reason: String,
    },
    /// A condition that cannot be parsed, or names a column that a file or a query does not have.
    #[error("{setting} of {of} cannot be followed: {reason}")]
    Condition {
        /// The file, the query, or the configured source.
        of: String,
        /// The setting that contains it.
        setting: String,
        /// The reason, and the columns that exist.
        reason: String,
    },
    /// A row of the user's own data that does not fit its table.
    #[error(
        "{place}, column `{column}`: `{value}` {reason}; nothing of this page was taken: mend the \
         row, or set `bad_rows = \"quarantine\"` to go on without such rows"
    )]
    BadRow {
        /// The place of the row: file and line, or its key.
        place: String,
        /// The column of the table; `*` for the whole row.
        column: String,
        /// The value, cut to 80 characters.
        value: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// Two rows of a page with the same key and different values.
    #[error(
        "table `{table}`: two rows{} have the key {key} and differ; nothing of this page was taken: mend one of \
         them, or let `on_duplicate` be \"set_aside\" or \"last\"",
        places.as_ref().map_or_else(String::new, |(first, then)| format!(", at {first} and at {then},"))
    )]
    Duplicate {
        /// The table.
        table: String,
        /// The columns of the key with their values.
        key: String,
        /// The places of both rows: file and line.
        places: Option<(String, String)>,
    },
    /// A pattern that no file matches.
    #[error("no file matches `{pattern}`: check `path`, and the folder that it is relative to")]
    NoFiles {
        /// The pattern.
        pattern: String,
    },
    /// A file that the operating system does not allow to be opened or read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// The message of the system.
        reason: String,
        /// The kind of failure.
        kind: ErrorKind,
    },
    /// A file that cannot be read to its end.
    #[error("{path} cannot be read: {reason}")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A file whose columns do not tell what is wanted of them.
    #[error("{path}: {reason}")]
    Columns {
        /// The file.
        path: String,
        /// The reason, the columns that it has, and the option that names one.
        reason: String,
    },
    /// A snapshot without rows.
    #[error(
        "the snapshot of `{name}` has no row that fits, and nothing was replaced: an export that failed looks like \
         this; `tidegauge reset {name}` empties the table"
    )]
    EmptySnapshot {
        /// The source.
        name: String,
    },
    /// Files of a snapshot that are still being written.
    #[error(
        "`{path}` is still being written, so that nothing was replaced: its last line has no end, or it changed while \
         it was read; run again when it is whole"
    )]
    Unsettled {
        /// The files.
        path: String,
    },
    /// An error of a database.
    #[cfg(feature = "database")]
    #[error(transparent)]
    Database(#[from] crate::user_data::database::error::DatabaseError),
    /// Rows that do not fit their table, or the cursor of another source.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
}

impl Error {
    pub(crate) fn config(setting: &'static str, reason: impl Into<String>) -> Self {
        Self::Config { setting, reason: reason.into() }
    }

    pub(crate) fn decode(
        of: impl Into<String>,
        field: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self::Decode { of: of.into(), field: field.into(), reason: reason.into() }
    }

    pub(crate) fn value(
        of: impl Into<String>,
        field: impl Into<String>,
        value: &str,
        reason: &'static str,
    ) -> Self {
        let value = cut(value, 40);
        Self::BadValue { of: of.into(), field: field.into(), value, reason }
    }

    /// Converts the error to that of the port, for the source called `name`.
    pub(crate) fn into_source_error(self, name: &str) -> tidegauge_core::Error {
        match self {
            Self::Core(error @ tidegauge_core::Error::Cursor { .. }) => error,
            other => tidegauge_core::Error::source(name, other.kind(), other),
        }
    }
}

fn code_shown(code: Option<&str>) -> String {
    code.map(|code| format!(", code {code}")).unwrap_or_default()
}

fn advice_shown(advice: &str) -> String {
    if advice.is_empty() { String::new() } else { format!("; {advice}") }
}
