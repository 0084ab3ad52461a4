//! A custom source implemented with `tidegauge-core` only: support tickets, page by page.
//!
//!     cargo run --example custom_source
//!
//! A source declares the tables that it fills and returns the page that follows a cursor. The rest
//! (order, transactions, resuming after a crash, several sinks at once) is the pipeline's task.

#![allow(clippy::print_stdout)] // an example prints its results

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use tidegauge_core::{
    Batch, Cursor, DataType, Error, ErrorKind, Page, Result, Source, Table, TableRef, WriteMode,
};

/// A row: any struct that serializes, with column names as field names.
#[derive(Debug, Clone, Serialize)]
struct Ticket {
    ticket_id: i64,
    opened_at: &'static str,
    subject: Option<&'static str>,
    cost_usd: &'static str,
}

/// The tickets that another system would return.
const TICKETS: [Ticket; 4] = [
    Ticket {
        ticket_id: 1,
        opened_at: "2020-09-28T08:15:00Z",
        subject: Some("where is my deposit?"),
        cost_usd: "4.50",
    },
    Ticket { ticket_id: 2, opened_at: "2020-09-28T09:02:11Z", subject: None, cost_usd: "1.25" },
    Ticket {
        ticket_id: 3,
        opened_at: "2020-09-29T17:40:00+02:00",
        subject: Some("card declined"),
        cost_usd: "2.00",
    },
    Ticket {
        ticket_id: 4,
        opened_at: "2020-09-30T23:59:59.999999Z",
        subject: Some("thank you 🙂"),
        cost_usd: "0.75",
    },
];

#[derive(Debug)]
struct Tickets {
    table: TableRef,
    page_rows: usize,
}

impl Tickets {
    fn new() -> Result<Self> {
        let table = Table::builder("tickets", "Support tickets")
            .column("ticket_id", DataType::Int64, "The ticket")
            .column("opened_at", DataType::Timestamp, "When it was opened")
            .nullable("subject", DataType::Text, "What it is about")
            .column("cost_usd", DataType::FIAT, "What answering it cost, US dollars")
            .key(["ticket_id"])
            .time("opened_at")
            .write(WriteMode::Merge)
            .build()?;
        Ok(Self { table, page_rows: 3 })
    }
}

#[async_trait]
impl Source for Tickets {
    fn name(&self) -> &str {
        "tickets"
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![self.table.clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
        // The cursor is this source's own text: the number of tickets returned so far.
        let from: usize = match cursor {
            None => 0,
            Some(cursor) => {
                let wrong = |error| Error::source("tickets", ErrorKind::Corrupt, error);
                cursor.as_str().parse::<usize>().map_err(wrong)?
            }
        };
        let to = TICKETS.len().min(from + self.page_rows);
        let batches = if from < to {
            vec![Batch::from_rows(&self.table, &TICKETS[from..to])?]
        } else {
            Vec::new()
        };
        Ok(Page { batches, cursor: Cursor::new(to.to_string()), done: to == TICKETS.len() })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("tidegauge-tickets-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let url = format!("sqlite://{}", folder.join("tickets.db").display());
    let sink = tidegauge::storage::connect_sink(&url)?;

    let pipeline =
        tidegauge::pipeline::Pipeline::new().source(Arc::new(Tickets::new()?)).sink(sink.clone());
    let first = pipeline.run(&tidegauge::pipeline::Silent).await?;
    let second = pipeline.run(&tidegauge::pipeline::Silent).await?;
    println!("{first}\n");
    println!("{} rows the first time, {} the second", first.rows(), second.rows());
    println!("{url} stands at cursor {:?}", sink.cursor("tickets").await?);
    assert_eq!((first.rows(), second.rows()), (4, 0));
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
