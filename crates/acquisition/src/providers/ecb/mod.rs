//! The European Central Bank: its euro reference rates since 1999.

mod client;
mod config;
pub(crate) mod decode;
mod name;
mod spec;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Cursor, Page, Source, TableRef};

pub use client::Client;
pub use config::Config;
pub use decode::Rate;
pub use name::NAME;

use crate::backfill::{
    self, Continuation, HistoricalSource, RowFilter, Series, WindowRequest, WindowResponse,
};
use crate::decode::rates::{self, SeenCurrencies};
use crate::http::Budget;
use crate::{Context, Error, Result};

/// The attribution that the ECB requires wherever the rates are shown.
pub const ATTRIBUTION: &str = "Source: ECB euro foreign exchange reference rates";

/// The longest window of a call.
const WINDOW: TimeDelta = TimeDelta::days(365);

/// A currency with a rate on every business day since 1999: an answer without it is incomplete.
const REFERENCE_CURRENCY: &str = "USD";

/// A number of consecutive days that TARGET is never closed.
const MAX_CLOSED_DAYS: TimeDelta = TimeDelta::days(7);

/// The source of the ECB's euro reference rates, from a configured day to the latest.
///
/// The history comes from the data API, which returns any span of any currencies; the ECB's file with the
/// whole history has 8 MB, however little of it is needed. The newest fixing comes from the daily file: 2 kB,
/// intended for frequent polling.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::ecb::{Config, Ecb};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { symbols: vec!["USD".into()], history_days: 3650, ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let page = Ecb::new(config, &context)?.fetch(None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Ecb {
    client: Client,
    config: Config,
    context: Context,
}

impl Ecb {
    /// Creates the source from `config`.
    ///
    /// # Errors
    /// When a currency is not three capital letters, or is the euro, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let client = Client::new(&config.http, context)?;
        Ok(Self { client, config, context: context.clone() })
    }

    fn row_filter(&self, series: &Series) -> RowFilter {
        RowFilter::new(self.context.bad_rows, "fx_rates", series.name.clone())
    }

    fn wants(&self, currency: &str) -> bool {
        self.config.symbols.is_empty()
            || self.config.symbols.iter().any(|symbol| symbol == currency)
    }

    /// Returns the rates of the daily file from `from` on, and `true` if they suffice: no day between `from`,
    /// inclusive, and the day of the file, exclusive, may have a fixing.
    async fn latest(
        &self,
        from: NaiveDate,
        row_filter: &mut RowFilter,
    ) -> Result<(Vec<Rate>, bool)> {
        let daily = self.client.daily(row_filter).await?;
        let day = daily.iter().map(|rate| rate.date).max();
        let day = day.ok_or_else(|| Error::decode("eurofxref.xml", "Cube", "it has no rates"))?;
        let earlier = from.iter_days().take_while(|earlier| *earlier < day);
        let is_all = !earlier.into_iter().any(rates::may_have_fixing);
        Ok((daily.into_iter().filter(|rate| rate.date >= from).collect(), is_all))
    }

    /// Returns the rates of the data API from `from` to `to`.
    async fn range(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        row_filter: &mut RowFilter,
    ) -> Result<Vec<Rate>> {
        let mut quotes: Vec<_> = self.config.symbols.iter().map(String::as_str).collect();
        if !quotes.is_empty() && !self.wants(REFERENCE_CURRENCY) {
            quotes.push(REFERENCE_CURRENCY);
        }
        let rates = self.client.range(from, to, &quotes, row_filter).await?;
        if to - from >= MAX_CLOSED_DAYS
            && !rates.iter().any(|rate| rate.quote == REFERENCE_CURRENCY)
        {
            let reason = format!(
                "there is none of {REFERENCE_CURRENCY} from {from} to {to}, which cannot be"
            );
            return Err(Error::decode("EXR", "OBS_VALUE", reason));
        }
        Ok(rates)
    }

    /// Checks that every requested currency is, or was, fixed by the ECB.
    async fn check(&self, seen: &SeenCurrencies, series: &Series) -> Result<()> {
        let unknown = seen.unknown(&self.config.symbols);
        if unknown.is_empty() {
            return Ok(());
        }
        // The fixing may have begun, or resumed, after the window.
        let daily = self.client.daily(&mut self.row_filter(series)).await?;
        let known: Vec<_> = daily.iter().map(|rate| rate.quote.as_str()).collect();
        match unknown.iter().find(|code| !known.contains(&code.as_str())) {
            Some(unknown) => {
                let known = known.join(", ");
                let reason = format!("{NAME} does not have `{unknown}`; known are {known}");
                Err(Error::config("symbols", reason))
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl HistoricalSource for Ecb {
    fn series(&self, now: DateTime<Utc>) -> Vec<Series> {
        let name = rates::series_name("rates EUR", &self.config.symbols);
        let since = rates::history_start(now, self.config.history_days);
        vec![Series::history(name, since, WINDOW, rates::refresh_interval(now))]
    }

    fn budget(&self) -> Result<Budget> {
        self.client.budget()
    }

    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let Some((from, to)) = rates::day_range(request.window) else {
            return Ok(WindowResponse::default());
        };
        let mut row_filter = self.row_filter(request.series);
        let (mut rates, is_all) = if request.reaches_now && to - from < MAX_CLOSED_DAYS {
            self.latest(from, &mut row_filter).await?
        } else {
            (Vec::new(), false)
        };
        if !is_all {
            // The data API may not have the day of the daily file yet.
            let day = rates.first().map(|rate| rate.date);
            let earlier = self.range(from, to, &mut row_filter).await?;
            rates.extend(earlier.into_iter().filter(|rate| Some(rate.date) != day));
        }
        let seen = SeenCurrencies::after(request.resume_token, &rates);
        self.check(&seen, request.series).await?;
        let mut rates = rates::reject_later(to, rates, &mut row_filter)?;
        rates.retain(|rate| rate.date >= from && self.wants(&rate.quote));
        let next = if request.reaches_now {
            Continuation::Until(rates::complete_until(request.window, &rates))
        } else {
            Continuation::Done
        };
        let batches = rates::batches(NAME, rates)?;
        let (resume_token, bad) = (seen.resume_token(), row_filter.into_bad());
        Ok(WindowResponse { batches, next, resume_token, bad, ..WindowResponse::default() })
    }
}

#[async_trait]
impl Source for Ecb {
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
