//! The SQL dialect of BigQuery.

use std::ops::RangeInclusive;

use tidegauge_core::{Column, DataType, Group, Measure, Table};

use crate::sql::{AggregateSql, Dialect, ListBinding, WiderDecimal};

/// The SQL dialect of BigQuery.
pub(super) const DIALECT: Dialect = Dialect {
    quote: '`',
    column_type,
    widen_decimals,
    drop_not_null,
    typed_null,
    select_value,
    placeholder,
    binary_text: |text| text,
    list_binding: ListBinding::Array(list_condition),
    binary_equality: true,
    non_numeric_decimals: None,
    date_range: DATE_RANGE,
    timestamp_range: *DATE_RANGE.start() as i64 * MICROS_PER_DAY
        ..=(*DATE_RANGE.end() as i64 + 1) * MICROS_PER_DAY - 1,
    aggregate_sql: Some(AGGREGATE_SQL),
};

/// The range of dates that BigQuery supports, the years 0001 to 9999, in days since 1970-01-01.
pub(super) const DATE_RANGE: RangeInclusive<i32> = -719_162..=2_932_896;

/// The number of microseconds in a day.
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Returns the type that a column is declared with.
pub(super) fn column_type(dtype: DataType) -> String {
    match dtype {
        DataType::Bool => "BOOL".into(),
        DataType::Int64 => "INT64".into(),
        DataType::Float64 => "FLOAT64".into(),
        DataType::Text => "STRING".into(),
        DataType::Date => "DATE".into(),
        DataType::Timestamp => "TIMESTAMP".into(),
        // NUMERIC has 9 decimal places and 29 digits before them.
        DataType::Decimal { precision, scale } if scale <= 9 && precision - scale <= 29 => {
            format!("NUMERIC({precision},{scale})")
        }
        DataType::Decimal { precision, scale } => format!("BIGNUMERIC({precision},{scale})"),
    }
}

/// The largest scale at which the emulator keeps all places of a bound decimal; it truncates the
/// rest.
const MAX_BOUND_SCALE: u8 = 18;

/// Returns `true` if values of that type are written into the query as literals: they consist of
/// digits only.
pub(super) fn is_literal(dtype: DataType) -> bool {
    matches!(dtype, DataType::Decimal { scale, .. } if scale > MAX_BOUND_SCALE)
}

/// Returns the placeholder of the literals of the parameter at index `at`.
pub(super) fn literals_placeholder(at: usize) -> String {
    format!("\u{1}{at}\u{1}")
}

fn placeholder(at: usize, dtype: DataType) -> String {
    if is_literal(dtype) { literals_placeholder(at) } else { format!("@p{at}") }
}

fn list_condition(name: &str, at: usize, dtype: DataType, _: usize) -> String {
    match is_literal(dtype) {
        true => format!("{name} IN ({})", literals_placeholder(at)),
        false => format!("{name} IN UNNEST(@p{at})"),
    }
}

/// Returns the type without a precision, which neither casts nor parameters accept.
pub(super) fn type_name(dtype: DataType) -> String {
    let declared = column_type(dtype);
    declared.split_once('(').map_or(declared.as_str(), |(name, _)| name).to_owned()
}

fn typed_null(dtype: DataType) -> String {
    format!("CAST(NULL AS {})", type_name(dtype))
}

/// Returns a column as a result must have it to be exact: the service's own format of a timestamp
/// is a float.
fn select_value(name: String, dtype: DataType) -> String {
    match dtype {
        DataType::Timestamp => format!("UNIX_MICROS({name}) AS {name}"),
        _ => name,
    }
}

/// Returns the statements that give decimals of a table, quoted as `name`, the digits of their
/// definitions. They are idempotent.
pub(super) fn widen_decimals(name: &str, _: &Table, columns: &[WiderDecimal<'_>]) -> String {
    let widen = |(column, _): &WiderDecimal<'_>| {
        let (column, dtype) = (DIALECT.quoted(&column.name), column_type(column.dtype));
        format!("ALTER TABLE {name} ALTER COLUMN {column} SET DATA TYPE {dtype};\n")
    };
    columns.iter().map(widen).collect()
}

/// Returns the statements that make columns of a table, quoted as `name`, nullable. They are not
/// idempotent.
pub(super) fn drop_not_null(name: &str, _: &Table, columns: &[&Column]) -> String {
    let relax = |column: &&Column| {
        format!(
            "ALTER TABLE {name} ALTER COLUMN {}{DROP_NOT_NULL};\n",
            DIALECT.quoted(&column.name)
        )
    };
    columns.iter().map(relax).collect()
}

/// The end of a statement that makes a column nullable.
pub(super) const DROP_NOT_NULL: &str = " DROP NOT NULL";

/// The SQL of aggregates in BigQuery. Nulls sort first by default, and text sorts by its bytes.
const AGGREGATE_SQL: AggregateSql = AggregateSql { group, measure, nulls_first: "" };

/// Converts timestamps to microseconds.
fn to_micros(value: String, dtype: DataType) -> String {
    match dtype {
        DataType::Timestamp => format!("UNIX_MICROS({value})"),
        _ => value,
    }
}

fn group(group: &Group, column: &Column, name: String) -> String {
    let day = match column.dtype {
        DataType::Timestamp => format!("DATE({name}, 'UTC')"),
        _ => name.clone(),
    };
    match group {
        Group::Column(_) => to_micros(name, column.dtype),
        Group::Hour(_) => to_micros(format!("TIMESTAMP_TRUNC({name}, HOUR)"), column.dtype),
        Group::Day(_) => day,
        Group::Week(_) => format!("DATE_TRUNC({day}, ISOWEEK)"),
        Group::Month(_) => format!("DATE_TRUNC({day}, MONTH)"),
    }
}

fn measure(measure: &Measure, of: Option<(&Column, String)>, _: DataType) -> String {
    let Some((column, name)) = of else { return "COUNT(*)".into() };
    match measure {
        Measure::Count => "COUNT(*)".into(),
        // The sum of integers would overflow INT64.
        Measure::Sum(_) if column.dtype == DataType::Int64 => {
            format!("SUM(CAST({name} AS NUMERIC))")
        }
        Measure::Sum(_) => format!("SUM({name})"),
        Measure::Min(_) => to_micros(format!("MIN({name})"), column.dtype),
        Measure::Max(_) => to_micros(format!("MAX({name})"), column.dtype),
        Measure::Distinct(_) => format!("COUNT(DISTINCT {name})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_types_are_the_narrowest_that_fit() {
        let decimal_type = |precision, scale| column_type(DataType::Decimal { precision, scale });
        assert_eq!(decimal_type(18, 2), "NUMERIC(18,2)");
        assert_eq!(decimal_type(38, 9), "NUMERIC(38,9)");
        assert_eq!(decimal_type(38, 8), "BIGNUMERIC(38,8)");
        assert_eq!(decimal_type(28, 10), "BIGNUMERIC(28,10)");
    }
}
