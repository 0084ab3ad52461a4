//! The main workflow: recorded prices → a simulated exchange → SQLite, with CSV and Parquet backups
//! → the audit of the books → the report.
//!
//!     cargo run --release --example pipeline
//!
//! Each further run simulates the next day. It needs no key and no network.

#![allow(clippy::print_stdout)] // an example prints its results

use std::sync::Arc;

use tidegauge::core::SystemClock;
use tidegauge::pipeline::Silent;
use tidegauge::{Config, Secrets, Tidegauge, report};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 1. The configuration: recorded prices, and an exchange that is simulated from them.
    let mut config = Config::demo();
    config.backups = vec!["csv://backup/csv".into(), "parquet://backup/parquet".into()];

    // 2. Load: bundled prices and exchange rates first, then the exchange that is priced with them.
    // Rows and cursors commit together, so the program may be killed at any moment and run again.
    let tidegauge = Tidegauge::open(config, Secrets::default(), Arc::new(SystemClock))?;
    let run = tidegauge.begin(None).await?;
    let summary = tidegauge.load(&run, &Silent).await?;
    println!("{summary}\n");

    // 3. Verify that the stored data is consistent, down to every balance at every moment.
    let audit = tidegauge.verify().await?;
    for rule in audit.violated() {
        println!("BROKEN  {}: {} of {}", rule.description, rule.violations, rule.checked);
    }
    if !audit.passed() {
        return Err("the warehouse contradicts itself".into());
    }
    println!("verified   {} rules hold", audit.rules.len());

    // 4. The answers to the three questions.
    let answers = tidegauge.report().await?;
    let config = tidegauge.config();
    report::write(&config.report, &answers.to_html()?)?;
    println!("warehouse  {}", config.warehouse);
    for backup in &config.backups {
        println!("backup     {backup}");
    }
    println!("report     {}\n", config.report.display());
    for insight in answers.insights() {
        println!("{insight}\n");
    }

    // 5. Only now is this day finished, and the next run simulates the next one.
    tidegauge.finish(run).await?;
    Ok(())
}
