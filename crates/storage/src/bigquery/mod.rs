//! BigQuery: rows are staged by Parquet load jobs, and moved into place by one transaction.

mod aggregate;
mod client;
mod ddl;
mod failure;
mod jobs;
mod load;
mod migrate;
mod place;
mod reset;
mod scan;
mod stage;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{
    Aggregate, Batch, BatchStream, Cursor, ErrorKind, Load, Loaded, OnDuplicate, Reset, Scan, Sink,
    SinkCapabilities, TableRef, Warehouse,
};
use tokio::sync::Mutex;

use self::client::{Client, Refusal};
pub(crate) use self::place::Place;
use crate::sql::{Checkpoint, Prepared};
use crate::{Error, Result};

/// A dataset of BigQuery. Clones share its cached state.
#[derive(Debug, Clone)]
pub(crate) struct BigQuery {
    place: Arc<Place>,
    client: Arc<Client>,
    /// The tables known to exist; `None` until the built-in ones are migrated.
    prepared: Arc<Mutex<Option<Prepared>>>,
    /// The checkpoint of each loaded source, as of the given cursor.
    loaded: Arc<Mutex<HashMap<String, (Cursor, Checkpoint)>>>,
}

impl BigQuery {
    pub(crate) fn open(place: Place) -> Result<Self> {
        let client = Client::new(place.clone()).map_err(|error| {
            let reason = format!("no connections can be made: {error}");
            Error::server(ErrorKind::Configuration, reason, "check this machine's certificates")
        })?;
        let (prepared, loaded) = (Arc::default(), Arc::default());
        Ok(Self { place: Arc::new(place), client: Arc::new(client), prepared, loaded })
    }

    fn of<T>(&self, done: Result<T>) -> tidegauge_core::Result<T> {
        done.map_err(|error| error.of(&self.place.name))
    }
}

#[async_trait]
impl Sink for BigQuery {
    fn name(&self) -> &str {
        &self.place.name
    }

    fn capabilities(&self) -> SinkCapabilities {
        SinkCapabilities {
            conditional_writes: true,
            exact_decimals: true,
            pushdown: true,
            aggregates: true,
            resets: true,
            replaces: true,
        }
    }

    async fn check(&self, source: &str, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        let mut prepared = self.prepared.lock().await;
        self.of(self.make_ready(&mut prepared, &[]).await)?;
        drop(prepared);
        self.of(self.agreed(source, tables).await.map(|_| ()))
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        let mut prepared = self.prepared.lock().await;
        self.of(self.make_ready(&mut prepared, tables).await)
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        let cursors = self.all_cursors().await;
        self.of(cursors.map_err(|refusal: Refusal| self.failed(refusal, None)))
    }

    async fn cursor(&self, source: &str) -> tidegauge_core::Result<Option<Cursor>> {
        let cursor = self.cursor_of(source).await;
        self.of(cursor.map_err(|refusal: Refusal| self.failed(refusal, None)))
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<Loaded> {
        let mut tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        let notes = matches!(load.on_duplicate, OnDuplicate::SetAside { .. });
        if notes || !load.replaces.is_empty() {
            tables.push(Quarantine::table().clone());
        }
        self.prepare(&tables).await?;
        self.of(self.commit(load).await)
    }

    async fn reset(&self, reset: Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        self.of(self.forget(&reset).await)
    }
}

#[async_trait]
impl Warehouse for BigQuery {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<BatchStream> {
        self.of(self.read(scan).await)
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<Batch> {
        self.of(self.summarise(aggregate).await)
    }
}
