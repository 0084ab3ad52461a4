//! Recorded prices and exchange rates, in the program itself: works at once, without a network.

mod config;
pub mod decode;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Batch, Cursor, Page, Source, TableRef};

pub use config::Config;

use crate::{Result, cursor};

/// The name under which sinks keep the cursor, and the `source` of the rows.
pub const NAME: &str = "recorded";

/// What to show wherever the data is shown.
pub const ATTRIBUTION: &str = "\
Prices: daily candles of BTC, ETH, SOL and USDT in US dollars, 2020-04-11 to 2021-02-27, from the \
data set \"Cryptocurrency Historical Prices\" (S. Rajkumar, from CoinMarketCap; public domain as \
published). Exchange rates: euro reference rates in USD, GBP and CAD, 2020-04-01 to 2021-03-01. \
Source: ECB.";

/// The daily prices, `date,symbol,open,high,low,close,volume_usd,market_cap_usd`.
pub const PRICES: &str = include_str!("../../data/daily_prices_usd.csv");

/// The euro reference rates, in the ECB's own format.
pub const FX: &str = include_str!("../../data/ecb_reference_rates.csv");

/// The recorded data as a source: real prices of 323 days, and the exchange rates around them.
///
/// ```
/// use tidegauge_acquisition::Recorded;
/// use tidegauge_core::Source;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> tidegauge_core::Result<()> {
/// let source = Recorded::default();
/// let (mut cursor, mut rows) = (None, 0);
/// loop {
///     let page = source.fetch(cursor.as_ref()).await?;
///     rows += page.rows();
///     cursor = Some(page.cursor);
///     if page.done { break }
/// }
/// assert_eq!(rows, 2 * 4 * 323 + 3 * 234); // candles and observations, exchange rates
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    config: Config,
}

/// What the cursor holds: all lines before this one are taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    file: File,
    line: usize,
}

/// The files, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum File {
    Prices,
    Fx,
}

impl Recorded {
    /// The source that `config` describes.
    ///
    /// # Errors
    /// When a page is to have no rows.
    pub fn new(config: Config) -> Result<Self> {
        config.validate()?;
        Ok(Self { config })
    }

    fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let start = match before {
            None => Progress { file: File::Prices, line: 0 },
            Some(before) => cursor::read(NAME, before)?,
        };
        let (batches, next) = match start.file {
            File::Prices => {
                let days = decode::prices(PRICES, start.line, self.lines(2))?;
                let read = start.line + days.len();
                let (candles, observed): (Vec<_>, Vec<_>) = days.into_iter().unzip();
                let batches = vec![
                    Batch::from_rows(RawCryptoMarketData::table(), observed)?,
                    Batch::from_rows(Candle::table(), candles)?,
                ];
                let next = if read < decode::lines(PRICES) {
                    Progress { line: read, ..start }
                } else {
                    Progress { file: File::Fx, line: 0 }
                };
                (batches, next)
            }
            File::Fx => {
                let (rates, read) = decode::rates(FX, start.line, self.lines(3))?;
                let batches = vec![Batch::from_rows(FxRate::table(), rates)?];
                (batches, Progress { line: start.line + read, ..start })
            }
        };
        let done = next.file == File::Fx && next.line >= decode::lines(FX);
        if let Some(before) = before
            && next == start
        {
            return Ok(cursor::nothing_new(before));
        }
        let batches = batches.into_iter().filter(|batch| batch.rows() > 0).collect();
        Ok(Page { batches, cursor: cursor::write(NAME, &next)?, done })
    }

    /// How many lines make a page, each line being `rows` rows.
    fn lines(&self, rows: usize) -> usize {
        (self.config.page_rows / rows).max(1)
    }
}

#[async_trait]
impl Source for Recorded {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![RawCryptoMarketData::table().clone(), Candle::table().clone(), FxRate::table().clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor).map_err(|error| error.of_source(NAME))
    }
}
