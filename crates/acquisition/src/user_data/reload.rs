//! Backfill of a time span from a user's own files or database.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{
    Batch, Cell, Clock, ColumnView, Cursor, OnDuplicate, Page, Source, Span, TableRef,
};

use crate::user_data::duplicate_rows::append_cell_bytes;
use crate::{Error, Result, cursor};

/// A backfill of a source without time windows: reads the source from its beginning and takes only
/// the rows whose time is within a span. It is a source of its own, `<source> fill`. A row that
/// differs from the stored one with its key replaces it, in append tables as well; rows that the
/// source no longer has stay.
///
/// If the source has several versions of a key, the last one counts: if that is outside the span,
/// none is taken. To know all versions, the source is read twice, unless it is a single page.
///
/// ```
/// # use std::sync::Arc;
/// use tidegauge_acquisition::{Reload, files::{Config, FileSource}};
/// use tidegauge_core::{FixedClock, Source, Span, tables::MarketingSpend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("spend.csv");
/// # let clock = Arc::new(FixedClock("2021-01-03T00:00:00Z".parse()?));
/// std::fs::write(&path, "\
/// day,channel,campaign,currency,spend
/// 2020-12-31,ads,xmas,EUR,12.50
/// 2021-01-01,ads,xmas,EUR,10.00
/// ")?;
/// let config = Config { name: "spend".into(), path: path.display().to_string(), ..Config::default() };
/// let source = FileSource::new(config, MarketingSpend::table().clone(), clock.clone())?;
/// let january = Span::new("2021-01-01T00:00:00Z".parse()?, "2021-02-01T00:00:00Z".parse()?);
/// let reload = Reload::new(Arc::new(source), january, clock.as_ref())?;
/// assert_eq!((reload.name(), reload.fetch(None).await?.rows()), ("spend fill", 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Reload {
    source: Arc<dyn Source>,
    name: String,
    table: TableRef,
    /// The column with the event's time.
    time: String,
    span: Span,
    /// The time at which the backfill was planned, in microseconds since 1970; a cursor of another
    /// plan is ignored.
    planned: i64,
    /// The number of rows that were not taken because they have no time.
    without_time: AtomicUsize,
    /// The number of rows of the span that were not taken because the last version of their key is
    /// outside it.
    outdated: AtomicUsize,
    /// The result of the first reading; `None` before it.
    first_pass: Mutex<Option<Arc<FirstPass>>>,
}

/// The result of the first reading of the source.
#[derive(Debug, Default)]
struct FirstPass {
    /// The keys of rows of the span of which a later version is outside it.
    outdated: HashSet<u128>,
    /// The page, if the source is a single one.
    only: Option<Page>,
    /// The notes of the first reading, which the second would repeat.
    notes: Mutex<Vec<String>>,
}

/// The content of the cursor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReloadProgress {
    planned: i64,
    /// The source's own cursor.
    at: Cursor,
    done: bool,
}

impl Reload {
    /// Creates a backfill of the rows of `source` whose time is within `span`. Nothing is read yet.
    ///
    /// # Errors
    /// Returns an error if the table that the source fills has no column for the event's time, or
    /// if the source is a snapshot.
    pub fn new(source: Arc<dyn Source>, span: Span, clock: &dyn Clock) -> Result<Self> {
        if source.capabilities().snapshot {
            let reason = format!(
                "`{0}` is a snapshot, of which every run loads all, and no span can be loaded again: `tidegauge run \
                 --full-refresh {0}` loads all of it anew",
                source.name()
            );
            return Err(Error::config("from", reason));
        }
        let mut tables = source.tables().into_iter();
        let table = tables.find(|table| table != Quarantine::table());
        let time = table.and_then(|table| Some((table.time.as_ref()?.to_string(), table)));
        let Some((time, table)) = time else {
            let reason = format!(
                "the table of `{0}` names no column of the event's time (`time`), so that no span of it can be \
                 told; `tidegauge run --full-refresh {0}` loads all of it again",
                source.name()
            );
            return Err(Error::config("time", reason));
        };
        let (name, planned) = (format!("{} fill", source.name()), clock.now().timestamp_micros());
        Ok(Self {
            source,
            name,
            table,
            time,
            span,
            planned,
            without_time: AtomicUsize::new(0),
            outdated: AtomicUsize::new(0),
            first_pass: Mutex::new(None),
        })
    }

    /// Returns the source that is read again.
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// Returns the table that the source fills.
    pub fn table(&self) -> &TableRef {
        &self.table
    }

    /// Returns the span whose rows are taken.
    pub fn span(&self) -> Span {
        self.span
    }

    async fn page(&self, before: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        // Another plan's cursor may be from another release, and need not be readable.
        let progress =
            before.and_then(|before| cursor::read::<ReloadProgress>(&self.name, before).ok());
        let progress = progress.filter(|progress| progress.planned == self.planned);
        if let (Some(before), Some(ReloadProgress { done: true, .. })) = (before, &progress) {
            return Ok(cursor::nothing_new(before));
        }
        let first_pass = self.first_pass().await?;
        let page = match (&first_pass.only, &progress) {
            (Some(page), None) => page.clone(),
            _ => self.source.fetch(progress.as_ref().map(|progress| &progress.at)).await?,
        };
        let mut batches = Vec::with_capacity(page.batches.len());
        for batch in &page.batches {
            let taken = match batch.table() == &self.table {
                true => self.within(batch, &first_pass.outdated)?,
                false => batch.clone(),
            };
            if taken.rows() > 0 {
                batches.push(taken);
            }
        }
        let progress = ReloadProgress { planned: self.planned, at: page.cursor, done: page.done };
        let cursor = cursor::write(&self.name, &progress)?;
        Ok(Page { batches, cursor, done: page.done })
    }

    /// Reads the source from its beginning, once, to know all versions of each key.
    async fn first_pass(&self) -> tidegauge_core::Result<Arc<FirstPass>> {
        if let Some(first_pass) =
            self.first_pass.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
        {
            return Ok(first_pass.clone());
        }
        // The keys of the rows of the span, and those of which a later row is outside it.
        let (mut within, mut outdated) = (HashSet::new(), HashSet::new());
        let mut at = None;
        let only = loop {
            let page = self.source.fetch(at.as_ref()).await?;
            for batch in page.batches.iter().filter(|batch| batch.table() == &self.table) {
                let (times, keys) = (batch.column(&self.time)?, Keys::of(batch, &self.table)?);
                for row in 0..batch.rows() {
                    let key = keys.hash(row);
                    if self.takes(&times, row) == Some(true) {
                        within.insert(key);
                        outdated.remove(&key);
                    } else if within.contains(&key) {
                        outdated.insert(key);
                    }
                }
            }
            if page.done {
                break at.is_none().then_some(page);
            }
            at = Some(page.cursor);
        };
        let notes = Mutex::new(self.source.take_notes());
        let first_pass = Arc::new(FirstPass { outdated, only, notes });
        *self.first_pass.lock().unwrap_or_else(PoisonError::into_inner) = Some(first_pass.clone());
        Ok(first_pass)
    }

    /// Returns `true` if the time of `row` is within the span, and `None` if the row has none.
    fn takes(&self, times: &ColumnView<'_>, row: usize) -> Option<bool> {
        const DAY: i64 = 86_400_000_000;
        let time = match times.cell(row) {
            Cell::Timestamp(micros) => micros,
            Cell::Date(days) => i64::from(days) * DAY,
            _ => return None,
        };
        let (from, to) = (self.span.from.timestamp_micros(), self.span.to.timestamp_micros());
        Some((from..to).contains(&time))
    }

    /// Returns the rows of `batch` whose time is within the span, except for those with keys in
    /// `outdated`.
    fn within(&self, batch: &Batch, outdated: &HashSet<u128>) -> tidegauge_core::Result<Batch> {
        let (times, keys) = (batch.column(&self.time)?, Keys::of(batch, &self.table)?);
        let mut taken = Vec::new();
        for row in 0..batch.rows() {
            match self.takes(&times, row) {
                Some(true) if !outdated.is_empty() && outdated.contains(&keys.hash(row)) => {
                    self.outdated.fetch_add(1, Ordering::Relaxed);
                }
                // The number of rows of a batch fits `u32`.
                Some(true) => taken.extend(u32::try_from(row).ok()),
                Some(false) => {}
                None => drop(self.without_time.fetch_add(1, Ordering::Relaxed)),
            }
        }
        batch.take(&taken)
    }
}

/// The key columns of a batch.
struct Keys<'a>(Vec<ColumnView<'a>>);

impl<'a> Keys<'a> {
    fn of(batch: &'a Batch, table: &TableRef) -> tidegauge_core::Result<Self> {
        let columns = table.key.iter().map(|name| batch.column(name));
        columns.collect::<tidegauge_core::Result<_>>().map(Self)
    }

    /// Returns a hash of 128 bits of the key of `row`, which identifies the key.
    fn hash(&self, row: usize) -> u128 {
        let mut bytes = Vec::with_capacity(16 * self.0.len());
        self.0.iter().for_each(|column| append_cell_bytes(&column.cell(row), &mut bytes));
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &bytes).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(0) << 64 | half(1)
    }
}

#[async_trait]
impl Source for Reload {
    fn name(&self) -> &str {
        &self.name
    }

    fn tables(&self) -> Vec<TableRef> {
        self.source.tables()
    }

    fn on_duplicate(&self) -> OnDuplicate {
        OnDuplicate::Last
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        self.page(cursor).await
    }

    fn take_notes(&self) -> Vec<String> {
        let mut notes = self.source.take_notes();
        let first_pass = self.first_pass.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first_pass) = first_pass.as_ref() {
            let mut first = first_pass.notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes = std::mem::take(&mut *first);
        }
        let outdated = self.outdated.swap(0, Ordering::Relaxed);
        if outdated > 0 {
            notes.push(format!(
                "{outdated} rows of the span were not taken: the source has a later version of each, which lies \
                 outside of the span"
            ));
        }
        let without_time = self.without_time.swap(0, Ordering::Relaxed);
        if without_time > 0 {
            notes.push(format!("{without_time} rows have no `{}`, and were not taken", self.time));
        }
        notes
    }
}
