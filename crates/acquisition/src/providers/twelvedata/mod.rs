//! Twelve Data: candles, quotes and exchange rates of coins, stocks and currencies.

mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tidegauge_core::instruments::InstrumentKind;
use tidegauge_core::tables::{Candle, FxRate, Quote};
use tidegauge_core::{Batch, Cursor, Page, Source, TableRef};

pub use client::Client;
pub use config::Config;
pub use decode::{ApiUsage, ExchangeRate, TimeSeries};
pub use name::NAME;

use crate::backfill::{
    self, Continuation, HistoricalSource, Refused, RowFilter, Series, WindowRequest, WindowResponse,
};
use crate::decode::candles::CandleKey;
use crate::http::Budget;
use crate::instruments::{self, ListedInstrument};
use crate::{Context, Error, Interval, Result};

/// The attribution to show wherever the data is shown.
pub const ATTRIBUTION: &str = "Data provided by Twelve Data (https://twelvedata.com)";

/// The source Twelve Data: the candles of every symbol and interval up to the present, oldest first, then
/// quotes and exchange rates if configured.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::twelvedata::{Config, TwelveData};
/// use tidegauge_acquisition::{Context, Interval};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example(key: String) -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { intervals: vec![Interval::D1], ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let source = TwelveData::new(config, Some(key.into()), &context)?;
/// let page = source.fetch(None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TwelveData {
    client: Client,
    config: Config,
    listed: Vec<ListedInstrument>,
    context: Context,
}

impl TwelveData {
    /// Creates the source from `config`.
    ///
    /// # Errors
    /// When there is no key, a symbol is not in the registry, or the key or the base URL cannot be
    /// used.
    pub fn new(config: Config, key: Option<SecretString>, context: &Context) -> Result<Self> {
        config.validate()?;
        let listed = instruments::select(NAME, &context.registry, &config.symbols, NAME)?;
        let client = Client::new(&client::required_key(key)?, &config.http, context)?;
        Ok(Self { client, config, listed, context: context.clone() })
    }

    /// Returns the client that the source uses.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn row_filter(&self, table: &TableRef, request: &WindowRequest<'_>) -> RowFilter {
        RowFilter::new(self.context.bad_rows, &table.name, &request.series.name)
            .redacting(self.client.redactor())
    }

    /// Reads the candles of a symbol that open within a window.
    async fn candles(
        &self,
        request: &WindowRequest<'_>,
        symbol: &str,
        interval: Interval,
    ) -> Result<WindowResponse> {
        let listed = self.listed.iter().find(|known| known.symbol == symbol);
        let listed = listed.ok_or_else(|| not_configured(symbol))?;
        let mut row_filter = self.row_filter(Candle::table(), request);
        let series =
            self.client.time_series(&listed.id, interval, request.window, &mut row_filter).await?;
        let candles = series.candles.within(request.window);
        if candles.is_empty() {
            return Ok(WindowResponse { bad: row_filter.into_bad(), ..WindowResponse::default() });
        }
        let currency = currency(&listed.id, series.currency.as_deref())?;
        let candle_key =
            CandleKey { source: NAME, symbol, interval: interval.name(), currency: &currency };
        let batches = vec![candles.into_batch(candle_key)?];
        Ok(WindowResponse { batches, bad: row_filter.into_bad(), ..WindowResponse::default() })
    }

    /// Reads the latest quotes of all symbols.
    async fn quotes(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let mut row_filter = self.row_filter(Quote::table(), request);
        // A request of more symbols than the credits of a minute would never be allowed.
        let most = usize::try_from(self.client.budget()?.quota.per_minute.get()).unwrap_or(1);
        let page: usize = request.page_token.and_then(|page| page.parse().ok()).unwrap_or(0);
        let mut chunks = self.listed.chunks(most).skip(page);
        let chunk = chunks.next().unwrap_or_default();
        let ids: Vec<_> = chunk.iter().map(|listed| listed.id.as_str()).collect();
        let quotes = self.client.quote(&ids, &mut row_filter).await?;
        let more = chunks.next().is_some();
        let next =
            if more { Continuation::Page((page + 1).to_string()) } else { Continuation::Done };
        let (mut rows, mut refused) = (Vec::new(), Vec::new());
        for (id, quote) in quotes {
            let listed = self.listed.iter().find(|known| known.id == id);
            let symbol = listed.ok_or_else(|| not_configured(&id))?.symbol.clone();
            let quote = match quote {
                Ok(quote) => quote,
                Err(error) => {
                    let series = format!("quotes {symbol}");
                    refused.push(Refused { series, reason: error.to_string() });
                    continue;
                }
            };
            let currency = currency(&id, quote.currency.as_deref());
            let content = || format!("{quote:?}");
            let Some(currency) = row_filter.pass(currency, || id.clone(), content)? else {
                continue;
            };
            rows.push(Quote {
                source: NAME.into(),
                symbol,
                at: quote.at,
                price: quote.close,
                currency,
                bid: None,
                ask: None,
                base_volume: quote.volume,
            });
        }
        let batches = vec![Batch::from_rows(Quote::table(), rows)?];
        Ok(WindowResponse {
            batches,
            next,
            bad: row_filter.into_bad(),
            refused,
            ..WindowResponse::default()
        })
    }

    /// Reads the latest exchange rate of a pair.
    async fn rate(&self, request: &WindowRequest<'_>, pair: &str) -> Result<WindowResponse> {
        let mut row_filter = self.row_filter(FxRate::table(), request);
        let found = self.client.exchange_rate(pair).await;
        let found = row_filter.pass(found, || request.now.to_rfc3339(), || pair.to_owned())?;
        let Some(found) = found else {
            return Ok(WindowResponse { bad: row_filter.into_bad(), ..WindowResponse::default() });
        };
        let (base, quote) = pair.split_once('/').unwrap_or((pair, ""));
        let row = FxRate {
            base: base.into(),
            quote: quote.into(),
            rate_date: found.at.date_naive(),
            source: NAME.into(),
            rate: found.rate,
        };
        let batches = vec![Batch::from_rows(FxRate::table(), [row])?];
        Ok(WindowResponse { batches, ..WindowResponse::default() })
    }
}

/// Returns the currency of the prices of `id`: that of the reply, as for stocks, or else that in the name of
/// a pair.
fn currency(id: &str, said: Option<&str>) -> Result<String> {
    let pair = id.split_once('/').map(|(_, quote)| quote);
    let currency = said.or(pair).map(str::to_owned);
    currency.ok_or_else(|| Error::decode(id, "currency", "it is missing"))
}

fn not_configured(symbol: &str) -> Error {
    Error::NoInstrument { service: NAME, symbol: symbol.into(), known: "configured".into() }
}

#[async_trait]
impl HistoricalSource for TwelveData {
    fn series(&self, now: DateTime<Utc>) -> Vec<Series> {
        let refresh = self.config.refresh;
        let since = now - TimeDelta::days(self.config.history_days.into());
        let candles = self.listed.iter().flat_map(|listed| {
            self.config.intervals.iter().map(move |interval| {
                let name = format!("candles {} {}", listed.symbol, interval.name());
                // Both ends of a window are included, and half a candle may exceed each.
                let window = interval.length() * 4_998;
                Series {
                    finality_delay: finality_delay(*interval, listed.kind),
                    ..Series::history(name, since, window, refresh)
                }
            })
        });
        let mut all: Vec<_> = candles.collect();
        if self.config.quotes {
            let credits = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
            all.push(Series { credits, ..Series::snapshot("quotes", refresh) });
        }
        let rate = |pair: &String| Series::snapshot(format!("rates {pair}"), refresh);
        all.extend(self.config.rates.iter().map(rate));
        all
    }

    fn budget(&self) -> Result<Budget> {
        self.client.budget()
    }

    async fn check(&self, _: DateTime<Utc>) -> Result<String> {
        let usage = self.client.api_usage().await?;
        let plan = usage.plan_category.as_deref().unwrap_or("its");
        let mut told = format!("takes the key: {plan} plan, {} credits a minute", usage.plan_limit);
        if let (Some(used), Some(limit)) = (usage.daily_usage, usage.plan_daily_limit) {
            told += &format!(", {used} of {limit} used today");
        }
        Ok(told)
    }

    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let words: Vec<_> = request.series.name.split(' ').collect();
        match words[..] {
            ["candles", symbol, interval] => {
                let interval =
                    Interval::from_name(interval).ok_or_else(|| not_configured(symbol))?;
                self.candles(request, symbol, interval).await
            }
            ["rates", pair] => self.rate(request, pair).await,
            _ => self.quotes(request).await,
        }
    }
}

/// Returns the time after its opening at which a candle is final: its length and a margin. Daily candles of
/// stocks follow the day of their exchange, which may end twelve hours after the UTC day.
fn finality_delay(interval: Interval, kind: InstrumentKind) -> TimeDelta {
    let late = match (interval.is_daily(), kind) {
        (false, _) => TimeDelta::minutes(1),
        (true, InstrumentKind::Crypto) => TimeDelta::minutes(5),
        (true, _) => TimeDelta::hours(12),
    };
    interval.length() + late
}

#[async_trait]
impl Source for TwelveData {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        backfill::tables([Candle::table(), Quote::table(), FxRate::table()])
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let page = backfill::sync_page(self, &self.context, cursor).await;
        page.map_err(|error| error.into_source_error(NAME))
    }
}
