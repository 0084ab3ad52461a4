//! Prints live prices as they arrive, with their running minimum, mean and maximum, and stores them
//! in SQLite.
//!
//!     cargo run --example live_prices             # ten seconds of a local server
//!     cargo run --example live_prices -- 60       # a minute of it
//!     cargo run --example live_prices -- 60 live  # a minute of Kraken's market: needs a network
//!
//! The local server replays recorded prices, and drops the first connection after a second or two:
//! the stream reconnects, and the coverage ledger at the end shows it.

#![allow(clippy::print_stdout)] // an example prints its results

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tidegauge::acquisition::kraken_stream::{Channel, Config, KrakenStream};
use tidegauge::acquisition::{Context, recorded};
use tidegauge::core::{
    Cell, Clock, Crypto, Cursor, Error, ErrorKind, Load, Loaded, Result, Scan, Sink, SystemClock,
    TableRef, WarehouseExt, tables,
};
use tidegauge::pipeline::{Pipeline, Silent};
use tidegauge_replay::{Action, Connection, Market, Replay, Script, Service, TimeSource};

/// The running statistics of a price.
#[derive(Debug, Clone, Copy)]
struct Running {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
}

/// A custom sink that prints the rows it loads, and stores none.
#[derive(Debug, Default)]
struct Board {
    running: Mutex<BTreeMap<String, Running>>,
    cursors: Mutex<BTreeMap<String, Cursor>>,
}

impl Board {
    fn show(&self, symbol: &str, price: f64) -> std::result::Result<(), &'static str> {
        let mut all = self.running.lock().map_err(|_| "another thread has failed")?;
        let first = Running { count: 0.0, sum: 0.0, min: price, max: price };
        let seen = all.entry(symbol.into()).or_insert(first);
        seen.count += 1.0;
        seen.sum += price;
        seen.min = seen.min.min(price);
        seen.max = seen.max.max(price);
        let (min, mean, max) = (seen.min, seen.sum / seen.count, seen.max);
        println!(
            "{symbol:5} {price:>12.2}   min {min:>12.2}   mean {mean:>12.2}   max {max:>12.2}"
        );
        Ok(())
    }
}

#[async_trait]
impl Sink for Board {
    fn name(&self) -> &str {
        "the board"
    }

    async fn prepare(&self, _: &[TableRef]) -> Result<()> {
        Ok(())
    }

    async fn cursors(&self) -> Result<BTreeMap<String, Cursor>> {
        Ok(self.cursors.lock().map_err(|_| failed("it is broken"))?.clone())
    }

    async fn load(&self, load: Load<'_>) -> Result<Loaded> {
        for batch in load.batches.iter().filter(|batch| batch.table().name == "quotes") {
            let (symbols, prices) = (batch.column("symbol")?, batch.column("price")?);
            for row in 0..batch.rows() {
                let (symbol, price) = (symbols.cell(row), prices.cell(row));
                let (Cell::Text(symbol), Cell::Decimal(units)) = (symbol, price) else { continue };
                // Money is exact up to this point; the displayed value need not be.
                self.show(symbol, Crypto::from_units(units).to_f64()).map_err(failed)?;
            }
        }
        let mut cursors = self.cursors.lock().map_err(|_| failed("it is broken"))?;
        cursors.insert(load.source.into(), load.after.clone());
        Ok(Loaded::inserted(load.batches))
    }
}

fn failed(reason: &'static str) -> Error {
    Error::sink("the board", ErrorKind::Bug, reason)
}

/// Starts a server that replays recorded prices, ten a second, and drops the first connection after
/// fifteen.
async fn server(clock: Arc<dyn Clock>) -> std::result::Result<Replay, Box<dyn std::error::Error>> {
    let pace = Duration::from_millis(100);
    let mut first: Vec<_> = (0..15).flat_map(|_| [Action::Ticks(1), Action::Wait(pace)]).collect();
    first.push(Action::Drop);
    let script = Script {
        time: TimeSource::Clock(clock),
        connections: vec![Connection::Serve(first), Connection::Serve(vec![Action::Every(pace)])],
        ..Script::new(Service::Kraken, Market::from_csv(recorded::PRICES)?)
    };
    Ok(Replay::start(script).await?)
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let seconds = words.first().map_or(Ok(10), |word| word.parse())?;
    let live = words.get(1).is_some_and(|word| word == "live");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);

    // 1. The instruments and channels to subscribe to, and the server.
    let mut config = Config {
        symbols: vec!["BTC".into(), "ETH".into()],
        channels: vec![Channel::Ticker, Channel::Trade],
        ..Config::default()
    };
    let server = if live { None } else { Some(server(clock.clone()).await?) };
    if let Some(server) = &server {
        config.http.base_url = Some(server.url().parse()?);
        config.http.per_minute = tidegauge::acquisition::http::PerMinute::new(600);
        config.live.reconnect.first_pause = Duration::from_millis(500);
    }
    let source = Arc::new(KrakenStream::new(config, &Context::new(clock))?);

    // 2. Every page goes to the board and into the warehouse, until the time is up.
    let warehouse = tidegauge::storage::connect("sqlite://live_prices.db")?;
    let pipeline =
        Pipeline::new().source(source).sink(Arc::new(Board::default())).sink(warehouse.clone());
    let time_is_up = tokio::time::sleep(Duration::from_secs(seconds));
    let summary = pipeline.stream(&Silent, time_is_up).await?;

    // 3. The stored coverage: the spans without a gap.
    println!("\n{summary}\n");
    let coverage = tables::Coverage::table();
    let columns = Scan::columns(coverage, ["series", "start_at", "end_at", "state", "rows"]);
    let spans = warehouse.read(&columns).await?;
    let views = spans.views()?;
    for row in 0..spans.rows() {
        let shown: Vec<_> = views.iter().filter_map(|column| column.shown(row)).collect();
        println!("{}", shown.join("   "));
    }
    if summary.rows() == 0 {
        return Err("nothing came: is there a network?".into());
    }
    Ok(())
}
