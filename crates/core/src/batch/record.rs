//! A validated record batch of one table.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};

use super::view::ColumnView;
use super::{check, convert};
use crate::{Column, Error, Result, TableRef, tables};

/// Rows of one table as Arrow columns, *validated* against the table on construction: code that
/// receives a batch never has to check it again.
///
/// Columns have the types of [`DataType::to_arrow`](crate::DataType::to_arrow); text may also be a
/// dictionary with keys of 8 or 32 bits ([`TextView`](crate::TextView)).
#[derive(Debug, Clone)]
pub struct Batch {
    pub(super) table: TableRef,
    pub(super) record: RecordBatch,
}

impl Batch {
    /// Creates a batch from the table's columns, in any order and in any Arrow encoding that fits:
    /// integers of any width, text and dictionaries of any layout, timestamps of any unit and zone
    /// (stored as instants in UTC), decimals of any width.
    ///
    /// # Errors
    /// When a column is missing, unknown or of a type that does not fit, or when it has nulls
    /// without being nullable, a float that is not finite, text with a NUL, a decimal beyond its
    /// precision, or a value that would lose digits.
    pub fn new(table: &TableRef, record: RecordBatch) -> Result<Self> {
        for field in record.schema_ref().fields() {
            table.column(field.name())?;
        }
        let mut columns = Vec::with_capacity(table.columns.len());
        for definition in &table.columns {
            let invalid =
                |(row, reason)| Error::mismatch(&table.name, &definition.name, row, reason);
            let column = record.column_by_name(&definition.name);
            let column = column.ok_or_else(|| invalid((None, "the column is missing".into())))?;
            columns.push(convert::convert(definition, column).map_err(invalid)?);
        }
        Self::validated(table, record.num_rows(), columns)
    }

    /// Validates columns that are in the table's order and of its types, and creates a batch of
    /// them.
    pub(super) fn validated(table: &TableRef, rows: usize, columns: Vec<ArrayRef>) -> Result<Self> {
        for (definition, column) in table.columns.iter().zip(&columns) {
            check::check(definition, column).map_err(|(row, reason)| {
                Error::mismatch(&table.name, &definition.name, row, reason)
            })?;
        }
        Self::from_validated(table, rows, columns)
    }

    /// Creates a batch of columns that are in the table's order and already validated.
    pub(super) fn from_validated(
        table: &TableRef,
        rows: usize,
        columns: Vec<ArrayRef>,
    ) -> Result<Self> {
        let field = |(column, array): (&Column, &ArrayRef)| {
            Field::new(column.name.as_ref(), array.data_type().clone(), column.nullable)
        };
        let fields: Vec<_> = table.columns.iter().zip(&columns).map(field).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::new(Schema::new(fields));
        let record = RecordBatch::try_new_with_options(schema, columns, &options)
            .map_err(|error| Error::mismatch(&table.name, "*", None, error.to_string()))?;
        Ok(Self { table: table.clone(), record })
    }

    /// Creates a batch without rows.
    pub fn empty(table: &TableRef) -> Self {
        let record = RecordBatch::new_empty(Arc::new(table.to_arrow()));
        Self { table: table.clone(), record }
    }

    /// Returns the table.
    pub fn table(&self) -> &TableRef {
        &self.table
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.record.num_rows()
    }

    /// Returns the columns, in the table's order.
    pub fn record(&self) -> &RecordBatch {
        &self.record
    }

    /// Returns the columns, in the table's order, without a copy.
    pub fn into_record(self) -> RecordBatch {
        self.record
    }

    /// Returns a view of the column called `name`.
    ///
    /// # Errors
    /// When the table has no such column; the error names the columns that exist.
    pub fn column(&self, name: &str) -> Result<ColumnView<'_>> {
        match self.table.columns.iter().position(|column| column.name == name) {
            Some(at) => self.view(at),
            None => Err(self.table.column(name).err().unwrap_or_else(|| self.no_column(0))),
        }
    }

    /// Returns a view of the column at index `at` of the table.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn view(&self, at: usize) -> Result<ColumnView<'_>> {
        let (definition, array) = self
            .table
            .columns
            .get(at)
            .zip(self.record.columns().get(at))
            .ok_or_else(|| self.no_column(at))?;
        ColumnView::new(array, definition.dtype).ok_or_else(|| self.no_column(at))
    }

    /// Returns views of all columns, in the table's order.
    ///
    /// # Errors
    /// The same as for [`view`](Self::view).
    pub fn views(&self) -> Result<Vec<ColumnView<'_>>> {
        (0..self.table.columns.len()).map(|at| self.view(at)).collect()
    }

    /// Returns the key columns of `row` with their values, as in `order_id=17`. For an id that was
    /// text in the user's data, the value is that text.
    ///
    /// # Errors
    /// The same as for [`view`](Self::view).
    pub fn shown_key(&self, row: usize) -> Result<String> {
        let mut key = Vec::with_capacity(self.table.key.len());
        for name in &self.table.key {
            let external = tables::external(&self.table, name).unwrap_or_default();
            let text = self.column(external).ok().and_then(|column| column.shown(row));
            let value = match text {
                Some(text) => text,
                None => self.column(name)?.shown(row).unwrap_or_default(),
            };
            key.push(format!("{name}={value}"));
        }
        Ok(key.join(", "))
    }

    fn no_column(&self, at: usize) -> Error {
        Error::mismatch(&self.table.name, "*", None, format!("there is no column {at}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use arrow_array::Decimal128Array;
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::{Cell, Crypto, DataType, Table};

    fn table() -> TableRef {
        Table::builder("t", "")
            .column("id", DataType::Int64, "")
            .nullable("name", DataType::Text, "")
            .nullable("amount", DataType::CRYPTO, "")
            .nullable("at", DataType::Timestamp, "")
            .nullable("day", DataType::Date, "")
            .nullable("share", DataType::Float64, "")
            .key(["id"])
            .build()
            .unwrap()
    }

    #[derive(Serialize, Default)]
    struct Row {
        id: i64,
        name: Option<&'static str>,
        amount: Option<&'static str>,
        at: Option<&'static str>,
        day: Option<&'static str>,
        share: Option<f64>,
    }

    #[test]
    fn rows_convert_to_columns_exactly() {
        let rows = [
            Row { id: i64::MIN, name: Some("😀"), amount: Some("-1e-18"), ..Row::default() },
            Row {
                id: i64::MAX,
                at: Some("2026-01-02T03:04:05.678901+01:00"),
                day: Some("1969-12-31"),
                share: Some(0.5),
                ..Row::default()
            },
        ];
        let batch = Batch::from_rows(&table(), rows).unwrap();
        let cell = |name: &str, row| batch.column(name).unwrap().cell(row);
        assert_eq!(cell("id", 0), Cell::Int(i64::MIN.into()));
        assert_eq!(cell("name", 0), Cell::Text("😀"));
        assert_eq!((cell("amount", 0), cell("amount", 1)), (Cell::Decimal(-1), Cell::Null));
        assert_eq!(cell("at", 1), Cell::Timestamp(1_767_319_445_678_901));
        assert_eq!(cell("day", 1), Cell::Date(-1));
    }

    #[test]
    fn invalid_values_are_refused_with_column_and_row() {
        let good = || Row { id: 1, ..Row::default() };
        for (row, says) in [
            (
                Row { amount: Some("1.1234567890123456789"), ..good() },
                "`amount`, row 1: `1.123456789",
            ),
            (Row { at: Some("yesterday"), ..good() }, "`at`, row 1: `yesterday`"),
            (Row { share: Some(f64::NAN), ..good() }, "`share`, row 1: it is not a finite"),
            (Row { name: Some("a\0b"), ..good() }, "`name`, row 1: its text has a NUL"),
            (Row { amount: Some("100000000000000000000"), ..good() }, "more than 38 digits"),
        ] {
            let error = Batch::from_rows(&table(), [good(), row]).unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
        }
    }

    #[test]
    fn maps_may_omit_only_nullable_columns() {
        let row = BTreeMap::from([("id", 1)]);
        assert_eq!(Batch::from_rows(&table(), [row]).unwrap().rows(), 1);
        let error = Batch::from_rows(&table(), [BTreeMap::from([("day", "2026-01-01")])]);
        assert!(error.unwrap_err().to_string().contains("`id`, row 0: it is null"));
        let error = Batch::from_rows(&table(), [BTreeMap::from([("ID", 1)])]);
        assert!(error.unwrap_err().to_string().contains("no column `ID`"));
    }

    #[test]
    fn i128_max_exceeds_decimal_precision() {
        let table = Table::builder("t", "").column("amount", DataType::CRYPTO, "").key(["amount"]);
        let table = table.build().unwrap();
        for units in [i128::MIN, i128::MAX] {
            let amounts = Decimal128Array::from(vec![units]).with_precision_and_scale(38, 18);
            let amounts: ArrayRef = Arc::new(amounts.unwrap());
            let record = RecordBatch::try_from_iter([("amount", amounts)]).unwrap();
            let error = Batch::new(&table, record).unwrap_err().to_string();
            assert!(error.contains("more than 38 digits"), "{error}");
        }
    }

    #[test]
    fn decimals_given_as_floats_are_refused() {
        #[derive(Serialize)]
        struct Floaty {
            id: i64,
            amount: f64,
        }
        let error = Batch::from_rows(&table(), [Floaty { id: 1, amount: 0.1 }]).unwrap_err();
        assert!(error.to_string().contains("never a float"), "{error}");
    }

    proptest! {
        #[test]
        fn all_decimals_survive_a_round_trip(units in -(10i128.pow(38) - 1)..10i128.pow(38)) {
            let row = (1, Crypto::from_units(units));
            let row = BTreeMap::from([("id", row.0.to_string()), ("amount", row.1.to_string())]);
            let table = Table::builder("t", "")
                .column("id", DataType::Text, "")
                .column("amount", DataType::CRYPTO, "")
                .key(["id"]).build().unwrap();
            let batch = Batch::from_rows(&table, [row]).unwrap();
            prop_assert_eq!(batch.column("amount").unwrap().cell(0), Cell::Decimal(units));
        }
    }
}
