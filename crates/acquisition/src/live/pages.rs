//! The pages of a live stream: when one is complete, and its cursor, the checkpoint of the stream.
//!
//! Delivery is at-least-once: a page is repeated until its cursor is passed back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tidegauge_core::{Cursor, Page};
use tokio::time::Instant;

use super::buffer::RowBuffer;
use super::connection::Connection;
use super::driver::{Live, State};
use super::protocol::Protocol;
use crate::{Result, cursor};

/// The content of the cursor.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamProgress {
    /// The number of pages so far.
    page: u64,
    /// The time of the last event, by series.
    last: BTreeMap<String, DateTime<Utc>>,
}

impl<P: Protocol> Live<P> {
    /// Returns the next page. Cancel-safe: no received message is lost. If it is called with the cursor
    /// before the last page, it returns that page again.
    pub(crate) async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        if let Some((before_last_page, page)) = &state.last_page {
            if before_last_page.as_ref() == before && before != Some(&page.cursor) {
                return Ok(page.clone());
            }
            state.last_page = None;
        }
        self.resume(state, before)?;
        let deadline = Instant::now() + self.config.batch_for;
        while state.buffer.rows() < self.config.batch_rows && Instant::now() < deadline {
            if let Connection::Open(_) = state.connection {
                self.listen(state, deadline).await;
                state.last_listen = Instant::now();
                continue;
            }
            if !state.buffer.is_empty() {
                break;
            }
            if let Some(error) = state.broken.take() {
                return Err(error);
            }
            self.reconnect(state, deadline).await;
        }
        self.build_page(state, before)
    }

    /// Reads the first cursor, and extends the timeouts by the time in which no fetch listened.
    fn resume(&self, state: &mut State, before: Option<&Cursor>) -> Result<()> {
        if state.page.is_none() {
            let progress: StreamProgress = match before {
                Some(before) => cursor::read(self.protocol.name(), before)?,
                None => StreamProgress::default(),
            };
            state.page = Some(progress.page);
            for series in &mut state.series {
                series.last = progress.last.get(&series.name).copied();
            }
        }
        let idle = state.last_listen.elapsed();
        if let Connection::Open(open) = &mut state.connection {
            open.extend_timeouts(idle);
        }
        state.last_listen = Instant::now();
        Ok(())
    }

    /// Builds a page of the pending rows, which stay pending if that fails.
    fn build_page(&self, state: &mut State, before: Option<&Cursor>) -> Result<Page> {
        let now = self.clock.now();
        if state.buffer.rows() > 0 || state.recorded.elapsed() >= self.config.idle_for {
            state.recorded = Instant::now();
            if let Connection::Open(open) = &state.connection {
                state.series.iter_mut().for_each(|series| series.extend(open.complete));
            }
            for series in &mut state.series {
                if let Some(row) = series.coverage(self.protocol.name(), now) {
                    state.buffer.coverage(row);
                }
            }
        }
        let batches = state.buffer.batches(self.protocol.name(), now)?;
        let page = state.page.unwrap_or_default() + u64::from(!batches.is_empty());
        let last = state.series.iter();
        let last = last.filter_map(|series| Some((series.name.clone(), series.last?))).collect();
        let cursor = cursor::write(self.protocol.name(), &StreamProgress { page, last })?;
        let built = Page { batches, cursor, done: false };
        state.page = Some(page);
        state.buffer = RowBuffer::default();
        state.last_page = Some((before.cloned(), built.clone()));
        Ok(built)
    }
}
