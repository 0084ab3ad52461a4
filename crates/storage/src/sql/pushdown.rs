//! Predicate pushdown: predicates as conditions of a query.

use std::ops::{Bound, RangeInclusive};

use tidegauge_core::{Condition, DataType, Predicate, Scalar, Test};

use super::dialect::{Dialect, ListBinding};
use super::query::Param;

/// The maximum length of a list of values with one parameter each. For a longer list, the rows
/// between the least and the greatest value are read, and filtered in this crate.
const MAX_LIST_PARAMS: usize = 1_000;

/// The pushdown of a predicate to SQL.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct WhereClause {
    /// The conditions, all of which must hold.
    pub(crate) conditions: Vec<String>,
    /// Whether the conditions may select rows that the predicate does not.
    pub(crate) is_superset: bool,
    /// Whether no row can satisfy the conditions.
    pub(crate) is_never: bool,
}

impl WhereClause {
    /// Returns the conditions as a `WHERE` clause; empty if there are none.
    pub(crate) fn clause(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        }
    }
}

/// Returns the conditions for `predicate`, and appends their parameters to `params`.
pub(super) fn push_down(
    dialect: &Dialect,
    predicate: &Predicate,
    params: &mut Vec<Param>,
) -> WhereClause {
    let mut translator = PredicateTranslator { dialect, params, clause: WhereClause::default() };
    for condition in &predicate.conditions {
        translator.add(condition);
    }
    translator.clause
}

/// Translates the conditions of a predicate to SQL.
struct PredicateTranslator<'a> {
    dialect: &'a Dialect,
    params: &'a mut Vec<Param>,
    clause: WhereClause,
}

impl PredicateTranslator<'_> {
    /// Adds a condition.
    fn add(&mut self, condition: &Condition) {
        let (name, dtype) = (self.dialect.quoted(&condition.name), condition.dtype);
        match &condition.test {
            Test::Never => self.clause.is_never = true,
            Test::IsNull => self.clause.conditions.push(format!("{name} IS NULL")),
            Test::OneOf(values) => self.one_of(&name, dtype, values),
            Test::Between(from, to) => self.between(&name, dtype, from.as_ref(), to.as_ref()),
            Test::BetweenText { from, to } => {
                let text = |end: &Bound<String>| end.clone().map(Scalar::Text);
                self.push_bounds(&name, dtype, text(from), text(to));
            }
            Test::BetweenFloats { from, to } => {
                self.push_bounds(&name, dtype, from.map(Scalar::Float), to.map(Scalar::Float));
            }
        }
    }

    /// Adds the condition that `name` is one of `values`.
    fn one_of(&mut self, name: &str, dtype: DataType, values: &[Scalar]) {
        let values: Vec<Scalar> =
            values.iter().filter(|value| self.is_storable(value)).cloned().collect();
        let (Some(min), Some(max)) = (values.first(), values.last()) else {
            self.clause.is_never = true;
            return;
        };
        if let ListBinding::Array(condition_of) = self.dialect.list_binding {
            let condition = condition_of(name, self.params.len(), dtype, values.len());
            self.params.push(Param::List(dtype, values));
            self.push(name, dtype, condition);
        } else if values.len() > MAX_LIST_PARAMS {
            let (min, max) = (Bound::Included(min.clone()), Bound::Included(max.clone()));
            self.push_bounds(name, dtype, min, max);
            self.clause.is_superset = true;
        } else {
            let params: Vec<String> =
                values.iter().map(|value| self.param(dtype, value.clone())).collect();
            self.push(name, dtype, format!("{name} IN ({})", params.join(", ")));
            if dtype == DataType::Text && !self.dialect.binary_equality {
                let params: Vec<String> = values
                    .into_iter()
                    .map(|value| (self.dialect.binary_text)(self.param(dtype, value)))
                    .collect();
                let name = (self.dialect.binary_text)(name.to_owned());
                self.clause.conditions.push(format!("{name} IN ({})", params.join(", ")));
            }
        }
    }

    /// Adds the condition that `name` lies in a range.
    fn between(&mut self, name: &str, dtype: DataType, from: Option<&Scalar>, to: Option<&Scalar>) {
        let (from, to) = match self.clamp_range(from, to) {
            Some(bounds) => bounds,
            None => {
                self.clause.is_never = true;
                return;
            }
        };
        let end = |value: Option<&Scalar>| {
            value.map_or(Bound::Unbounded, |value| Bound::Included(value.clone()))
        };
        self.push_bounds(name, dtype, end(from), end(to));
    }

    /// Returns the range without ends that lie outside the storable values; `None` if the range
    /// contains no storable value.
    fn clamp_range<'v>(
        &self,
        from: Option<&'v Scalar>,
        to: Option<&'v Scalar>,
    ) -> Option<(Option<&'v Scalar>, Option<&'v Scalar>)> {
        fn clamp_bound<'v, T: PartialOrd>(
            ends: &RangeInclusive<T>,
            value: &'v Scalar,
            at: &T,
            is_from: bool,
        ) -> Option<Option<&'v Scalar>> {
            match is_from {
                _ if ends.contains(at) => Some(Some(value)),
                true => (at < ends.start()).then_some(None),
                false => (at > ends.end()).then_some(None),
            }
        }
        let keep = |value: Option<&'v Scalar>, is_from| match value {
            Some(value @ Scalar::Date(days)) => {
                clamp_bound(&self.dialect.date_range, value, days, is_from)
            }
            Some(value @ Scalar::Timestamp(at)) => {
                clamp_bound(&self.dialect.timestamp_range, value, at, is_from)
            }
            other => Some(other),
        };
        Some((keep(from, true)?, keep(to, false)?))
    }

    /// Adds the condition that `name` lies between two ends.
    fn push_bounds(&mut self, name: &str, dtype: DataType, from: Bound<Scalar>, to: Bound<Scalar>) {
        let bytes = |spelled: String| match dtype {
            DataType::Text => (self.dialect.binary_text)(spelled),
            _ => spelled,
        };
        let compared = bytes(name.to_owned());
        let mut parts = Vec::new();
        for (end, included, excluded) in [(from, ">=", ">"), (to, "<=", "<")] {
            let (sign, value) = match end {
                Bound::Included(value) => (included, value),
                Bound::Excluded(value) => (excluded, value),
                Bound::Unbounded => continue,
            };
            let param = (self.dialect.placeholder)(self.params.len(), dtype);
            self.params.push(Param::One(dtype, value));
            parts.push(format!("{compared} {sign} {}", bytes(param)));
        }
        match parts.is_empty() {
            // A range without ends includes every value except null.
            true => self.clause.conditions.push(format!("{name} IS NOT NULL")),
            false => self.push(name, dtype, parts.join(" AND ")),
        }
    }

    /// Adds a condition, which a column with decimals that are no numbers may pass too.
    fn push(&mut self, name: &str, dtype: DataType, condition: String) {
        let odd =
            self.dialect.non_numeric_decimals.filter(|_| matches!(dtype, DataType::Decimal { .. }));
        self.clause.conditions.push(match odd {
            None => condition,
            Some(odd) => {
                self.clause.is_superset = true;
                format!("(({condition}) OR {})", odd(name))
            }
        });
    }

    /// Binds a value; returns its placeholder.
    fn param(&mut self, dtype: DataType, value: Scalar) -> String {
        let spelled = (self.dialect.placeholder)(self.params.len(), dtype);
        self.params.push(Param::One(dtype, value));
        spelled
    }

    /// Returns `true` if the database can store `value`.
    fn is_storable(&self, value: &Scalar) -> bool {
        match value {
            Scalar::Date(days) => self.dialect.date_range.contains(days),
            Scalar::Timestamp(at) => self.dialect.timestamp_range.contains(at),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{Filter, TableRef};

    use super::*;

    fn table() -> TableRef {
        tidegauge_core::Table::builder("t", "")
            .column("id", DataType::Int64, "")
            .nullable("text", DataType::Text, "")
            .nullable("at", DataType::Timestamp, "")
            .nullable("paid", DataType::FIAT, "")
            .key(["id"])
            .build()
            .unwrap()
    }

    fn number(_: usize, _: DataType) -> String {
        "?".into()
    }

    fn dialect(non_numeric_decimals: Option<fn(&str) -> String>) -> Dialect {
        Dialect {
            quote: '"',
            column_type: |dtype| dtype.to_string(),
            widen_decimals: |_, _, _| String::new(),
            drop_not_null: |_, _, _| String::new(),
            typed_null: |_| "NULL".into(),
            select_value: |column, _| column,
            placeholder: number,
            binary_text: |text| format!("BYTES({text})"),
            list_binding: ListBinding::PerValue,
            binary_equality: false,
            non_numeric_decimals,
            date_range: crate::sql::TEXT_DATE_RANGE,
            timestamp_range: crate::sql::TEXT_TIMESTAMP_RANGE,
            aggregate_sql: None,
        }
    }

    fn spelled(dialect: &Dialect, filter: &Filter) -> (WhereClause, Vec<Param>) {
        let mut params = Vec::new();
        let predicate = filter.check(&table()).unwrap();
        (push_down(dialect, &predicate, &mut params), params)
    }

    #[test]
    fn values_are_bound_as_parameters() {
        let filter = Filter::eq("text", "'; DROP TABLE t; --").and(Filter::range("id", 3..7));
        let (conditions, params) = spelled(&dialect(None), &filter);
        let clause = " WHERE \"text\" IN (?) AND BYTES(\"text\") IN (BYTES(?)) AND \"id\" >= ? AND \"id\" <= ?";
        assert_eq!((conditions.clause().as_str(), conditions.is_superset), (clause, false));
        let ends = [3, 6].map(|end| Param::One(DataType::Int64, Scalar::Int(end)));
        assert_eq!(params[2..], ends);
        assert_eq!(params.len(), 4);
    }

    #[test]
    fn non_numeric_decimals_make_the_query_return_a_superset() {
        let odd = dialect(Some(|column| format!("odd({column})")));
        let (conditions, _) = spelled(&odd, &Filter::range("paid", 0..));
        assert_eq!(conditions.clause(), " WHERE ((\"paid\" >= ?) OR odd(\"paid\"))");
        assert!(conditions.is_superset);
    }

    #[test]
    fn a_long_list_is_pushed_down_as_a_range() {
        let (conditions, params) = spelled(&dialect(None), &Filter::is_in("id", 0..5_000));
        assert_eq!((conditions.is_superset, params.len()), (true, 2));
    }

    #[test]
    fn values_beyond_the_storable_range_are_not_queried() {
        let far = chrono::DateTime::from_timestamp_micros(400_000_000_000_000_000).unwrap();
        let (conditions, params) = spelled(&dialect(None), &Filter::range("at", far..));
        assert!(conditions.is_never && params.is_empty());
        let (conditions, params) = spelled(&dialect(None), &Filter::range("at", ..far));
        assert_eq!((conditions.clause().as_str(), params.len()), (" WHERE \"at\" IS NOT NULL", 0));
        assert!(spelled(&dialect(None), &Filter::eq("at", far)).0.is_never);
    }
}
