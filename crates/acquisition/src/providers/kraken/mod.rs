//! Kraken's public market data: candles, trades and quotes. No key is needed.

mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::tables::{Candle, MarketTrade, Quote};
use tidegauge_core::{Batch, Cursor, Page, Source, TableRef};

pub use client::Client;
pub use config::Config;
#[cfg(feature = "kraken-stream")]
pub(crate) use config::INTERVALS;
pub use decode::{AssetPair, Ticker, Trade, Trades};
pub use name::NAME;

use crate::backfill::{
    self, Continuation, HistoricalSource, RowFilter, Series, WindowRequest, WindowResponse,
};
use crate::decode::candles::CandleKey;
use crate::decode::dedup;
use crate::http::Budget;
use crate::instruments::{self, ListedInstrument};
use crate::{Context, Error, FoundInstrument, Interval, Result};

/// The attribution to show wherever the data is shown.
pub const ATTRIBUTION: &str = "Market data: Kraken (https://www.kraken.com)";

/// The number of candles that the service keeps of each length.
const MAX_CANDLES: i32 = 720;

/// The maximum number of trades per call.
const MAX_TRADES: usize = 1_000;

/// The source Kraken: the candles of every symbol and interval, then single trades if configured, then the
/// latest quotes.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::kraken::{Config, Kraken};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let context = Context::new(Arc::new(SystemClock));
/// let source = Kraken::new(Config { trades_days: 1, ..Config::default() }, &context)?;
/// let page = source.fetch(None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Kraken {
    client: Client,
    config: Config,
    listed: Vec<ListedInstrument>,
    context: Context,
}

impl Kraken {
    /// Creates the source from `config`.
    ///
    /// # Errors
    /// When a symbol is not in the registry, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let listed = instruments::select(NAME, &context.registry, &config.symbols, NAME)?;
        let client = Client::new(&config.http, context)?;
        Ok(Self { client, config, listed, context: context.clone() })
    }

    /// Returns the client that the source uses.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn row_filter(&self, table: &TableRef, request: &WindowRequest<'_>) -> RowFilter {
        RowFilter::new(self.context.bad_rows, &table.name, &request.series.name)
    }

    fn pair(&self, symbol: &str) -> Result<(&str, &str)> {
        let listed = self.listed.iter().find(|known| known.symbol == symbol);
        let listed = listed.ok_or_else(|| not_configured(symbol))?;
        let (_, currency) = listed.id.split_once('/').ok_or_else(|| not_configured(&listed.id))?;
        Ok((&listed.id, currency))
    }

    /// Reads the candles of a symbol that open within a window.
    async fn candles(
        &self,
        request: &WindowRequest<'_>,
        symbol: &str,
        interval: Interval,
    ) -> Result<WindowResponse> {
        let (pair, currency) = self.pair(symbol)?;
        let mut row_filter = self.row_filter(Candle::table(), request);
        let candles =
            self.client.ohlc(pair, interval, request.window.from, &mut row_filter).await?;
        // The candle that is not closed yet opens after the window.
        let candles = candles.within(request.window);
        let candle_key = CandleKey { source: NAME, symbol, interval: interval.name(), currency };
        let batches = vec![candles.into_batch(candle_key)?];
        Ok(WindowResponse { batches, bad: row_filter.into_bad(), ..WindowResponse::default() })
    }

    /// Reads the trades of a symbol from the end of the last page on.
    async fn trades(&self, request: &WindowRequest<'_>, symbol: &str) -> Result<WindowResponse> {
        let (pair, currency) = self.pair(symbol)?;
        let mut row_filter = self.row_filter(MarketTrade::table(), request);
        // The service's `since` is exclusive.
        let from = request.window.from.timestamp_nanos_opt().unwrap_or_default() - 1;
        let since = request.resume_token.map_or_else(|| from.to_string(), str::to_owned);
        let Trades { sent, trades, last } =
            self.client.trades(pair, &since, &mut row_filter).await?;
        let newest = trades.last().map(|trade| trade.at).or_else(|| {
            // All rows of the page were quarantined.
            last.parse().ok().map(DateTime::from_timestamp_nanos).filter(|_| sent > 0)
        });
        let next = match newest {
            // Trades of this very moment are read in the next round.
            Some(at) if sent >= MAX_TRADES && at < request.window.to => Continuation::From(at),
            _ => Continuation::Done,
        };
        // The page may exceed the window, but the next page must not.
        let end = request.window.to.timestamp_nanos_opt().unwrap_or_default() - 1;
        let within = newest.is_none_or(|at| at < request.window.to);
        let resume_token = Some(if within { last } else { end.to_string() });
        let trades = trades.into_iter().filter(|trade| request.window.contains(trade.at));
        let trades = dedup::last_of_each(pair, trades.map(|trade| (trade.trade_id, trade)));
        let rows: Vec<_> = trades
            .map(|(_, trade)| MarketTrade {
                source: NAME.into(),
                symbol: symbol.into(),
                trade_id: trade.trade_id,
                at: trade.at,
                side: if trade.is_buy { "buy" } else { "sell" }.into(),
                price: trade.price,
                base_amount: trade.base_amount,
                currency: currency.into(),
            })
            .collect();
        let batches = vec![Batch::from_rows(MarketTrade::table(), rows)?];
        Ok(WindowResponse {
            batches,
            next,
            resume_token,
            bad: row_filter.into_bad(),
            ..WindowResponse::default()
        })
    }

    /// Reads the latest quote of a symbol. The service does not report its time, so the present is used.
    async fn quote(&self, request: &WindowRequest<'_>, symbol: &str) -> Result<WindowResponse> {
        let (pair, currency) = self.pair(symbol)?;
        let (mut row_filter, at) =
            (self.row_filter(Quote::table(), request), self.context.clock.now());
        let ticker = self.client.ticker(pair).await;
        let ticker = row_filter.pass(ticker, || at.to_rfc3339(), || pair.to_owned())?;
        let row = ticker.map(|ticker| Quote {
            source: NAME.into(),
            symbol: symbol.into(),
            at,
            price: ticker.last,
            currency: currency.into(),
            bid: Some(ticker.bid),
            ask: Some(ticker.ask),
            base_volume: Some(ticker.base_volume_24h),
        });
        let batches = vec![Batch::from_rows(Quote::table(), row)?];
        Ok(WindowResponse { batches, bad: row_filter.into_bad(), ..WindowResponse::default() })
    }
}

fn not_configured(symbol: &str) -> Error {
    let known = "configured, as a pair such as `BTC/USD`".into();
    Error::NoInstrument { service: NAME, symbol: symbol.into(), known }
}

#[async_trait]
impl HistoricalSource for Kraken {
    async fn find(&self, text: &str) -> Result<Vec<FoundInstrument>> {
        let text = text.to_lowercase();
        let found = |pair: AssetPair| {
            // Prices are in US dollars here, so pairs in other currencies are omitted.
            let base = pair.name.strip_suffix("/USD")?.to_owned();
            let holds = base.to_lowercase().contains(&text);
            holds.then(|| FoundInstrument::new(pair.name, base, pair.internal))
        };
        Ok(self.client.asset_pairs().await?.into_iter().filter_map(found).collect())
    }

    fn series(&self, now: DateTime<Utc>) -> Vec<Series> {
        let Config { refresh, history_days, trades_days, .. } = self.config;
        let since = now - TimeDelta::days(history_days.into());
        let mut all = Vec::new();
        for (listed, interval) in self
            .listed
            .iter()
            .flat_map(|listed| self.config.intervals.iter().map(move |i| (listed, *i)))
        {
            let name = format!("candles {} {}", listed.symbol, interval.name());
            let lookback = interval.length() * MAX_CANDLES;
            all.push(Series {
                lookback: Some(lookback),
                // The margin of half a minute allows for the last trades.
                finality_delay: interval.length() + TimeDelta::seconds(30),
                ..Series::history(name, since.max(now - lookback), lookback, refresh)
            });
        }
        if trades_days > 0 {
            let since = now - TimeDelta::days(trades_days.into());
            let (day, late) = (TimeDelta::days(1), TimeDelta::seconds(5));
            all.extend(self.listed.iter().map(|listed| Series {
                finality_delay: late,
                is_paged: true,
                ..Series::history(format!("trades {}", listed.symbol), since, day, refresh)
            }));
        }
        if self.config.quotes {
            let quote = |listed: &ListedInstrument| {
                Series::snapshot(format!("quotes {}", listed.symbol), refresh)
            };
            all.extend(self.listed.iter().map(quote));
        }
        all
    }

    fn budget(&self) -> Result<Budget> {
        self.client.budget()
    }

    async fn check(&self, now: DateTime<Utc>) -> Result<String> {
        let status = self.client.system_status().await?;
        let ahead = (self.client.time().await? - now).num_seconds();
        if ahead.abs() > 60 {
            return Ok(format!(
                "is {status}; its clock is {ahead} s ahead of this machine's: set yours"
            ));
        }
        Ok(format!("is {status}"))
    }

    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let words: Vec<_> = request.series.name.split(' ').collect();
        match words[..] {
            ["candles", symbol, interval] => {
                let interval =
                    Interval::from_name(interval).ok_or_else(|| not_configured(symbol))?;
                self.candles(request, symbol, interval).await
            }
            ["trades", symbol] => self.trades(request, symbol).await,
            _ => self.quote(request, words.last().unwrap_or(&"")).await,
        }
    }
}

#[async_trait]
impl Source for Kraken {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        backfill::tables([Candle::table(), MarketTrade::table(), Quote::table()])
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let page = backfill::sync_page(self, &self.context, cursor).await;
        page.map_err(|error| error.into_source_error(NAME))
    }
}
