//! What is worked out from the raw market tables, as a source: so that it is loaded like all else,
//! each row once, and gone on with after a crash.

mod chunks;
mod fingerprint;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tidegauge_analytics::market::{Observed, crypto_metrics, fx_daily, market_prices};
use tidegauge_core::instruments::Registry;
use tidegauge_core::tables::{CryptoMetric, FxDaily, FxRate, MarketPrice};
use tidegauge_core::{Batch, BoxError, Cursor, Error, Page, Scan, Source, TableRef, Warehouse};

use self::chunks::{Chunk, chunks, slice};
use self::fingerprint::Fingerprint;
use crate::config::MarketConfig;

/// The name under which sinks keep the cursor.
const NAME: &str = "market";

/// The most rows in a page.
const PAGE_ROWS: usize = 10_000;

/// `market_prices`, `crypto_metrics` and `fx_daily`, worked out as a whole from what a warehouse
/// holds of the raw tables.
///
/// The cursor holds a fingerprint of every chunk that a sink was given: a table's rows of a
/// calendar month, or a part of them. A chunk whose fingerprint is another is given (again), all
/// others are not. So prices that come late rewrite the months that they touch, and a sink that
/// has fallen behind gets what it lacks. Rows never vanish: the raw tables only grow.
pub(crate) struct Derived {
    batches: Vec<Batch>,
    chunks: Vec<Chunk>,
    page_rows: usize,
}

impl Derived {
    /// Works them out from the raw tables of `warehouse`, as of `now`.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or a price or a rate in it makes no sense.
    pub(crate) async fn read(
        warehouse: &dyn Warehouse,
        config: &MarketConfig,
        coins: &Registry,
        now: DateTime<Utc>,
    ) -> crate::Result<Self> {
        let observed = Observed::read(warehouse).await?;
        let fixings = warehouse.scan(&Scan::all(FxRate::table())).await?;
        let prices = market_prices(&observed, coins, &config.prices(), now)?;
        let metrics = crypto_metrics(prices.frame(), &observed.raw, &config.precedence)?;
        let rates = fx_daily(&fixings, &config.fx_quote, now.date_naive())?;
        Ok(Self::of([prices, metrics, rates], PAGE_ROWS)?)
    }

    fn of(batches: [Batch; 3], page_rows: usize) -> tidegauge_core::Result<Self> {
        let mut derived = Self { batches: Vec::new(), chunks: Vec::new(), page_rows };
        for (table, batch) in batches.into_iter().enumerate() {
            let (batch, chunks) = chunks(table, &batch, page_rows)?;
            derived.batches.push(batch);
            derived.chunks.extend(chunks);
        }
        Ok(derived)
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Derived({} chunks)", self.chunks.len())
    }
}

#[async_trait]
impl Source for Derived {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        [MarketPrice::table(), CryptoMetric::table(), FxDaily::table()].map(Clone::clone).into()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let known = cursor.map(read).transpose()?.unwrap_or_default();
        let is_stale = |it: &&Chunk| known.get(&it.name) != Some(&it.hash);
        let mut stale = self.chunks.iter().filter(is_stale).peekable();
        if let (Some(cursor), None) = (cursor, stale.peek()) {
            return Ok(Page { batches: Vec::new(), cursor: cursor.clone(), done: true });
        }
        let mut page: Vec<&Chunk> = Vec::new();
        let mut rows = 0;
        while let Some(chunk) = stale.next_if(|it| rows == 0 || rows + it.rows <= self.page_rows) {
            rows += chunk.rows;
            page.push(chunk);
        }
        // What stands no more under its name is forgotten, so that it cannot come back unseen.
        let kept =
            self.chunks.iter().filter_map(|it| Some((it.name.clone(), *known.get(&it.name)?)));
        let mut next: Cursors = kept.collect();
        next.extend(page.iter().map(|it| (it.name.clone(), it.hash)));
        let mut batches: Vec<Batch> = Vec::new();
        for run in page.chunk_by(|a, b| a.table == b.table && a.from + a.rows == b.from) {
            let batch = &self.batches[run[0].table];
            let rows = run.iter().map(|it| it.rows).sum();
            batches.push(Batch::new(batch.table(), slice(batch, run[0].from, rows)?)?);
        }
        Ok(Page { batches, cursor: write(&next)?, done: stale.peek().is_none() })
    }
}

/// Chunk → its rows' fingerprint.
type Cursors = BTreeMap<String, Fingerprint>;

fn read(cursor: &Cursor) -> tidegauge_core::Result<Cursors> {
    serde_json::from_str(cursor.as_str()).map_err(|error| Error::Cursor {
        source_name: NAME.into(),
        reason: format!("{error}; delete it to have everything worked out and loaded anew"),
    })
}

fn write(known: &Cursors) -> tidegauge_core::Result<Cursor> {
    Ok(Cursor::new(serde_json::to_string(known).map_err(failed)?))
}

fn failed(error: impl Into<BoxError>) -> Error {
    Error::source(NAME, error)
}
