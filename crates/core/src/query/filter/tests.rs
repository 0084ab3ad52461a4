use std::cmp::Ordering;
use std::ops::Bound;

use proptest::prelude::*;

use super::*;
use crate::{Batch, BatchBuilder, Cell, DataType, Scalar, TableRef, Test};

fn table() -> TableRef {
    Table::builder("t", "")
        .column("id", DataType::Int64, "")
        .nullable("flag", DataType::Bool, "")
        .nullable("share", DataType::Float64, "")
        .nullable("text", DataType::Text, "")
        .nullable("day", DataType::Date, "")
        .nullable("at", DataType::Timestamp, "")
        .nullable("fiat", DataType::FIAT, "")
        .key(["id"])
        .build()
        .unwrap()
}

/// Half a day, in microseconds.
const HALF: i64 = 43_200_000_000;
const TEXTS: [&str; 6] = ["", "a", "a ", "ab", "b", "\u{10ffff}"];

/// Builds rows from a number for each column; a multiple of seven is null in every column but the
/// first.
fn batch(rows: &[[u8; 7]]) -> Batch {
    let mut builder = BatchBuilder::new(&table());
    for row in rows {
        let number = |at: usize| i64::from(row[at]) - 20;
        let cells = [
            Cell::Int(number(0).into()),
            Cell::Bool(row[1] % 2 == 0),
            Cell::Float(number(2) as f64 / 2.0),
            Cell::Text(TEXTS[usize::from(row[3]) % 6]),
            Cell::Date(i32::from(row[4]) - 20),
            Cell::Timestamp(number(5) * HALF),
            Cell::Decimal(i128::from(number(6)) * 25),
        ];
        for (at, cell) in cells.into_iter().enumerate() {
            let is_null = at > 0 && row[at].is_multiple_of(7);
            builder.push(if is_null { Cell::Null } else { cell }).unwrap();
        }
    }
    builder.finish().unwrap()
}

fn a_value() -> impl Strategy<Value = (&'static str, Value)> {
    let number = || -25i64..45;
    let time = |quarters: i64| DateTime::from_timestamp_micros(quarters * HALF / 2).unwrap();
    let day = |day: i64| NaiveDate::from_epoch_days(i32::try_from(day).unwrap()).unwrap();
    prop_oneof![
        number().prop_map(|value| ("id", value.into())),
        (-300i128..300).prop_map(|units| ("id", Value::Decimal { units, scale: 1 })),
        any::<bool>().prop_map(|value| ("flag", value.into())),
        number().prop_map(|value| ("share", (value as f64 / 4.0).into())),
        number().prop_map(|value| ("share", value.into())),
        (0usize..6).prop_map(|at| ("text", TEXTS[at].into())),
        number().prop_map(move |value| ("day", day(value).into())),
        number().prop_map(move |value| ("day", time(value).into())),
        number().prop_map(move |value| ("at", time(value).into())),
        number().prop_map(move |value| ("at", day(value / 2).into())),
        (-6_000i128..6_000).prop_map(|units| ("fiat", Value::Decimal { units, scale: 3 })),
        number().prop_map(|value| ("fiat", value.into())),
    ]
}

fn a_filter() -> impl Strategy<Value = Filter> {
    let one = prop_oneof![
        a_value().prop_map(|(column, value)| Filter::eq(column, value)),
        prop::collection::vec(a_value(), 1..9).prop_map(|values| {
            let column = values[0].0;
            let alike = values.into_iter().filter(|(other, _)| *other == column);
            Filter::is_in(column, alike.map(|(_, value)| value))
        }),
        (a_value(), prop::collection::vec(a_value(), 12), 0..9).prop_map(|(from, all, kind)| {
            let to = all.into_iter().find(|to| to.0 == from.0);
            let to = to.map_or_else(|| from.1.clone(), |to| to.1);
            let bound = |kind, value| match kind {
                0 => Bound::Included(value),
                1 => Bound::Excluded(value),
                _ => Bound::Unbounded,
            };
            Filter::range(from.0, (bound(kind % 3, from.1), bound(kind / 3, to)))
        }),
        prop::sample::select(vec!["id", "flag", "text", "at", "fiat"]).prop_map(Filter::is_null),
    ];
    prop::collection::vec(one, 1..3).prop_map(|mut all| match all.len() {
        1 => all.remove(0),
        _ => Filter::And(all),
    })
}

#[allow(clippy::cast_possible_truncation)] // whole numbers, and small ones
/// Compares a cell with a value, both converted to integers of a common unit; returns `None` for
/// null.
fn order(cell: Cell<'_>, value: &Value) -> Option<Ordering> {
    let cell = match (cell, value) {
        (Cell::Text(text), Value::Text(other)) => return Some(text.cmp(other.as_str())),
        (Cell::Null, _) => return None,
        (Cell::Bool(value), _) => value.into(),
        (Cell::Int(value), _) => value * 4_000,
        (Cell::Float(value), _) => (value * 4_000.0) as i128,
        (Cell::Date(days), _) => i128::from(days) * 2 * i128::from(HALF),
        (Cell::Timestamp(micros), _) => micros.into(),
        (Cell::Decimal(units), _) => units * 40,
        (Cell::Text(_), _) => return None,
    };
    let value = match value {
        Value::Bool(value) => i128::from(*value),
        Value::Int(value) => i128::from(*value) * 4_000,
        Value::Float(value) => (*value * 4_000.0) as i128,
        Value::Date(day) => i128::from(day.to_epoch_days()) * 2 * i128::from(HALF),
        Value::Timestamp(time) => time.timestamp_micros().into(),
        Value::Decimal { units, scale } => units * (4_000 / 10i128.pow((*scale).into())),
        Value::Text(_) => return None,
    };
    Some(cell.cmp(&value))
}

fn keeps(filter: &Filter, batch: &Batch, row: usize) -> bool {
    let cell = |column: &str| batch.column(column).unwrap().cell(row);
    match filter {
        Filter::Eq { column, value } => order(cell(column), value) == Some(Ordering::Equal),
        Filter::In { column, values } => {
            values.iter().any(|value| order(cell(column), value) == Some(Ordering::Equal))
        }
        Filter::Range { column, from, to } => {
            let inside = |bound: &Bound<Value>, inwards: Ordering| match bound {
                Bound::Included(value) => order(cell(column), value)
                    .is_some_and(|order| order == inwards || order.is_eq()),
                Bound::Excluded(value) => order(cell(column), value) == Some(inwards),
                Bound::Unbounded => cell(column) != Cell::Null,
            };
            inside(from, Ordering::Greater) && inside(to, Ordering::Less)
        }
        Filter::IsNull { column } => cell(column) == Cell::Null,
        Filter::And(all) => all.iter().all(|one| keeps(one, batch, row)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn predicates_equal_a_row_by_row_evaluation(
        filter in a_filter(),
        rows in prop::collection::vec(any::<[u8; 7]>().prop_map(|row| row.map(|byte| byte % 60)), 1..40),
    ) {
        let all = batch(&rows);
        let predicate = filter.check(&table()).unwrap();
        let kept = predicate.keeps(&all).unwrap();
        for row in 0..all.rows() {
            prop_assert_eq!(kept.value(row), keeps(&filter, &all, row), "{:?} {:?}", filter, predicate);
        }
        prop_assert_eq!(all.filter(&kept).unwrap().rows(), kept.count_set_bits());
    }

    #[test]
    fn pruning_by_min_and_max_never_drops_matching_rows(
        filter in a_filter(),
        rows in prop::collection::vec(any::<[u8; 7]>().prop_map(|row| row.map(|byte| byte % 60)), 1..6),
    ) {
        let all = batch(&rows);
        let predicate = filter.check(&table()).unwrap();
        let is_kept = predicate.keeps(&all).unwrap().count_set_bits() > 0;
        let may_be_kept = predicate.conditions.iter().all(|condition| {
            let column = all.column(&condition.name).unwrap();
            let values: Vec<Scalar> =
                (0..all.rows()).filter_map(|row| scalar(column.cell(row))).collect();
            let less = |one: &&Scalar, other: &&Scalar| one.partial_cmp(other).unwrap();
            let (min, max) = (values.iter().min_by(less), values.iter().max_by(less));
            condition.test.overlaps(min, max)
        });
        prop_assert!(may_be_kept || !is_kept, "{:?}", predicate);
    }
}

fn scalar(cell: Cell<'_>) -> Option<Scalar> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(value) => Scalar::Bool(value),
        Cell::Int(value) => Scalar::Int(value.try_into().unwrap()),
        Cell::Float(value) => Scalar::Float(value),
        Cell::Text(text) => Scalar::Text(text.into()),
        Cell::Date(days) => Scalar::Date(days),
        Cell::Timestamp(micros) => Scalar::Timestamp(micros),
        Cell::Decimal(units) => Scalar::Decimal(units),
    })
}

/// Returns the test of a filter on one column of [`table`].
fn test_of(filter: Filter) -> Test {
    filter.check(&table()).unwrap().conditions.remove(0).test
}

#[test]
fn bounds_are_normalized_to_column_units() {
    let between = |from, to| Test::Between(Some(Scalar::Int(from)), Some(Scalar::Int(to)));
    assert_eq!(test_of(Filter::range("id", 3..5)), between(3, 4));
    assert_eq!(test_of(Filter::range("id", i64::MIN..=i64::MAX)), Test::Between(None, None));
    assert_eq!(test_of(Filter::range("id", i64::MIN..i64::MIN)), Test::Never);
    let behind = (Bound::Excluded(i64::MAX), Bound::Unbounded);
    assert_eq!(test_of(Filter::range("id", behind)), Test::Never);
    assert_eq!(test_of(Filter::range("id", 5..5)), Test::Never);
    // Bounds of a finer scale move inwards to the next unit of the column.
    let decimal = |units, scale| Value::Decimal { units, scale };
    let fiat = |from, to| Test::Between(Some(Scalar::Decimal(from)), Some(Scalar::Decimal(to)));
    assert_eq!(test_of(Filter::range("fiat", decimal(1_001, 3)..=decimal(-1, 3))), Test::Never);
    assert_eq!(
        test_of(Filter::range("fiat", decimal(-1_009, 3)..decimal(1_009, 3))),
        fiat(-100, 100)
    );
    assert_eq!(test_of(Filter::eq("fiat", decimal(1_001, 3))), Test::Never);
    // Bounds beyond the range of the column.
    assert_eq!(test_of(Filter::range("fiat", ..decimal(i128::MAX, 0))), Test::Between(None, None));
    assert_eq!(test_of(Filter::range("fiat", decimal(i128::MAX, 0)..)), Test::Never);
    assert_eq!(test_of(Filter::range("fiat", decimal(i128::MIN, 0)..)), Test::Between(None, None));
    assert_eq!(test_of(Filter::range("id", decimal(i128::MAX, 38)..)), {
        Test::Between(Some(Scalar::Int(2)), None)
    });
}

#[test]
fn impossible_values_normalize_to_never() {
    for filter in [
        Filter::eq("share", f64::NAN),
        Filter::eq("share", f64::INFINITY),
        Filter::range("share", f64::INFINITY..),
        Filter::range("share", ..f64::NAN),
        Filter::eq("share", (1i64 << 53) + 1),
        Filter::eq("text", "a\0"),
        Filter::is_in("text", [""; 0]),
        Filter::range("text", "b".."a"),
        Filter::is_null("id"),
    ] {
        assert_eq!(test_of(filter.clone()), Test::Never, "{filter:?}");
    }
    let zero = Test::OneOf(vec![Scalar::Float(0.0)]);
    assert_eq!(test_of(Filter::eq("share", -0.0)), zero);
    let large = Filter::range("share", ((1i64 << 53) + 1)..);
    let from = Bound::Excluded(9_007_199_254_740_992.0);
    assert_eq!(test_of(large), Test::BetweenFloats { from, to: Bound::Unbounded });
    let cut =
        Test::BetweenText { from: Bound::Excluded("a".into()), to: Bound::Included("b".into()) };
    assert_eq!(test_of(Filter::range("text", "a\0z".."b\0")), cut);
    let texts = Test::OneOf(vec![Scalar::Text("a".into()), Scalar::Text("b".into())]);
    assert_eq!(test_of(Filter::is_in("text", ["b", "a", "b"])), texts);
}

#[test]
fn values_of_another_type_are_refused_with_their_column() {
    for (filter, says) in [
        (Filter::eq("fiat", 0.5), "`fiat` is decimal(18,2), and never compares with the float 0.5"),
        (Filter::eq("id", 1.0), "`id` is int64, and never compares with the float 1"),
        (Filter::eq("text", 1), "`text` is text, and never compares with the integer 1"),
        (
            Filter::range("at", "2020".."2021"),
            "`at` is timestamp, and never compares with the text",
        ),
        (Filter::eq("nope", 1), "no column `nope`"),
    ] {
        let error = filter.check(&table()).unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");
    }
}
