//! A sink of your own, with nothing but `tidegauge-core`: rows in memory, by their key.
//!
//!     cargo run --example custom_sink
//!
//! A sink owes one thing above all: rows and cursor change together or not at all, and only if the
//! cursor is still where the load expects it. Here a copy is changed and then takes the old one's
//! place; in a store it is a transaction. `examples/tests/custom_sink.rs` tries it with the promises
//! that every sink makes.

#![allow(clippy::print_stdout)] // a program that talks

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tidegauge::acquisition::Recorded;
use tidegauge_core::{
    Batch, ColumnView, Cursor, Error, ErrorKind, Load, Result, Sink, TableRef, WriteMode,
};

/// Tables in memory; its clones are handles to the same.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    tables: BTreeMap<String, Stored>,
    cursors: BTreeMap<String, Cursor>,
}

#[derive(Debug, Clone)]
struct Stored {
    table: TableRef,
    /// Each row by its key, both as they are written.
    rows: BTreeMap<String, String>,
}

impl Memory {
    /// How many rows there are of a table.
    pub fn rows(&self, table: &str) -> usize {
        self.state().tables.get(table).map_or(0, |stored| stored.rows.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below can panic halfway, so a poisoned state is still a whole one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(kind: ErrorKind, reason: String) -> Error {
    Error::sink("memory://", kind, reason)
}

impl State {
    /// Makes room for a table, unless there is one of that name with other columns.
    fn prepare(&mut self, table: &TableRef) -> Result<&mut Stored> {
        let new = || Stored { table: table.clone(), rows: BTreeMap::new() };
        let stored = self.tables.entry(table.name.to_string()).or_insert_with(new);
        let pairs = stored.table.columns.iter().zip(&table.columns);
        let changed = pairs.filter(|(old, new)| old != new).map(|(_, new)| new).next();
        let more = table.columns.get(stored.table.columns.len());
        if let Some(column) = changed.or(more) {
            let (table, column) = (&table.name, &column.name);
            let reason = format!("table `{table}`, column `{column}`: it was another before");
            return Err(failed(ErrorKind::SchemaMismatch, reason));
        }
        Ok(stored)
    }

    fn take(&mut self, batch: &Batch) -> Result<()> {
        let stored = self.prepare(batch.table())?;
        let columns = batch.views()?;
        let key: Result<Vec<_>> = stored.table.key.iter().map(|name| batch.column(name)).collect();
        let key = key?;
        for row in 0..batch.rows() {
            let written = |columns: &[ColumnView<'_>]| {
                let cells: Vec<_> = columns.iter().map(|column| column.cell(row)).collect();
                format!("{cells:?}")
            };
            let before = stored.rows.insert(written(&key), written(&columns));
            if before.is_some() && stored.table.write == WriteMode::Append {
                let table = &stored.table.name;
                let reason = format!("table `{table}` has a row with this key already");
                return Err(failed(ErrorKind::InvalidInput, reason));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Sink for Memory {
    fn name(&self) -> &str {
        "memory://"
    }

    async fn prepare(&self, tables: &[TableRef]) -> Result<()> {
        let mut state = self.state();
        tables.iter().try_for_each(|table| state.prepare(table).map(|_| ()))
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(self.state().cursors.clone())
    }

    async fn load(&self, load: Load<'_>) -> Result<()> {
        let mut state = self.state();
        let found = state.cursors.get(load.source);
        if found != load.before {
            return Err(Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found: found.cloned(),
            });
        }
        let mut next = state.clone();
        load.batches.iter().try_for_each(|batch| next.take(batch))?;
        next.cursors.insert(load.source.into(), load.after.clone());
        *state = next;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sink = Memory::default();
    let pipeline = tidegauge::pipeline::Pipeline::new()
        .source(Arc::new(Recorded::default()))
        .sink(Arc::new(sink.clone()));
    pipeline.run(&tidegauge::pipeline::Silent).await?;
    pipeline.run(&tidegauge::pipeline::Silent).await?; // nothing new: nothing there twice
    for table in ["raw_crypto_market_data", "candles", "fx_rates"] {
        println!("{table:<24} {:>6} rows", sink.rows(table));
    }
    assert_eq!(sink.rows("candles"), 4 * 323);
    Ok(())
}
