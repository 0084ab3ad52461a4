//! Checkpoints of what a source has loaded, written together with its cursor. A mismatch reveals a
//! table that was dropped or emptied, or a cursor that was changed by hand.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use tidegauge_core::{
    Batch, Cell, DataType, Filter, Fingerprint, Load, Scan, TableRef, Value, tables,
};

use crate::{Error, Result};

/// The tables that a source has filled, as of its cursor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The fingerprint of the cursor.
    cursor: Fingerprint,
    /// The key of the row written last, by table; empty if no key is kept, and any row proves the
    /// table.
    tables: BTreeMap<String, Vec<String>>,
}

impl Checkpoint {
    /// Parses the checkpoint of `cursor` of `source`; returns `None` if there is none, as in a
    /// store of an earlier release.
    ///
    /// # Errors
    /// When it was not written with this cursor.
    pub(crate) fn read(source: &str, cursor: &str, stored: Option<&str>) -> Result<Option<Self>> {
        let Some(stored) = stored else { return Ok(None) };
        match serde_json::from_str::<Self>(stored) {
            Ok(checkpoint) if checkpoint.cursor == fingerprint(cursor) => Ok(Some(checkpoint)),
            _ => Err(Error::CursorChanged { source_name: source.into() }),
        }
    }

    /// Returns the checkpoint after `load` is committed on top of `before`.
    pub(crate) fn after(before: Option<Self>, load: &Load<'_>, keeps_keys: bool) -> Result<Self> {
        let mut tables = before.unwrap_or_default().tables;
        for table in load.replaces {
            tables.remove(table.name.as_ref());
        }
        for batch in load.batches.iter().filter(|batch| batch.rows() > 0) {
            if is_recorded(batch.table()) {
                let key = if keeps_keys { last_key(batch)? } else { Vec::new() };
                tables.insert(batch.table().name.to_string(), key);
            }
        }
        Ok(Self { cursor: fingerprint(load.after.as_str()), tables })
    }

    /// Returns the JSON that is stored.
    pub(crate) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            let error =
                tidegauge_core::Error::sink("cursors", tidegauge_core::ErrorKind::Bug, error);
            Error::Core(error)
        })
    }

    /// Returns a scan that finds a row which the source has loaded into `table`, or `None` if it
    /// has loaded none.
    pub(crate) fn probe_scan(&self, table: &TableRef) -> Option<Scan> {
        let key = self.tables.get(table.name.as_ref()).filter(|_| is_recorded(table))?;
        let scan = Scan::columns(table, table.key.first().cloned()).limit(1);
        match key.len() == table.key.len() {
            true => Some(filters(table, key).into_iter().flatten().fold(scan, Scan::filter)),
            false => Some(scan),
        }
    }
}

/// Returns the error for `source`, whose rows are missing from `table`.
pub(crate) fn rows_missing(source: &str, table: &TableRef) -> Error {
    Error::RowsMissing { table: table.name.to_string(), source_name: source.into() }
}

/// Returns `false` for tables of notes for users, which may be cleared by hand.
fn is_recorded(table: &TableRef) -> bool {
    ![tables::RunRecord::table(), tables::Quarantine::table()]
        .iter()
        .any(|notes| notes.name == table.name)
}

fn fingerprint(cursor: &str) -> Fingerprint {
    let mut fingerprint = Fingerprint::default();
    fingerprint.update(cursor.as_bytes());
    fingerprint
}

/// Returns the key of the last row of `batch` as text, or an empty key if no filter can identify
/// it.
fn last_key(batch: &Batch) -> Result<Vec<String>> {
    let (table, row) = (batch.table(), batch.rows() - 1);
    let views = batch.views()?;
    let mut key = Vec::with_capacity(table.key.len());
    for name in &table.key {
        let place = table.columns.iter().position(|column| column.name == *name);
        let cell = place.and_then(|at| views.get(at)).map_or(Cell::Null, |view| view.cell(row));
        key.push(match cell {
            Cell::Bool(value) => value.to_string(),
            Cell::Int(value) | Cell::Decimal(value) => value.to_string(),
            Cell::Text(text) => text.to_owned(),
            Cell::Date(days) => days.to_string(),
            Cell::Timestamp(micros) => micros.to_string(),
            // Floats are not compared for equality.
            Cell::Float(_) | Cell::Null => String::new(),
        });
    }
    let scan = filters(table, &key).into_iter().flatten().fold(Scan::all(table), Scan::filter);
    Ok(if scan.predicate().is_ok() { key } else { Vec::new() })
}

/// Returns the filter of each key column, or `None` for columns without one.
fn filters(table: &TableRef, key: &[String]) -> Vec<Option<Filter>> {
    let filter = |name: &str, text: &String| {
        let column = table.column(name).ok()?;
        let value = match column.dtype {
            DataType::Bool => Value::Bool(text.parse().ok()?),
            DataType::Int64 => Value::Int(text.parse().ok()?),
            DataType::Text => Value::Text(text.clone()),
            DataType::Date => {
                let days = TimeDelta::try_days(text.parse().ok()?)?;
                Value::Date(NaiveDate::default().checked_add_signed(days)?)
            }
            DataType::Timestamp => {
                Value::Timestamp(DateTime::from_timestamp_micros(text.parse().ok()?)?)
            }
            DataType::Decimal { scale, .. } => Value::Decimal { units: text.parse().ok()?, scale },
            DataType::Float64 => return None,
        };
        Some(Filter::eq(column.name.to_string(), value))
    };
    table.key.iter().zip(key).map(|(name, text)| filter(name, text)).collect()
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{BatchBuilder, Cursor, Table};

    use super::*;

    fn loaded(before: Option<Checkpoint>, batches: &[Batch], after: &str) -> Checkpoint {
        let after = Cursor::new(after);
        let load = Load::new("test", batches, None, &after);
        Checkpoint::after(before, &load, true).unwrap()
    }

    fn rows(table: &TableRef, texts: &[&str]) -> Batch {
        let mut builder = BatchBuilder::new(table);
        texts.iter().for_each(|text| builder.push(Cell::Text(text)).unwrap());
        builder.finish().unwrap()
    }

    fn table(name: &'static str) -> TableRef {
        Table::builder(name, "").column("id", DataType::Text, "").key(["id"]).build().unwrap()
    }

    #[test]
    fn the_last_row_of_each_table_is_recorded_with_the_cursor() {
        let (one, two) = (table("one"), table("two"));
        let first = loaded(None, &[rows(&one, &["a", "b"]), rows(&two, &["c"])], "1");
        let then = loaded(Some(first), &[rows(&two, &["d"]), rows(&one, &[])], "2");
        let text = then.to_json().unwrap();
        assert!(text.ends_with(r#""tables":{"one":["b"],"two":["d"]}}"#), "{text}");
        assert_eq!(Checkpoint::read("test", "2", Some(&text)).unwrap(), Some(then.clone()));
        assert_eq!(Checkpoint::read("test", "2", None).unwrap(), None);
        for kept in [text.as_str(), "", "{}"] {
            let error = Checkpoint::read("test", "1", Some(kept)).unwrap_err().to_string();
            assert!(error.contains("cursor of `test`"), "{error}");
        }
        let probe = then.probe_scan(&two).unwrap();
        let wanted = Filter::eq("id", "d");
        assert_eq!(probe.filter, Some(wanted));
        assert!(then.probe_scan(&table("three")).is_none());
    }

    #[test]
    fn tables_of_notes_have_no_checkpoint() {
        for notes in [tables::RunRecord::table(), tables::Quarantine::table()] {
            assert!(!is_recorded(notes), "{}", notes.name);
        }
        assert!(is_recorded(tables::Coverage::table()));
    }
}
