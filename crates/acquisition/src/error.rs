//! What can go wrong between an API and our rows.

use std::time::Duration;

use tidegauge_core::{BoxError, ErrorKind};

use crate::refusal::{Endpoint, RefusalKind};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between an API and our rows. Every message says the way out; none holds a key,
/// nor more of a URL than its host and path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source cannot be built as configured.
    #[error("`{setting}` is set wrongly: {reason}")]
    Config {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The source needs a key, and there is none.
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
        /// Those that there are, or where they are listed.
        known: String,
    },
    /// A service answers for other symbols, and refuses this one.
    #[error("{service} refuses `{symbol}`: {reason}")]
    SymbolRefused {
        /// The source asked.
        service: &'static str,
        /// The symbol, as the service names it.
        symbol: String,
        /// Why, in the service's own words if it has any.
        reason: String,
    },
    /// No answer in time, on any attempt.
    #[error(
        "{endpoint} did not answer in time: try again later, or raise the timeouts of the source"
    )]
    Timeout {
        /// Where.
        endpoint: Endpoint,
        /// The transport's own words.
        #[source]
        error: BoxError,
    },
    /// No connection, or one that broke before the answer.
    #[error("{endpoint} cannot be reached: check the network, the proxy and the base URL")]
    Connect {
        /// Where.
        endpoint: Endpoint,
        /// The transport's own words.
        #[source]
        error: BoxError,
    },
    /// A TLS certificate that this machine does not trust: somebody else's host, or somebody between.
    #[error(
        "{endpoint} shows a certificate that this machine does not trust ({reason}): check the base \
         URL and the clock; if a proxy of your own stands between, have the system trust its \
         authority"
    )]
    Certificate {
        /// Where.
        endpoint: Endpoint,
        /// What is wrong with it.
        reason: String,
        /// The transport's own words.
        #[source]
        error: BoxError,
    },
    /// The answer broke off, on every attempt.
    #[error("{endpoint} broke off in the middle of its answer ({reason}): try again later")]
    Interrupted {
        /// Where.
        endpoint: Endpoint,
        /// How it showed.
        reason: String,
    },
    /// The API refused, in its own words.
    #[error(
        "{endpoint} answered {status}{}: {message}{}",
        code_shown(.code.as_deref()), advice_shown(.advice)
    )]
    Status {
        /// Where.
        endpoint: Endpoint,
        /// The HTTP status; 200 when the refusal came dressed as a success.
        status: u16,
        /// What kind of refusal it is.
        kind: RefusalKind,
        /// The API's own code, as it writes it.
        code: Option<String>,
        /// The API's own words, cut to 200 characters.
        message: String,
        /// The way out.
        advice: &'static str,
    },
    /// The API wants to be left alone for longer than the retries may take.
    #[error(
        "{endpoint} asks to be left alone for {} s (HTTP {status}): run again then, or lower \
         `per_minute` of the source; it says: {message}", .retry_after.as_secs_f64().ceil()
    )]
    RateLimited {
        /// Where.
        endpoint: Endpoint,
        /// The HTTP status: 429, or 503 with a time to wait.
        status: u16,
        /// For how long.
        retry_after: Duration,
        /// The API's own words, cut to 200 characters.
        message: String,
    },
    /// The credits of the day or the month are gone.
    #[error(
        "{service} allows {limit} credits a {per} and they are gone: run again on {until} (UTC), \
         or set `per_{per}` of the source if your plan allows more"
    )]
    CreditsSpent {
        /// The service.
        service: &'static str,
        /// How many there were.
        limit: u32,
        /// `day` or `month`.
        per: &'static str,
        /// The day from which there are new ones, UTC.
        until: chrono::NaiveDate,
    },
    /// The record of what was asked of a service cannot be kept.
    #[error(
        "cannot keep count of requests in {}: {error}; make it writable, delete it to count anew, \
         or choose another folder", path.display()
    )]
    Usage {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// The key is missing or wrong, or its plan does not cover the request.
    #[error(
        "{endpoint} refused the key or the plan ({status}{}){}; it says: {message}",
        code_shown(.code.as_deref()), advice_shown(.advice)
    )]
    Auth {
        /// Where.
        endpoint: Endpoint,
        /// The HTTP status.
        status: u16,
        /// The API's own code, as it writes it.
        code: Option<String>,
        /// The API's own words, cut to 200 characters.
        message: String,
        /// The way out.
        advice: &'static str,
    },
    /// A redirect that leaves the host that was configured.
    #[error(
        "{endpoint} redirects to {to}, which is not followed: if that host is right, set it as \
         the base URL of the source"
    )]
    Redirect {
        /// Where.
        endpoint: Endpoint,
        /// The host that it names.
        to: String,
    },
    /// The answer is a web page, or anything else that is not JSON.
    #[error(
        "{endpoint} answered {status} with something that is not JSON ({reason}), likely a proxy \
         or a firewall instead of the API; it begins: {start}"
    )]
    NotJson {
        /// Where.
        endpoint: Endpoint,
        /// The HTTP status.
        status: u16,
        /// Where the JSON goes wrong.
        reason: String,
        /// The first 80 characters.
        start: String,
    },
    /// The answer is larger than the cap.
    #[error("{endpoint} answered with more than {limit} bytes: raise `max_body` if that is right")]
    TooLarge {
        /// Where.
        endpoint: Endpoint,
        /// The cap, in bytes after decompression.
        limit: usize,
    },
    /// A stream is refused as a whole: there is nothing to listen to.
    #[error(
        "{service} refuses all that it is asked to stream, as `{series}`: {reason}; check the \
         symbols and what the plan covers"
    )]
    Refused {
        /// The source.
        service: &'static str,
        /// The first series.
        series: String,
        /// The service's own words about it, cut to 200 characters.
        reason: String,
    },
    /// The answer lacks a field, or has one of another type.
    #[error(
        "the answer about `{of}` cannot be read at `{field}`: {reason}; the API may have changed, \
         nothing was taken"
    )]
    Decode {
        /// The coin, the currency, or the kind of answer.
        of: String,
        /// The field.
        field: String,
        /// What does not fit.
        reason: String,
    },
    /// A value that cannot be true: a price that is not a positive number, a day in the future.
    #[error("`{of}` has {field} `{value}`, {reason}; nothing of this page was taken")]
    BadValue {
        /// The coin or the currency.
        of: String,
        /// The field.
        field: String,
        /// The value, cut to 40 characters.
        value: String,
        /// Why it cannot be true.
        reason: &'static str,
    },
    /// A column of a table cannot be filled from what a file or a query has.
    #[error("{of} cannot fill column `{column}` of table `{table}`: {reason}")]
    Mapping {
        /// The file, the query, or the configured source.
        of: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why not, and what there is.
        reason: String,
    },
    /// A condition is none, or is about a column that a file or a query does not have.
    #[error("{setting} of {of} cannot be followed: {reason}")]
    Condition {
        /// The file, the query, or the configured source.
        of: String,
        /// The setting that has it.
        setting: String,
        /// Why not, and what there is.
        reason: String,
    },
    /// A row of the user's own data does not fit its table.
    #[error(
        "{place}, column `{column}`: `{value}` {reason}; nothing of this page was taken: mend the \
         row, or set `bad_rows = \"quarantine\"` to go on without such rows"
    )]
    BadRow {
        /// Where it stands: file and line, or the row's key.
        place: String,
        /// The column of the table; `*` for the whole row.
        column: String,
        /// The value, cut to 80 characters.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two rows of a page that have one key and differ.
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
        /// Where both stand: file and line.
        places: Option<(String, String)>,
    },
    /// No file matches the pattern.
    #[error("no file matches `{pattern}`: check `path`, and the folder that it is relative to")]
    NoFiles {
        /// The pattern.
        pattern: String,
    },
    /// The operating system does not let a file be opened or read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// In the system's words.
        reason: String,
        /// What kind of failure that is.
        kind: ErrorKind,
    },
    /// A file cannot be read to its end.
    #[error("{path} cannot be read: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// A snapshot has no row.
    #[error(
        "the snapshot of `{name}` has no row that fits, and nothing was replaced: an export that failed looks like \
         this; `tidegauge reset {name}` empties the table"
    )]
    EmptySnapshot {
        /// The source.
        name: String,
    },
    /// Files of a snapshot are still being written.
    #[error(
        "`{path}` is still being written, so that nothing was replaced: its last line has no end, or it changed while \
         it was read; run again when it is whole"
    )]
    Unsettled {
        /// The files.
        path: String,
    },
    /// A database does not do what it is asked.
    #[cfg(feature = "database")]
    #[error(transparent)]
    Database(#[from] crate::user_data::database::DatabaseError),
    /// Rows that do not fit their table, or a cursor of somebody else's.
    #[error(transparent)]
    Core(#[from] tidegauge_core::Error),
}

impl Error {
    /// Whether running again later, unchanged, may succeed.
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
            // A web page in the place of an answer is one of maintenance, or of a proxy.
            Self::NotJson { status: 200..300, start, .. } if is_web_page(start.as_bytes()) => true,
            Self::Status { status, .. } | Self::NotJson { status, .. } => {
                *status >= 500 || *status == 408
            }
            #[cfg(feature = "database")]
            Self::Database(error) => error.is_temporary(),
            _ => false,
        }
    }

    /// What is wrong with a row, to be kept beside it.
    pub(crate) fn of_row(&self) -> String {
        match self {
            Self::BadRow { column, value, reason, .. } if column == "*" => {
                format!("`{value}` {reason}")
            }
            Self::BadRow { column, value, reason, .. } => {
                format!("column `{column}`: `{value}` {reason}")
            }
            other => other.to_string(),
        }
    }

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

    /// Returns the same error with `change` made to every text that may be of a reply.
    pub(crate) fn map_texts(mut self, change: impl Fn(String) -> String) -> Self {
        let texts: [Option<&mut String>; 3] = match &mut self {
            Self::Decode { of, field, reason } => [Some(of), Some(field), Some(reason)],
            Self::BadValue { of, field, value, .. } => [Some(of), Some(field), Some(value)],
            Self::BadRow { place, value, reason, .. } => [Some(place), Some(value), Some(reason)],
            Self::Status { code, message, .. } | Self::Auth { code, message, .. } => {
                [code.as_mut(), Some(message), None]
            }
            Self::NotJson { reason, start, .. } => [Some(reason), Some(start), None],
            Self::NoInstrument { symbol, known, .. } => [Some(symbol), Some(known), None],
            Self::SymbolRefused { symbol, reason, .. } => [Some(symbol), Some(reason), None],
            Self::Refused { series, reason, .. } => [Some(series), Some(reason), None],
            Self::RateLimited { message, .. } => [Some(message), None, None],
            Self::Interrupted { reason, .. } | Self::Config { reason, .. } => {
                [Some(reason), None, None]
            }
            _ => [None, None, None],
        };
        for text in texts.into_iter().flatten() {
            *text = change(std::mem::take(text));
        }
        self
    }

    /// The same error as the port wants it.
    pub(crate) fn of_source(self, name: &str) -> tidegauge_core::Error {
        match self {
            Self::Core(error @ tidegauge_core::Error::Cursor { .. }) => error,
            other => tidegauge_core::Error::source(name, other.kind(), other),
        }
    }
}

/// Returns whether `body` begins as a web page does.
pub(crate) fn is_web_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// Returns whether `body` is a web page in the place of any other document.
pub(crate) fn is_html(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    let begins =
        |with: &[u8]| body.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

/// The first `limit` characters of `text`, on one line.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.trim().chars().map(plain).take(limit).collect()
}

fn code_shown(code: Option<&str>) -> String {
    code.map(|code| format!(", code {code}")).unwrap_or_default()
}

fn advice_shown(advice: &str) -> String {
    if advice.is_empty() { String::new() } else { format!("; {advice}") }
}
