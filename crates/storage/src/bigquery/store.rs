//! A dataset of BigQuery, with what is known about its tables.

use std::collections::HashMap;
use std::sync::Arc;

use tidegauge_core::{Cursor, ErrorKind};
use tokio::sync::Mutex;

use super::client::Client;
use super::dataset::DatasetRef;
use crate::sql::{Checkpoint, KnownTables};
use crate::{Error, Result};

/// A dataset of BigQuery. Clones share its cached state.
#[derive(Debug, Clone)]
pub(crate) struct BigQuery {
    pub(super) dataset: Arc<DatasetRef>,
    pub(super) client: Arc<Client>,
    /// The tables known to exist; `None` until the built-in ones are migrated.
    pub(super) known_tables: Arc<Mutex<Option<KnownTables>>>,
    /// The checkpoint of each loaded source, as of the given cursor.
    pub(super) checkpoints: Arc<Mutex<HashMap<String, (Cursor, Checkpoint)>>>,
}

/// Returns the store in the dataset `dataset`, which connects on first use.
///
/// # Errors
/// When no HTTP client can be created.
pub(crate) fn open(dataset: DatasetRef) -> Result<BigQuery> {
    BigQuery::new(dataset)
}

impl BigQuery {
    fn new(dataset: DatasetRef) -> Result<Self> {
        let client = Client::new(dataset.clone()).map_err(|error| {
            let reason = format!("no connections can be made: {error}");
            Error::server(ErrorKind::Configuration, reason, "check this machine's certificates")
        })?;
        let (known_tables, checkpoints) = (Arc::default(), Arc::default());
        Ok(Self { dataset: Arc::new(dataset), client: Arc::new(client), known_tables, checkpoints })
    }

    /// Converts the error of a result to the ports' error type.
    pub(super) fn to_core<T>(&self, done: Result<T>) -> tidegauge_core::Result<T> {
        done.map_err(|error| error.into_core(&self.dataset.name))
    }
}
