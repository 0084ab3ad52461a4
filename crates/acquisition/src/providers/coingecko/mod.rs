//! CoinGecko: prices, volumes, market capitalizations and candles of crypto assets.

mod chart;
mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tidegauge_core::instruments::Instrument;
use tidegauge_core::tables::{Candle, RawCryptoMarketData};
use tidegauge_core::{Batch, Cursor, Page, Source, Span, TableRef};

pub use crate::bad_rows::FinePrices;
pub use client::{Client, OhlcDays};
pub use config::{CandleSize, Config, Plan};
pub use decode::{Chart, CoinMarket, CoinPrice, ListedCoin};
pub use name::NAME;

use crate::backfill::{
    self, Continuation, HistoricalSource, Refused, RowFilter, Series, WindowRequest, WindowResponse,
};
use crate::decode::candles::CandleKey;
use crate::http::Budget;
use crate::instruments::{self, ListedInstrument};
use crate::{Context, Error, FoundInstrument, Result};

/// The attribution to show wherever the data is shown.
pub const ATTRIBUTION: &str = "Data provided by CoinGecko (https://www.coingecko.com)";

/// The longest window of prices: up to 90 days are hourly, more would be daily.
const WINDOW: TimeDelta = TimeDelta::days(90);

/// The maximum number of markets per call.
const MARKETS_PER_PAGE: usize = 250;

/// The allowed clock skew of the service.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(10);

/// The source CoinGecko.
///
/// It works in rounds. A round reads every configured symbol up to the instant at which it began: first the
/// prices of each in windows of 90 days, then its closed candles, then one snapshot of all markets. A new
/// round begins once [`Config::refresh`] has passed.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::coingecko::{CoinGecko, Config, Plan};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example(key: String) -> Result<(), Box<dyn std::error::Error>> {
/// let config =
///     Config { symbols: vec!["BTC".into()], plan: Plan::Demo, ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let source = CoinGecko::new(config, Some(key.into()), &context)?;
/// let first = source.fetch(None).await?;
/// let second = source.fetch(Some(&first.cursor)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CoinGecko {
    client: Client,
    config: Config,
    coins: Vec<ListedInstrument>,
    context: Context,
}

impl CoinGecko {
    /// Creates the source from `config`; the key is that of its plan.
    ///
    /// # Errors
    /// When a symbol is not in the registry, the history requested exceeds that of the plan, the plan lacks
    /// its key, or the key or the base URL cannot be used.
    pub fn new(config: Config, key: Option<SecretString>, context: &Context) -> Result<Self> {
        config.validate()?;
        let coins = instruments::select(NAME, &context.registry, &config.symbols, NAME)?;
        let client = Client::new(config.plan, key.as_ref(), &config.http, context)?;
        Ok(Self { client, config, coins, context: context.clone() })
    }

    /// Returns the client that the source uses.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn coin(&self, symbol: &str) -> Result<&ListedInstrument> {
        self.coins.iter().find(|coin| coin.symbol == symbol).ok_or_else(|| Error::NoInstrument {
            service: NAME,
            symbol: symbol.into(),
            known: "configured".into(),
        })
    }

    /// Reads a window of a coin's prices.
    async fn prices(
        &self,
        request: &WindowRequest<'_>,
        coin: &ListedInstrument,
    ) -> Result<WindowResponse> {
        let mut row_filter = self.row_filter(RawCryptoMarketData::table(), request);
        let Span { from, to } = request.window;
        let mut chart = self.client.market_chart_range(&coin.id, from, to, &mut row_filter).await?;
        let ahead: Vec<_> =
            chart.at.iter().copied().filter(|at| *at > latest(request.now)).collect();
        for at in ahead {
            let time = DateTime::from_timestamp_micros(at).unwrap_or(request.now);
            let place = || format!("prices {}", time.timestamp_millis());
            row_filter
                .pass(check_not_future(&coin.id, time, request.now), place, || time.to_rfc3339())?;
        }
        // The current price belongs to this window, although the window ends now.
        let end = if request.reaches_now { latest(request.now) + 1 } else { to.timestamp_micros() };
        chart.keep(|at| (from.timestamp_micros()..end).contains(&at));
        let last = chart.at.last().and_then(|at| DateTime::from_timestamp_micros(*at));
        let next = match last {
            // After the current price nothing is final: the next round continues there.
            Some(last) if request.reaches_now => {
                Continuation::Until(last + TimeDelta::milliseconds(1))
            }
            None if request.reaches_now => Continuation::Until(from),
            _ => Continuation::Done,
        };
        let batches = vec![chart.into_batch(&coin.symbol, &coin.name)?];
        Ok(WindowResponse {
            batches,
            next,
            bad: row_filter.into_bad(),
            ..WindowResponse::default()
        })
    }

    /// Reads the candles of a coin that open within a window.
    async fn candles(
        &self,
        request: &WindowRequest<'_>,
        coin: &ListedInstrument,
    ) -> Result<WindowResponse> {
        let mut row_filter = self.row_filter(Candle::table(), request);
        let days = OhlcDays::covering(self.config.candles, request.now - request.window.from);
        let candles = self.client.ohlc(&coin.id, days, &mut row_filter).await?;
        // The last candle is still open. A cached reply may end before now with a candle that was open when
        // the reply was created.
        let closed_to =
            candles.last_open().map_or(request.window.to, |open| open.max(request.window.from));
        let window = Span::new(request.window.from, request.window.to.min(closed_to));
        let (candles, is_all) = (candles.within(window), window.to == request.window.to);
        let next = if is_all || !request.reaches_now {
            Continuation::Done
        } else {
            Continuation::Until(window.to)
        };
        let candle_key = CandleKey {
            source: NAME,
            symbol: &coin.symbol,
            interval: self.config.candles.name(),
            currency: "USD",
        };
        let batches = vec![candles.into_batch(candle_key)?];
        Ok(WindowResponse {
            batches,
            next,
            bad: row_filter.into_bad(),
            ..WindowResponse::default()
        })
    }

    /// Reads a page of the current prices: of the configured coins, or of the largest markets.
    async fn markets(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let mut row_filter = self.row_filter(RawCryptoMarketData::table(), request);
        let page: usize = request.page_token.and_then(|page| page.parse().ok()).unwrap_or(1);
        let mut refused = Vec::new();
        let (markets, more) = if self.config.top == 0 {
            let mut chunks = self.coins.chunks(MARKETS_PER_PAGE).skip(page - 1);
            let coins = chunks.next().unwrap_or_default();
            let ids: Vec<_> = coins.iter().map(|coin| coin.id.as_str()).collect();
            let markets = self.client.coins_markets(&ids, &mut row_filter).await?;
            let there = |id: &str| {
                markets.iter().any(|market| market.coin == id) || row_filter.is_quarantined(id)
            };
            let gone = coins.iter().filter(|coin| !there(&coin.id)).map(not_listed);
            refused.extend(gone);
            (markets, chunks.next().is_some())
        } else {
            let markets = self.client.top_markets(page, &mut row_filter).await?;
            let sent = markets.len() + row_filter.count();
            let more = sent >= MARKETS_PER_PAGE && page * MARKETS_PER_PAGE < self.config.top;
            let left = self.config.top.saturating_sub((page - 1) * MARKETS_PER_PAGE);
            (markets.into_iter().take(left).collect(), more)
        };
        let mut rows: Vec<RawCryptoMarketData> = Vec::with_capacity(markets.len());
        for market in markets {
            let (coin, at) = (&market.coin, market.last_updated);
            let passed = row_filter.pass(
                check_not_future(coin, at, self.context.clock.now()),
                || coin.clone(),
                || format!("{market:?}"),
            )?;
            let Some((symbol, name)) = passed.and_then(|()| self.symbol_and_name(&market)) else {
                continue;
            };
            rows.push(RawCryptoMarketData {
                symbol,
                observed_at: market.last_updated,
                source: NAME.into(),
                name,
                price_usd: market.price_usd,
                volume_24h_usd: market.volume_24h_usd,
                market_cap_usd: market.market_cap_usd,
            });
        }
        let batches = vec![Batch::from_rows(RawCryptoMarketData::table(), rows)?];
        let next =
            if more { Continuation::Page((page + 1).to_string()) } else { Continuation::Done };
        Ok(WindowResponse {
            batches,
            next,
            bad: row_filter.into_bad(),
            refused,
            ..WindowResponse::default()
        })
    }

    /// Returns the symbol and name of a coin, or `None` if the registry assigns its symbol to another coin:
    /// symbols of coins are not unique, and the two must not be mixed up.
    fn symbol_and_name(&self, market: &CoinMarket) -> Option<(String, String)> {
        let registry = &self.context.registry;
        let ours = |known: &&Instrument| known.alias(NAME) == Some(market.coin.as_str());
        if let Some(known) = registry.all().iter().find(ours) {
            return Some((known.symbol.to_string(), known.name.to_string()));
        }
        let symbol = market.symbol.to_ascii_uppercase();
        if registry.by_symbol(&symbol).is_some() {
            let redactor = self.client.redactor();
            let (coin, symbol) = (redactor.text(&market.coin), redactor.text(&symbol));
            tracing::warn!(coin, symbol, "symbol belongs to another coin, skipped");
            return None;
        }
        Some((format!("{symbol}.{}", market.coin), market.name.clone()))
    }

    fn row_filter(&self, table: &TableRef, request: &WindowRequest<'_>) -> RowFilter {
        RowFilter::new(self.context.bad_rows, &table.name, &request.series.name)
            .redacting(self.client.redactor())
            .with_fine_prices(self.config.fine_prices)
    }
}

/// Returns the refusal of a coin that is not among the markets.
fn not_listed(coin: &ListedInstrument) -> Refused {
    let reason = format!(
        "{NAME} lists no market of `{}` any more, or never did: look for it with `tidegauge \
         instruments --find`, or leave it out",
        coin.id
    );
    Refused { series: format!("markets {}", coin.symbol), reason }
}

/// Returns the latest plausible time of a row, in microseconds since 1970.
fn latest(now: DateTime<Utc>) -> i64 {
    (now + MAX_CLOCK_SKEW).timestamp_micros()
}

/// Checks that a row is not in the future: it would move the cursor there, past all rows until then.
fn check_not_future(coin: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    if at <= now + MAX_CLOCK_SKEW {
        return Ok(());
    }
    let reason = "which is in the future: check this machine's clock";
    Err(Error::value(coin, "timestamp", &at.to_rfc3339(), reason))
}

#[async_trait]
impl HistoricalSource for CoinGecko {
    async fn find(&self, text: &str) -> Result<Vec<FoundInstrument>> {
        let text = text.to_lowercase();
        let holds = |coin: &ListedCoin| {
            [&coin.id, &coin.symbol, &coin.name]
                .iter()
                .any(|word| word.to_lowercase().contains(&text))
        };
        let coins = self.client.coins_list().await?.into_iter().filter(holds);
        let found =
            |coin: ListedCoin| FoundInstrument::new(coin.id, coin.symbol.to_uppercase(), coin.name);
        Ok(coins.map(found).collect())
    }

    fn series(&self, now: DateTime<Utc>) -> Vec<Series> {
        let Config { candles, refresh, plan, .. } = self.config;
        let since = now - self.config.history();
        let prices = self.coins.iter().map(|coin| Series {
            lookback: plan.lookback(),
            // Prices are approximately hourly.
            max_gap: TimeDelta::minutes(90),
            ..Series::history(format!("prices {}", coin.symbol), since, WINDOW, refresh)
        });
        let lookback = candles.lookback();
        let candles = self.coins.iter().map(|coin| {
            let name = format!("candles {} {}", coin.symbol, candles.name());
            let series = Series::history(name, since.max(now - lookback), lookback, refresh);
            match candles {
                // The alignment of four-day candles is not documented.
                CandleSize::FourDays => Series {
                    lookback: Some(lookback),
                    finality_delay: candles.length(),
                    refresh: refresh.max(Duration::from_secs(86_400)),
                    ..series
                },
                _ => {
                    Series { lookback: Some(lookback), alignment: Some(candles.length()), ..series }
                }
            }
        });
        prices.chain(candles).chain([Series::snapshot("markets", refresh)]).collect()
    }

    fn budget(&self) -> Result<Budget> {
        self.client.budget()
    }

    async fn check(&self, _: DateTime<Utc>) -> Result<String> {
        self.client.ping().await?;
        Ok(format!("answers, and takes the {} plan", self.config.plan.name()))
    }

    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let mut words = request.series.name.split(' ');
        match (words.next(), words.next()) {
            (Some("prices"), Some(symbol)) => self.prices(request, self.coin(symbol)?).await,
            (Some("candles"), Some(symbol)) => self.candles(request, self.coin(symbol)?).await,
            _ => self.markets(request).await,
        }
    }
}

#[async_trait]
impl Source for CoinGecko {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        backfill::tables([RawCryptoMarketData::table(), Candle::table()])
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let page = backfill::sync_page(self, &self.context, cursor).await;
        page.map_err(|error| error.into_source_error(NAME))
    }
}
