//! CSV output of tables.

use super::{Cell, Interval, Number, Table};

impl Table {
    /// Writes the table as CSV (RFC 4180, lines end in `\n`): a header, then the same rows and
    /// cells as in the HTML table and the charts.
    ///
    /// Numbers have all their digits and no unit; a share lies between 0 and 1. A missing value is
    /// an empty field. A column with intervals is followed by `<name>_low` and `<name>_high`, one
    /// with numbers of users by `<name>_n`.
    pub fn to_csv(&self) -> String {
        let mut csv = String::new();
        line(&mut csv, &self.csv_header());
        for row in self.rows() {
            let mut fields = Vec::new();
            for (column, cell) in self.columns().iter().zip(&row.cells) {
                let number = cell.as_number();
                fields.push(match cell {
                    Cell::Text(text) => text.clone(),
                    Cell::Number(Number { value, .. }) => value.to_string(),
                    Cell::Missing(_) => String::new(),
                });
                if column.interval {
                    let interval = number.and_then(|number| number.interval);
                    fields.push(field(interval.map(|Interval { low, .. }| low)));
                    fields.push(field(interval.and_then(|Interval { high, .. }| high)));
                }
                if column.n {
                    fields.push(field(number.and_then(|number| number.n)));
                }
            }
            line(&mut csv, &fields);
        }
        csv
    }

    /// Returns the names of the columns in CSV.
    pub(crate) fn csv_header(&self) -> Vec<String> {
        let mut names = Vec::new();
        for column in self.columns() {
            let name = &column.name;
            names.push(name.clone());
            if column.interval {
                names.extend([format!("{name}_low"), format!("{name}_high")]);
            }
            if column.n {
                names.push(format!("{name}_n"));
            }
        }
        names
    }
}

fn field(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn line(csv: &mut String, fields: &[String]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            csv.push(',');
        }
        // A line with a single empty field would be parsed as an empty line.
        let is_blank_line = fields.len() == 1 && field.is_empty();
        if is_blank_line || field.contains(['"', ',', '\n', '\r']) {
            csv.push('"');
            csv.push_str(&field.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(field);
        }
    }
    csv.push('\n');
}
