//! A source and a sink of an external crate, implemented with the public interface of
//! `tidegauge-core` only.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tidegauge_core::{
    Batch, Cursor, DataType, Error, ErrorKind, Load, Loaded, Page, Result, Sink, Source, Table,
    TableRef,
};

#[derive(Debug)]
pub struct Squares {
    table: TableRef,
}

impl Squares {
    pub fn new() -> Result<Self> {
        let table = Table::builder("squares", "Numbers and their squares")
            .column("number", DataType::Int64, "The number")
            .column("square", DataType::Int64, "Its square")
            .key(["number"])
            .build()?;
        Ok(Self { table })
    }
}

#[async_trait]
impl Source for Squares {
    fn name(&self) -> &str {
        "squares"
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![self.table.clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
        let read = |cursor: &Cursor| cursor.as_str().parse::<i64>();
        let wrong = |error| Error::source("squares", ErrorKind::Corrupt, error);
        let from = cursor.map_or(Ok(0), read).map_err(wrong)?;
        let to = 30.min(from + 10);
        let rows = (from..to)
            .map(|number| BTreeMap::from([("number", number), ("square", number * number)]));
        let batch = Batch::from_rows(&self.table, rows)?;
        Ok(Page { batches: vec![batch], cursor: Cursor::new(to.to_string()), done: to == 30 })
    }
}

#[derive(Debug, Default)]
pub struct Memory(Mutex<(usize, BTreeMap<String, Cursor>)>);

impl Memory {
    pub fn rows(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }
}

#[async_trait]
impl Sink for Memory {
    fn name(&self) -> &str {
        "memory://"
    }

    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        Ok(())
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone())
    }

    async fn load(&self, load: Load<'_>) -> Result<Loaded> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = state.1.get(load.source);
        if found != load.before {
            return Err(Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found: found.cloned(),
            });
        }
        state.0 += load.batches.iter().map(Batch::rows).sum::<usize>();
        state.1.insert(load.source.into(), load.after.clone());
        Ok(Loaded::inserted(load.batches))
    }
}
