//! The preview of an entry: its file is read as in a run, and nothing is stored.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use tidegauge_acquisition::mapping::{TableConfig, declare, resolve};
use tidegauge_acquisition::{FileSource, files};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Batch, Clock, Source, tables};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::Result;

/// The maximum number of rows that are read.
const MAX_ROWS: u64 = 100_000;

/// The maximum number of currencies that are named.
const MAX_CURRENCIES: usize = 12;

/// The number of rows that are shown.
const PREVIEW_ROWS: usize = 10;

/// The result of reading an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview {
    /// The name of the entry.
    pub source: String,
    /// The table that it fills.
    pub table: String,
    /// The number of valid rows that were read.
    pub rows: u64,
    /// `true` if these are all rows of the file.
    pub is_whole: bool,
    /// The currencies of the amounts, if the table is one of the exchange's.
    pub currencies: BTreeSet<String>,
    /// The columns that have values.
    pub columns: Vec<String>,
    /// The first rows, with cells as they would be stored; `None` is null.
    pub first: Vec<Vec<Option<String>>>,
    /// The number of rows that were set aside.
    pub set_aside: u64,
    /// The first reasons: number of rows, and position with reason.
    pub reasons: Vec<(u64, String)>,
    /// The number of rows with the key of an earlier one; rows of one key are merged.
    pub repeated: u64,
    /// The day of the first event.
    pub first_day: Option<NaiveDate>,
    /// Findings of the read that are not errors.
    pub notes: Vec<String>,
}

impl Preview {
    /// Reads the rows that `entry` describes.
    ///
    /// # Errors
    /// When the table is not declared, or the file cannot be read.
    pub(super) async fn read(
        entry: &files::Config,
        tables: &[TableConfig],
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let table = resolve(&entry.table, &declare(tables)?)?;
        let source = FileSource::new(entry.clone(), table.clone(), clock)?;
        let mut preview = Self {
            source: entry.name.clone(),
            table: entry.table.clone(),
            rows: 0,
            is_whole: false,
            currencies: BTreeSet::new(),
            columns: Vec::new(),
            first: Vec::new(),
            set_aside: 0,
            reasons: Vec::new(),
            repeated: 0,
            first_day: None,
            notes: Vec::new(),
        };
        let mut shown: Vec<Batch> = Vec::new();
        let mut reasons = BTreeMap::<String, (u64, String)>::new();
        let mut keys = HashSet::new();
        let mut cursor = None;
        while !preview.is_whole && preview.rows < MAX_ROWS {
            // The log messages are part of the result already.
            let page = source.fetch(cursor.as_ref()).with_subscriber(NoSubscriber::default());
            let page = page.await?;
            for batch in &page.batches {
                let rows = u64::try_from(batch.rows()).unwrap_or(u64::MAX);
                if batch.table().name == Quarantine::table().name {
                    preview.set_aside += rows;
                    count_reasons(batch, &mut reasons)?;
                } else {
                    preview.rows += rows;
                    preview.collect_currencies(batch)?;
                    preview.count_repeated(batch, &mut keys)?;
                    let room = PREVIEW_ROWS - shown.iter().map(Batch::rows).sum::<usize>();
                    shown.push(batch.slice(0, batch.rows().min(room)));
                }
            }
            (cursor, preview.is_whole) = (Some(page.cursor), page.done);
        }
        preview.notes = source.take_notes();
        preview.reasons = reasons.into_values().collect();
        preview.reasons.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        preview.keep_first_rows(&table, &shown)?;
        Ok(preview)
    }

    /// Counts the rows whose key is among `keys`, and keeps the day of the first event.
    fn count_repeated(&mut self, batch: &Batch, keys: &mut HashSet<Vec<String>>) -> Result<()> {
        let table = batch.table();
        let key = table.key.iter().map(|name| batch.column(name));
        let key = key.collect::<std::result::Result<Vec<_>, _>>()?;
        let time = table.time.as_ref().map(|time| batch.column(time)).transpose()?;
        for row in 0..batch.rows() {
            let cells = key.iter().map(|column| column.shown(row).unwrap_or_default());
            self.repeated += u64::from(!keys.insert(cells.collect()));
            let shown = time.as_ref().and_then(|time| time.shown(row));
            let day = shown.and_then(|text| text.get(..10)?.parse().ok());
            self.first_day = [self.first_day, day].into_iter().flatten().min();
        }
        Ok(())
    }

    /// Collects the currencies of the amounts.
    fn collect_currencies(&mut self, batch: &Batch) -> Result<()> {
        let is_built_in = tables::by_name(&batch.table().name).is_some();
        let columns = ["fiat_currency", "quote_currency", "currency"];
        for name in
            columns.into_iter().filter(|name| is_built_in && batch.table().column(name).is_ok())
        {
            let view = batch.column(name)?;
            for row in 0..batch.rows() {
                if self.currencies.len() == MAX_CURRENCIES {
                    break;
                }
                self.currencies.extend(view.shown(row));
            }
        }
        Ok(())
    }

    /// Keeps the first rows, of the columns that have values.
    fn keep_first_rows(&mut self, table: &tidegauge_core::Table, batches: &[Batch]) -> Result<()> {
        for column in &table.columns {
            let mut cells = Vec::new();
            for batch in batches {
                let view = batch.column(&column.name)?;
                cells.extend((0..batch.rows()).map(|row| view.shown(row)));
            }
            if cells.iter().all(Option::is_none) {
                continue;
            }
            self.columns.push(column.name.to_string());
            self.first.resize(cells.len(), Vec::new());
            for (row, cell) in self.first.iter_mut().zip(cells) {
                row.push(cell);
            }
        }
        Ok(())
    }
}

/// Counts the rows of a batch of quarantine by the column and the kind of their error.
fn count_reasons(batch: &Batch, reasons: &mut BTreeMap<String, (u64, String)>) -> Result<()> {
    let (place, reason) = (batch.column("place")?, batch.column("reason")?);
    for row in 0..batch.rows() {
        let reason = reason.shown(row).unwrap_or_default();
        let place = place.shown(row).unwrap_or_default();
        // The value differs from row to row, the column and the kind of error do not.
        let kind = reason.split('`').step_by(2).collect::<String>();
        let column = reason.split('`').nth(1).unwrap_or_default();
        let counted = reasons.entry(format!("{column} {kind}")).or_default();
        if counted.0 == 0 {
            counted.1 = format!("{place}: {reason}");
        }
        counted.0 += 1;
    }
    Ok(())
}
