//! Tables and rows for conformance tests.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    Batch, BatchBuilder, Cell, Cursor, DataType, Error, Load, Scan, Sink, Table, TableBuilder,
    TableRef, Warehouse, WarehouseExt, WriteMode,
};

/// Loads `batches` from the source `test`.
///
/// # Errors
/// The same as for [`Sink::load`].
pub async fn load(
    sink: &dyn Sink,
    before: Option<&str>,
    after: &str,
    batches: &[Batch],
) -> crate::Result<()> {
    let (before, after) = (before.map(Cursor::new), Cursor::new(after));
    sink.load(Load::new("test", batches, before.as_ref(), &after)).await.map(|_| ())
}

/// Returns a table with a column of every type and with reserved words of SQL as names.
pub fn everything(write: WriteMode) -> TableRef {
    Table::builder("order", "All types")
        .column("group", DataType::Int64, "")
        .column("select", DataType::Text, "")
        .nullable("flag", DataType::Bool, "")
        .nullable("share", DataType::Float64, "")
        .nullable("day", DataType::Date, "")
        .nullable("at", DataType::Timestamp, "")
        .nullable("fiat", DataType::FIAT, "")
        .nullable("crypto", DataType::CRYPTO, "")
        .nullable("huge", DataType::Decimal { precision: 38, scale: 20 }, "")
        .nullable("where", DataType::Text, "")
        .key(["group", "select"])
        .time("at")
        .write(write)
        .build()
        .unwrap()
}

/// A row of [`everything`].
#[derive(Debug, Clone, Default, Serialize)]
#[allow(missing_docs)] // the names of its columns say what they are
pub struct Everything {
    pub group: i64,
    pub select: &'static str,
    pub flag: Option<bool>,
    pub share: Option<f64>,
    pub day: Option<&'static str>,
    pub at: Option<&'static str>,
    pub fiat: Option<&'static str>,
    pub crypto: Option<&'static str>,
    pub huge: Option<&'static str>,
    #[serde(rename = "where")]
    pub place: Option<&'static str>,
}

/// Returns rows with values at the edges of what a column may hold.
pub fn extremes() -> Vec<Everything> {
    vec![
        Everything {
            group: i64::MIN,
            select: "",
            flag: Some(false),
            share: Some(f64::MIN_POSITIVE),
            day: Some("0001-01-01"),
            at: Some("1969-12-31T23:59:59.999999Z"),
            fiat: Some("-9999999999999999.99"),
            crypto: Some("-99999999999999999999.999999999999999999"),
            huge: Some("0.00000000000000000001"),
            place: Some(""),
        },
        Everything {
            group: i64::MAX,
            select: "a,\"b\"\r\n😀=1+1",
            flag: Some(true),
            share: Some(-f64::MAX),
            day: Some("9999-12-31"),
            at: Some("9999-12-31T23:59:59.999999Z"),
            fiat: Some("9999999999999999.99"),
            crypto: Some("99999999999999999999.999999999999999999"),
            huge: Some("999999999999999999.99999999999999999999"),
            place: Some("2020-01-01"),
        },
        Everything { group: 0, select: "nulls", ..Everything::default() },
        Everything { group: 2, select: "dust", crypto: Some("4.2e-12"), ..Everything::default() },
        Everything {
            group: 3,
            select: "dust",
            crypto: Some("0.000000000000000001"),
            ..Everything::default()
        },
        Everything {
            group: 4,
            select: "wei",
            crypto: Some("512.700000000000000113"),
            ..Everything::default()
        },
        Everything {
            group: 1,
            select: "numbers",
            share: Some(1.0),
            day: Some("1970-01-01"),
            at: Some("1970-01-01T00:00:00Z"),
            fiat: Some("12.50"),
            crypto: Some("34265.19345116"),
            huge: Some("0"),
            place: Some("007"),
            ..Everything::default()
        },
    ]
}

/// Returns a table with an integer key `id` and a `text`.
pub fn simple(name: impl Into<Cow<'static, str>>, write: WriteMode) -> TableRef {
    Table::builder(name, "A number and a text")
        .column("id", DataType::Int64, "")
        .column("text", DataType::Text, "")
        .key(["id"])
        .write(write)
        .build()
        .unwrap()
}

/// Returns a batch of a [`simple`] table.
pub fn batch(table: &TableRef, rows: &[(i64, &'static str)]) -> Batch {
    #[derive(Serialize)]
    struct Row {
        id: i64,
        text: &'static str,
    }
    Batch::from_rows(table, rows.iter().map(|(id, text)| Row { id: *id, text })).unwrap()
}

/// Returns the rows of a [`simple`] table, ordered by `id`.
pub async fn pairs(warehouse: &dyn Warehouse, table: &TableRef) -> Vec<(i64, String)> {
    let batch = warehouse.read(&Scan::all(table)).await.unwrap();
    let ids = batch.column("id").unwrap().as_i64().unwrap();
    let texts = batch.column("text").unwrap().as_text().unwrap();
    let texts = texts.iter().map(|text| text.unwrap().to_owned());
    let mut rows: Vec<_> = ids.values().iter().copied().zip(texts).collect();
    rows.sort();
    rows
}

/// Returns each row with all its values as one line, sorted: two batches have the same rows if
/// their lines are equal.
pub fn lines(batch: &Batch) -> Vec<String> {
    let views = batch.views().unwrap();
    let line = |row| {
        let cells: Vec<_> = views.iter().map(|view| format!("{:?}", view.cell(row))).collect();
        cells.join(" | ")
    };
    let mut lines: Vec<String> = (0..batch.rows()).map(line).collect();
    lines.sort();
    lines
}

/// Panics unless both batches have the same columns, and the same rows in any order.
pub fn assert_same(found: &Batch, wanted: &Batch, of: &dyn std::fmt::Debug) {
    assert_eq!(columns(found), columns(wanted), "{of:?}");
    assert_lines(&lines(found), &lines(wanted), of);
}

/// Panics unless both batches have the same columns, and the same rows in the same order.
pub fn assert_equal(found: &Batch, wanted: &Batch, of: &dyn std::fmt::Debug) {
    assert_eq!(columns(found), columns(wanted), "{of:?}");
    assert_eq!(found.rows(), wanted.rows(), "{of:?}");
    for (one, other) in found.views().unwrap().iter().zip(wanted.views().unwrap()) {
        for row in 0..wanted.rows() {
            assert_eq!(one.cell(row), other.cell(row), "row {row} of {of:?}");
        }
    }
}

fn columns(batch: &Batch) -> Vec<(&str, DataType)> {
    // The names come from the record, because that is what a reader of Arrow sees.
    let names = batch.record().schema_ref().fields().iter().map(|field| field.name().as_str());
    names.zip(batch.table().columns.iter().map(|column| column.dtype)).collect()
}

fn assert_lines(found: &[String], wanted: &[String], of: &dyn std::fmt::Debug) {
    if found == wanted {
        return;
    }
    let missing: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).take(3).collect();
    let surplus: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).take(3).collect();
    panic!(
        "{of:?}: {} rows, not {}; missing {missing:#?}, and there are {surplus:#?}",
        found.len(),
        wanted.len()
    );
}

/// Returns `true` if `error` is a cursor conflict.
pub fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::Conflict { .. })
}

/// Returns a [`simple`] table with additional columns.
pub fn wider(table: &Table, more: impl FnOnce(TableBuilder) -> TableBuilder) -> TableRef {
    let start = Table::builder(table.name.clone(), "").column("id", DataType::Int64, "").column(
        "text",
        DataType::Text,
        "",
    );
    more(start).key(["id"]).write(table.write).build().unwrap()
}

/// Returns a table of integers: a key, an owner, and a nullable column.
pub fn owned(write: WriteMode) -> TableRef {
    Table::builder("owned", "Whose is what")
        .column("id", DataType::Int64, "")
        .column("owner", DataType::Int64, "")
        .nullable("order", DataType::Int64, "")
        .key(["id"])
        .references(["owner"], "owners")
        .write(write)
        .build()
        .unwrap()
}

/// Returns a batch of an [`owned`] table.
pub fn belongings(table: &TableRef, rows: &[(i64, i64, Option<i64>)]) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for (id, owner, order) in rows {
        builder.push(Cell::Int((*id).into())).unwrap();
        builder.push(Cell::Int((*owner).into())).unwrap();
        builder.push(order.map_or(Cell::Null, |order| Cell::Int(order.into()))).unwrap();
    }
    builder.finish().unwrap()
}

/// Returns rows of every type in a few groups, from 2019 to 2022, with nulls in every nullable
/// column.
pub fn varied(table: &TableRef, count: i64) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for at in 0..count {
        let odd = |by: i64| at * 7_919 % by;
        let or_null = |null: bool, cell| if null { Cell::Null } else { cell };
        let names = ["Zoë", "ada", "Ada", "", "😀", "z"];
        // A hundred different days in four years, since some stores write a file for each day.
        let micros = 1_546_300_800_000_000 + odd(101) * 1_248_000_000_000 + odd(1_009) * 7_919_003;
        let units = i128::from(odd(1_000_003)) * 99_999_999_999_999_999 - (1 << 70);
        let cells = [
            Cell::Int((at * 1_000_003).into()),
            Cell::Text(names[usize::try_from(odd(6)).unwrap()]),
            or_null(odd(5) == 0, Cell::Bool(odd(2) == 0)),
            or_null(odd(11) == 0, Cell::Float(0.5)),
            or_null(odd(13) == 0, Cell::Date(17_897 + i32::try_from(odd(1_461)).unwrap())),
            or_null(odd(17) == 0, Cell::Timestamp(micros)),
            or_null(odd(19) == 0, Cell::Decimal((odd(2_001) - 1_000).into())),
            or_null(odd(23) == 0, Cell::Decimal(units * 1_000_003)),
            or_null(odd(29) == 0, Cell::Decimal(units * 1_000)),
            or_null(odd(3) == 0, Cell::Text(names[usize::try_from(odd(4)).unwrap()])),
        ];
        cells.into_iter().for_each(|cell| builder.push(cell).unwrap());
    }
    builder.finish().unwrap()
}
