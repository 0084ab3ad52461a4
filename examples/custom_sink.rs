//! A custom sink implemented with `tidegauge-core` only: rows in memory, by their key.
//!
//!     cargo run --example custom_sink
//!
//! A sink must guarantee one thing above all: rows and cursor change together or not at all, and
//! only if the cursor is still the one that the load expects. Here a changed copy replaces the old
//! state; in a store it is a transaction. `examples/tests/custom_sink.rs` runs the conformance
//! tests of all sinks on it.

#![allow(clippy::print_stdout)] // a program that talks

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tidegauge::acquisition::Recorded;
use tidegauge_core::{
    Batch, Cell, ColumnView, Cursor, Error, ErrorKind, Load, Loaded, Removal, Reset, Result,
    RowTally, Scalar, Sink, SinkCapabilities, TableRef, Test,
};

/// An in-memory store; its clones share the same state.
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
    /// The rows by the values of their key, all formatted as text.
    rows: BTreeMap<Vec<String>, Vec<String>>,
}

impl Memory {
    /// Returns the number of rows of a table.
    pub fn rows(&self, table: &str) -> usize {
        self.state().tables.get(table).map_or(0, |stored| stored.rows.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below can panic halfway, so a poisoned state is still consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(kind: ErrorKind, reason: String) -> Error {
    Error::sink("memory://", kind, reason)
}

impl State {
    /// Adds a table, or refuses it if one of that name has other columns.
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

    fn take(&mut self, batch: &Batch, tally: &mut RowTally<'_>) -> Result<()> {
        let stored = self.prepare(batch.table())?;
        let (table, columns) = (stored.table.clone(), batch.views()?);
        let key: Result<Vec<_>> = table.key.iter().map(|name| batch.column(name)).collect();
        let key = key?;
        for row in 0..batch.rows() {
            let written = |columns: &[ColumnView<'_>]| {
                columns.iter().map(|column| format!("{:?}", column.cell(row))).collect::<Vec<_>>()
            };
            let (key, values) = (written(&key), written(&columns));
            if let Some(known) = stored.rows.get(&key) {
                if !tally.may_repeat(&table) {
                    let reason = format!("table `{}` has a row with this key already", table.name);
                    return Err(failed(ErrorKind::InvalidInput, reason));
                }
                let differs = table.columns.iter().zip(known.iter().zip(&values));
                let differs =
                    differs.filter(|(_, (old, new))| old != new).map(|(column, _)| column);
                // The tally applies the load's duplicate policy, and counts the row.
                if !tally.known(batch, row, differs.map(|column| column.name.as_ref()).next())? {
                    continue;
                }
            } else {
                tally.inserted(&table, 1);
            }
            stored.rows.insert(key, values);
        }
        Ok(())
    }

    /// Removes rows and returns their number.
    fn remove(&mut self, removal: &Removal) -> usize {
        let Some(stored) = self.tables.get_mut(removal.table().name.as_ref()) else { return 0 };
        let (key, before) = (&stored.table.key, stored.rows.len());
        // A removal selects rows by texts of the key only.
        let goes = |row: &Vec<String>| {
            removal.predicate().conditions.iter().all(|condition| {
                let value = key.iter().position(|name| *name == condition.name).map(|at| &row[at]);
                let Test::OneOf(texts) = &condition.test else { return false };
                texts.iter().any(|text| match text {
                    Scalar::Text(text) => value == Some(&format!("{:?}", Cell::Text(text))),
                    _ => false,
                })
            })
        };
        stored.rows.retain(|row, _| !goes(row));
        before - stored.rows.len()
    }

    /// Refuses a load or reset that expects another cursor of `source`.
    fn compare(&self, source: &str, before: Option<&Cursor>) -> Result<()> {
        let found = self.cursors.get(source);
        if found == before {
            return Ok(());
        }
        let (expected, found) = (before.cloned(), found.cloned());
        Err(Error::Conflict { source_name: source.into(), expected, found })
    }
}

#[async_trait]
impl Sink for Memory {
    fn name(&self) -> &str {
        "memory://"
    }

    fn capabilities(&self) -> SinkCapabilities {
        SinkCapabilities { resets: true, ..SinkCapabilities::default() }
    }

    async fn prepare(&self, tables: &[TableRef]) -> Result<()> {
        let mut state = self.state();
        tables.iter().try_for_each(|table| state.prepare(table).map(|_| ()))
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(self.state().cursors.clone())
    }

    async fn load(&self, load: Load<'_>) -> Result<Loaded> {
        let mut state = self.state();
        state.compare(load.source, load.before)?;
        let mut next = state.clone();
        let mut tally = RowTally::new(&load);
        load.batches.iter().try_for_each(|batch| next.take(batch, &mut tally))?;
        if let Some(aside) = tally.set_aside()? {
            let load = Load::new(load.source, &[], None, load.after);
            next.take(&aside, &mut RowTally::new(&load))?;
        }
        next.cursors.insert(load.source.into(), load.after.clone());
        *state = next;
        Ok(tally.finish())
    }

    async fn reset(&self, reset: Reset<'_>) -> Result<Vec<usize>> {
        let mut state = self.state();
        reset.cursors.iter().try_for_each(|(source, before)| state.compare(source, *before))?;
        let mut next = state.clone();
        let removed = reset.removals.iter().map(|removal| next.remove(removal)).collect();
        reset.cursors.iter().for_each(|(source, _)| drop(next.cursors.remove(*source)));
        if !reset.dry_run {
            *state = next;
        }
        Ok(removed)
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
