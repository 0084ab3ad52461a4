//! BigQuery: rows go in by Parquet load jobs, and are taken over by one transaction.

mod aggregate;
mod client;
mod ddl;
mod failure;
mod jobs;
mod load;
mod migrate;
mod place;
mod scan;
mod stage;

use std::collections::BTreeMap;

use async_trait::async_trait;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, Cursor, Load, Scan, Sink, TableRef, Warehouse};
use tokio::sync::Mutex;

use self::client::{Client, Refusal};
pub(crate) use self::place::Place;
use crate::sql::Prepared;
use crate::{Error, Result};

/// A dataset of BigQuery.
#[derive(Debug)]
pub(crate) struct BigQuery {
    place: Place,
    client: Client,
    /// The tables known to be there; none before the built-in ones were brought up to date.
    prepared: Mutex<Option<Prepared>>,
}

impl BigQuery {
    pub(crate) fn open(place: Place) -> Result<Self> {
        let client = Client::new(place.clone()).map_err(|error| Error::Server {
            reason: format!("no connections can be made: {error}"),
            mend: "check this machine's certificates".into(),
        })?;
        Ok(Self { place, client, prepared: Mutex::new(None) })
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

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<()> {
        let tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        self.prepare(&tables).await?;
        self.of(self.commit(load).await)
    }
}

#[async_trait]
impl Warehouse for BigQuery {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<DataFrame> {
        self.of(self.read(scan).await)
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<DataFrame> {
        self.of(self.summarise(aggregate).await)
    }
}
