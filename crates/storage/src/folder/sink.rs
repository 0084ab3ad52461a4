//! The sink over a folder of files.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use tidegauge_core::{Cursor, ErrorKind, Load, Loaded, Reset, Sink, SinkCapabilities, TableRef};

use super::commit::commit_with_retry;
use super::directory::Directory;
use super::format::Format;
use super::load::{commit_load, register_tables};
use super::manifest::Manifest;
use super::reset::ResetTask;
use super::verify::verify_folder;
use crate::Result;

/// A folder of files of one format, in one directory.
#[derive(Debug)]
pub(crate) struct Folder<F, D> {
    name: String,
    pub(crate) directory: D,
    /// `true` once files and manifest were found to match.
    verified: Arc<AtomicBool>,
    format: PhantomData<F>,
}

impl<F: Format<D>, D: Directory> Folder<F, D> {
    /// Opens the folder at `directory` under the given name.
    pub(crate) fn open(name: String, directory: D) -> Self {
        Self { name, directory, verified: Arc::default(), format: PhantomData }
    }

    /// Runs `work`, which blocks, on a thread for blocking work.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&D) -> Result<T> + Send + 'static,
    ) -> tidegauge_core::Result<T> {
        let directory = self.directory.clone();
        let done = tokio::task::spawn_blocking(move || work(&directory)).await;
        match done {
            Ok(done) => done.map_err(|error| error.into_core(&self.name)),
            Err(panicked) => Err(tidegauge_core::Error::sink(&self.name, ErrorKind::Bug, panicked)),
        }
    }
}

#[async_trait]
impl<F: Format<D>, D: Directory> Sink for Folder<F, D> {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> SinkCapabilities {
        F::capabilities()
    }

    async fn prepare(&self, tables: &[TableRef]) -> tidegauge_core::Result<()> {
        let (tables, verified) = (tables.to_vec(), self.verified.clone());
        self.blocking(move |directory| {
            let _guard = directory.acquire_guard()?;
            verify_folder::<F, D>(directory, &verified)?;
            commit_with_retry(directory, || {
                let mut manifest = Manifest::read::<F, D>(directory)?;
                register_tables::<F, D>(directory, &mut manifest, tables.iter())
            })
        })
        .await
    }

    async fn cursors(&self) -> tidegauge_core::Result<BTreeMap<String, Cursor>> {
        let verified = self.verified.clone();
        self.blocking(move |directory| {
            verify_folder::<F, D>(directory, &verified)?;
            Ok(Manifest::read::<F, D>(directory)?.cursors)
        })
        .await
    }

    async fn load(&self, load: Load<'_>) -> tidegauge_core::Result<Loaded> {
        let batches = load.batches.to_vec();
        let source = load.source.to_owned();
        let (before, after) = (load.before.cloned(), load.after.clone());
        let (on_duplicate, replaces) = (load.on_duplicate, load.replaces.to_vec());
        let forgets: Vec<String> = load.removed_cursors.iter().map(ToString::to_string).collect();
        let verified = self.verified.clone();
        self.blocking(move |directory| {
            let mut guard = directory.acquire_guard()?;
            verify_folder::<F, D>(directory, &verified)?;
            let load = Load::new(&source, &batches, before.as_ref(), &after);
            let forgets: Vec<&str> = forgets.iter().map(String::as_str).collect();
            let load =
                load.on_duplicate(on_duplicate).replacing(&replaces).removing_cursors(&forgets);
            let mut loaded = Loaded::default();
            commit_with_retry(directory, || {
                commit_load::<F, D>(directory, &mut guard, &load, &mut loaded)
            })?;
            Ok(loaded)
        })
        .await
    }

    async fn reset(&self, reset: Reset<'_>) -> tidegauge_core::Result<Vec<usize>> {
        let (task, verified) = (ResetTask::from(reset), self.verified.clone());
        self.blocking(move |directory| task.run::<F, D>(directory, &verified)).await
    }
}
