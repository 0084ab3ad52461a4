//! The client of Twelve Data's REST API, for the endpoints in use.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use tidegauge_core::{Crypto, Span};

use super::decode::{self, ApiUsage, ExchangeRate, Quote, TimeSeries};
use super::name::NAME;
use crate::bad_rows::RowFilter;
use crate::http::client::Http;
use crate::http::quota::RateLimitHint;
use crate::http::service::{Key, Request, Service};
use crate::http::{Budget, HttpConfig, Quota};
use crate::redact::Redactor;
use crate::{Context, Error, Interval, Result};

/// A client of Twelve Data, for direct access to its rows instead of the tables.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::twelvedata::Client;
/// use tidegauge_core::SystemClock;
///
/// # async fn example(key: String) -> tidegauge_acquisition::Result<()> {
/// let context = Context::new(Arc::new(SystemClock));
/// let client = Client::new(&key.into(), &Default::default(), &context)?;
/// for (symbol, price) in client.price(&["AAPL", "BTC/USD"]).await? {
///     println!("{symbol} costs {}", price?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    /// Creates a client with the given key.
    ///
    /// # Errors
    /// When the key or the base URL cannot be used.
    pub fn new(key: &SecretString, http: &HttpConfig, context: &Context) -> Result<Self> {
        let service = Service {
            // The quota of the free plan.
            quota: Quota { per_day: Some(800), ..Quota::per_minute(8) },
            hint,
            ..Service::new(NAME, "https://api.twelvedata.com", decode::refusal)
        };
        // The documentation says: "Literally the word `apikey`, not Bearer."
        let key = Key { header: "authorization", prefix: "apikey ", value: key.clone() };
        Ok(Self { http: Http::new(service, http, Some(key), context)? })
    }

    /// Returns the quota of the plan and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Returns the key to redact from replies.
    pub(super) fn redactor(&self) -> &Redactor {
        self.http.redactor()
    }

    /// Returns the candles of `symbol` that open within `window`, at most 5,000, oldest first.
    ///
    /// # Errors
    /// When the request fails, or `row_filter` fails on a bad candle.
    pub async fn time_series(
        &self,
        symbol: &str,
        interval: Interval,
        window: Span,
        row_filter: &mut RowFilter,
    ) -> Result<TimeSeries> {
        let (from, to) = bounds(interval, window);
        let query = series_query(symbol, interval, &from, &to);
        let read = |body: &[u8]| decode::time_series(symbol, body, row_filter);
        match self.http.read(&["time_series"], &query, read).await {
            Ok(series) => Ok(series),
            // An empty range is no error: weekends and holidays have no candles.
            Err(error) if decode::is_empty_range(&error) => Ok(TimeSeries::default()),
            Err(error) => Err(error),
        }
    }

    /// Requests the candles of several symbols at once, for as many credits. Returns for each symbol its
    /// candles, or the reason for which there are none.
    ///
    /// # Errors
    /// When the request as a whole fails.
    pub async fn time_series_batch(
        &self,
        symbols: &[&str],
        interval: Interval,
        window: Span,
    ) -> Result<Vec<(String, Result<TimeSeries>)>> {
        let all = symbols.join(",");
        let (from, to) = bounds(interval, window);
        let query = series_query(&all, interval, &from, &to);
        let each = self.batch_replies(&["time_series"], &query, symbols).await?;
        let series = |(symbol, body): (String, Result<Vec<u8>>)| {
            let series =
                body.and_then(|body| decode::time_series(&symbol, &body, &mut RowFilter::strict()));
            let series = series.map_err(|error| self.redactor().error(error));
            (symbol, series)
        };
        Ok(each.into_iter().map(series).collect())
    }

    /// Requests the latest quotes of `symbols`, for a credit each. Returns for each symbol its quote or its
    /// refusal; an invalid quote goes through `row_filter`.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn quote(
        &self,
        symbols: &[&str],
        row_filter: &mut RowFilter,
    ) -> Result<Vec<(String, Result<Quote>)>> {
        let all = symbols.join(",");
        let query = [("symbol", all.as_str())];
        let mut quotes = Vec::with_capacity(symbols.len());
        for (symbol, body) in self.batch_replies(&["quote"], &query, symbols).await? {
            let body = match body {
                Ok(body) => body,
                Err(refused) => {
                    quotes.push((symbol, Err(refused)));
                    continue;
                }
            };
            let content = || String::from_utf8_lossy(&body).into_owned();
            let passed =
                row_filter.pass(decode::quote(&symbol, &body), || symbol.clone(), content)?;
            quotes.extend(passed.map(|quote| (symbol, Ok(quote))));
        }
        Ok(quotes)
    }

    /// Requests the latest prices of `symbols`, for a credit each. Returns for each symbol its price or its
    /// refusal.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn price(&self, symbols: &[&str]) -> Result<Vec<(String, Result<Crypto>)>> {
        let all = symbols.join(",");
        let query = [("symbol", all.as_str())];
        let price = |(symbol, body): (String, Result<Vec<u8>>)| {
            let price = body.and_then(|body| decode::price(&symbol, &body));
            (symbol, price.map_err(|error| self.redactor().error(error)))
        };
        let parts = self.batch_replies(&["price"], &query, symbols).await?;
        Ok(parts.into_iter().map(price).collect())
    }

    /// Returns the latest exchange rate of a pair such as `EUR/USD`.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn exchange_rate(&self, pair: &str) -> Result<ExchangeRate> {
        let read = |body: &[u8]| decode::exchange_rate(pair, body);
        self.http.read(&["exchange_rate"], &[("symbol", pair)], read).await
    }

    /// Returns the quota of the key's plan and its usage as counted by the service.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn api_usage(&self) -> Result<ApiUsage> {
        self.http.read(&["api_usage"], &[], decode::api_usage).await
    }

    /// Makes one request about several symbols, for a credit each. Returns for each symbol its reply or its
    /// refusal.
    async fn batch_replies(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        symbols: &[&str],
    ) -> Result<Vec<(String, Result<Vec<u8>>)>> {
        let credits = u32::try_from(symbols.len().max(1)).unwrap_or(u32::MAX);
        let request = Request { credits, ..Request::get(path, query) };
        let parts = self.http.read_request(request, |body| decode::batch(symbols, body)).await?;
        let shown = |(symbol, part): (String, Result<Vec<u8>>)| {
            (symbol, part.map_err(|error| self.redactor().error(error)))
        };
        Ok(parts.into_iter().map(shown).collect())
    }
}

fn series_query<'a>(
    symbol: &'a str,
    interval: Interval,
    from: &'a str,
    to: &'a str,
) -> [(&'a str, &'a str); 8] {
    [
        ("symbol", symbol),
        ("interval", api_name(interval)),
        ("start_date", from),
        ("end_date", to),
        ("outputsize", "5000"),
        ("timezone", "UTC"),
        ("order", "ASC"),
        ("dp", "11"),
    ]
}

/// Returns the service's name of the interval.
const fn api_name(interval: Interval) -> &'static str {
    match interval {
        Interval::M1 => "1min",
        Interval::M5 => "5min",
        Interval::M15 => "15min",
        Interval::M30 => "30min",
        Interval::M45 => "45min",
        Interval::D1 => "1day",
        Interval::W1 => "1week",
        Interval::Mo1 => "1month",
        hours => hours.name(),
    }
}

/// Returns the first and the last opening time to request: the service includes both.
fn bounds(interval: Interval, window: Span) -> (String, String) {
    let last = window.to - TimeDelta::microseconds(1);
    let form = if interval.is_daily() { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
    (window.from.format(form).to_string(), last.format(form).to_string())
}

/// Reads the rate-limit headers: the service counts credits per minute of its clock.
fn hint(headers: &HeaderMap, now: DateTime<Utc>) -> RateLimitHint {
    let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
    let next_minute = || {
        let start = now.timestamp() - now.timestamp().rem_euclid(60) + 60;
        DateTime::from_timestamp(start, 0)
    };
    RateLimitHint {
        hold_until: number("api-credits-left")
            .filter(|left| *left == 0)
            .and_then(|_| next_minute()),
        used_this_minute: number("api-credits-used"),
    }
}

/// Returns the key, or an error if there is none.
pub(super) fn required_key(key: Option<SecretString>) -> Result<SecretString> {
    key.ok_or(Error::NoKey { service: NAME })
}
