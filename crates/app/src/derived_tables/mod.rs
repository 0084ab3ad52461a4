//! The tables derived from raw market data, as a source: it is loaded like any other, each row
//! once, and resumed after a crash.

mod chunks;
mod error;
mod fingerprint;

use std::collections::BTreeMap;
use std::fmt;
use std::slice::from_ref;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tidegauge_analytics::market::{Observations, crypto_metrics, fx_daily, market_prices};
use tidegauge_core::instruments::InstrumentRegistry;
use tidegauge_core::market::Rates;
use tidegauge_core::tables::{CryptoMetric, FxDaily, MarketPrice};
use tidegauge_core::{
    Batch, Cursor, Error, ErrorKind, Fingerprint, Page, Source, TableRef, Warehouse,
};

use self::chunks::{Chunk, split_into_chunks};
use self::error::source_error;
use crate::config::MarketConfig;
use crate::source_names::MARKET;

/// The maximum number of rows in a page.
const PAGE_ROWS: usize = 10_000;

/// The source of `market_prices`, `crypto_metrics` and `fx_daily`, computed as a whole from the raw
/// tables of a warehouse.
///
/// The cursor holds a fingerprint of every chunk that a sink has received: a table's rows of a
/// calendar month, or a part of them. A chunk is delivered (again) only if its fingerprint has
/// changed. So late prices rewrite the months that they touch, and a sink that has fallen behind
/// receives the missing chunks. Rows never vanish: the raw tables only grow, and a reset that
/// removes rows from them removes these tables and the cursor as well.
pub(crate) struct DerivedTables {
    batches: Vec<Batch>,
    chunks: Vec<Chunk>,
    page_rows: usize,
}

impl DerivedTables {
    /// Computes the tables from the raw tables of `warehouse`, as of `now`.
    ///
    /// Implausible rows are left out and logged.
    ///
    /// # Errors
    /// When the warehouse cannot be read, or, if `strict`, a price or a rate in it is implausible.
    pub(crate) async fn read(
        warehouse: &dyn Warehouse,
        config: &MarketConfig,
        coins: &InstrumentRegistry,
        now: DateTime<Utc>,
        strict: bool,
    ) -> crate::Result<Self> {
        let mut observed = Observations::read(warehouse, coins).await?;
        let mut fixings = Rates::read(warehouse).await?;
        if strict {
            (observed, fixings) = (observed.strict()?, fixings.strict()?);
        }
        for left_out in observed.set_aside().iter().chain(fixings.set_aside()) {
            tracing::warn!("derived market tables: {left_out}");
        }
        let prices = market_prices(&observed, &config.price_params(), now)?;
        let metrics = crypto_metrics(from_ref(&prices), &observed, &config.precedence)?;
        let rates = fx_daily(&fixings, &config.fx_quote, now.date_naive())?;
        Ok(Self::from_batches([prices, metrics, rates], PAGE_ROWS)?)
    }

    fn from_batches(batches: [Batch; 3], page_rows: usize) -> tidegauge_core::Result<Self> {
        let mut derived = Self { batches: Vec::new(), chunks: Vec::new(), page_rows };
        for (table, batch) in batches.into_iter().enumerate() {
            let (batch, chunks) = split_into_chunks(table, &batch, page_rows)?;
            derived.batches.push(batch);
            derived.chunks.extend(chunks);
        }
        Ok(derived)
    }
}

/// Returns the derived tables.
pub(crate) fn tables() -> Vec<TableRef> {
    [MarketPrice::table(), CryptoMetric::table(), FxDaily::table()].map(Clone::clone).into()
}

impl fmt::Debug for DerivedTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DerivedTables({} chunks)", self.chunks.len())
    }
}

#[async_trait]
impl Source for DerivedTables {
    fn name(&self) -> &str {
        MARKET
    }

    fn tables(&self) -> Vec<TableRef> {
        tables()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let known = cursor.map(parse_cursor).transpose()?.unwrap_or_default();
        let is_stale = |chunk: &&Chunk| known.get(&chunk.name) != Some(&chunk.hash);
        let mut stale = self.chunks.iter().filter(is_stale).peekable();
        if let (Some(cursor), None) = (cursor, stale.peek()) {
            return Ok(Page { batches: Vec::new(), cursor: cursor.clone(), done: true });
        }
        let mut page: Vec<&Chunk> = Vec::new();
        let mut rows = 0;
        while let Some(chunk) =
            stale.next_if(|chunk| rows == 0 || rows + chunk.rows <= self.page_rows)
        {
            rows += chunk.rows;
            page.push(chunk);
        }
        // Fingerprints of chunks that no longer exist are dropped, so that a chunk that returns is
        // delivered.
        let kept = self
            .chunks
            .iter()
            .filter_map(|chunk| Some((chunk.name.clone(), *known.get(&chunk.name)?)));
        let mut next: ChunkFingerprints = kept.collect();
        next.extend(page.iter().map(|chunk| (chunk.name.clone(), chunk.hash)));
        let mut batches: Vec<Batch> = Vec::new();
        for adjacent in page.chunk_by(|a, b| a.table == b.table && a.from + a.rows == b.from) {
            let rows = adjacent.iter().map(|chunk| chunk.rows).sum();
            batches.push(self.batches[adjacent[0].table].slice(adjacent[0].from, rows));
        }
        Ok(Page { batches, cursor: format_cursor(&next)?, done: stale.peek().is_none() })
    }
}

/// The fingerprint of the rows of each chunk, by name.
type ChunkFingerprints = BTreeMap<String, Fingerprint>;

fn parse_cursor(cursor: &Cursor) -> tidegauge_core::Result<ChunkFingerprints> {
    serde_json::from_str(cursor.as_str()).map_err(|error| Error::Cursor {
        source_name: MARKET.into(),
        reason: format!("{error}; `tidegauge reset market` has everything worked out anew"),
    })
}

fn format_cursor(known: &ChunkFingerprints) -> tidegauge_core::Result<Cursor> {
    let known =
        serde_json::to_string(known).map_err(|error| source_error(ErrorKind::Bug, error))?;
    Ok(Cursor::new(known))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use tidegauge_core::Crypto;

    use super::*;

    /// Returns prices of BTC, each as (minutes from 2026-01-31T23:00, dollars).
    fn prices(rows: impl IntoIterator<Item = (i64, i128)>) -> Batch {
        let begin: DateTime<Utc> = "2026-01-31T23:00:00Z".parse().unwrap();
        let row = |(minutes, dollars): (i64, i128)| MarketPrice {
            symbol: "BTC".into(),
            at: begin + TimeDelta::minutes(minutes),
            price_usd: Crypto::from_units(dollars * Crypto::ONE),
            source: "a".into(),
            sources: 1,
            other_source: None,
            other_price_usd: None,
            difference: None,
            is_disputed: false,
        };
        Batch::from_rows(MarketPrice::table(), rows.into_iter().map(row)).unwrap()
    }

    fn derived(prices: Batch, page_rows: usize) -> DerivedTables {
        let metrics = Batch::from_rows(CryptoMetric::table(), [(); 0]).unwrap();
        let rates = Batch::from_rows(FxDaily::table(), [(); 0]).unwrap();
        DerivedTables::from_batches([prices, metrics, rates], page_rows).unwrap()
    }

    /// Returns twelve prices in January and ten in February, five minutes apart, the first of
    /// February at midnight.
    fn series() -> impl DoubleEndedIterator<Item = (i64, i128)> {
        (0..22).map(|number| (number * 5, i128::from(number) + 1))
    }

    /// Returns the number of rows of every page from `cursor` on, and the last cursor.
    async fn pages(source: &DerivedTables, cursor: Option<Cursor>) -> (Vec<usize>, Cursor) {
        let (mut rows, mut cursor) = (Vec::new(), cursor);
        loop {
            let page = source.fetch(cursor.as_ref()).await.unwrap();
            rows.push(page.rows());
            if page.done {
                return (rows, page.cursor);
            }
            cursor = Some(page.cursor);
        }
    }

    #[tokio::test]
    async fn pages_are_bounded_and_a_second_read_is_empty() {
        for (page_rows, expected) in [
            (100, vec![22]),
            (12, vec![12, 10]),
            (10, vec![10, 2, 10]),
            (5, vec![5, 5, 2, 5, 5]),
            (1, vec![1; 22]),
        ] {
            let source = derived(prices(series()), page_rows);
            let (rows, cursor) = pages(&source, None).await;
            assert_eq!(rows, expected, "{page_rows}");
            assert_eq!(pages(&source, Some(cursor.clone())).await, (vec![0], cursor));
        }
        let (rows, cursor) = pages(&derived(prices([]), 10), None).await;
        assert_eq!((rows, cursor.as_str()), (vec![0], "{}"));
    }

    #[tokio::test]
    async fn only_changed_chunks_are_returned_again() {
        let (_, cursor) = pages(&derived(prices(series()), 5), None).await;
        let after = async |rows: Vec<(i64, i128)>| {
            pages(&derived(prices(rows), 5), Some(cursor.clone())).await.0
        };
        // The order of rows does not matter.
        assert_eq!(after(series().rev().collect()).await, [0]);
        // New rows at the end are in the last chunk, or in a new one.
        assert_eq!(after(series().chain([(110, 1)]).collect()).await, [1]);
        assert_eq!(after(series().chain([(29 * 24 * 60, 1)]).collect()).await, [1]);
        // A changed price in January redelivers the five rows of its chunk.
        let changed = series().map(|(at, price)| if at == 30 { (at, 99) } else { (at, price) });
        assert_eq!(after(changed.collect()).await, [5]);
        // An additional price in January shifts the later rows of January.
        assert_eq!(after(series().chain([(27, 1)]).collect()).await, [5, 3]);
    }

    #[tokio::test]
    async fn killed_run_resumes_with_current_rows() {
        let first = derived(prices(series()), 5).fetch(None).await.unwrap();
        assert_eq!((first.rows(), first.done), (5, false));
        // The next run finds a changed price in the first page.
        let late = || series().map(|(at, price)| (at, price + i128::from(at == 10)));
        let (rest, cursor) = pages(&derived(prices(late()), 5), Some(first.cursor)).await;
        assert_eq!(rest, [5, 5, 2, 5, 5]);
        assert_eq!(cursor, pages(&derived(prices(late()), 5), None).await.1);
    }

    #[tokio::test]
    async fn reappearing_chunk_is_returned_again() {
        let (_, small) = pages(&derived(prices(series()), 5), None).await;
        let other = series().map(|(at, price)| (at, price + i128::from(at == 30)));
        let (_, large) = pages(&derived(prices(other), 100), Some(small)).await;
        // The same prices as at first, but the sink holds other rows by now.
        let (rows, _) = pages(&derived(prices(series()), 5), Some(large)).await;
        assert_eq!(rows, [5, 5, 2, 5, 5]);
    }

    #[tokio::test]
    async fn foreign_cursor_is_refused() {
        let source = derived(prices(series()), 5);
        let error = source.fetch(Some(&Cursor::new("7"))).await.unwrap_err().to_string();
        assert!(error.contains("the cursor of `market` cannot be read"), "{error}");
    }
}
