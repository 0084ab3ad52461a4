//! Twelve Data's live prices of coins, shares and currencies.

mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;

use async_trait::async_trait;
use secrecy::SecretString;
use tidegauge_core::tables::Quote;
use tidegauge_core::{Cursor, Page, Source, SourceCapabilities, TableRef};

use client::TwelveData;
pub use config::Config;
pub use name::NAME;

use crate::http::service::Service;
use crate::http::socket::{QueryKey, Sockets};
use crate::http::{Budget, Quota};
use crate::live::{Live, Stream};
use crate::providers::twelvedata;
use crate::{Context, Error, Result, instruments};

/// The attribution to show wherever the data is shown.
pub const ATTRIBUTION: &str = "Market data by Twelve Data (https://twelvedata.com)";

/// The live stream of Twelve Data's prices. It never ends.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::twelvedata_stream::{Config, TwelveDataStream};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example(key: String) -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { symbols: vec!["BTC".into(), "ETH".into()], ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let source = TwelveDataStream::new(config, Some(key.into()), &context)?;
/// let page = source.fetch(None).await?;
/// println!("{} rows", page.rows());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TwelveDataStream {
    live: Live<TwelveData>,
}

impl TwelveDataStream {
    /// Creates the source from `config`. It connects on the first fetch.
    ///
    /// # Errors
    /// When there is no key, a symbol is not in the registry or has no name at Twelve Data, or the key or the
    /// base URL cannot be used.
    pub fn new(config: Config, key: Option<SecretString>, context: &Context) -> Result<Self> {
        let key = key.ok_or(Error::NoKey { service: twelvedata::NAME })?;
        let instruments =
            instruments::select(NAME, &context.registry, &config.symbols, twelvedata::NAME)?;
        let service =
            Service::new(NAME, "https://ws.twelvedata.com/v1", twelvedata::decode::refusal);
        let service = Service { quota: Quota::per_minute(12), ..service };
        let key = QueryKey { parameter: "apikey", value: key };
        let sockets = Sockets::new(service, &config.http, Some(key), context)?;
        let protocol = TwelveData::new(instruments, config.heartbeat);
        Ok(Self { live: Live::new(protocol, sockets, config.live, context)? })
    }
}

#[async_trait]
impl Source for TwelveDataStream {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        Live::<TwelveData>::tables([Quote::table().clone()])
    }

    fn capabilities(&self) -> SourceCapabilities {
        SourceCapabilities { live: true, ..SourceCapabilities::default() }
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.live.page(cursor).await.map_err(|error| error.into_source_error(NAME))
    }
}

#[async_trait]
impl Stream for TwelveDataStream {
    fn budget(&self) -> Result<Budget> {
        self.live.budget()
    }

    async fn check(&self) -> Result<()> {
        self.live.check().await
    }
}
