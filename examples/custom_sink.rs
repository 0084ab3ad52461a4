//! A sink of your own, with nothing but `tidegauge-core`: counts rows in memory.
//!
//!     cargo run --example custom_sink
//!
//! A sink owes one thing: rows and cursor change together or not at all, and only if the cursor
//! is still where the load expects it. Here one lock does that; in a store it is a transaction.

#![allow(clippy::print_stdout)] // a program that talks

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tidegauge::acquisition::Recorded;
use tidegauge_core::{Cursor, Error, Load, Result, Sink, TableRef};

#[derive(Debug, Default)]
struct Counter {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<String, usize>,
    cursors: BTreeMap<String, Cursor>,
}

impl Counter {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below can panic halfway, so a poisoned state is still a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Sink for Counter {
    fn name(&self) -> &str {
        "counter://"
    }

    async fn prepare(&self, tables: &[TableRef]) -> Result<()> {
        for table in tables {
            self.state().rows.entry(table.name.to_string()).or_default();
        }
        Ok(())
    }

    async fn cursor(&self, source: &str) -> Result<Option<Cursor>> {
        Ok(self.state().cursors.get(source).cloned())
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
        for batch in load.batches {
            *state.rows.entry(batch.table().name.to_string()).or_default() += batch.rows();
        }
        state.cursors.insert(load.source.into(), load.after.clone());
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sink = Arc::new(Counter::default());
    let pipeline = tidegauge::pipeline::Pipeline::new()
        .source(Arc::new(Recorded::default()))
        .sink(sink.clone());
    pipeline.run(&tidegauge::pipeline::Silent).await?;
    pipeline.run(&tidegauge::pipeline::Silent).await?; // nothing new: nothing counted twice
    for (table, rows) in &sink.state().rows {
        println!("{table:<24} {rows:>6} rows");
    }
    assert_eq!(sink.state().rows["candles"], 4 * 323);
    Ok(())
}
