//! Conformance of warehouses: every filter keeps the same rows as [`Scan::apply`], also with
//! predicate pushdown.
#![allow(clippy::inconsistent_digit_grouping)] // the fraction is separated from the integer part

use std::ops::Bound;

use chrono::{DateTime, NaiveDate, Utc};

use super::Subject;
use super::rows::{assert_same, everything, extremes, load, simple, varied};
use super::warehouse::reader;
use crate::{
    Aggregate, Batch, BatchBuilder, Cell, DataType, Filter, Scan, Span, Table, TableRef, Value,
    WarehouseExt, WriteMode,
};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn decimal(units: i128, scale: u8) -> Value {
    Value::Decimal { units, scale }
}

/// Returns filters of every kind on every type, with bounds at the edges of what the columns hold
/// and beyond.
pub fn filters() -> Vec<Filter> {
    let between = |column: &str, from: Value, to: Value| Filter::range(column, from..to);
    let through = |column: &str, from: Value, to: Value| Filter::range(column, from..=to);
    let behind = |column: &str, from: Value| {
        Filter::range(column, (Bound::Excluded(from), Bound::Unbounded))
    };
    let mut all = vec![
        Filter::And(Vec::new()),
        Filter::is_in("group", [0; 0]),
        // Integers.
        Filter::eq("group", 0),
        Filter::eq("group", i64::MIN),
        Filter::is_in("group", [i64::MAX, 1, 1, 77]),
        Filter::range("group", i64::MIN..0),
        Filter::range("group", 1..=300_000_900),
        Filter::range("group", ..=i64::MAX),
        behind("group", i64::MAX.into()),
        behind("group", (i64::MAX - 1).into()),
        through("group", 5.into(), 4.into()),
        Filter::eq("group", decimal(10, 1)),
        between("group", decimal(5, 1), decimal(1_000_003_1, 1)),
        Filter::range("group", decimal(10i128.pow(30), 0)..),
        // Text compares by its bytes, regardless of the store's collation.
        Filter::eq("select", "ada"),
        Filter::eq("select", ""),
        Filter::eq("select", "a,\"b\"\r\n😀=1+1"),
        Filter::is_in("select", ["Ada", "Zoë", "zoë", "o'hara; --", "\\", "%"]),
        Filter::is_in("where", ["", "007", "2020-01-01"]),
        Filter::range("select", "Z".."a"),
        Filter::range("select", "ada"..="ada"),
        behind("select", "ada".into()),
        Filter::range("where", "\u{10000}"..),
        Filter::range("where", .."A"),
        Filter::eq("select", "a\0b"),
        Filter::range("select", "ada\0x"..),
        // Booleans.
        Filter::eq("flag", true),
        Filter::is_in("flag", [true, false]),
        Filter::range("flag", ..true),
        // Floats.
        Filter::eq("share", 0.5),
        Filter::is_in("share", [f64::MIN_POSITIVE, -f64::MAX, f64::NAN]),
        Filter::range("share", 0.5..),
        behind("share", 0.5.into()),
        Filter::range("share", -f64::MAX..=0.5),
        Filter::range("share", f64::NEG_INFINITY..f64::INFINITY),
        Filter::range("share", f64::NAN..),
        Filter::eq("share", 1),
        // Days.
        Filter::eq("day", day("9999-12-31")),
        Filter::is_in("day", [day("0001-01-01"), day("1970-01-01"), day("2020-02-29")]),
        Filter::range("day", day("2020-01-01")..day("2021-01-01")),
        Filter::range("day", ..=day("1970-01-01")),
        behind("day", day("9999-12-30").into()),
        Filter::eq("day", time("1970-01-01T00:00:00Z")),
        Filter::range("day", time("1970-01-01T00:00:00.000001Z")..time("2021-06-01T12:00:00Z")),
        // Times.
        Filter::eq("at", time("1969-12-31T23:59:59.999999Z")),
        Filter::is_in("at", [time("9999-12-31T23:59:59.999999Z"), time("1970-01-01T00:00:00Z")]),
        Filter::range("at", time("1970-01-01T00:00:00Z")..time("2020-06-01T00:00:00Z")),
        behind("at", time("1969-12-31T23:59:59.999999Z").into()),
        Filter::range("at", ..time("1970-01-01T00:00:00.000000001Z")),
        Filter::eq("at", time("1970-01-01T00:00:00.000000001Z")),
        Filter::range("at", day("2020-01-01")..=day("2020-12-31")),
        // Decimals with up to 38 digits, and values of a finer scale than their column's.
        Filter::eq("fiat", decimal(1250, 2)),
        Filter::eq("fiat", decimal(12_5, 1)),
        Filter::eq("fiat", decimal(12_500_000_001, 9)),
        Filter::eq("fiat", decimal(-9_999_999_999_999_999_99, 2)),
        Filter::is_in("fiat", [decimal(9_999_999_999_999_999_99, 2), decimal(0, 0)]),
        Filter::range("fiat", -3..=3),
        Filter::range("fiat", decimal(5, 3)..decimal(1_005, 3)),
        behind("fiat", decimal(1_004, 3)),
        Filter::eq("crypto", decimal(10i128.pow(38) - 1, 18)),
        Filter::eq("crypto", decimal(42, 13)),
        Filter::range("crypto", decimal(-1, 8)..=decimal(34_265_19345116, 8)),
        Filter::range("crypto", decimal(1, 18)..decimal(5, 12)),
        Filter::range("crypto", ..decimal(2 - 10i128.pow(38), 18)),
        Filter::range("crypto", decimal(10i128.pow(38) - 1, 0)..),
        Filter::eq("huge", decimal(1, 20)),
        Filter::is_in("huge", [decimal(10i128.pow(38) - 1, 20), decimal(0, 3)]),
        behind("huge", decimal(10i128.pow(38) - 2, 20)),
        Filter::range("huge", ..=decimal(0, 0)),
    ];
    let columns = ["flag", "share", "day", "at", "fiat", "crypto", "huge", "where"];
    all.extend(columns.map(Filter::is_null));
    all.push(Filter::is_null("group"));
    all.push(Filter::eq("flag", true).and(Filter::is_null("where")));
    all.push(Filter::range("fiat", 0..).and(Filter::eq("flag", false)).and(Filter::And(vec![
        Filter::is_in("select", ["ada", "Ada", "Zoë"]),
        Filter::range("at", time("2019-06-01T00:00:00Z")..),
    ])));
    all.push(Filter::eq("flag", true).and(Filter::eq("flag", false)));
    all
}

/// Fills the store with rows of every type, and returns the table and those rows.
async fn fill(store: &dyn Subject, write: WriteMode) -> (TableRef, Batch) {
    let (warehouse, table) = (reader(store), everything(write));
    let edges = Batch::from_rows(&table, extremes()).unwrap();
    let rows = varied(&table, 600);
    load(&*warehouse, None, "1", &[edges.clone(), rows.slice(0, 350)]).await.unwrap();
    load(&*warehouse, Some("1"), "2", &[rows.slice(350, 250)]).await.unwrap();
    let all = Batch::concat(&table, &[edges, rows]).unwrap();
    (table, all)
}

/// Checks that a filter keeps exactly its rows, of every type, in scans and in aggregates.
pub async fn every_filter_keeps_its_rows(store: &dyn Subject) {
    for write in [WriteMode::Append, WriteMode::Merge] {
        let another = store.another();
        let (table, all) = fill(&*another, write).await;
        let warehouse = reader(&*another);
        for filter in filters() {
            let scan = Scan::all(&table).filter(filter.clone());
            let wanted = scan.apply(&all).unwrap();
            assert_same(&warehouse.read(&scan).await.unwrap(), &wanted, &filter);
            let count = Aggregate::new(&table).count().filter(filter.clone());
            let counted = warehouse.aggregate(&count).await.unwrap();
            let counted = counted.column("count").unwrap().cell(0);
            assert_eq!(counted, Cell::Int(wanted.rows().try_into().unwrap()), "{filter:?}");
        }
    }
}

/// Checks that columns come in the requested order, whether or not the filter refers to them.
pub async fn filters_and_projections_go_together(store: &dyn Subject) {
    let (table, all) = fill(store, WriteMode::Merge).await;
    let warehouse = reader(store);
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let mut projections: Vec<Vec<&str>> = names.iter().map(|name| vec![*name]).collect();
    projections.push(names.iter().rev().copied().collect());
    projections.push(vec!["where", "group", "huge"]);
    for names in projections {
        for filter in [
            Filter::And(Vec::new()),
            Filter::is_in("select", ["ada", "nulls", ""]),
            Filter::range("crypto", 0..).and(Filter::is_null("where")),
        ] {
            let scan = Scan::columns(&table, names.iter().copied()).filter(filter);
            let wanted = scan.apply(&all).unwrap();
            assert_same(&warehouse.read(&scan).await.unwrap(), &wanted, &scan);
        }
    }
}

/// Checks that a time range returns the rows whose event time lies in it, its end excluded; a date
/// counts as its midnight, and null lies in no range.
pub async fn a_time_range_gives_the_rows_of_that_time(store: &dyn Subject) {
    let (table, all) = fill(store, WriteMode::Append).await;
    let dated = Table::builder("dated", "By day")
        .column("id", DataType::Int64, "")
        .column("on", DataType::Date, "")
        .key(["id", "on"])
        .time("on")
        .write(WriteMode::Append)
        .build()
        .unwrap();
    let mut builder = BatchBuilder::new(&dated);
    for id in 0..1_500 {
        builder.push(Cell::Int(id.into())).unwrap();
        builder.push(Cell::Date(17_897 + id % 50 * 29)).unwrap();
    }
    let days = builder.finish().unwrap();
    let warehouse = reader(store);
    load(&*warehouse, Some("2"), "3", std::slice::from_ref(&days)).await.unwrap();
    for (from, to) in [
        ("2019-03-01T00:00:00Z", "2019-04-01T00:00:00Z"),
        ("2020-02-29T12:34:56.789Z", "2021-03-01T00:00:00.000001Z"),
        ("1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("2021-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ] {
        let span = Span::new(time(from), time(to));
        for (table, rows) in [(&table, &all), (&dated, &days)] {
            let scan = Scan::all(table).time_range(span);
            let wanted = scan.apply(rows).unwrap();
            assert_same(&warehouse.read(&scan).await.unwrap(), &wanted, &scan);
            let narrow = Scan::columns(table, [table.key[0].as_ref()]).time_range(span);
            let narrow = warehouse.read(&narrow).await.unwrap();
            assert_eq!((narrow.rows(), narrow.table().columns.len()), (wanted.rows(), 1));
        }
    }
}

/// Checks that a filter that does not fit its column is refused with the column's name.
pub async fn a_filter_that_makes_no_sense_is_refused(store: &dyn Subject) {
    let (warehouse, table) = (reader(store), everything(WriteMode::Append));
    for (filter, says) in [
        (Filter::range("at", 0..1), "`at` is timestamp"),
        (Filter::range("select", 0..1), "`select` is text"),
        (Filter::eq("fiat", 0.5), "`fiat` is decimal(18,2)"),
        (Filter::eq("flag", "yes"), "`flag` is bool"),
        (Filter::is_in("day", ["2020-01-01"]), "`day` is date"),
        (Filter::eq("group", 1).and(Filter::eq("nope", 1)), "no column `nope`"),
        (Filter::is_null("nope"), "no column `nope`"),
    ] {
        let scan = Scan::columns(&table, ["group"]).filter(filter.clone());
        let error = warehouse.read(&scan).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
        let count = Aggregate::new(&table).count().filter(filter);
        let error = warehouse.aggregate(&count).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
    let whenever = time("2020-01-01T00:00:00Z");
    let timeless =
        Scan::all(&simple("t", WriteMode::Append)).time_range(Span::new(whenever, whenever));
    let error = warehouse.read(&timeless).await.unwrap_err().to_string();
    assert!(error.contains("no event time"), "{error}");
}
