//! The tables derived from raw market data, as a source: it is loaded like any other, each row
//! once, and resumed after a crash.

mod chunks;
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
    Batch, BoxError, Cursor, Error, ErrorKind, Fingerprint, Page, Source, TableRef, Warehouse,
};

use self::chunks::{Chunk, chunks};
use crate::config::MarketConfig;

/// The name under which sinks keep the cursor.
pub(crate) const NAME: &str = "market";

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
pub(crate) struct Derived {
    batches: Vec<Batch>,
    chunks: Vec<Chunk>,
    page_rows: usize,
}

impl Derived {
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
        for aside in observed.set_aside().iter().chain(fixings.set_aside()) {
            tracing::warn!("the derived market tables: {aside}");
        }
        let prices = market_prices(&observed, &config.prices(), now)?;
        let metrics = crypto_metrics(from_ref(&prices), &observed, &config.precedence)?;
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

/// Returns the derived tables.
pub(crate) fn tables() -> Vec<TableRef> {
    [MarketPrice::table(), CryptoMetric::table(), FxDaily::table()].map(Clone::clone).into()
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
        tables()
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let known = cursor.map(read).transpose()?.unwrap_or_default();
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
        let mut next: Cursors = kept.collect();
        next.extend(page.iter().map(|chunk| (chunk.name.clone(), chunk.hash)));
        let mut batches: Vec<Batch> = Vec::new();
        for run in page.chunk_by(|a, b| a.table == b.table && a.from + a.rows == b.from) {
            let rows = run.iter().map(|chunk| chunk.rows).sum();
            batches.push(self.batches[run[0].table].slice(run[0].from, rows));
        }
        Ok(Page { batches, cursor: write(&next)?, done: stale.peek().is_none() })
    }
}

/// The fingerprint of the rows of each chunk, by name.
type Cursors = BTreeMap<String, Fingerprint>;

fn read(cursor: &Cursor) -> tidegauge_core::Result<Cursors> {
    serde_json::from_str(cursor.as_str()).map_err(|error| Error::Cursor {
        source_name: NAME.into(),
        reason: format!("{error}; `tidegauge reset market` has everything worked out anew"),
    })
}

fn write(known: &Cursors) -> tidegauge_core::Result<Cursor> {
    let known = serde_json::to_string(known).map_err(|error| failed(ErrorKind::Bug, error))?;
    Ok(Cursor::new(known))
}

fn failed(kind: ErrorKind, error: impl Into<BoxError>) -> Error {
    Error::source(NAME, kind, error)
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

    fn derived(prices: Batch, page_rows: usize) -> Derived {
        let metrics = Batch::from_rows(CryptoMetric::table(), [(); 0]).unwrap();
        let rates = Batch::from_rows(FxDaily::table(), [(); 0]).unwrap();
        Derived::of([prices, metrics, rates], page_rows).unwrap()
    }

    /// Returns twelve prices in January and ten in February, five minutes apart, the first of
    /// February at midnight.
    fn series() -> impl DoubleEndedIterator<Item = (i64, i128)> {
        (0..22).map(|number| (number * 5, i128::from(number) + 1))
    }

    /// Returns the number of rows of every page from `cursor` on, and the last cursor.
    async fn pages(source: &Derived, cursor: Option<Cursor>) -> (Vec<usize>, Cursor) {
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
    async fn pages_are_bounded_and_a_second_reading_gives_nothing() {
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
    async fn only_what_has_changed_is_given_again() {
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
    async fn a_run_that_was_killed_goes_on_with_what_is_known_by_then() {
        let first = derived(prices(series()), 5).fetch(None).await.unwrap();
        assert_eq!((first.rows(), first.done), (5, false));
        // The next run finds a changed price in the first page.
        let late = || series().map(|(at, price)| (at, price + i128::from(at == 10)));
        let (rest, cursor) = pages(&derived(prices(late()), 5), Some(first.cursor)).await;
        assert_eq!(rest, [5, 5, 2, 5, 5]);
        assert_eq!(cursor, pages(&derived(prices(late()), 5), None).await.1);
    }

    #[tokio::test]
    async fn a_chunk_that_comes_back_under_another_s_name_is_given_again() {
        let (_, small) = pages(&derived(prices(series()), 5), None).await;
        let other = series().map(|(at, price)| (at, price + i128::from(at == 30)));
        let (_, large) = pages(&derived(prices(other), 100), Some(small)).await;
        // The same prices as at first, but the sink holds other rows by now.
        let (rows, _) = pages(&derived(prices(series()), 5), Some(large)).await;
        assert_eq!(rows, [5, 5, 2, 5, 5]);
    }

    #[tokio::test]
    async fn a_cursor_of_somebody_else_is_refused() {
        let source = derived(prices(series()), 5);
        let error = source.fetch(Some(&Cursor::new("7"))).await.unwrap_err().to_string();
        assert!(error.contains("the cursor of `market` cannot be read"), "{error}");
    }
}
