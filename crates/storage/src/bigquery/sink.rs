//! The sink and warehouse over a dataset.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{
    Aggregate, Batch, BatchStream, Cursor, Load, Loaded, OnDuplicate, Reset, Scan, Sink,
    SinkCapabilities, TableRef, Warehouse,
};

use super::store::BigQuery;

#[async_trait]
impl Sink for BigQuery {
    fn name(&self) -> &str {
        &self.dataset.name
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
        let mut known_tables = self.known_tables.lock().await;
        self.to_core(self.prepare_tables(&mut known_tables, &[]).await)?;
        drop(known_tables);
        self.to_core(self.verified_checkpoint(source, tables).await.map(|_| ()))
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        let mut known_tables = self.known_tables.lock().await;
        self.to_core(self.prepare_tables(&mut known_tables, tables).await)
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        let cursors = self.all_cursors().await;
        self.to_core(cursors.map_err(|error| self.to_error(error, None)))
    }

    async fn cursor(&self, source: &str) -> tidegauge_core::Result<Option<Cursor>> {
        let cursor = self.cursor_of(source).await;
        self.to_core(cursor.map_err(|error| self.to_error(error, None)))
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<Loaded> {
        let mut tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        let notes = matches!(load.on_duplicate, OnDuplicate::SetAside { .. });
        if notes || !load.replaces.is_empty() {
            tables.push(Quarantine::table().clone());
        }
        self.prepare(&tables).await?;
        self.to_core(self.commit(load).await)
    }

    async fn reset(&self, reset: Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        self.to_core(self.reset_rows(&reset).await)
    }
}

#[async_trait]
impl Warehouse for BigQuery {
    async fn scan(&self, scan: &Scan) -> tidegauge_core::Result<BatchStream> {
        self.to_core(self.read(scan).await)
    }

    async fn aggregate(&self, aggregate: &Aggregate) -> tidegauge_core::Result<Batch> {
        self.to_core(self.compute_aggregate(aggregate).await)
    }
}
