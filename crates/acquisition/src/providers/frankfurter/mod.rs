//! Frankfurter: the reference rates of the European Central Bank, with their history; optionally those of
//! other central banks.

mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Cursor, Page, Source, TableRef};

pub use client::{Client, Pairs};
pub use config::{Api, Config};
pub use decode::Rate;
pub use name::NAME;

use crate::backfill::{
    self, Continuation, HistoricalSource, RowFilter, Series, WindowRequest, WindowResponse,
};
use crate::decode::rates::{self, SeenCurrencies};
use crate::http::Budget;
use crate::{Context, Error, Result};

/// The attribution to show wherever the rates are shown.
pub const ATTRIBUTION: &str = "Source: ECB euro foreign exchange reference rates (version 2 of the API: those of many \
     central banks), by way of https://frankfurter.dev";

/// The longest window of a call.
const WINDOW: TimeDelta = TimeDelta::days(365);

/// The source of exchange rates, from a configured day to the latest.
///
/// By default these are the ECB's own rates in euro: version 1 of the service rounds rates of another base. A
/// day without rates (a weekend, a holiday) has no rows.
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
    /// Creates the source from `config`.
    ///
    /// # Errors
    /// When a currency is not three capital letters, or equals the base, when version 1 is configured with
    /// settings of version 2, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let client = Client::new(config.api, &config.http, context)?;
        Ok(Self { client, config, context: context.clone() })
    }

    fn pairs<'a>(&'a self, quotes: &'a [String]) -> Pairs<'a> {
        Pairs { base: &self.config.base, quotes, providers: &self.config.providers }
    }

    fn row_filter(&self, series: &Series) -> RowFilter {
        RowFilter::new(self.context.bad_rows, "fx_rates", series.name.clone())
    }

    /// Checks that the service has every requested currency.
    async fn check(&self, seen: &SeenCurrencies, series: &Series) -> Result<()> {
        let unknown = seen.unknown(&self.config.symbols);
        if unknown.is_empty() {
            return Ok(());
        }
        // The rates may have begun, or resumed, after the window.
        let latest = self.client.latest(self.pairs(&unknown), &mut self.row_filter(series)).await?;
        match unknown.iter().find(|code| !latest.iter().any(|rate| rate.quote == **code)) {
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

    /// Returns the instant at which to continue after a window that ends at the present.
    fn complete_until(&self, request: &WindowRequest<'_>, rates: &[Rate]) -> DateTime<Utc> {
        let behind = rates::complete_until(request.window, rates);
        match self.config.api {
            Api::V1 => behind,
            // Blended rates change until the last central bank of the world has published.
            Api::V2 => {
                let yesterday = rates::midnight(request.now.date_naive()) - TimeDelta::days(1);
                behind.min(yesterday).max(request.window.from)
            }
        }
    }
}

#[async_trait]
impl HistoricalSource for Frankfurter {
    fn series(&self, now: DateTime<Utc>) -> Vec<Series> {
        let refresh = match self.config.api {
            Api::V1 => rates::refresh_interval(now),
            Api::V2 => std::time::Duration::from_secs(3600),
        };
        let since = rates::history_start(now, self.config.history_days);
        vec![Series::history(self.config.series(), since, WINDOW, refresh)]
    }

    fn budget(&self) -> Result<Budget> {
        self.client.budget()
    }

    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let Some((from, to)) = rates::day_range(request.window) else {
            return Ok(WindowResponse::default());
        };
        let mut row_filter = self.row_filter(request.series);
        let pairs = self.pairs(&self.config.symbols);
        let rates =
            self.client.range(from, to, pairs, &mut row_filter).await.map_err(as_config_error)?;
        let rates = rates::keep_requested(NAME, rates, pairs.base, pairs.quotes);
        let seen = SeenCurrencies::after(request.resume_token, &rates);
        self.check(&seen, request.series).await?;
        let mut rates = rates::reject_later(to, rates, &mut row_filter)?;
        // Version 1 moves the start back to the last day with rates.
        rates.retain(|rate| rate.date >= from);
        let next = if request.reaches_now {
            Continuation::Until(self.complete_until(request, &rates))
        } else {
            Continuation::Done
        };
        Ok(WindowResponse {
            batches: rates::batches(NAME, rates)?,
            next,
            resume_token: seen.resume_token(),
            bad: row_filter.into_bad(),
            ..WindowResponse::default()
        })
    }
}

/// Converts the error of version 2 for an unknown currency or bank to a configuration error, because it does
/// not depend on the window.
fn as_config_error(error: Error) -> Error {
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
            .map_err(|error| error.into_source_error(NAME))
    }
}
