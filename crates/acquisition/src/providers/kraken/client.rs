//! The client of Kraken's public REST API, for the endpoints in use.

use chrono::{DateTime, Utc};

use super::decode::{self, AssetPair, Ticker, Trades};
use super::name::NAME;
use crate::bad_rows::RowFilter;
use crate::http::client::Http;
use crate::http::service::Service;
use crate::http::{Budget, HttpConfig, Quota};
use crate::{Context, Interval, OhlcvSeries, Result};

/// A client of Kraken's market data, for direct access to its rows instead of the tables. No key is needed.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::kraken::Client;
/// use tidegauge_core::SystemClock;
///
/// # async fn example() -> tidegauge_acquisition::Result<()> {
/// let context = Context::new(Arc::new(SystemClock));
/// let ticker = Client::new(&Default::default(), &context)?.ticker("BTC/USD").await?;
/// println!("{} to {}", ticker.bid, ticker.ask);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    /// Creates a client.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(http: &HttpConfig, context: &Context) -> Result<Self> {
        let service = Service {
            // The documented rate limit is about one request per second and IP address.
            quota: Quota::per_minute(60),
            throttled_pause: std::time::Duration::from_secs(10),
            ..Service::new(NAME, "https://api.kraken.com/0/public", decode::refusal)
        };
        Ok(Self { http: Http::new(service, http, None, context)? })
    }

    /// Returns the quota of the service and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Returns the candles of `pair` from `since` on, oldest first: at most the last 720, and the one that is
    /// not closed yet.
    ///
    /// # Errors
    /// When the request fails, or `row_filter` fails on a bad row.
    pub async fn ohlc(
        &self,
        pair: &str,
        interval: Interval,
        since: DateTime<Utc>,
        row_filter: &mut RowFilter,
    ) -> Result<OhlcvSeries> {
        let minutes = interval.minutes().to_string();
        // The service's `since` is exclusive.
        let since = (since.timestamp() - 1).to_string();
        let query = [("pair", pair), ("interval", minutes.as_str()), ("since", since.as_str())];
        decode::ohlc(pair, &self.http.get(&["OHLC"], &query).await?, row_filter)
    }

    /// Returns at most 1,000 trades of `pair` after `since`, nanoseconds since 1970, oldest first.
    ///
    /// # Errors
    /// When the request fails, or `row_filter` fails on a bad row.
    pub async fn trades(
        &self,
        pair: &str,
        since: &str,
        row_filter: &mut RowFilter,
    ) -> Result<Trades> {
        let query = [("pair", pair), ("since", since), ("count", "1000")];
        decode::trades(pair, &self.http.get(&["Trades"], &query).await?, row_filter)
    }

    /// Returns the latest prices of `pair`.
    ///
    /// # Errors
    /// When the request fails, or a price is invalid.
    pub async fn ticker(&self, pair: &str) -> Result<Ticker> {
        decode::ticker(pair, &self.http.get(&["Ticker"], &[("pair", pair)]).await?)
    }

    /// Returns all pairs of the exchange, to look up names.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn asset_pairs(&self) -> Result<Vec<AssetPair>> {
        decode::asset_pairs(&self.http.get(&["AssetPairs"], &[]).await?)
    }

    /// Returns the time of the service's clock.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn time(&self) -> Result<DateTime<Utc>> {
        decode::time(&self.http.get(&["Time"], &[]).await?)
    }

    /// Returns the status of the exchange: `online` or another one.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn system_status(&self) -> Result<String> {
        decode::system_status(&self.http.get(&["SystemStatus"], &[]).await?)
    }
}
