//! ExchangeRate-API's open endpoint: the latest rates of some 160 currencies, once a day, without a key.
//!
//! Its replies, settings and schedule are those of [`exchangerate_api`](crate::providers::exchangerate_api);
//! it has its own host, limits and terms, and so its own rows.

mod spec;

use async_trait::async_trait;
use tidegauge_core::{Cursor, Page, Source, TableRef};

use crate::http::Budget;
use crate::providers::exchangerate_api::LatestRates;
pub use crate::providers::exchangerate_api::{Client, Config, Latest};
use crate::{Context, Result};

/// The name under which sinks store the cursor, and the `source` of the rows.
pub const NAME: &str = "open_er_api";

/// The attribution that the terms of use require wherever the rates are shown.
pub const ATTRIBUTION: &str = "Rates By Exchange Rate API (https://www.exchangerate-api.com)";

/// The source of the latest rates of one base currency: one page a day.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::open_er_api::{Config, OpenErApi};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { base: "EUR".into(), ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let page = OpenErApi::new(config, &context)?.fetch(None).await?;
/// assert!(page.done);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OpenErApi(LatestRates);

impl OpenErApi {
    /// Creates the source from `config`.
    ///
    /// # Errors
    /// When a currency is not three capital letters, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let client = Client::open(&config.http, context)?;
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
impl Source for OpenErApi {
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
