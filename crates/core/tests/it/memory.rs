//! An in-memory warehouse: a minimal implementation that passes all conformance tests.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::stream;
use tidegauge_core::{
    Batch, BatchStream, Cursor, Error, ErrorKind, Load, Loaded, Result, RowTally, Scan, Sink,
    Table, TableRef, Values, Warehouse, arrow,
};

/// The maximum number of rows of a batch in a stream.
const ROWS: usize = 20_000;

#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    tables: BTreeMap<String, Stored>,
    cursors: BTreeMap<String, Cursor>,
}

#[derive(Debug, Clone)]
struct Stored {
    rows: Batch,
    /// The index of the row of each key.
    keys: HashMap<String, u32>,
}

fn failed(kind: ErrorKind, reason: String) -> Error {
    Error::sink("memory", kind, reason)
}

#[async_trait]
impl Sink for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    async fn prepare(&self, tables: &[TableRef]) -> Result<()> {
        let mut state = self.0.lock().unwrap();
        tables.iter().try_for_each(|table| state.prepare(table))
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(self.0.lock().unwrap().cursors.clone())
    }

    async fn load(&self, load: Load<'_>) -> Result<Loaded> {
        let mut state = self.0.lock().unwrap();
        let found = state.cursors.get(load.source);
        if found != load.before {
            return Err(Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found: found.cloned(),
            });
        }
        let mut next = state.clone();
        let mut tally = RowTally::new(&load);
        for batch in load.batches {
            next.take(batch, &mut tally)?;
        }
        if let Some(aside) = tally.set_aside()? {
            let load = Load::new(load.source, &[], None, load.after);
            next.take(&aside, &mut RowTally::new(&load))?;
        }
        next.cursors.insert(load.source.into(), load.after.clone());
        *state = next;
        Ok(tally.finish())
    }
}

#[async_trait]
impl Warehouse for Memory {
    async fn scan(&self, scan: &Scan) -> Result<BatchStream> {
        let (output, predicate) = (scan.output_schema()?, scan.predicate()?);
        let stored = self.0.lock().unwrap().tables.get(scan.table.name.as_ref()).cloned();
        let rows = match stored {
            Some(stored) => widened(&stored.rows, &scan.table)?,
            None => Batch::empty(&scan.table),
        };
        let kept = rows.filter(&predicate.keeps(&rows)?)?.project(&output)?;
        let kept = kept.slice(0, scan.limit.unwrap_or(usize::MAX));
        let pages =
            (0..kept.rows().div_ceil(ROWS)).map(move |page| Ok(kept.slice(page * ROWS, ROWS)));
        Ok(Box::pin(stream::iter(pages)))
    }
}

impl State {
    fn take(&mut self, batch: &Batch, tally: &mut RowTally<'_>) -> Result<()> {
        self.prepare(batch.table())?;
        let stored = self.tables.get_mut(batch.table().name.as_ref()).unwrap();
        stored.add(batch, tally)
    }

    fn prepare(&mut self, table: &TableRef) -> Result<()> {
        let wrong = |column: &str, why: &str| {
            let reason = format!("table `{}`, column `{column}`: {why}", table.name);
            Err(failed(ErrorKind::SchemaMismatch, reason))
        };
        let Some(stored) = self.tables.get_mut(table.name.as_ref()) else {
            let stored = Stored { rows: Batch::empty(table), keys: HashMap::new() };
            self.tables.insert(table.name.to_string(), stored);
            return Ok(());
        };
        let known = stored.rows.table().clone();
        for column in &table.columns {
            if known.column(&column.name).is_err() && !column.nullable {
                return wrong(&column.name, "the stored rows lack it");
            }
        }
        for column in &known.columns {
            match table.column(&column.name) {
                Ok(found) if found.dtype == column.dtype => {}
                Ok(_) => return wrong(&column.name, "it is of another type"),
                Err(_) => return wrong(&column.name, "the definition lacks it"),
            }
        }
        stored.rows = widened(&stored.rows, table)?;
        Ok(())
    }
}

impl Stored {
    fn add(&mut self, batch: &Batch, tally: &mut RowTally<'_>) -> Result<()> {
        let table = batch.table();
        // The stored rows, followed by those of the batch, and a mask of those that stay.
        let both = Batch::concat(table, &[self.rows.clone(), batch.clone()])?;
        let views = both.views()?;
        let differs = |one: usize, other: usize| {
            let mut columns = table.columns.iter().zip(&views);
            columns.find(|(_, view)| view.cell(one) != view.cell(other)).map(|(column, _)| column)
        };
        let before = self.rows.rows();
        let mut stays = vec![true; both.rows()];
        for (row, key) in keys(batch, table)?.into_iter().enumerate() {
            let at = before + row;
            let Some(other) = self.keys.get(&key).map(|other| *other as usize) else {
                tally.count_inserted(table, 1);
                self.keys.insert(key, u32::try_from(at).unwrap());
                continue;
            };
            if !tally.may_repeat(table) {
                let reason = format!("table `{}` holds such a key", table.name);
                return Err(failed(ErrorKind::InvalidInput, reason));
            }
            let differs = differs(at, other).map(|column| column.name.as_ref());
            let goes = if tally.count_existing(batch, row, differs)? { other } else { at };
            stays[goes] = false;
            if goes == other {
                self.keys.insert(key, u32::try_from(at).unwrap());
            }
        }
        if !stays.contains(&false) {
            self.rows = both;
            return Ok(());
        }
        self.rows = both.filter(&arrow::buffer::BooleanBuffer::from(stays))?;
        self.keys =
            (0..).zip(self::keys(&self.rows, table)?).map(|(row, key)| (key, row)).collect();
        Ok(())
    }
}

/// Returns the key of each row as text.
fn keys(batch: &Batch, table: &Table) -> Result<Vec<String>> {
    let columns: Vec<_> = table.key.iter().map(|name| batch.column(name)).collect::<Result<_>>()?;
    let key = |row| {
        let cells: Vec<_> =
            columns.iter().map(|column| format!("{:?}", column.cell(row))).collect();
        cells.join("|")
    };
    Ok((0..batch.rows()).map(key).collect())
}

/// Returns the rows with the columns of `table`; columns that they lack are null.
fn widened(rows: &Batch, table: &TableRef) -> Result<Batch> {
    let values = table.columns.iter().map(|column| {
        let found = rows.record().column_by_name(&column.name);
        found.map_or(Values::Nulls, |array| Values::Array(array.clone()))
    });
    Batch::from_columns(table, rows.rows(), values.collect())
}
