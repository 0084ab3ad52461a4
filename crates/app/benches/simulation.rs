//! How fast the exchange is played, into memory, Parquet and CSV, and what memory that takes.
//! `cargo xtask bench simulation` runs it beside its peers.
//!
//!     cargo bench --bench simulation -- WHERE USERS [DAYS] [THREADS]
//!
//! WHERE is `memory` or the URL of a store; printed are, tabbed, rows, seconds, bytes and the most memory that
//! the process had, in MiB: so each measurement wants a process of its own. With `tables` for WHERE the rows
//! are made first, and the tables go into Parquet and CSV one by one: printed is a line for each.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chrono::Days;
use tidegauge::pipeline::{Pipeline, Silent};
use tidegauge_core::{Batch, Cursor, Load, Loaded, Result, Sink, Source, TableRef};
use tidegauge_simulation::{Exchange, ExchangeConfig};

/// Rows a page.
const PAGE: usize = 500_000;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let [place, users, rest @ ..] = &words[..] else {
        println!("cargo bench --bench simulation -- WHERE USERS [DAYS] [THREADS]");
        return;
    };
    let days: u16 = rest.first().map_or(730, |it| it.parse().unwrap());
    let threads: Option<NonZero<usize>> = rest.get(1).map(|it| it.parse().unwrap());
    let users = users.parse().unwrap();
    let config = ExchangeConfig { users, days, threads, page_rows: PAGE, ..Default::default() };
    let until = Some(config.first_day + Days::new(days.into()));
    let market = tidegauge_testkit::market(config.first_day, days.into(), 1.0).unwrap();
    let exchange = Exchange::new(ExchangeConfig { until, ..config }, Arc::new(market)).unwrap();
    if place == "tables" {
        return tables(&exchange).await;
    }
    let counter = Arc::new(Counter::default());
    let sink: Arc<dyn Sink> = match place.as_str() {
        "memory" => counter.clone(),
        url => tidegauge_storage::connect_sink(url).unwrap(),
    };
    let pipeline = Pipeline::new().source(Arc::new(exchange)).sink(sink);
    let begun = Instant::now();
    let rows = pipeline.run(&Silent).await.unwrap().rows();
    let took = begun.elapsed().as_secs_f64();
    let bytes = match place.split_once("://") {
        Some((_, folder)) => size(Path::new(folder)),
        None => counter.0.load(Ordering::Relaxed),
    };
    println!("{rows}\t{took:.3}\t{bytes}\t{}", most_memory());
}

/// Each table by itself into Parquet and CSV, from memory.
async fn tables(exchange: &Exchange) {
    let mut batches = BTreeMap::<String, Vec<Batch>>::new();
    let mut cursor = None;
    loop {
        let page = exchange.fetch(cursor.as_ref()).await.unwrap();
        for batch in page.batches {
            batches.entry(batch.table().name.to_string()).or_default().push(batch);
        }
        cursor = Some(page.cursor);
        if page.done {
            break;
        }
    }
    for (table, batches) in &batches {
        for format in ["parquet", "csv"] {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("{format}://{}", folder.path().join("a").display());
            let sink = tidegauge_storage::connect_sink(&url).unwrap();
            sink.prepare(&[batches[0].table().clone()]).await.unwrap();
            let after = Cursor::new("1");
            let load = Load::new("bench", batches, None, &after);
            let begun = Instant::now();
            sink.load(load).await.unwrap();
            let took = begun.elapsed().as_secs_f64();
            let rows: usize = batches.iter().map(Batch::rows).sum();
            println!("{table}\t{format}\t{rows}\t{took:.3}\t{}", size(folder.path()));
        }
    }
}

/// The bytes of all files in a folder.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap());
    let of = |entry: std::fs::DirEntry| match entry.metadata().unwrap() {
        it if it.is_dir() => size(&entry.path()),
        it => it.len(),
    };
    entries.map(of).sum()
}

/// A sink that forgets what it is given, but for how many bytes that were.
#[derive(Debug, Default)]
struct Counter(AtomicU64);

#[async_trait::async_trait]
impl Sink for Counter {
    fn name(&self) -> &str {
        "memory"
    }

    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        Ok(())
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(BTreeMap::new())
    }

    async fn load(&self, load: Load<'_>) -> Result<Loaded> {
        let sizes = load.batches.iter().map(|batch| batch.record().get_array_memory_size() as u64);
        self.0.fetch_add(sizes.sum(), Ordering::Relaxed);
        Ok(Loaded::default())
    }
}

/// The most memory that this process ever had, in MiB, as Linux tells it.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or_else(|| "?".into(), |kib| (kib / 1024).to_string())
}
