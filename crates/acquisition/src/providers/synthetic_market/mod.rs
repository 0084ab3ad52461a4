//! Synthetic prices and exchange rates that continue the recorded ones to any day: available without a
//! network.

mod config;
mod history;
mod name;
mod price_path;
mod spec;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Batch, Clock, Cursor, Page, Source, TableRef};

pub use config::Config;
pub use name::NAME;

use self::history::History;
use self::price_path::{Day, PricePath};
use crate::{Result, cursor};

/// The attribution to show wherever the data is shown.
pub const ATTRIBUTION: &str = "\
Prices after 2021-02-27 and exchange rates after 2021-03-01 whose source is `synthetic_market` are made up: a \
block bootstrap of the recorded daily changes without their trend. They are no forecast, and were never paid.";

/// The source of synthetic prices and exchange rates for the days after the recorded ones, up to yesterday.
///
/// The same seed yields the same rows, whatever the page size and however often it is read.
///
/// ```
/// use std::sync::Arc;
/// use tidegauge_acquisition::{SyntheticMarket, synthetic_market::Config};
/// use tidegauge_core::{Source, SystemClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config { until: Some("2021-03-08".parse()?), ..Config::default() };
/// let page = SyntheticMarket::new(config, Arc::new(SystemClock))?.fetch(None).await?;
/// assert_eq!(page.rows(), 2 * 4 * 8 + 3 * 4); // candles and observations, exchange rates from Tuesday to Friday
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SyntheticMarket {
    config: Config,
    clock: Arc<dyn Clock>,
}

/// The content of the cursor: the next day, and the settings that determine its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DayProgress {
    seed: u64,
    block_days: u32,
    next: NaiveDate,
}

impl SyntheticMarket {
    /// Creates the source from `config`; `clock` determines which days are over.
    ///
    /// # Errors
    /// When `block_days` or `page_rows` is zero.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Self> {
        config.validate()?;
        Ok(Self { config, clock })
    }

    fn page(&self, before: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let history = history().map_err(|error| error.into_source_error(NAME))?;
        let mut path = PricePath::new(history, &self.config);
        let until = self.config.until.unwrap_or_else(|| self.clock.now().date_naive());
        let start = match before {
            Some(before) => self.read(before)?,
            None => self.progress(path.day()),
        };
        if let Some(before) = before
            && start.next >= until
        {
            return Ok(cursor::nothing_new(before));
        }
        let mut rows = Day::default();
        while path.day() < until {
            let day = path.step().map_err(|error| error.into_source_error(NAME))?;
            // Earlier days are generated again, because each day depends on those before it.
            if path.day() <= start.next {
                continue;
            }
            rows.candles.extend(day.candles);
            rows.observed.extend(day.observed);
            rows.rates.extend(day.rates);
            if 2 * rows.candles.len() + rows.rates.len() + self.rows_of_a_day(history)
                > self.config.page_rows
            {
                break;
            }
        }
        let batches = [
            Batch::from_rows(RawCryptoMarketData::table(), rows.observed)?,
            Batch::from_rows(Candle::table(), rows.candles)?,
            Batch::from_rows(FxRate::table(), rows.rates)?,
        ];
        let batches = batches.into_iter().filter(|batch| batch.rows() > 0).collect();
        let done = path.day() >= until;
        Ok(Page { batches, cursor: cursor::write(NAME, &self.progress(path.day()))?, done })
    }

    fn rows_of_a_day(&self, history: &History) -> usize {
        2 * history.coins.len() + history.currencies.len()
    }

    fn progress(&self, next: NaiveDate) -> DayProgress {
        let Config { seed, block_days, .. } = self.config;
        DayProgress { seed, block_days, next }
    }

    /// Reads a cursor and checks that its days were drawn with the same settings.
    fn read(&self, before: &Cursor) -> tidegauge_core::Result<DayProgress> {
        let progress: DayProgress = cursor::read(NAME, before)?;
        if progress == self.progress(progress.next) {
            return Ok(progress);
        }
        let DayProgress { seed, block_days, .. } = progress;
        Err(tidegauge_core::Error::Cursor {
            source_name: NAME.into(),
            reason: format!(
                "its days were drawn with seed {seed} in blocks of {block_days} days; go on with these, or \
                 `tidegauge reset {NAME}` has them drawn anew"
            ),
        })
    }
}

/// Returns the recorded days, which are read once per process.
fn history() -> Result<&'static History> {
    static HISTORY: OnceLock<History> = OnceLock::new();
    match HISTORY.get() {
        Some(history) => Ok(history),
        None => {
            let read = History::read()?;
            Ok(HISTORY.get_or_init(|| read))
        }
    }
}

#[async_trait]
impl Source for SyntheticMarket {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![RawCryptoMarketData::table().clone(), Candle::table().clone(), FxRate::table().clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor)
    }
}
