//! ExchangeRate-API with a key: the latest rates of some 160 currencies.
//!
//! The [open endpoint](crate::providers::open_er_api) has the same protocol on another host and under another
//! licence; the shared parts are here.

mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;
mod updates;

use async_trait::async_trait;
use secrecy::SecretString;
use tidegauge_core::{Cursor, Page, Source, TableRef};

pub use client::Client;
pub use config::Config;
pub use decode::Latest;
pub use name::NAME;
pub(crate) use updates::LatestRates;

use crate::http::Budget;
use crate::{Context, Result};

/// The attribution to show wherever the rates are shown.
pub const ATTRIBUTION: &str = "Rates By Exchange Rate API (https://www.exchangerate-api.com)";

/// The source of the latest rates of one base currency: one page per update, on the schedule that replies
/// announce.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::exchangerate_api::{Config, ExchangeRateApi};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example(key: String) -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { base: "EUR".into(), ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let page = ExchangeRateApi::new(config, Some(key.into()), &context)?.fetch(None).await?;
/// assert!(page.done);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ExchangeRateApi(LatestRates);

impl ExchangeRateApi {
    /// Creates the source from `config`.
    ///
    /// # Errors
    /// When a currency is not three capital letters, there is no key, or it or the base URL cannot
    /// be used.
    pub fn new(config: Config, key: Option<SecretString>, context: &Context) -> Result<Self> {
        config.validate()?;
        let client = Client::keyed(key.as_ref(), &config.http, context)?;
        Ok(Self(LatestRates { name: NAME, client, config, context: context.clone() }))
    }

    /// Returns the quota of the service and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.0.client.budget()
    }
}

#[async_trait]
impl Source for ExchangeRateApi {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        LatestRates::tables()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.0.page(cursor).await.map_err(|error| error.into_source_error(NAME))
    }
}
