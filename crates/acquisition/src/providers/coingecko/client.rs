//! CoinGecko's API v3, as much of it as we use, in US dollars.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::config::CandleSize;
use super::decode::{self, Chart, CoinMarket, CoinPrice, ListedCoin};
use super::{NAME, Plan};
use crate::bad_rows::RowFilter;
use crate::decode::repeats;
use crate::error::cut;
use crate::hidden::Hidden;
use crate::http::{Budget, Http, HttpConfig, Service};
use crate::{Bars, Context, Error, Result};

/// Without it, the server rounds.
const EXACT: (&str, &str) = ("precision", "full");
const USD: (&str, &str) = ("vs_currency", "usd");

/// A client of CoinGecko, for those who want its rows and not its tables.
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

/// For how many days candles are asked: the service knows these, and chooses the candle by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OhlcDays {
    /// A day of half hours.
    D1,
    /// A week of four hours.
    D7,
    /// Two weeks of four hours.
    D14,
    /// 30 days of four hours.
    D30,
    /// 90 days of four days.
    D90,
    /// 180 days of four days.
    D180,
    /// A year of four days.
    D365,
}

impl OhlcDays {
    const ALL: [Self; 7] =
        [Self::D1, Self::D7, Self::D14, Self::D30, Self::D90, Self::D180, Self::D365];

    /// The number of days.
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

    /// The candles that the service gives for so many days.
    pub const fn candle(self) -> CandleSize {
        match self {
            Self::D1 => CandleSize::HalfHour,
            Self::D7 | Self::D14 | Self::D30 => CandleSize::FourHours,
            Self::D90 | Self::D180 | Self::D365 => CandleSize::FourDays,
        }
    }

    /// The fewest days that have candles of that size and cover `wanted`, or the most there are.
    pub(super) fn covering(size: CandleSize, wanted: TimeDelta) -> Self {
        let mut fitting = Self::ALL.into_iter().filter(|days| days.candle() == size);
        let most = fitting.clone().next_back().unwrap_or(Self::D1);
        fitting.find(|days| TimeDelta::days(days.days().into()) >= wanted).unwrap_or(most)
    }
}

impl Client {
    /// A client for that plan.
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

    /// What the plan allows, and how much of it is left.
    ///
    /// # Errors
    /// When the record of what was spent cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Returns what is not shown of replies: the key.
    pub(super) fn hidden(&self) -> &Hidden {
        self.http.hidden()
    }

    /// Whether the service is there, and takes the key.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn ping(&self) -> Result<()> {
        self.http.read(&["ping"], &[], decode::ping).await
    }

    /// The latest prices of `coins` (CoinGecko's ids), in that order.
    ///
    /// # Errors
    /// When it cannot be had, or a coin is not in the answer.
    pub async fn simple_price(&self, coins: &[&str]) -> Result<Vec<CoinPrice>> {
        let ids = coins.join(",");
        let query = [
            ("ids", ids.as_str()),
            ("vs_currencies", "usd"),
            ("include_market_cap", "true"),
            ("include_24hr_vol", "true"),
            ("include_last_updated_at", "true"),
            EXACT,
        ];
        let path = ["simple", "price"];
        let prices = self.http.read(&path, &query, decode::simple_price).await?;
        in_order(coins, prices, |price| &price.coin)
    }

    /// The markets of `coins` (CoinGecko's ids, at most 250), in that order, wrapped and staked
    /// tokens among them. One that the service does not list is left out, and so is one that was
    /// not asked for.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn coins_markets(
        &self,
        coins: &[&str],
        sieve: &mut RowFilter,
    ) -> Result<Vec<CoinMarket>> {
        let ids = coins.join(",");
        // Tokens that stand for others are left out unless they are asked for.
        let wrapped = ("include_rehypothecated", "true");
        let query = [USD, ("ids", ids.as_str()), ("per_page", "250"), wrapped, EXACT];
        let read = |body: &[u8]| decode::coins_markets(body, sieve);
        let markets = self.http.read(&["coins", "markets"], &query, read).await?;
        let place =
            |market: CoinMarket| (coins.iter().position(|coin| *coin == market.coin), market);
        let (asked, others): (Vec<_>, Vec<_>) =
            markets.into_iter().map(place).partition(|(place, _)| place.is_some());
        if let Some((_, market)) = others.first() {
            let (count, coin) = (others.len(), cut(&self.hidden().text(&market.coin), 40));
            tracing::warn!(source = NAME, count, coin, "markets not asked for, left out");
        }
        Ok(repeats::last_of_each("coins/markets", asked).map(|(_, market)| market).collect())
    }

    /// The largest markets, 250 a page, the first page being 1; past the last one there are none.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn top_markets(&self, page: usize, sieve: &mut RowFilter) -> Result<Vec<CoinMarket>> {
        let page = page.to_string();
        let order = ("order", "market_cap_desc");
        let query = [USD, order, ("per_page", "250"), ("page", page.as_str()), EXACT];
        let read = |body: &[u8]| decode::coins_markets(body, sieve);
        self.http.read(&["coins", "markets"], &query, read).await
    }

    /// All coins that there are, some ten thousand: for whoever looks for an id.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn coins_list(&self) -> Result<Vec<ListedCoin>> {
        self.http.read(&["coins", "list"], &[], decode::coins_list).await
    }

    /// Prices of the last `days` days: every 5 minutes for 1, hour by hour up to 90, then daily; the
    /// last one is of now.
    ///
    /// # Errors
    /// When it cannot be had, or lies further back than the plan reaches.
    pub async fn market_chart(&self, coin: &str, days: u32) -> Result<Chart> {
        let days = days.to_string();
        let query = [USD, ("days", days.as_str()), EXACT];
        let read = |body: &[u8]| decode::market_chart(coin, body, &mut RowFilter::strict());
        self.http.read(&["coins", coin, "market_chart"], &query, read).await
    }

    /// Prices from `from` to `to`, both taken to the second; as dense as for as many days.
    ///
    /// # Errors
    /// When it cannot be had, or lies further back than the plan reaches.
    pub async fn market_chart_range(
        &self,
        coin: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        sieve: &mut RowFilter,
    ) -> Result<Chart> {
        let (from, to) = (from.timestamp().to_string(), to.timestamp().to_string());
        let query = [USD, ("from", from.as_str()), ("to", to.as_str()), EXACT];
        let path = ["coins", coin, "market_chart", "range"];
        self.http.read(&path, &query, |body| decode::market_chart(coin, body, sieve)).await
    }

    /// Candles of the last days; the last one is not finished yet.
    ///
    /// # Errors
    /// When it cannot be had, or the candles are closer than their size.
    pub async fn ohlc(&self, coin: &str, days: OhlcDays, sieve: &mut RowFilter) -> Result<Bars> {
        let count = days.days().to_string();
        let query = [USD, ("days", count.as_str()), EXACT];
        let read = |body: &[u8]| decode::ohlc(coin, days.candle().length(), body, sieve);
        self.http.read(&["coins", coin, "ohlc"], &query, read).await
    }
}

/// `found` in the order asked. The service leaves out what it does not know, without a word.
fn in_order<T>(coins: &[&str], mut found: Vec<T>, id: fn(&T) -> &String) -> Result<Vec<T>> {
    let take = |coin: &&str| {
        let at = found.iter().position(|it| id(it) == coin);
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
    fn candles_are_asked_for_as_few_days_as_will_do() {
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
