//! The client of X's API v2, for the endpoints in use: recent search and recent counts.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use tidegauge_core::{Clock, Span};

use super::decode::{self, Counts, Search};
use super::name::NAME;
use crate::http::client::Http;
use crate::http::quota::RateLimitHint;
use crate::http::service::{Key, Service};
use crate::http::{Budget, HttpConfig, Quota};
use crate::redact::Redactor;
use crate::{Context, Error, Result};

/// The requested fields of a post.
const FIELDS: (&str, &str) = ("tweet.fields", "author_id,created_at,lang,public_metrics");

/// The lookback of X.
pub(super) const LOOKBACK: TimeDelta = TimeDelta::days(7);

/// The indexing delay of X: searches must end before it.
const INDEXING_DELAY: TimeDelta = TimeDelta::seconds(10);

/// A client of X, for direct access to its rows instead of the tables.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::x::{Client, SearchRecent};
/// use tidegauge_core::SystemClock;
///
/// # async fn example(key: secrecy::SecretString) -> tidegauge_acquisition::Result<()> {
/// let context = Context::new(Arc::new(SystemClock));
/// let client = Client::new(Some(&key), &Default::default(), &context)?;
/// let found = client.search_recent(&SearchRecent::of("#bitcoin lang:en")).await?;
/// for (_, post) in found.posts() {
///     println!("{}", post?.text);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    http: Http,
    clock: Arc<dyn Clock>,
}

/// A search request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchRecent<'a> {
    /// The query, in X's query language.
    pub query: &'a str,
    /// The inclusive start, to the second (`None`: X's lookback, 7 days).
    pub start_time: Option<DateTime<Utc>>,
    /// The exclusive end, to the second; at least 10 seconds ago (`None`: 30 seconds ago).
    pub end_time: Option<DateTime<Utc>>,
    /// The id after which posts are returned; instead of times.
    pub since_id: Option<&'a str>,
    /// The pagination token of the previous page.
    pub next_token: Option<&'a str>,
    /// The maximum number of posts per page, 10 to 100.
    pub max_results: u32,
}

impl<'a> SearchRecent<'a> {
    /// Creates a request for the newest hundred posts that match.
    pub const fn of(query: &'a str) -> Self {
        Self {
            query,
            start_time: None,
            end_time: None,
            since_id: None,
            next_token: None,
            max_results: 100,
        }
    }
}

impl Client {
    /// Creates a client; the key is the *bearer token* of an app.
    ///
    /// # Errors
    /// When there is no key, or it or the base URL cannot be used.
    pub fn new(key: Option<&SecretString>, http: &HttpConfig, context: &Context) -> Result<Self> {
        let key = key.ok_or(Error::NoKey { service: NAME })?.clone();
        let service = Service {
            // X allows an app 300 counts and 450 searches in 15 minutes. A request of a hundred posts costs
            // half a dollar, so the monthly quota is low unless the user raises it.
            quota: Quota { per_month: Some(1_000), ..Quota::per_minute(20) },
            throttled_pause: Duration::from_mins(15),
            hint,
            ..Service::new(NAME, "https://api.x.com", decode::refusal)
        };
        let key = Key { header: "authorization", prefix: "Bearer ", value: key };
        let http = Http::new(service, http, Some(key), context)?;
        Ok(Self { http, clock: context.clock.clone() })
    }

    /// Returns the quota and what is left of it; a credit is a request.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Returns a page of posts, newest first.
    ///
    /// # Errors
    /// When the request fails, or its parameters are invalid.
    pub async fn search_recent(&self, request: &SearchRecent<'_>) -> Result<Search> {
        check_max_results(request.max_results)?;
        if request.since_id.is_some()
            && (request.start_time.is_some() || request.end_time.is_some())
        {
            return Err(Error::config(
                "since_id",
                "it goes with no start and no end: leave them out",
            ));
        }
        self.check_times(request.start_time, request.end_time)?;
        let (max_results, start, end) = (
            request.max_results.to_string(),
            request.start_time.map(to_seconds),
            request.end_time.map(to_seconds),
        );
        let mut query =
            vec![("query", request.query), ("max_results", max_results.as_str()), FIELDS];
        query.extend(start.as_deref().map(|start| ("start_time", start)));
        query.extend(end.as_deref().map(|end| ("end_time", end)));
        query.extend(request.since_id.map(|id| ("since_id", id)));
        query.extend(request.next_token.map(|token| ("next_token", token)));
        let path = ["2", "tweets", "search", "recent"];
        let found = self.http.read(&path, &query, decode::search).await?;
        self.log_problems("search", &found.problems);
        Ok(found)
    }

    /// Returns the number of matching posts by hour, oldest first; an hour in which `span` begins or ends is
    /// counted in part. `next_token` is the pagination token of the previous page.
    ///
    /// # Errors
    /// When the request fails, or its parameters are invalid.
    pub async fn counts_recent(
        &self,
        query: &str,
        span: Span,
        next_token: Option<&str>,
    ) -> Result<Counts> {
        self.check_times(Some(span.from), Some(span.to))?;
        let (start, end) = (to_seconds(span.from), to_seconds(span.to));
        let mut query = vec![
            ("query", query),
            ("granularity", "hour"),
            ("start_time", start.as_str()),
            ("end_time", end.as_str()),
        ];
        query.extend(next_token.map(|token| ("next_token", token)));
        let found =
            self.http.read(&["2", "tweets", "counts", "recent"], &query, decode::counts).await?;
        self.log_problems("counts", &found.problems);
        Ok(found)
    }

    /// Returns the key to redact from replies.
    pub(super) fn redactor(&self) -> &Redactor {
        self.http.redactor()
    }

    /// Logs the problems of a partial answer.
    fn log_problems(&self, what: &'static str, problems: &[String]) {
        for problem in problems {
            let problem = self.redactor().text(problem);
            tracing::warn!(source = NAME, what, problem, "partial answer");
        }
    }

    fn check_times(&self, start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> Result<()> {
        let now = self.clock.now();
        if let Some(end) = end.filter(|end| *end > now - INDEXING_DELAY) {
            let reason = format!("{} is less than 10 seconds ago, or ahead", to_seconds(end));
            return Err(Error::config("end_time", reason));
        }
        match (start, end) {
            (Some(start), Some(end)) if end <= start => {
                let reason = format!("{} is not behind {}", to_seconds(end), to_seconds(start));
                Err(Error::config("end_time", reason))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn check_max_results(max_results: u32) -> Result<()> {
    if (10..=100).contains(&max_results) {
        return Ok(());
    }
    Err(Error::config("max_results", format!("{max_results} is not between 10 and 100")))
}

fn to_seconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads the rate-limit headers: if nothing is left of the window of 15 minutes, pauses until a second after
/// its end.
fn hint(headers: &HeaderMap, _now: DateTime<Utc>) -> RateLimitHint {
    let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let empty = number("x-rate-limit-remaining") == Some(0);
    let reset = number("x-rate-limit-reset").filter(|_| empty);
    let hold_until = reset
        .and_then(|reset| DateTime::from_timestamp(reset, 0))
        .and_then(|reset| reset.checked_add_signed(TimeDelta::seconds(1)));
    RateLimitHint { hold_until, ..RateLimitHint::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;

    #[test]
    fn rate_limit_headers_pause_only_when_nothing_is_left() {
        let now = DateTime::from_timestamp(1_665_182_600, 0).unwrap();
        for (remaining, reset, until) in [
            ("448", "1665183229", None),
            ("0", "1665183229", Some(1_665_183_230)),
            ("0", "soon", None),
            ("0", "9223372036854775807", None),
            ("", "", None),
        ] {
            let header =
                |name, value: &str| (HeaderName::from_static(name), value.parse().unwrap());
            let headers = HeaderMap::from_iter([
                header("x-rate-limit-remaining", remaining),
                header("x-rate-limit-reset", reset),
            ]);
            let held = hint(&headers, now).hold_until.map(|until| until.timestamp());
            assert_eq!(held, until, "{remaining} {reset}");
        }
    }
}
