//! One page: fetched from a source, and loaded into a sink.

use std::time::Duration;

use tidegauge_core::tables::Quarantine;
use tidegauge_core::{Cursor, Load, Loaded, Page, Result, Sink, Source};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::source_names::BACKFILL_SUFFIX;

/// The time in which a cancelled source may still deliver the requested page; then the request is
/// dropped.
const CANCELLATION_GRACE: Duration = Duration::from_secs(10);

/// Fetches the page after `cursor`. Returns `None` if it did not arrive within the grace period
/// after `stop`: a dropped request has no effect.
pub(super) async fn fetch_page(
    source: &dyn Source,
    cursor: Option<&Cursor>,
    stop: &CancellationToken,
) -> Option<Result<Page>> {
    let fetch = source.fetch(cursor);
    tokio::pin!(fetch);
    tokio::select! {
        page = &mut fetch => Some(page),
        () = stop.cancelled() => timeout(CANCELLATION_GRACE, fetch).await.ok(),
    }
}

/// Loads a page, unless it has nothing new, and moves the sink's cursor. Returns the row counts.
pub(super) async fn load_page(
    sink: &dyn Sink,
    source: &dyn Source,
    page: &Page,
    cursor: &mut Option<Cursor>,
) -> Result<Loaded> {
    let after = Some(page.cursor.clone());
    let mut loaded = Loaded::default();
    if page.rows() > 0 || *cursor != after {
        let load = Load::new(source.name(), &page.batches, cursor.as_ref(), &page.cursor);
        let load = load.on_duplicate(source.on_duplicate());
        let replaced = match source.capabilities().snapshot && page.rows() > 0 {
            true => source.tables(),
            false => Vec::new(),
        };
        let replaced: Vec<_> =
            replaced.into_iter().filter(|table| table != Quarantine::table()).collect();
        if !replaced.is_empty() && !sink.capabilities().replaces {
            return Err(tidegauge_core::Error::NoReplace { name: sink.name().to_owned() });
        }
        // A reload has its own cursor, which would outlive the rows that are removed.
        let fill = format!("{}{BACKFILL_SUFFIX}", source.name());
        let forgotten = [fill.as_str()];
        let load = match replaced.is_empty() {
            true => load,
            false => load.replacing(&replaced).removing_cursors(&forgotten),
        };
        loaded = match sink.load(load).await {
            Err(tidegauge_core::Error::Differs { table, key, column, row, .. }) => {
                let place = source.row_origin(cursor.as_ref(), &table, row).await;
                return Err(tidegauge_core::Error::Differs { table, key, column, row, place });
            }
            loaded => loaded?,
        };
    }
    *cursor = after;
    Ok(loaded)
}
