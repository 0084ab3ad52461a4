//! What a run did.

use std::fmt;
use std::time::Duration;

use comfy_table::{CellAlignment, presets};
use tidegauge_core::Page;

/// What a run did, table by table.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// One entry a source and table, in the order of loading.
    pub tables: Vec<TableSummary>,
}

/// What a run did to one table.
#[derive(Debug, Clone)]
pub struct TableSummary {
    /// The source that filled it.
    pub source: String,
    /// The table.
    pub table: String,
    /// The rows taken from the source.
    pub rows: usize,
    /// The time from asking for a page to its last commit; a page's time is shared among its
    /// tables by their rows.
    pub time: Duration,
}

impl TableSummary {
    /// Rows a second; `None` where nothing was loaded.
    pub fn rows_per_second(&self) -> Option<f64> {
        let seconds = self.time.as_secs_f64();
        (self.rows > 0 && seconds > 0.0).then(|| self.rows as f64 / seconds)
    }
}

impl Summary {
    /// The rows of all tables.
    pub fn rows(&self) -> usize {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Takes in what another run did.
    pub fn extend(&mut self, other: Self) {
        self.tables.extend(other.tables);
    }

    pub(super) fn expect(&mut self, source: &str, table: &str) {
        self.entry(source, table);
    }

    pub(super) fn add(&mut self, source: &str, page: &Page, time: Duration) {
        let all = page.rows().max(1) as f64;
        for batch in &page.batches {
            let entry = self.entry(source, &batch.table().name);
            entry.rows += batch.rows();
            entry.time += time.mul_f64(batch.rows() as f64 / all);
        }
    }

    fn entry(&mut self, source: &str, table: &str) -> &mut TableSummary {
        let found = self.tables.iter().position(|it| it.source == source && it.table == table);
        let at = found.unwrap_or_else(|| {
            self.tables.push(TableSummary {
                source: source.into(),
                table: table.into(),
                rows: 0,
                time: Duration::ZERO,
            });
            self.tables.len() - 1
        });
        &mut self.tables[at]
    }
}

/// A table: rows, seconds and rows a second of each table loaded.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["source", "table", "rows", "seconds", "rows/s"]);
        let mut row =
            |source: &str, name: &str, rows: usize, time: Duration, speed: Option<f64>| {
                table.add_row([
                    source.to_owned(),
                    name.to_owned(),
                    rows.to_string(),
                    format!("{:.2}", time.as_secs_f64()),
                    speed.map_or_else(String::new, |speed| format!("{speed:.0}")),
                ]);
            };
        for it in &self.tables {
            row(&it.source, &it.table, it.rows, it.time, it.rows_per_second());
        }
        let time: Duration = self.tables.iter().map(|it| it.time).sum();
        let all =
            TableSummary { source: String::new(), table: "all".into(), rows: self.rows(), time };
        row(&all.source, &all.table, all.rows, all.time, all.rows_per_second());
        for at in 2..5 {
            if let Some(column) = table.column_mut(at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.fmt(f)
    }
}
