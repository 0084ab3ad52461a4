//! The simulator with one sink: writes a simulated exchange to a folder of Parquet files.
//!
//!     cargo run --release --example simulate_to_parquet -- [FOLDER] [SEED] [DAYS]
//!
//! It uses the bundled market; any data in `candles`, `raw_crypto_market_data` and `fx_rates`
//! works.

#![allow(clippy::print_stdout)] // an example prints its results

use std::sync::Arc;

use chrono::Days;
use tidegauge::acquisition::Recorded;
use tidegauge::core::Sink;
use tidegauge::core::market::Market;
use tidegauge::pipeline::{Pipeline, Silent};
use tidegauge::simulation::{Classic, ClassicConfig};
use tidegauge::storage;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| "backup/simulated".into());
    let seed = args.next().map_or(Ok(42), |seed| seed.parse())?;
    let days = args.next().map_or(Ok(7), |days| days.parse())?;

    // The prices go into the same folder, since they are needed to value the trades.
    let warehouse = storage::connect(&format!("parquet://{folder}"))?;
    let sink: Arc<dyn Sink> = warehouse.clone();
    let prices = Pipeline::new().source(Arc::new(Recorded::default())).sink(sink.clone());
    prices.run(&Silent).await?;
    let market = Market::read(warehouse.as_ref()).await?;

    // Ninety days of history, and `days` more.
    let config = ClassicConfig { seed, ..ClassicConfig::default() };
    let until = Some(config.start_day + Days::new(days));
    let exchange = Classic::new(ClassicConfig { until, ..config }, Arc::new(market))?;
    let summary = Pipeline::new().source(Arc::new(exchange)).sink(sink).run(&Silent).await?;
    println!("{summary}\n\n{folder}");
    Ok(())
}
