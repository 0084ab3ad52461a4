//! Loads a CSV file into a custom table in SQLite; invalid rows go to the quarantine.
//!
//!     cargo run --example your_own_csv [-- FILE]
//!
//! Without FILE it first writes a small one. FILE may be a pattern (`exports/tickets-*.csv.gz`) of
//! files with the same columns. The same can be configured in `tidegauge.toml`, under [[tables]]
//! and [[files]].

#![allow(clippy::print_stdout)] // an example prints its results

use std::sync::Arc;

use tidegauge::acquisition::FileSource;
use tidegauge::acquisition::backfill::BadRows;
use tidegauge::acquisition::files::Config;
use tidegauge::acquisition::mapping::{Columns, Rule};
use tidegauge::core::tables::Quarantine;
use tidegauge::core::{DataType, Scan, Sink, SystemClock, Table, WarehouseExt, WriteMode};
use tidegauge::pipeline::{Pipeline, Silent};
use tidegauge::storage;

/// An export of another system, with its own column names, date format and decimal comma.
const TICKETS: &str = "\
Nr;Eröffnet;Betreff;Kosten
1;24.12.2020 08:15;Wo ist meine Einzahlung?;4,50
2;24.12.2020 09:02;\"Karte abgelehnt; zweimal\";1.234,25
3;31.02.2021 10:00;Danke;0,75
4;01.01.2021 00:30;;zwei Euro
5;01.01.2021 12:00;Danke 🙂;2,00
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("tidegauge-csv-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = match std::env::args().nth(1) {
        Some(path) => path,
        None => {
            let path = folder.join("tickets.csv");
            std::fs::write(&path, TICKETS)?;
            path.display().to_string()
        }
    };

    // 1. The definition of the target table.
    let table = Table::builder("tickets", "Support tickets")
        .column("ticket_id", DataType::Int64, "The ticket")
        .column("opened_at", DataType::Timestamp, "When it was opened")
        .nullable("subject", DataType::Text, "What it is about")
        .column("cost", DataType::FIAT, "What answering it cost")
        .column("currency", DataType::Text, "The currency of the cost")
        .key(["ticket_id"])
        .time("opened_at")
        .write(WriteMode::Append)
        .build()?;

    // 2. The mapping of the file's columns to the table's, and the formats of their values.
    let opened = Rule {
        format: Some("%d.%m.%Y %H:%M".into()),
        zone: Some("+01:00".into()),
        ..Rule::column("Eröffnet")
    };
    let cost = Rule { decimal: Some(','), thousands: Some('.'), ..Rule::column("Kosten") };
    let config = Config {
        name: "our_tickets".into(),
        path: path.clone(),
        delimiter: Some(';'),
        bad_rows: BadRows::Quarantine,
        columns: Columns::from([
            ("ticket_id".into(), Rule::column("Nr")),
            ("opened_at".into(), opened),
            ("subject".into(), Rule::column("Betreff")),
            ("cost".into(), cost),
            ("currency".into(), Rule::constant("EUR")),
        ]),
        ..Config::default()
    };
    let source = Arc::new(FileSource::new(config, table.clone(), Arc::new(SystemClock))?);

    // 3. Load into SQLite; the second run finds nothing new.
    let url = format!("sqlite://{}", folder.join("tickets.db").display());
    let warehouse = storage::connect(&url)?;
    let sink: Arc<dyn Sink> = warehouse.clone();
    let pipeline = Pipeline::new().source(source).sink(sink);
    println!("{}\n", pipeline.run(&Silent).await?);
    println!("and again: {} rows\n", pipeline.run(&Silent).await?.rows());

    // 4. Print the stored rows.
    for table in [&table, Quarantine::table()] {
        println!("{}", table.name);
        let batch = warehouse.read(&Scan::all(table)).await?;
        let columns = batch.views()?;
        for row in 0..batch.rows() {
            let shown = columns.iter().map(|column| column.shown(row).unwrap_or("null".into()));
            println!("  {}", shown.collect::<Vec<_>>().join("  "));
        }
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
