//! The client of CoinGecko's API v3, for the endpoints in use, in US dollars.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::config::CandleSize;
use super::config::Plan;
use super::decode::{self, Chart, CoinMarket, CoinPrice, ListedCoin};
use super::name::NAME;
use crate::bad_rows::RowFilter;
use crate::decode::dedup;
use crate::http::client::Http;
use crate::http::service::Service;
use crate::http::{Budget, HttpConfig};
use crate::redact::Redactor;
use crate::text::cut;
use crate::{Context, Error, OhlcvSeries, Result};

/// The query parameter without which the server rounds prices.
const FULL_PRECISION: (&str, &str) = ("precision", "full");
const USD: (&str, &str) = ("vs_currency", "usd");

/// A client of CoinGecko, for direct access to its rows instead of the tables.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::coingecko::{Client, Plan};
/// use tidegauge_core::SystemClock;
///
/// # async fn example() -> tidegauge_acquisition::Result<()> {
/// let context = Context::new(Arc::new(SystemClock));
/// let client = Client::new(Plan::Keyless, None, &Default::default(), &context)?;
/// for price in client.simple_price(&["bitcoin", "ethereum"]).await? {
///     println!("{} costs {} dollars", price.coin, price.price_usd);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    http: Http,
}

/// The number of days of a request for candles, which determines the size of the candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OhlcDays {
    /// A day of 30-minute candles.
    D1,
    /// 7 days of four-hour candles.
    D7,
    /// 14 days of four-hour candles.
    D14,
    /// 30 days of four-hour candles.
    D30,
    /// 90 days of four-day candles.
    D90,
    /// 180 days of four-day candles.
    D180,
    /// 365 days of four-day candles.
    D365,
}

impl OhlcDays {
    const ALL: [Self; 7] =
        [Self::D1, Self::D7, Self::D14, Self::D30, Self::D90, Self::D180, Self::D365];

    /// Returns the number of days.
    pub const fn days(self) -> u32 {
        match self {
            Self::D1 => 1,
            Self::D7 => 7,
            Self::D14 => 14,
            Self::D30 => 30,
            Self::D90 => 90,
            Self::D180 => 180,
            Self::D365 => 365,
        }
    }

    /// Returns the size of the candles that the service returns for this number of days.
    pub const fn candle(self) -> CandleSize {
        match self {
            Self::D1 => CandleSize::HalfHour,
            Self::D7 | Self::D14 | Self::D30 => CandleSize::FourHours,
            Self::D90 | Self::D180 | Self::D365 => CandleSize::FourDays,
        }
    }

    /// Returns the fewest days with candles of this size that cover `wanted`, or the most that are available.
    pub(super) fn covering(size: CandleSize, wanted: TimeDelta) -> Self {
        let mut fitting = Self::ALL.into_iter().filter(|days| days.candle() == size);
        let most = fitting.clone().next_back().unwrap_or(Self::D1);
        fitting.find(|days| TimeDelta::days(days.days().into()) >= wanted).unwrap_or(most)
    }
}

impl Client {
    /// Creates a client for the given plan.
    ///
    /// # Errors
    /// When the plan needs a key and there is none, or the key or the base URL cannot be used.
    pub fn new(
        plan: Plan,
        key: Option<&SecretString>,
        http: &HttpConfig,
        context: &Context,
    ) -> Result<Self> {
        let service = Service {
            quota: plan.quota(),
            // "Each HTTP 200 costs 1", says the documentation.
            failures_are_free: true,
            ..Service::new(NAME, plan.base_url(), decode::refusal)
        };
        Ok(Self { http: Http::new(service, http, plan.key(key)?, context)? })
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

    /// Checks that the service is available and accepts the key.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub async fn ping(&self) -> Result<()> {
        self.http.read(&["ping"], &[], decode::ping).await
    }

    /// Returns the latest prices of `coins` (CoinGecko's ids), in that order.
    ///
    /// # Errors
    /// When the request fails, or the answer lacks a coin.
    pub async fn simple_price(&self, coins: &[&str]) -> Result<Vec<CoinPrice>> {
        let ids = coins.join(",");
        let query = [
            ("ids", ids.as_str()),
            ("vs_currencies", "usd"),
            ("include_market_cap", "true"),
            ("include_24hr_vol", "true"),
            ("include_last_updated_at", "true"),
            FULL_PRECISION,
        ];
        let path = ["simple", "price"];
        let prices = self.http.read(&path, &query, decode::simple_price).await?;
        in_order(coins, prices, |price| &price.coin)
    }

    /// Returns the markets of `coins` (CoinGecko's ids, at most 250), in that order, including wrapped and
    /// staked tokens. Coins that the service does not list are omitted, and so are coins that were not
    /// requested.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn coins_markets(
        &self,
        coins: &[&str],
        row_filter: &mut RowFilter,
    ) -> Result<Vec<CoinMarket>> {
        let ids = coins.join(",");
        // The service omits wrapped tokens by default.
        let wrapped = ("include_rehypothecated", "true");
        let query = [USD, ("ids", ids.as_str()), ("per_page", "250"), wrapped, FULL_PRECISION];
        let read = |body: &[u8]| decode::coins_markets(body, row_filter);
        let markets = self.http.read(&["coins", "markets"], &query, read).await?;
        let place =
            |market: CoinMarket| (coins.iter().position(|coin| *coin == market.coin), market);
        let (asked, others): (Vec<_>, Vec<_>) =
            markets.into_iter().map(place).partition(|(place, _)| place.is_some());
        if let Some((_, market)) = others.first() {
            let (count, coin) = (others.len(), cut(&self.redactor().text(&market.coin), 40));
            tracing::warn!(source = NAME, count, coin, "unrequested markets, skipped");
        }
        Ok(dedup::last_of_each("coins/markets", asked).map(|(_, market)| market).collect())
    }

    /// Returns a page of the largest markets, 250 per page, counted from 1; empty past the last.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn top_markets(
        &self,
        page: usize,
        row_filter: &mut RowFilter,
    ) -> Result<Vec<CoinMarket>> {
        let page = page.to_string();
        let order = ("order", "market_cap_desc");
        let query = [USD, order, ("per_page", "250"), ("page", page.as_str()), FULL_PRECISION];
        let read = |body: &[u8]| decode::coins_markets(body, row_filter);
        self.http.read(&["coins", "markets"], &query, read).await
    }

    /// Returns all coins of the service, some ten thousand, to look up ids.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn coins_list(&self) -> Result<Vec<ListedCoin>> {
        self.http.read(&["coins", "list"], &[], decode::coins_list).await
    }

    /// Returns the prices of the last `days` days: every 5 minutes for 1, hourly up to 90, then daily; the
    /// last one is the current price.
    ///
    /// # Errors
    /// When the request fails, or exceeds the history of the plan.
    pub async fn market_chart(&self, coin: &str, days: u32) -> Result<Chart> {
        let days = days.to_string();
        let query = [USD, ("days", days.as_str()), FULL_PRECISION];
        let read = |body: &[u8]| decode::market_chart(coin, body, &mut RowFilter::strict());
        self.http.read(&["coins", coin, "market_chart"], &query, read).await
    }

    /// Returns the prices from `from` to `to`, both truncated to seconds, with the density of
    /// [`market_chart`](Self::market_chart) for as many days.
    ///
    /// # Errors
    /// When the request fails, or exceeds the history of the plan.
    pub async fn market_chart_range(
        &self,
        coin: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        row_filter: &mut RowFilter,
    ) -> Result<Chart> {
        let (from, to) = (from.timestamp().to_string(), to.timestamp().to_string());
        let query = [USD, ("from", from.as_str()), ("to", to.as_str()), FULL_PRECISION];
        let path = ["coins", coin, "market_chart", "range"];
        self.http.read(&path, &query, |body| decode::market_chart(coin, body, row_filter)).await
    }

    /// Returns the candles of the last days; the last one is not closed yet.
    ///
    /// # Errors
    /// When the request fails, or the candles are closer than their size.
    pub async fn ohlc(
        &self,
        coin: &str,
        days: OhlcDays,
        row_filter: &mut RowFilter,
    ) -> Result<OhlcvSeries> {
        let count = days.days().to_string();
        let query = [USD, ("days", count.as_str()), FULL_PRECISION];
        let read = |body: &[u8]| decode::ohlc(coin, days.candle().length(), body, row_filter);
        self.http.read(&["coins", coin, "ohlc"], &query, read).await
    }
}

/// Returns `found` in the order requested. The service omits unknown coins without an error, which is an
/// error here.
fn in_order<T>(coins: &[&str], mut found: Vec<T>, id: fn(&T) -> &String) -> Result<Vec<T>> {
    let take = |coin: &&str| {
        let at = found.iter().position(|item| id(item) == coin);
        at.map(|at| found.swap_remove(at)).ok_or_else(|| Error::NoInstrument {
            service: NAME,
            symbol: (*coin).into(),
            known: "listed at https://api.coingecko.com/api/v3/coins/list".into(),
        })
    };
    coins.iter().map(take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candles_are_requested_for_the_fewest_sufficient_days() {
        use CandleSize::{FourDays, FourHours, HalfHour};
        for (size, days, asked) in [
            (HalfHour, 90, OhlcDays::D1),
            (FourHours, 0, OhlcDays::D7),
            (FourHours, 7, OhlcDays::D7),
            (FourHours, 8, OhlcDays::D14),
            (FourHours, 90, OhlcDays::D30),
            (FourDays, 4, OhlcDays::D90),
            (FourDays, 200, OhlcDays::D365),
        ] {
            assert_eq!(OhlcDays::covering(size, TimeDelta::days(days)), asked);
            assert_eq!(asked.candle(), size);
        }
    }
}
