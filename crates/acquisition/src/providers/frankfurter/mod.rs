//! Frankfurter: the reference rates of the European Central Bank, with their history; on request,
//! those of other central banks.

mod client;
mod config;
pub mod decode;
mod spec;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Cursor, Page, Source, TableRef};

pub use client::{Client, Pairs};
pub use config::{Api, Config};
pub use decode::Rate;

use crate::backfill::{
    self, Continuation, HistoricalSource, RowFilter, Series, WindowRequest, WindowResponse,
};
use crate::decode::rates::{self, Seen};
use crate::http::Budget;
use crate::{Context, Error, Result};

/// The name under which sinks keep the cursor, and the `source` of the rows.
pub const NAME: &str = "frankfurter";

/// What to show wherever the rates are shown.
pub const ATTRIBUTION: &str = "Source: ECB euro foreign exchange reference rates (version 2 of the API: those of many \
     central banks), by way of https://frankfurter.dev";

/// A window of so many days a call.
const WINDOW: TimeDelta = TimeDelta::days(365);

/// Exchange rates as a source, from a day of your choice to the latest.
///
/// By default the ECB's own numbers, in euro: rates of another base are rounded by version 1 of the
/// service. A day without rates (a weekend, a holiday) has no rows.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::frankfurter::{Config, Frankfurter};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { symbols: vec!["USD".into()], ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let page = Frankfurter::new(config, &context)?.fetch(None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Frankfurter {
    client: Client,
    config: Config,
    context: Context,
}

impl Frankfurter {
    /// The source that `config` describes.
    ///
    /// # Errors
    /// When a currency is not three capital letters, or is priced in itself, when version 1 is to
    /// do what only version 2 does, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let client = Client::new(config.api, &config.http, context)?;
        Ok(Self { client, config, context: context.clone() })
    }

    fn pairs<'a>(&'a self, quotes: &'a [String]) -> Pairs<'a> {
        Pairs { base: &self.config.base, quotes, providers: &self.config.providers }
    }

    fn sieve(&self, series: &Series) -> RowFilter {
        RowFilter::new(self.context.bad_rows, "fx_rates", series.name.clone())
    }

    /// That every currency asked for is one that the service has.
    async fn check(&self, seen: &Seen, series: &Series) -> Result<()> {
        let unknown = seen.unknown(&self.config.symbols);
        if unknown.is_empty() {
            return Ok(());
        }
        // It may have begun, or been taken up again, later than the window.
        let latest = self.client.latest(self.pairs(&unknown), &mut self.sieve(series)).await?;
        match unknown.iter().find(|it| !latest.iter().any(|rate| rate.quote == **it)) {
            Some(unknown) => Err(Error::config(
                "symbols",
                format!(
                    "{NAME} does not have `{unknown}`, or not from those banks; listed at \
                     https://api.frankfurter.dev/v1/currencies and, for version 2, at \
                     https://api.frankfurter.dev/v2/currencies"
                ),
            )),
            None => Ok(()),
        }
    }

    /// Where a window that ends at the present is to be gone on from.
    fn goes_on_at(&self, ask: &WindowRequest<'_>, rates: &[Rate]) -> DateTime<Utc> {
        let behind = rates::read_up_to(ask.window, rates);
        match self.config.api {
            Api::V1 => behind,
            // What is blended changes until the last bank of the world has published.
            Api::V2 => {
                let yesterday = rates::midnight(ask.now.date_naive()) - TimeDelta::days(1);
                behind.min(yesterday).max(ask.window.from)
            }
        }
    }
}

#[async_trait]
impl HistoricalSource for Frankfurter {
    fn series(&self, now: DateTime<Utc>) -> Vec<Series> {
        let refresh = match self.config.api {
            Api::V1 => rates::refresh(now),
            Api::V2 => std::time::Duration::from_secs(3600),
        };
        let since = rates::since(now, self.config.history_days);
        vec![Series::history(self.config.series(), since, WINDOW, refresh)]
    }

    fn budget(&self) -> Result<Budget> {
        self.client.budget()
    }

    async fn read(&self, ask: &WindowRequest<'_>) -> Result<WindowResponse> {
        let Some((from, to)) = rates::days(ask.window) else {
            return Ok(WindowResponse::default());
        };
        let mut sieve = self.sieve(ask.series);
        let pairs = self.pairs(&self.config.symbols);
        let rates = self.client.range(from, to, pairs, &mut sieve).await.map_err(of_choice)?;
        let rates = rates::asked_for(NAME, rates, pairs.base, pairs.quotes);
        let seen = Seen::after(ask.mark, &rates);
        self.check(&seen, ask.series).await?;
        let mut rates = rates::none_later(to, rates, &mut sieve)?;
        // Version 1 snaps the start back to the last day with rates.
        rates.retain(|rate| rate.date >= from);
        let next = if ask.at_edge {
            Continuation::Until(self.goes_on_at(ask, &rates))
        } else {
            Continuation::Done
        };
        Ok(WindowResponse {
            batches: rates::batches(NAME, rates)?,
            next,
            mark: seen.mark(),
            bad: sieve.into_bad(),
            ..WindowResponse::default()
        })
    }
}

/// Version 2 names what it does not know: that is the configuration's fault, not the window's.
fn of_choice(error: Error) -> Error {
    match error {
        Error::Status { status: 422, message, .. } => {
            let setting = if message.contains("provider") { "providers" } else { "symbols" };
            Error::config(setting, format!("{NAME} answers: {message}"))
        }
        other => other,
    }
}

#[async_trait]
impl Source for Frankfurter {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        backfill::tables([FxRate::table()])
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        backfill::sync_page(self, &self.context, cursor)
            .await
            .map_err(|error| error.of_source(NAME))
    }
}
