//! Kraken's live market: prices, trades and candles.

mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;

use async_trait::async_trait;
use tidegauge_core::tables::{Candle, MarketTrade, Quote};
use tidegauge_core::{Cursor, Page, Source, SourceCapabilities, TableRef};

use client::Kraken;
pub use config::{Channel, Config};
pub use name::NAME;

use crate::http::service::Service;
use crate::http::socket::Sockets;
use crate::http::{Budget, Quota};
use crate::live::{Live, Stream};
use crate::providers::kraken;
use crate::{Context, Result, instruments};

/// The attribution to show wherever the data is shown.
pub const ATTRIBUTION: &str = "Market data by Kraken (https://www.kraken.com)";

/// The live stream of Kraken's market. It never ends.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::kraken_stream::{Channel, Config, KrakenStream};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config {
///     symbols: vec!["BTC".into()],
///     channels: vec![Channel::Ticker],
///     ..Config::default()
/// };
/// let source = KrakenStream::new(config, &Context::new(Arc::new(SystemClock)))?;
/// let mut cursor = None;
/// loop {
///     let page = source.fetch(cursor.as_ref()).await?;
///     println!("{} rows", page.rows());
///     cursor = Some(page.cursor);
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct KrakenStream {
    live: Live<Kraken>,
}

impl KrakenStream {
    /// Creates the source from `config`. It connects on the first fetch.
    ///
    /// # Errors
    /// When a symbol is not in the registry or has no pair at Kraken, a channel or a candle length is listed
    /// twice, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let instruments =
            instruments::select(NAME, &context.registry, &config.symbols, kraken::NAME)?;
        client::check(&instruments)?;
        // The firewall of the service treats 150 attempts in ten minutes as an attack.
        let service = Service::new(NAME, "https://ws.kraken.com", kraken::decode::refusal);
        let service = Service { quota: Quota::per_minute(12), ..service };
        let sockets = Sockets::new(service, &config.http, None, context)?;
        let protocol = Kraken::new(&config, instruments);
        Ok(Self { live: Live::new(protocol, sockets, config.live, context)? })
    }
}

#[async_trait]
impl Source for KrakenStream {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        Live::<Kraken>::tables(
            [Quote::table(), MarketTrade::table(), Candle::table()].map(Clone::clone),
        )
    }

    fn capabilities(&self) -> SourceCapabilities {
        SourceCapabilities { live: true, ..SourceCapabilities::default() }
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.live.page(cursor).await.map_err(|error| error.into_source_error(NAME))
    }
}

#[async_trait]
impl Stream for KrakenStream {
    fn budget(&self) -> Result<Budget> {
        self.live.budget()
    }

    async fn check(&self) -> Result<()> {
        self.live.check().await
    }
}
