//! Frankfurter: the reference rates of the European Central Bank, with their history.

mod client;
mod config;
pub mod decode;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Batch, Clock, Cursor, Page, Source, TableRef};

pub use client::Client;
pub use config::Config;
pub use decode::Rate;

use crate::{Context, Error, Result, cursor};

/// The name under which sinks keep the cursor, and the `source` of the rows.
pub const NAME: &str = "frankfurter";

/// What to show wherever the rates are shown.
pub const ATTRIBUTION: &str =
    "Source: ECB euro foreign exchange reference rates, by way of https://frankfurter.dev";

/// A window of so many days a page.
const WINDOW: Days = Days::new(364);

/// The rates of the euro as a source, from a day of your choice to the latest.
///
/// Always asked in euro: rates of another base are rounded by the service. A day without rates (a
/// weekend, a holiday) has no rows.
///
/// ```no_run
/// use std::sync::Arc;
/// use tidegauge_acquisition::Context;
/// use tidegauge_acquisition::frankfurter::{Config, Frankfurter};
/// use tidegauge_core::{Source, SystemClock};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { quotes: vec!["USD".into()], ..Config::default() };
/// let context = Context::new(Arc::new(SystemClock));
/// let page = Frankfurter::new(config, &context)?.fetch(None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Frankfurter {
    client: Client,
    config: Config,
    clock: Arc<dyn Clock>,
}

/// What the cursor holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    /// All days up to this one, `YYYY-MM-DD`, are taken…
    read_to: String,
    /// …since this one…
    since: String,
    /// …of these currencies.
    quotes: BTreeSet<String>,
}

impl Frankfurter {
    /// The source that `config` describes.
    ///
    /// # Errors
    /// When a currency is not three capital letters, or is the euro, or the base URL cannot be used.
    pub fn new(config: Config, context: &Context) -> Result<Self> {
        config.validate()?;
        let client = Client::new(&config.http, context)?;
        Ok(Self { client, config, clock: context.clock.clone() })
    }

    async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let today = self.clock.now().date_naive();
        let read_to = match before {
            Some(before) => self.read_to(&cursor::read(NAME, before)?)?,
            None => None,
        };
        let from = read_to.and_then(|day| day.succ_opt()).unwrap_or(self.config.since);
        let to = from.checked_add_days(WINDOW).unwrap_or(today).min(today);
        if from > today {
            return self.nothing(before, from);
        }
        let rates = self.client.range(from, to, &self.config.quotes).await?;
        self.check(&rates, today)?;
        // The service snaps the start back to the last day with rates, which we have.
        let rates: Vec<_> = rates.into_iter().filter(|rate| rate.date >= from).collect();
        let last = rates.iter().map(|rate| rate.date).max();
        // Behind a window that is over nothing more will come; today's rates may come tonight.
        let Some(reached) = last.max((to < today).then_some(to)) else {
            return self.nothing(before, from);
        };
        let progress = Progress {
            read_to: reached.to_string(),
            since: self.config.since.to_string(),
            quotes: self.config.quotes.iter().cloned().collect(),
        };
        let rows: Vec<_> = rates.into_iter().map(row).collect();
        let batch = Batch::from_rows(FxRate::table(), rows)?;
        Ok(Page {
            batches: vec![batch].into_iter().filter(|batch| batch.rows() > 0).collect(),
            cursor: cursor::write(NAME, &progress)?,
            done: to == today,
        })
    }

    /// The last day taken; none if that was of fewer currencies, or of a shorter history.
    fn read_to(&self, progress: &Progress) -> Result<Option<NaiveDate>> {
        let day = |text: &str| {
            text.parse::<NaiveDate>().map_err(|error| tidegauge_core::Error::Cursor {
                source_name: NAME.into(),
                reason: format!("`{text}`: {error}; delete it to read from the beginning"),
            })
        };
        let covers = self.config.quotes.iter().all(|quote| progress.quotes.contains(quote))
            && day(&progress.since)? <= self.config.since;
        let read_to = day(&progress.read_to)?;
        Ok(covers.then_some(read_to))
    }

    /// Nothing new since `before`; without one, since the day before `from`.
    fn nothing(&self, before: Option<&Cursor>, from: NaiveDate) -> Result<Page> {
        if let Some(before) = before {
            return Ok(cursor::nothing_new(before));
        }
        let progress = Progress {
            read_to: from.pred_opt().unwrap_or(from).to_string(),
            since: self.config.since.to_string(),
            quotes: self.config.quotes.iter().cloned().collect(),
        };
        Ok(Page { batches: Vec::new(), cursor: cursor::write(NAME, &progress)?, done: true })
    }

    /// That every currency asked for is there: the service drops what it does not know, silently.
    fn check(&self, rates: &[Rate], today: NaiveDate) -> Result<()> {
        for quote in &self.config.quotes {
            if !rates.iter().any(|rate| rate.quote == *quote) {
                return Err(Error::NoInstrument {
                    service: NAME,
                    symbol: quote.clone(),
                    known: "listed at https://api.frankfurter.dev/v1/currencies; some ended".into(),
                });
            }
        }
        // The service may already live in tomorrow; not in the day after.
        match rates.iter().find(|rate| Some(rate.date) > today.succ_opt()) {
            Some(rate) => {
                let reason = "which is in the future: check this machine's clock";
                Err(Error::value(&rate.quote, "date", &rate.date.to_string(), reason))
            }
            None => Ok(()),
        }
    }
}

fn row(rate: Rate) -> FxRate {
    FxRate {
        base: rate.base,
        quote: rate.quote,
        rate_date: rate.date,
        source: NAME.into(),
        rate: rate.rate,
    }
}

#[async_trait]
impl Source for Frankfurter {
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
