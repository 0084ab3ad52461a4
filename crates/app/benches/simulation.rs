//! The throughput of the exchange simulator into memory, Parquet and CSV, and its peak memory.
//! `cargo xtask bench simulation` runs it beside its peers.
//!
//!     cargo bench --bench simulation -- WHERE USERS [DAYS] [THREADS]
//!
//! WHERE is `memory` or the URL of a store. The output is one line, separated by tabs: rows, seconds,
//! bytes and the peak memory of the process in MiB, so each measurement needs its own process. With
//! `tables` for WHERE the rows are made first, and each table is written to Parquet and CSV
//! separately: one line for each.
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

/// The number of rows per page.
const PAGE: usize = 500_000;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [place, users, rest @ ..] = &words[..] else {
        println!("cargo bench --bench simulation -- WHERE USERS [DAYS] [THREADS]");
        return;
    };
    let days: u16 = rest.first().map_or(730, |days| days.parse().unwrap());
    let threads: Option<NonZero<usize>> = rest.get(1).map(|threads| threads.parse().unwrap());
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

/// Writes each table separately into Parquet and CSV, from memory.
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

/// Returns the size of all files in a folder, in bytes.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let of = |entry: std::fs::DirEntry| match entry.metadata().unwrap() {
        metadata if metadata.is_dir() => size(&entry.path()),
        metadata => metadata.len(),
    };
    entries.map(of).sum()
}

/// A sink that discards rows and counts their bytes.
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

/// Returns the peak memory of this process in MiB, as Linux reports it, or `?`.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|size| size.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or_else(|| "?".into(), |kib| (kib / 1024).to_string())
}
