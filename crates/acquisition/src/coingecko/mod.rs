//! CoinGecko: prices, volumes and market capitalisations of crypto assets, and their candles.

mod client;
mod config;
pub mod decode;
mod progress;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tidegauge_core::tables::{Candle, RawCryptoMarketData};
use tidegauge_core::{Batch, Clock, Cursor, Page, Source, TableRef};

pub use client::{Client, OhlcDays};
pub use config::{CandleSize, Config, Plan};
pub use decode::{ChartPoint, CoinMarket, CoinPrice, Ohlc};
use progress::{Progress, Step};

use crate::registry::{self, Listed};
use crate::{Context, Error, Result, cursor};

/// The name under which sinks keep the cursor, and the `source` of the rows.
pub const NAME: &str = "coingecko";

/// What to show wherever the data is shown.
pub const ATTRIBUTION: &str = "Data provided by CoinGecko (https://www.coingecko.com)";

/// Up to 90 days come hour by hour; more would come day by day.
const WINDOW: TimeDelta = TimeDelta::days(90);

/// How far the service's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

/// CoinGecko as a source.
///
/// It works in rounds. A round brings every configured symbol up to the instant at which it began:
/// first the history of each in windows of 90 days, then its finished candles, then one snapshot of
/// all markets. A new round begins once [`Config::refresh`] has passed.
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
    instruments: Vec<Listed>,
    clock: Arc<dyn Clock>,
}

impl CoinGecko {
    /// The source that `config` describes.
    ///
    /// # Errors
    /// When a symbol is not in the registry, the plan does not reach as far back as asked, or the
    /// key or the base URL cannot be used.
    pub fn new(config: Config, key: Option<SecretString>, context: &Context) -> Result<Self> {
        config.validate()?;
        let instruments =
            registry::select(NAME, &context.registry, &config.symbols, |it| &it.coingecko)?;
        let client = Client::new(config.plan, key.as_ref(), &config.http, context)?;
        Ok(Self { client, config, instruments, clock: context.clock.clone() })
    }

    async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let now = self.clock.now();
        let mut progress = match before {
            None => Progress::begin(now),
            Some(before) => {
                let progress: Progress = cursor::read(NAME, before)?;
                if progress.next.is_none() {
                    if now < progress.as_of + self.config.refresh {
                        return Ok(cursor::nothing_new(before));
                    }
                    progress.again(now)
                } else {
                    progress
                }
            }
        };
        let steps = Step::all(&self.instruments);
        // A step of a symbol that is configured no more: the round starts over.
        let next = progress.next.as_deref().unwrap_or_default();
        let at = steps.iter().position(|step| step.name() == next).unwrap_or(0);
        let (batch, finished) = match &steps[at] {
            Step::History(it) => self.history(it, now, &mut progress).await?,
            Step::Candles(it) => (self.candles(it, &mut progress).await?, true),
            Step::Markets => (self.markets(&mut progress).await?, true),
        };
        let at = if finished { at + 1 } else { at };
        progress.next = steps.get(at).map(Step::name);
        Ok(Page {
            batches: vec![batch].into_iter().filter(|batch| batch.rows() > 0).collect(),
            done: progress.next.is_none(),
            cursor: cursor::write(NAME, &progress)?,
        })
    }

    /// The next window of a symbol's history, and whether it was the last one of this round.
    async fn history(
        &self,
        it: &Listed,
        now: DateTime<Utc>,
        progress: &mut Progress,
    ) -> Result<(Batch, bool)> {
        let step = Step::History(it).name();
        let as_of = progress.as_of;
        let read = progress.read(&step);
        let mut from = read.unwrap_or_else(|| as_of - self.config.history());
        if let Some(reach) = self.config.plan.reach()
            && from < now - reach
        {
            if read.is_some() {
                tracing::warn!(symbol = it.symbol, %from, "the plan does not reach back here: a gap");
            }
            from = now - reach;
        }
        if from >= as_of {
            return Ok((batch_of_prices(&[])?, true));
        }
        let to = as_of.min(from + WINDOW);
        let points = self.client.market_chart_range(&it.id, from, to).await?;
        let new = |at: DateTime<Utc>| read.map_or(at >= from, |read| at > read);
        let rows = points.into_iter().filter(|point| new(point.at)).map(|point| {
            not_ahead(&it.id, point.at, now)?;
            Ok(RawCryptoMarketData {
                symbol: it.symbol.clone(),
                observed_at: point.at,
                source: NAME.into(),
                name: it.name.clone(),
                price_usd: point.price_usd,
                volume_24h_usd: point.volume_24h_usd,
                market_cap_usd: point.market_cap_usd,
            })
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let last = rows.last().map(|row| row.observed_at);
        // Behind a window that is over nothing more will come; behind now, the next round looks.
        let over = (to < as_of).then_some(to);
        if let Some(reached) = last.max(over) {
            progress.set_read(step, reached);
        }
        Ok((batch_of_prices(&rows)?, to == as_of))
    }

    /// The candles of a symbol that were finished when the round began.
    async fn candles(&self, it: &Listed, progress: &mut Progress) -> Result<Batch> {
        let step = Step::Candles(it).name();
        let size = self.config.candles;
        let read = progress.read(&step);
        if read.is_some_and(|read| progress.as_of < read + size.length()) {
            return batch_of_candles(&[]);
        }
        let since = read.unwrap_or_else(|| progress.as_of - self.config.history());
        let wanted = progress.as_of - since;
        let days = OhlcDays::covering(size, wanted);
        if read.is_some() && wanted > TimeDelta::days(days.days().into()) {
            tracing::warn!(symbol = it.symbol, %since, size = size.name(), "candles are lost: a gap");
        }
        let candles = self.client.ohlc(&it.id, days).await?;
        let finished = |it: &Ohlc| it.close_at <= progress.as_of && read < Some(it.close_at);
        let rows = candles.into_iter().filter(finished).map(|candle| Candle {
            source: NAME.into(),
            symbol: it.symbol.clone(),
            interval: size.name().into(),
            open_at: candle.close_at - size.length(),
            open: candle.open,
            high: candle.high,
            low: candle.low,
            close: candle.close,
            volume: None,
            base_volume: None,
            currency: "USD".into(),
        });
        let rows: Vec<_> = rows.collect();
        if let Some(last) = rows.last() {
            progress.set_read(step, last.open_at + size.length());
        }
        batch_of_candles(&rows)
    }

    /// The latest price of all symbols.
    async fn markets(&self, progress: &mut Progress) -> Result<Batch> {
        let ids: Vec<_> = self.instruments.iter().map(|it| it.id.as_str()).collect();
        let markets = self.client.coins_markets(&ids).await?;
        let now = self.clock.now();
        let mut rows = Vec::new();
        for (it, market) in self.instruments.iter().zip(markets) {
            not_ahead(&it.id, market.last_updated, now)?;
            let step = format!("{} {}", Step::Markets.name(), it.symbol);
            if progress.read(&step) >= Some(market.last_updated) {
                continue;
            }
            progress.set_read(step, market.last_updated);
            rows.push(RawCryptoMarketData {
                symbol: it.symbol.clone(),
                observed_at: market.last_updated,
                source: NAME.into(),
                name: it.name.clone(),
                price_usd: market.price_usd,
                volume_24h_usd: market.volume_24h_usd,
                market_cap_usd: market.market_cap_usd,
            });
        }
        batch_of_prices(&rows)
    }
}

/// A row of the future would take the cursor there, past all rows until then.
fn not_ahead(coin: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    if at <= now + AHEAD {
        return Ok(());
    }
    let reason = "which is in the future: check this machine's clock";
    Err(Error::value(coin, "timestamp", &at.to_rfc3339(), reason))
}

fn batch_of_prices(rows: &[RawCryptoMarketData]) -> Result<Batch> {
    Ok(Batch::from_rows(RawCryptoMarketData::table(), rows)?)
}

fn batch_of_candles(rows: &[Candle]) -> Result<Batch> {
    Ok(Batch::from_rows(Candle::table(), rows)?)
}

#[async_trait]
impl Source for CoinGecko {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![RawCryptoMarketData::table().clone(), Candle::table().clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor).await.map_err(|error| error.of_source(NAME))
    }
}
