//! Rows of one table as columns, checked once.

mod builder;
mod columns;
mod rows;

use polars_core::frame::DataFrame;
use polars_core::prelude::{Column as PolarsColumn, DataType as PolarsType};
use serde::Serialize;

pub use builder::{BatchBuilder, Cell};
pub use columns::Values;

use crate::{Column, DataType, Error, Result, TableRef};

/// Rows of one table as columns, *checked* against the table when made: code that is handed a
/// batch never checks again.
#[derive(Debug, Clone)]
pub struct Batch {
    table: TableRef,
    frame: DataFrame,
}

impl Batch {
    /// Takes a frame whose columns are the table's, in any order.
    ///
    /// # Errors
    /// When a column is missing, unknown or of another type, when it has nulls that it must not
    /// have, a float that is not finite, text with a NUL, or a decimal past its precision.
    pub fn new(table: &TableRef, frame: DataFrame) -> Result<Self> {
        for name in frame.get_column_names() {
            table.column(name)?;
        }
        let mut columns = Vec::with_capacity(table.columns.len());
        for definition in &table.columns {
            let column = frame.column(&definition.name).map_err(|_| {
                Error::mismatch(&table.name, &definition.name, None, "the column is missing")
            })?;
            columns.push(column.clone());
        }
        Self::checked(table, frame.height(), columns)
    }

    /// Takes columns that are in the table's order.
    fn checked(table: &TableRef, rows: usize, columns: Vec<PolarsColumn>) -> Result<Self> {
        for (definition, column) in table.columns.iter().zip(&columns) {
            Self::check(table, definition, column)?;
        }
        Self::of_checked(table, rows, columns)
    }

    fn check(table: &TableRef, definition: &Column, column: &PolarsColumn) -> Result<()> {
        check(definition, column)
            .map_err(|(row, reason)| Error::mismatch(&table.name, &definition.name, row, reason))
    }

    /// Takes columns that are in the table's order, and fit it.
    fn of_checked(table: &TableRef, rows: usize, columns: Vec<PolarsColumn>) -> Result<Self> {
        let frame = DataFrame::new(rows, columns)
            .map_err(|error| Error::mismatch(&table.name, "*", None, error.to_string()))?;
        Ok(Self { table: table.clone(), frame })
    }

    /// Takes rows of anything that serializes as a struct or a map, field names being column
    /// names. Nobody needs to touch polars.
    ///
    /// Money is given as text (`"12.50"`), a whole number or a [`crate::Fixed`], never as a float;
    /// times as text (RFC 3339, or `YYYY-MM-DD HH:MM:SS` in UTC), which is what chrono's types
    /// serialize to; a missing field is null.
    ///
    /// # Errors
    /// As for [`Batch::new`], naming the row.
    pub fn from_rows<R: Serialize>(
        table: &TableRef,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self> {
        let mut builder = BatchBuilder::new(table);
        for row in rows {
            rows::push(&mut builder, &row)?;
        }
        builder.finish()
    }

    /// The table.
    pub fn table(&self) -> &TableRef {
        &self.table
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// The columns, in the table's order.
    pub fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// The columns, in the table's order, without a copy.
    pub fn into_frame(self) -> DataFrame {
        self.frame
    }
}

/// What does not fit, and at which row if that is known.
type Misfit = (Option<usize>, String);

fn check(definition: &Column, column: &PolarsColumn) -> Result<(), Misfit> {
    let series = column.as_materialized_series();
    // Precision is a bound on the values, checked below; only the scale says what the units mean.
    let same = match (series.dtype(), definition.dtype) {
        (PolarsType::Decimal(_, scale), DataType::Decimal { scale: wanted, .. }) => {
            *scale == usize::from(wanted)
        }
        (found, wanted) => *found == wanted.to_polars(),
    };
    if !same {
        return Err((None, format!("it is {}, not {}", series.dtype(), definition.dtype)));
    }
    if !definition.nullable && series.null_count() > 0 {
        let row = series.is_null().iter().position(|null| null == Some(true));
        return Err((row, "it is null, and must not be".into()));
    }
    let (row, reason) = match definition.dtype {
        DataType::Float64 => {
            let values = series.f64().map_err(|error| (None, error.to_string()))?;
            let row = values.iter().position(|value| value.is_some_and(|value| !value.is_finite()));
            (row, "it is not a finite number".into())
        }
        DataType::Text => {
            let values = series.str().map_err(|error| (None, error.to_string()))?;
            let mut values = values.downcast_iter().flat_map(|chunk| chunk.iter());
            let row = values.position(|text| text.is_some_and(|text| text.as_bytes().contains(&0)));
            (row, "its text has a NUL".into())
        }
        DataType::Decimal { precision, .. } => {
            let values = series.decimal().map_err(|error| (None, error.to_string()))?;
            let bound = 10u128.checked_pow(precision.into()).unwrap_or(u128::MAX);
            let over = |units: &i128| units.unsigned_abs() >= bound;
            let mut values = values.physical().downcast_iter().flat_map(|chunk| chunk.iter());
            let row = values.position(|units| units.is_some_and(over));
            (row, format!("it has more than {precision} digits"))
        }
        _ => (None, String::new()),
    };
    if row.is_some() { Err((row, reason)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use polars_core::prelude::{Int128Chunked, IntoColumn, NewChunkedArray};
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::{Crypto, Table};

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
    fn rows_become_columns_exactly() {
        let rows = [
            Row { id: i64::MIN, name: Some("😀"), amount: Some("-0.00000001"), ..Row::default() },
            Row {
                id: i64::MAX,
                at: Some("2026-01-02T03:04:05.678901+01:00"),
                day: Some("1969-12-31"),
                share: Some(0.5),
                ..Row::default()
            },
        ];
        let batch = Batch::from_rows(&table(), rows).unwrap();
        let frame = batch.frame();
        assert_eq!(frame.column("id").unwrap().i64().unwrap().get(0), Some(i64::MIN));
        assert_eq!(frame.column("name").unwrap().str().unwrap().get(0), Some("😀"));
        let amounts = frame.column("amount").unwrap().decimal().unwrap().physical().clone();
        assert_eq!((amounts.get(0), amounts.get(1)), (Some(-1), None));
        let at = frame.column("at").unwrap().datetime().unwrap().physical().get(1);
        assert_eq!(at, Some(1_767_319_445_678_901));
        assert_eq!(frame.column("day").unwrap().date().unwrap().physical().get(1), Some(-1));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name_and_row() {
        let good = || Row { id: 1, ..Row::default() };
        for (row, says) in [
            (Row { amount: Some("1.123456789"), ..good() }, "`amount`, row 1: `1.123456789`"),
            (Row { at: Some("yesterday"), ..good() }, "`at`, row 1: `yesterday`"),
            (Row { share: Some(f64::NAN), ..good() }, "`share`, row 1: it is not a finite"),
            (Row { name: Some("a\0b"), ..good() }, "`name`, row 1: its text has a NUL"),
            (Row { amount: Some("100000000000000000000"), ..good() }, "more than 28 digits"),
        ] {
            let error = Batch::from_rows(&table(), [good(), row]).unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
        }
    }

    #[test]
    fn maps_may_leave_out_what_may_be_null_and_nothing_else() {
        let row = BTreeMap::from([("id", 1)]);
        assert_eq!(Batch::from_rows(&table(), [row]).unwrap().rows(), 1);
        let error = Batch::from_rows(&table(), [BTreeMap::from([("day", "2026-01-01")])]);
        assert!(error.unwrap_err().to_string().contains("`id`, row 0: it is null"));
        let error = Batch::from_rows(&table(), [BTreeMap::from([("ID", 1)])]);
        assert!(error.unwrap_err().to_string().contains("no column `ID`"));
    }

    #[test]
    fn the_largest_number_of_all_has_too_many_digits() {
        let table = Table::builder("t", "").column("amount", DataType::CRYPTO, "").key(["amount"]);
        let table = table.build().unwrap();
        for units in [i128::MIN, i128::MAX] {
            let amounts = Int128Chunked::from_slice("amount".into(), &[units]);
            let amounts = amounts.into_decimal_unchecked(38, 8).into_column();
            let frame = DataFrame::new(1, vec![amounts]).unwrap();
            let error = Batch::new(&table, frame).unwrap_err().to_string();
            assert!(error.contains("more than 28 digits"), "{error}");
        }
    }

    #[test]
    fn money_given_as_a_float_is_refused() {
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
        fn any_amount_survives(units in -(10i128.pow(28) - 1)..10i128.pow(28)) {
            let row = (1, Crypto::from_units(units));
            let row = BTreeMap::from([("id", row.0.to_string()), ("amount", row.1.to_string())]);
            let table = Table::builder("t", "")
                .column("id", DataType::Text, "")
                .column("amount", DataType::CRYPTO, "")
                .key(["id"]).build().unwrap();
            let batch = Batch::from_rows(&table, [row]).unwrap();
            let amounts = batch.frame().column("amount").unwrap().decimal().unwrap();
            prop_assert_eq!(amounts.physical().get(0), Some(units));
        }
    }
}
