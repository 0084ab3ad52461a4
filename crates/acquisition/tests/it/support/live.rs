//! Helpers of the tests of streams.
#![allow(unreachable_pub)] // a test program has no public surface

use std::collections::BTreeMap;
use std::time::Duration;

use tidegauge_acquisition::live::{LiveConfig, Reconnect};
use tidegauge_acquisition::recorded::PRICES;
use tidegauge_core::{Batch, Cursor, Page, Source};
use tidegauge_replay::{Connection, Market, Replay, Script, Service};

/// Starts a server that replays the recorded prices, one tick a second from 2026-01-01 on.
pub async fn server(service: Service, lines: Vec<Connection>) -> Replay {
    Replay::start(script(service, lines)).await.unwrap()
}

pub fn script(service: Service, lines: Vec<Connection>) -> Script {
    Script { connections: lines, ..Script::new(service, Market::from_csv(PRICES).unwrap()) }
}

/// Returns a configuration with short timeouts.
pub fn hasty() -> LiveConfig {
    LiveConfig {
        batch_for: Duration::from_millis(50),
        idle_for: Duration::ZERO,
        ack_timeout: Duration::from_millis(400),
        silence_timeout: Duration::from_millis(500),
        reconnect: Reconnect {
            first_pause: Duration::from_millis(2),
            longest_pause: Duration::from_millis(5),
            ..Reconnect::default()
        },
        ..LiveConfig::default()
    }
}

/// Fetches pages from `cursor` on until `enough` returns `true`, for at most ten seconds.
pub async fn pages(
    source: &dyn Source,
    cursor: Option<Cursor>,
    mut enough: impl FnMut(&[Page]) -> bool,
) -> Vec<Page> {
    let (mut pages, mut cursor) = (Vec::new(), cursor);
    let limit = tokio::time::Instant::now() + Duration::from_secs(10);
    while !enough(&pages) {
        assert!(tokio::time::Instant::now() < limit, "it does not come: {pages:?}");
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        assert!(!page.done);
        cursor = Some(page.cursor.clone());
        pages.push(page);
    }
    pages
}

fn batches<'a>(pages: &'a [Page], table: &'a str) -> impl Iterator<Item = &'a Batch> {
    let batches = pages.iter().flat_map(|page| &page.batches);
    batches.filter(move |batch| batch.table().name == table)
}

/// Returns the values of a column as text, over all pages.
pub fn shown(pages: &[Page], table: &str, column: &str) -> Vec<String> {
    batches(pages, table).flat_map(|batch| crate::support::shown(batch, column)).collect()
}

/// Returns the ids of the trades, in the order of the pages.
pub fn trade_ids(pages: &[Page]) -> Vec<i64> {
    shown(pages, "market_trades", "trade_id").iter().map(|id| id.parse().unwrap()).collect()
}

/// A row of the gap ledger, with times in seconds since 2026-01-01.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub start: f64,
    pub end: f64,
    pub state: String,
    pub rows: i64,
    pub reason: String,
}

/// Returns the final gap ledger of a series, as in a sink: the last row of each key.
pub fn ledger(pages: &[Page], series: &str) -> Vec<Span> {
    let mut spans = BTreeMap::new();
    for batch in batches(pages, "coverage") {
        let time = |column: &str, at: usize| {
            batch.column(column).unwrap().as_timestamp().unwrap().value(at)
        };
        let text = |column: &str, at: usize| {
            let texts = batch.column(column).unwrap().as_text().unwrap();
            texts.get(at).unwrap_or_default().to_owned()
        };
        let seconds = |micros: i64| (micros - 1_767_225_600_000_000) as f64 / 1e6;
        for at in (0..batch.rows()).filter(|at| text("series", *at) == series) {
            let start = time("start_at", at);
            let span = Span {
                start: seconds(start),
                end: seconds(time("end_at", at)),
                state: text("state", at),
                rows: batch.column("rows").unwrap().as_i64().unwrap().value(at),
                reason: text("reason", at),
            };
            spans.insert(start, span);
        }
    }
    spans.into_values().collect()
}
