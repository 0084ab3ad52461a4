//! The data of a report for programs: its panels without charts, as JSON.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    AnsweredQuestion, Cell, Computation, Format, Page, Panel, Provenance, Report, Row, Table, Tile,
};

/// The data of a [`Report`]: its provenance, key figures, insights and panels.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ReportData<'a> {
    /// The provenance of the numbers.
    pub provenance: &'a Provenance,
    /// The caveats of the numbers, one sentence each.
    pub caveats: Vec<String>,
    /// The questions that the report answers first.
    pub answers: Vec<AnsweredQuestion<'a>>,
    /// The key figures and the insights of each page.
    pub pages: Vec<PageData<'a>>,
    /// The panels of all pages, in the order of the report.
    pub panels: Vec<PanelData<'a>>,
}

/// The key figures and the insights of a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PageData<'a> {
    /// The page.
    pub page: Page,
    /// The key figures, formatted.
    pub figures: &'a [Tile],
    /// The insights, one or two sentences each.
    pub insights: &'a [String],
}

/// The data of a panel.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PanelData<'a> {
    /// The page of the panel.
    pub page: Page,
    /// The id of the panel within its page.
    pub id: &'a str,
    /// The heading.
    pub title: &'a str,
    /// The unit of the values, empty for a ratio.
    pub unit: &'a str,
    /// How the values are computed.
    pub computation: Option<&'a Computation>,
    /// The values.
    pub table: TableData<'a>,
}

/// The data of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TableData<'a> {
    /// The columns, in order.
    pub columns: Vec<ColumnData<'a>>,
    /// The rows: each has its values by their CSV names ([`Table::to_csv`]), `null` where there is
    /// no value.
    pub rows: Vec<Map<String, Value>>,
    /// The rows that are totals of others, in the same form.
    pub totals: Vec<Map<String, Value>>,
}

/// The metadata of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ColumnData<'a> {
    /// The name; the bounds of an interval are named `<name>_low` and `<name>_high`, the number of
    /// users `<name>_n`.
    pub name: &'a str,
    /// The heading as displayed.
    pub title: &'a str,
    /// The format of the values, which determines their unit; a percentage lies between 0 and 1.
    pub format: Format,
    /// The unit of the values, empty for text and ratios.
    pub unit: String,
    /// `true` if the values have the bounds of an interval.
    pub interval: bool,
    /// `true` if the values have the number of users that they are computed from.
    pub n: bool,
}

impl Report {
    /// Returns the data of the report for programs.
    pub fn data(&self) -> ReportData<'_> {
        let pages = self.answers.iter().map(|answer| PageData {
            page: answer.question.page,
            figures: &answer.tiles,
            insights: &answer.insights,
        });
        let panels = self.answers.iter().flat_map(|answer| {
            let page = answer.question.page;
            answer.panels.iter().map(move |panel| PanelData::new(page, panel))
        });
        ReportData {
            provenance: &self.provenance,
            caveats: self.provenance.caveats(),
            answers: self.answered(),
            pages: pages.collect(),
            panels: panels.collect(),
        }
    }
}

impl<'a> PanelData<'a> {
    fn new(page: Page, panel: &'a Panel) -> Self {
        let Panel { id, title, unit, table, computation, .. } = panel;
        let (computation, table) = (computation.as_ref(), TableData::new(table));
        Self { page, id, title, unit, computation, table }
    }
}

impl<'a> TableData<'a> {
    fn new(table: &'a Table) -> Self {
        let columns = table.columns().iter().map(|column| ColumnData {
            name: &column.name,
            title: &column.title,
            format: column.format,
            unit: column.format.unit(),
            interval: column.interval,
            n: column.n,
        });
        let rows = |is_total: bool| {
            let rows = table.rows().iter().filter(move |row| row.is_total == is_total);
            rows.map(|row| values(table, row)).collect()
        };
        Self { columns: columns.collect(), rows: rows(false), totals: rows(true) }
    }
}

/// Returns the values of a row by their CSV names.
fn values(table: &Table, row: &Row) -> Map<String, Value> {
    let mut values = Map::new();
    for (column, cell) in table.columns().iter().zip(&row.cells) {
        let (name, number) = (&column.name, cell.as_number());
        let value = match cell {
            Cell::Text(text) => Value::from(text.as_str()),
            Cell::Number(number) => Value::from(number.value),
            Cell::Missing(_) => Value::Null,
        };
        values.insert(name.clone(), value);
        if column.interval {
            let interval = number.and_then(|number| number.interval);
            let low = interval.map(|interval| interval.low);
            let high = interval.and_then(|interval| interval.high);
            values.insert(format!("{name}_low"), Value::from(low));
            values.insert(format!("{name}_high"), Value::from(high));
        }
        if column.n {
            values.insert(format!("{name}_n"), Value::from(number.and_then(|number| number.n)));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Column;

    #[test]
    fn json_rows_have_the_names_of_csv() {
        let mut table = Table::new([
            Column::new("channel", "Channel", Format::Name),
            Column::new("rate", "Rate", Format::Percent).with_interval().with_n(),
        ])
        .unwrap();
        table.push([Cell::text("organic"), Cell::number(0.5)]).unwrap();
        table.push_total([Cell::text("all"), Cell::NOT_OVER]).unwrap();
        let data = TableData::new(&table);
        let names: Vec<_> = data.rows[0].keys().map(String::as_str).collect();
        let mut header = table.csv_header();
        header.sort();
        assert_eq!(names, header);
        let row = json!({"channel": "organic", "rate": 0.5, "rate_low": null, "rate_high": null, "rate_n": null});
        assert_eq!(Value::from(data.rows[0].clone()), row);
        assert_eq!((data.rows.len(), &data.totals[0]["rate"]), (1, &Value::Null));
    }
}
