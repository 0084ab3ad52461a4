//! The buffer of rows for the next page, deduplicated by key.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tidegauge_core::tables::{Candle, Coverage, MarketTrade, Quote};
use tidegauge_core::{Batch, TableRef};

use crate::Result;
use crate::bad_rows::BadRow;

/// The buffer of rows for the next page. Of two rows with one key the later one is kept, as in the sinks.
#[derive(Debug, Default)]
pub(super) struct RowBuffer {
    quotes: BTreeMap<(String, DateTime<Utc>), Quote>,
    trades: BTreeMap<(String, i64), MarketTrade>,
    candles: BTreeMap<(String, String, DateTime<Utc>), Candle>,
    pub(super) bad: Vec<BadRow>,
    coverage: BTreeMap<(String, DateTime<Utc>), Coverage>,
}

impl RowBuffer {
    pub(super) fn quote(&mut self, row: Quote) {
        self.quotes.insert((row.symbol.clone(), row.at), row);
    }

    pub(super) fn trade(&mut self, row: MarketTrade) {
        self.trades.insert((row.symbol.clone(), row.trade_id), row);
    }

    pub(super) fn candle(&mut self, row: Candle) {
        self.candles.insert((row.symbol.clone(), row.interval.clone(), row.open_at), row);
    }

    pub(super) fn coverage(&mut self, row: Coverage) {
        self.coverage.insert((row.series.clone(), row.start_at), row);
    }

    /// Returns the number of rows, without those of the gap ledger.
    pub(super) fn rows(&self) -> usize {
        self.quotes.len() + self.trades.len() + self.candles.len() + self.bad.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows() == 0 && self.coverage.is_empty()
    }

    pub(super) fn batches(&self, source: &str, now: DateTime<Utc>) -> Result<Vec<Batch>> {
        fn batch<'a, T: serde::Serialize + 'a>(
            table: &TableRef,
            rows: impl Iterator<Item = &'a T>,
        ) -> Result<Batch> {
            Ok(Batch::from_rows(table, rows)?)
        }
        let batches = [
            batch(Quote::table(), self.quotes.values())?,
            batch(MarketTrade::table(), self.trades.values())?,
            batch(Candle::table(), self.candles.values())?,
            BadRow::batch(source, self.bad.clone(), now)?,
            batch(Coverage::table(), self.coverage.values())?,
        ];
        Ok(batches.into_iter().filter(|batch| batch.rows() > 0).collect())
    }
}
