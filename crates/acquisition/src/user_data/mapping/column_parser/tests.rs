//! Tests of type coercion, by the type of the column and its rule.

use std::collections::BTreeMap;

use super::super::notes::ColumnNotes;
use super::super::{Case, Condition};
use super::*;

fn column(dtype: DataType, nullable: bool) -> Column {
    Column { name: "c".into(), dtype, nullable, description: "".into() }
}

/// Creates the conversion for a column that is not part of a key.
fn parser(dtype: DataType, nullable: bool, rule: &Rule) -> Result<ColumnParser, String> {
    let table = Table::builder("t", "").column("id", DataType::Int64, "").key(["id"]);
    ColumnParser::new(&table.build().unwrap(), &column(dtype, nullable), rule)
}

fn cell<'f>(parser: &'f ColumnParser, field: &'f Field<'_>) -> Result<Cell<'f>, String> {
    let mut notes = ColumnNotes::default();
    // 2030-01-01
    let tomorrow = 1_893_456_000_000_000;
    parser.cell(field, &mut ValueContext { tomorrow, place: "a.csv", notes: &mut notes })
}

fn read(dtype: DataType, rule: &Rule, text: &str) -> Result<Cell<'static>, String> {
    match cell(&parser(dtype, false, rule)?, &Field::from(text))? {
        Cell::Text(_) => Ok(Cell::Text("")),
        Cell::Null => Ok(Cell::Null),
        Cell::Bool(value) => Ok(Cell::Bool(value)),
        Cell::Int(value) => Ok(Cell::Int(value)),
        Cell::Float(value) => Ok(Cell::Float(value)),
        Cell::Date(value) => Ok(Cell::Date(value)),
        Cell::Timestamp(value) => Ok(Cell::Timestamp(value)),
        Cell::Decimal(value) => Ok(Cell::Decimal(value)),
    }
}

#[test]
fn values_are_read_by_the_type_of_their_column() {
    let plain = Rule::default();
    let german = Rule { decimal: Some(','), thousands: Some('.'), ..Rule::default() };
    for (dtype, rule, text, cell) in [
        (DataType::Int64, &plain, " 42 ", Cell::Int(42)),
        (DataType::Int64, &plain, "42.0", Cell::Int(42)),
        (DataType::Int64, &german, "1.234.567", Cell::Int(1_234_567)),
        (DataType::Bool, &plain, "Yes", Cell::Bool(true)),
        (DataType::Bool, &plain, "f", Cell::Bool(false)),
        (DataType::Float64, &plain, "1e-3", Cell::Float(0.001)),
        (DataType::Float64, &german, "-1,5", Cell::Float(-1.5)),
        (DataType::FIAT, &plain, "-0.10", Cell::Decimal(-10)),
        (DataType::FIAT, &plain, "1.2e1", Cell::Decimal(1200)),
        (DataType::FIAT, &german, "-1.234,5", Cell::Decimal(-123_450)),
        (DataType::FIAT, &german, "1234,5", Cell::Decimal(123_450)),
    ] {
        assert_eq!(read(dtype, rule, text), Ok(cell), "{text}");
    }
}

#[test]
fn values_that_do_not_fit_are_rejected_with_a_reason() {
    let plain = Rule::default();
    let german = Rule { decimal: Some(','), thousands: Some('.'), ..Rule::default() };
    let comma = Rule { decimal: Some(','), ..Rule::default() };
    for (dtype, rule, text, says) in [
        (DataType::Int64, &plain, "4.2", "whole number"),
        (DataType::Int64, &plain, "9223372036854775808", "64 bits"),
        (DataType::Int64, &plain, "", "empty"),
        (DataType::Bool, &plain, "maybe", "true or false"),
        (DataType::Float64, &plain, "NaN", "finite"),
        (DataType::Float64, &plain, "1,5", "not a number"),
        (DataType::FIAT, &plain, "0.001", "2 places"),
        (DataType::FIAT, &plain, "99999999999999999.99", "18 digits"),
        (DataType::FIAT, &german, "1.5", "decimal number"), // a point where groups are
        (DataType::FIAT, &comma, "1.5", "decimal number"),
        (DataType::Text, &plain, "a\0b", "NUL"),
        (DataType::Date, &plain, "13.09.2020", "not a day"),
        (DataType::FIAT, &plain, "1,5", "decimal = \",\""),
        (DataType::FIAT, &plain, "1.2.3", "not a decimal number"),
        (DataType::Timestamp, &plain, "12", "no time from 2009-01-01"),
    ] {
        let error = read(dtype, rule, text).unwrap_err();
        assert!(error.contains(says), "{text}: {error} should say {says}");
    }
}

#[test]
fn empty_text_is_null_in_nullable_columns() {
    for dtype in [DataType::Text, DataType::Int64, DataType::FIAT, DataType::Timestamp] {
        let nullable = parser(dtype, true, &Rule::default()).unwrap();
        for field in [Field::Null, Field::Missing, Field::Blank, Field::from("")] {
            assert_eq!(cell(&nullable, &field), Ok(Cell::Null), "{dtype} {field:?}");
        }
    }
    // JSON and databases distinguish empty text from null, CSV does not.
    let plain = parser(DataType::Text, false, &Rule::default()).unwrap();
    assert_eq!(cell(&plain, &Field::from("")), Ok(Cell::Text("")));
    assert!(cell(&plain, &Field::Blank).unwrap_err().contains("empty = \"text\""));
    let text = Rule { empty: Some(Empty::Text), ..Rule::default() };
    for nullable in [false, true] {
        let text = parser(DataType::Text, nullable, &text).unwrap();
        assert_eq!(cell(&text, &Field::Blank), Ok(Cell::Text("")));
        assert_eq!(cell(&text, &Field::from("")), Ok(Cell::Text("")));
    }
    let null = Rule { empty: Some(Empty::Null), ..Rule::default() };
    assert!(read(DataType::Text, &null, "").unwrap_err().contains("empty"));
    // A key is never empty, in any format.
    let table = Table::builder("t", "").column("c", DataType::Text, "").key(["c"]);
    let table = table.build().unwrap();
    let key = ColumnParser::new(&table, &column(DataType::Text, false), &Rule::default()).unwrap();
    for field in [Field::Blank, Field::from("")] {
        assert!(cell(&key, &field).unwrap_err().contains("is empty"), "{field:?}");
    }
    let asked = ColumnParser::new(&table, &column(DataType::Text, false), &Rule::constant(""));
    assert_eq!(cell(&asked.unwrap(), &Field::from("")), Ok(Cell::Text("")));
}

#[test]
fn a_number_and_its_unit_are_separated() {
    let number = Rule { part: Some(Part::Number), thousands: Some(','), ..Rule::default() };
    let unit =
        parser(DataType::Text, false, &Rule { part: Some(Part::Unit), ..Rule::default() }).unwrap();
    for (text, amount, of) in [
        ("0.1200000000BTC", "0.12", "BTC"),
        ("3.25000000 ETH", "3.25", "ETH"),
        ("-1,804.66 EUR", "-1804.66", "EUR"),
        ("1e-18ETH", "0.000000000000000001", "ETH"),
        ("1EUR", "1", "EUR"),
    ] {
        let amount: tidegauge_core::Crypto = amount.parse().unwrap();
        let amount = Ok(Cell::Decimal(amount.units()));
        assert_eq!(read(DataType::CRYPTO, &number, text), amount, "{text}");
        assert_eq!(cell(&unit, &Field::from(text)), Ok(Cell::Text(of)), "{text}");
    }
    let error = read(DataType::CRYPTO, &number, "0.1234567890123456789ETH").unwrap_err();
    assert!(error.contains("more than 18 places"), "{error}");
    assert!(read(DataType::CRYPTO, &number, "BTC").unwrap_err().contains("no number"));
    // A part of the number must never be taken.
    let plain = Rule { part: Some(Part::Number), ..Rule::default() };
    for text in ["1,804.66 EUR", "1 234 EUR", "1'234EUR", "1.234.567EUR", "--1EUR"] {
        assert!(read(DataType::CRYPTO, &plain, text).is_err(), "{text}");
    }
    assert!(cell(&unit, &Field::from("12")).unwrap_err().contains("no unit"));
    let error = read(DataType::CRYPTO, &Rule::default(), "0.12BTC").unwrap_err();
    assert!(error.contains("part = \"number\""), "{error}");
}

#[test]
fn a_side_of_a_symbol_is_extracted_renamed_and_cased() {
    let values = BTreeMap::from([("XXBT".to_owned(), Constant::Text("BTC".into()))]);
    let side = |part, case| {
        let rule = Rule { part: Some(part), case, values: values.clone(), ..Rule::default() };
        parser(DataType::Text, false, &rule).unwrap()
    };
    let base = side(Part::Base, None);
    for (text, taken) in [("XXBTZEUR", "BTC"), ("xxbt/zeur", "xxbt"), ("ETH-EUR", "ETH")] {
        assert_eq!(cell(&base, &Field::from(text)), Ok(Cell::Text(taken)), "{text}");
    }
    let error = cell(&base, &Field::from("BTC")).unwrap_err();
    assert!(error.contains("`BTC/EUR`"), "{error}");
    assert!(cell(&base, &Field::Blank).unwrap_err().contains("empty"));
    // Values match the written text; the case applies to others.
    let lower = side(Part::Base, Some(Case::Lower));
    let cased = Field::from("xxbtzeur");
    let mut notes = ColumnNotes::default();
    let mut context = ValueContext { tomorrow: 0, place: "a.csv", notes: &mut notes };
    let (written, other) = (Field::from("XXBTZEUR"), Field::from("ETHEUR"));
    assert_eq!(lower.cell_in_case(&written, &cased, &mut context), Ok(Cell::Text("BTC")));
    let cased = Field::from("etheur");
    assert_eq!(lower.cell_in_case(&other, &cased, &mut context), Ok(Cell::Text("eth")));
}

#[test]
fn the_sign_of_numbers_is_removed() {
    let rule = Rule { absolute: true, ..Rule::default() };
    for (dtype, text, number) in [
        (DataType::CRYPTO, "-0.5", Cell::Decimal(500_000_000_000_000_000)),
        (DataType::FIAT, "0.50", Cell::Decimal(50)),
        (DataType::Int64, "-7", Cell::Int(7)),
        (DataType::Float64, "-1e-3", Cell::Float(0.001)),
    ] {
        assert_eq!(read(dtype, &rule, text), Ok(number), "{text}");
    }
    let error = read(DataType::Int64, &rule, "-9223372036854775808").unwrap_err();
    assert!(error.contains("64 bits"), "{error}");
    let nullable = parser(DataType::FIAT, true, &rule).unwrap();
    assert_eq!(cell(&nullable, &Field::Blank), Ok(Cell::Null));
}

#[test]
fn amounts_are_divided_exactly_or_rejected() {
    let cents = Rule { divide: Some(100), ..Rule::default() };
    for (text, units) in [("1999", 1_999), ("-5", -5), ("0", 0), ("2000.00", 2_000)] {
        assert_eq!(read(DataType::FIAT, &cents, text), Ok(Cell::Decimal(units)), "{text}");
    }
    let micros = Rule { divide: Some(1_000_000), ..Rule::default() };
    assert_eq!(read(DataType::FIAT, &micros, "12340000"), Ok(Cell::Decimal(1_234)));
    for (text, rule) in [("19.99", &cents), ("12345678", &micros)] {
        let error = read(DataType::FIAT, rule, text).unwrap_err();
        assert!(error.contains("more places"), "{error}");
    }
    for (dtype, by) in [(DataType::Int64, 100), (DataType::FIAT, 1), (DataType::FIAT, 60)] {
        let rule = Rule { divide: Some(by), ..Rule::default() };
        let error = parser(dtype, true, &rule).unwrap_err();
        assert!(error.contains("`divide`"), "{error}");
    }
}

#[test]
fn zero_dates_become_null_in_nullable_columns() {
    let nullable = parser(DataType::Timestamp, true, &Rule::default()).unwrap();
    let zero = Field::from("0000-00-00 00:00:00");
    assert_eq!(cell(&nullable, &zero), Ok(Cell::Null));
    let error = read(DataType::Date, &Rule::default(), "0000-00-00").unwrap_err();
    assert!(error.contains("MySQL"), "{error}");
}

#[test]
fn typed_values_are_converted_or_rejected() {
    let read = |dtype, field: Field<'static>| {
        let parser = parser(dtype, false, &Rule::default()).unwrap();
        cell(&parser, &field).map(|cell| format!("{cell:?}"))
    };
    for (dtype, field, cell) in [
        (DataType::Int64, Field::Float(7.0), "Int(7)"),
        (DataType::Int64, Field::Decimal(700, 2), "Int(7)"),
        (DataType::FIAT, Field::Decimal(12_500, 3), "Decimal(1250)"),
        (DataType::CRYPTO, Field::Int(-3), "Decimal(-3000000000000000000)"),
        (DataType::Timestamp, Field::Date(1), "Timestamp(86400000000)"),
        (DataType::Date, Field::Timestamp(86_400_000_000), "Date(1)"),
        (DataType::Bool, Field::Int(1), "Bool(true)"),
        (DataType::Timestamp, Field::Int(1_600_000_000), "Timestamp(1600000000000000)"),
    ] {
        assert_eq!(read(dtype, field).as_deref(), Ok(cell));
    }
    for (dtype, field, says) in [
        (DataType::FIAT, Field::Float(0.1), "never is"),
        (DataType::FIAT, Field::Decimal(12_345, 3), "2 places"),
        (DataType::Int64, Field::Float(0.5), "another type"),
        (DataType::Timestamp, Field::Timestamp(1_600_000_000), "1970-01-01"),
        (DataType::Int64, Field::Bytes(b"\xff".as_slice().into()), "UTF-8"),
    ] {
        let error = read(dtype, field).unwrap_err();
        assert!(error.contains(says), "{error} should say {says}");
    }
    assert_eq!(Field::Decimal(-5, 2).shown(), "-0.05");
    assert_eq!(Field::Timestamp(1).shown(), "1970-01-01T00:00:00.000001Z");
}

#[test]
fn local_times_use_the_zone_of_the_column() {
    let zone = Some("Europe/Madrid".into());
    let madrid = parser(DataType::Timestamp, false, &Rule { zone, ..Rule::default() }).unwrap();
    let read = |field: Field<'static>| {
        cell(&madrid, &field).map(|cell| format!("{cell:?}")).unwrap_or_else(|error| error)
    };
    // 2020-09-13T12:26:40 in Madrid's local time, and then in UTC.
    assert_eq!(read(Field::Local(1_600_000_000_000_000)), "Timestamp(1599992800000000)");
    assert_eq!(read(Field::Timestamp(1_600_000_000_000_000)), "Timestamp(1600000000000000)");
    assert_eq!(read(Field::Date(18_518)), "Timestamp(1599948000000000)");
    // 2023-03-26T02:30:00, which was skipped in that local time.
    assert!(read(Field::Local(1_679_797_800_000_000)).contains("set forward"));
}

#[test]
fn a_rule_that_does_not_fit_its_column_is_rejected() {
    let condition = Condition::any_of("a", ["b"]);
    for (dtype, rule, says) in [
        (DataType::Text, Rule { absolute: true, ..Rule::default() }, "no `absolute`"),
        (DataType::FIAT, Rule { case: Some(Case::Upper), ..Rule::default() }, "no `case`"),
        (DataType::FIAT, Rule { part: Some(Part::Quote), ..Rule::default() }, "\"quote\""),
        (DataType::Date, Rule { part: Some(Part::Base), ..Rule::default() }, "\"base\""),
        (
            DataType::FIAT,
            Rule { absolute: true, negate: Some(condition), ..Rule::default() },
            "`absolute`",
        ),
        (DataType::Text, Rule { case: Some(Case::Upper), ..Rule::constant("b") }, "`case`"),
        (DataType::Text, Rule { format: Some("%Y".into()), ..Rule::default() }, "format"),
        (DataType::Date, Rule { decimal: Some(','), ..Rule::default() }, "decimal"),
        (DataType::FIAT, Rule { decimal: Some('1'), ..Rule::default() }, "two signs"),
        (DataType::FIAT, Rule { thousands: Some('.'), ..Rule::default() }, "two signs"),
        (DataType::Text, Rule { column: Some("a".into()), ..Rule::constant("b") }, "choose one"),
    ] {
        let error = parser(dtype, false, &rule).unwrap_err();
        assert!(error.contains(says), "{error} should say {says}");
    }
}
