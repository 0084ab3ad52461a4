//! ExchangeRate-API's open endpoint: the latest rates of some 160 currencies, once a day.

mod client;
mod config;
pub mod decode;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Batch, Clock, Cursor, Page, Source, TableRef};

pub use client::Client;
pub use config::Config;
pub use decode::Latest;

use crate::{Context, Error, Result, cursor};

/// The name under which sinks keep the cursor, and the `source` of the rows.
pub const NAME: &str = "open_er_api";

/// What the terms of use want shown wherever the rates are shown.
pub const ATTRIBUTION: &str = "Rates By Exchange Rate API (https://www.exchangerate-api.com)";

/// The latest rates of one base currency as a source: one page a day.
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
pub struct OpenErApi {
    client: Client,
    config: Config,
    clock: Arc<dyn Clock>,
}

/// What the cursor holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    base: String,
    /// Of the rates taken, seconds since 1970.
    last_update: i64,
    /// Before it there is nothing to ask for, seconds since 1970.
    next_update: i64,
}

impl OpenErApi {
    /// The source that `config` describes.
    ///
    /// # Errors
    /// When a currency is not three capital letters, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let client = Client::new(&config.http, context)?;
        Ok(Self { client, config, clock: context.clock.clone() })
    }

    async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let now = self.clock.now();
        let taken = match before {
            Some(before) => Some((before, cursor::read::<Progress>(NAME, before)?)),
            None => None,
        };
        // Rates of another base say nothing about this one.
        let taken = taken.filter(|(_, progress)| progress.base == self.config.base);
        if let Some((before, progress)) = &taken
            && now.timestamp() < progress.next_update
        {
            return Ok(cursor::nothing_new(before));
        }
        let latest = self.client.latest(&self.config.base).await?;
        let last_update = latest.last_update.timestamp();
        if let Some((before, progress)) = &taken
            && last_update <= progress.last_update
        {
            return Ok(cursor::nothing_new(before));
        }
        if latest.last_update > now + TimeDelta::days(1) {
            let reason = "which is in the future: check this machine's clock";
            let value = latest.last_update.to_rfc3339();
            return Err(Error::value(latest.base, "time_last_update_unix", &value, reason));
        }
        let progress = Progress {
            base: latest.base.clone(),
            last_update,
            // A next update that is never would be the end of all updates.
            next_update: latest.next_update.min(now + TimeDelta::days(7)).timestamp(),
        };
        let batch = Batch::from_rows(FxRate::table(), self.rows(latest)?)?;
        Ok(Page { batches: vec![batch], cursor: cursor::write(NAME, &progress)?, done: true })
    }

    /// The rates wanted.
    fn rows(&self, latest: Latest) -> Result<Vec<FxRate>> {
        let wanted = &self.config.quotes;
        for quote in wanted {
            if !latest.rates.iter().any(|(found, _)| found == quote) {
                return Err(Error::NoInstrument {
                    service: NAME,
                    symbol: quote.clone(),
                    known: "listed at https://www.exchangerate-api.com/docs/supported-currencies"
                        .into(),
                });
            }
        }
        let rate_date = latest.last_update.date_naive();
        let row = |(quote, rate)| FxRate {
            base: latest.base.clone(),
            quote,
            rate_date,
            source: NAME.into(),
            rate,
        };
        let rates = latest.rates.into_iter();
        Ok(rates.filter(|(it, _)| wanted.is_empty() || wanted.contains(it)).map(row).collect())
    }
}

#[async_trait]
impl Source for OpenErApi {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![FxRate::table().clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor).await.map_err(|error| error.of_source(NAME))
    }
}
