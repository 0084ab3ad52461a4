//! Kraken's public market data: bars, trades and quotes. No key.

mod client;
mod config;
pub mod decode;
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

use crate::backfill::{
    self, Continuation, HistoricalSource, RowFilter, Series, WindowRequest, WindowResponse,
};
use crate::decode::candles::Label;
use crate::decode::repeats;
use crate::http::Budget;
use crate::instruments::{self, ListedInstrument};
use crate::{Context, Error, FoundInstrument, Interval, Result};

/// The name under which sinks keep the cursor, and the `source` of the rows.
pub const NAME: &str = "kraken";

/// What to show wherever the data is shown.
pub const ATTRIBUTION: &str = "Market data: Kraken (https://www.kraken.com)";

/// The service keeps so many bars of each length.
const BARS: i32 = 720;

/// So many trades come at a time.
const TRADES: usize = 1_000;

/// Kraken as a source: the bars of every symbol and interval, then single trades where they are
/// wanted, then the latest quotes.
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
    /// The source that `config` describes.
    ///
    /// # Errors
    /// When a symbol is not in the registry, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let listed = instruments::select(NAME, &context.registry, &config.symbols, NAME)?;
        let client = Client::new(&config.http, context)?;
        Ok(Self { client, config, listed, context: context.clone() })
    }

    /// The client that it speaks through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn sieve(&self, table: &TableRef, ask: &WindowRequest<'_>) -> RowFilter {
        RowFilter::new(self.context.bad_rows, &table.name, &ask.series.name)
    }

    fn pair(&self, symbol: &str) -> Result<(&str, &str)> {
        let listed = self.listed.iter().find(|it| it.symbol == symbol);
        let listed = listed.ok_or_else(|| not_configured(symbol))?;
        let (_, currency) = listed.id.split_once('/').ok_or_else(|| not_configured(&listed.id))?;
        Ok((&listed.id, currency))
    }

    /// The bars of a symbol that open within a window.
    async fn candles(
        &self,
        ask: &WindowRequest<'_>,
        symbol: &str,
        interval: Interval,
    ) -> Result<WindowResponse> {
        let (pair, currency) = self.pair(symbol)?;
        let mut sieve = self.sieve(Candle::table(), ask);
        let bars = self.client.ohlc(pair, interval, ask.window.from, &mut sieve).await?;
        // The one that is not closed yet opens behind the window.
        let bars = bars.within(ask.window);
        let label = Label { source: NAME, symbol, interval: interval.name(), currency };
        let batches = vec![bars.into_batch(label)?];
        Ok(WindowResponse { batches, bad: sieve.into_bad(), ..WindowResponse::default() })
    }

    /// The trades of a symbol from where the last page ended.
    async fn trades(&self, ask: &WindowRequest<'_>, symbol: &str) -> Result<WindowResponse> {
        let (pair, currency) = self.pair(symbol)?;
        let mut sieve = self.sieve(MarketTrade::table(), ask);
        // One less, since the service begins after it.
        let from = ask.window.from.timestamp_nanos_opt().unwrap_or_default() - 1;
        let since = ask.mark.map_or_else(|| from.to_string(), str::to_owned);
        let Trades { sent, trades, last } = self.client.trades(pair, &since, &mut sieve).await?;
        let newest = trades.last().map(|trade| trade.at).or_else(|| {
            // All of them were put aside.
            last.parse().ok().map(DateTime::from_timestamp_nanos).filter(|_| sent > 0)
        });
        let next = match newest {
            // Whoever trades in this very moment comes with the next round.
            Some(at) if sent >= TRADES && at < ask.window.to => Continuation::From(at),
            _ => Continuation::Done,
        };
        // The page may go past the window, which the next one does not.
        let end = ask.window.to.timestamp_nanos_opt().unwrap_or_default() - 1;
        let within = newest.is_none_or(|at| at < ask.window.to);
        let mark = Some(if within { last } else { end.to_string() });
        let trades = trades.into_iter().filter(|trade| ask.window.contains(trade.at));
        let trades = repeats::last_of_each(pair, trades.map(|trade| (trade.trade_id, trade)));
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
            mark,
            bad: sieve.into_bad(),
            ..WindowResponse::default()
        })
    }

    /// The latest quote of a symbol. The service does not say of when it is: of now.
    async fn quote(&self, ask: &WindowRequest<'_>, symbol: &str) -> Result<WindowResponse> {
        let (pair, currency) = self.pair(symbol)?;
        let (mut sieve, at) = (self.sieve(Quote::table(), ask), self.context.clock.now());
        let ticker = self.client.ticker(pair).await;
        let ticker = sieve.pass(ticker, || at.to_rfc3339(), || pair.to_owned())?;
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
        Ok(WindowResponse { batches, bad: sieve.into_bad(), ..WindowResponse::default() })
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
            // Prices are in US dollars here.
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
        for (it, interval) in
            self.listed.iter().flat_map(|it| self.config.intervals.iter().map(move |i| (it, *i)))
        {
            let name = format!("candles {} {}", it.symbol, interval.name());
            let reach = interval.length() * BARS;
            all.push(Series {
                reach: Some(reach),
                // Half a minute more, for the last trades to be counted.
                settles: interval.length() + TimeDelta::seconds(30),
                ..Series::history(name, since.max(now - reach), reach, refresh)
            });
        }
        if trades_days > 0 {
            let since = now - TimeDelta::days(trades_days.into());
            let (day, late) = (TimeDelta::days(1), TimeDelta::seconds(5));
            all.extend(self.listed.iter().map(|it| Series {
                settles: late,
                is_paged: true,
                ..Series::history(format!("trades {}", it.symbol), since, day, refresh)
            }));
        }
        if self.config.quotes {
            let quote =
                |it: &ListedInstrument| Series::snapshot(format!("quotes {}", it.symbol), refresh);
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

    async fn read(&self, ask: &WindowRequest<'_>) -> Result<WindowResponse> {
        let words: Vec<_> = ask.series.name.split(' ').collect();
        match words[..] {
            ["candles", symbol, interval] => {
                let interval = Interval::named(interval).ok_or_else(|| not_configured(symbol))?;
                self.candles(ask, symbol, interval).await
            }
            ["trades", symbol] => self.trades(ask, symbol).await,
            _ => self.quote(ask, words.last().unwrap_or(&"")).await,
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
        page.map_err(|error| error.of_source(NAME))
    }
}
