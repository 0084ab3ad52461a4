//! Predicates as conditions of a query.

use std::ops::{Bound, RangeInclusive};

use tidegauge_core::{Condition, DataType, Predicate, Scalar, Test};

use super::{Dialect, Lists, Param};

/// The maximum length of a list of values with one parameter each. For a longer list, the rows
/// between the least and the greatest value are read, and filtered in this crate.
const MOST_SPELLED: usize = 1_000;

/// The pushdown of a predicate to SQL.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Conditions {
    /// The conditions, all of which must hold.
    pub(crate) all: Vec<String>,
    /// Whether the conditions may select rows that the predicate does not.
    pub(crate) is_loose: bool,
    /// Whether no row can satisfy the conditions.
    pub(crate) is_never: bool,
}

impl Conditions {
    /// Returns the conditions as a `WHERE` clause; empty if there are none.
    pub(crate) fn clause(&self) -> String {
        match self.all.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.all.join(" AND ")),
        }
    }
}

/// Returns the conditions for `predicate`, and appends their parameters to `params`.
pub(crate) fn conditions(
    dialect: &Dialect,
    predicate: &Predicate,
    params: &mut Vec<Param>,
) -> Conditions {
    let mut speller = Speller { dialect, params, conditions: Conditions::default() };
    for condition in &predicate.conditions {
        speller.add(condition);
    }
    speller.conditions
}

struct Speller<'a> {
    dialect: &'a Dialect,
    params: &'a mut Vec<Param>,
    conditions: Conditions,
}

impl Speller<'_> {
    fn add(&mut self, condition: &Condition) {
        let (name, dtype) = (self.dialect.quoted(&condition.name), condition.dtype);
        match &condition.test {
            Test::Never => self.conditions.is_never = true,
            Test::IsNull => self.conditions.all.push(format!("{name} IS NULL")),
            Test::OneOf(values) => self.one_of(&name, dtype, values),
            Test::Between(from, to) => self.between(&name, dtype, from.as_ref(), to.as_ref()),
            Test::BetweenText { from, to } => {
                let text = |end: &Bound<String>| end.clone().map(Scalar::Text);
                self.ends(&name, dtype, text(from), text(to));
            }
            Test::BetweenFloats { from, to } => {
                self.ends(&name, dtype, from.map(Scalar::Float), to.map(Scalar::Float));
            }
        }
    }

    fn one_of(&mut self, name: &str, dtype: DataType, values: &[Scalar]) {
        let values: Vec<Scalar> =
            values.iter().filter(|value| self.holds(value)).cloned().collect();
        let (Some(least), Some(most)) = (values.first(), values.last()) else {
            self.conditions.is_never = true;
            return;
        };
        if let Lists::Bound(spell) = self.dialect.lists {
            let condition = spell(name, self.params.len(), dtype, values.len());
            self.params.push(Param::List(dtype, values));
            self.push(name, dtype, condition);
        } else if values.len() > MOST_SPELLED {
            let (least, most) = (Bound::Included(least.clone()), Bound::Included(most.clone()));
            self.ends(name, dtype, least, most);
            self.conditions.is_loose = true;
        } else {
            let params: Vec<String> =
                values.iter().map(|value| self.param(dtype, value.clone())).collect();
            self.push(name, dtype, format!("{name} IN ({})", params.join(", ")));
            if dtype == DataType::Text && !self.dialect.equal_by_bytes {
                let params: Vec<String> = values
                    .into_iter()
                    .map(|value| (self.dialect.bytes)(self.param(dtype, value)))
                    .collect();
                let name = (self.dialect.bytes)(name.to_owned());
                self.conditions.all.push(format!("{name} IN ({})", params.join(", ")));
            }
        }
    }

    fn between(&mut self, name: &str, dtype: DataType, from: Option<&Scalar>, to: Option<&Scalar>) {
        let (from, to) = match self.narrowed(from, to) {
            Some(ends) => ends,
            None => {
                self.conditions.is_never = true;
                return;
            }
        };
        let end = |value: Option<&Scalar>| {
            value.map_or(Bound::Unbounded, |value| Bound::Included(value.clone()))
        };
        self.ends(name, dtype, end(from), end(to));
    }

    /// Returns the range without ends that lie outside the storable values; `None` if the range
    /// contains no storable value.
    fn narrowed<'v>(
        &self,
        from: Option<&'v Scalar>,
        to: Option<&'v Scalar>,
    ) -> Option<(Option<&'v Scalar>, Option<&'v Scalar>)> {
        fn kept<'v, T: PartialOrd>(
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
            Some(value @ Scalar::Date(days)) => kept(&self.dialect.days, value, days, is_from),
            Some(value @ Scalar::Timestamp(at)) => kept(&self.dialect.micros, value, at, is_from),
            other => Some(other),
        };
        Some((keep(from, true)?, keep(to, false)?))
    }

    /// Adds the condition that `name` lies between two ends.
    fn ends(&mut self, name: &str, dtype: DataType, from: Bound<Scalar>, to: Bound<Scalar>) {
        let bytes = |spelled: String| match dtype {
            DataType::Text => (self.dialect.bytes)(spelled),
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
            let param = (self.dialect.param)(self.params.len(), dtype);
            self.params.push(Param::One(dtype, value));
            parts.push(format!("{compared} {sign} {}", bytes(param)));
        }
        match parts.is_empty() {
            // A range without ends includes every value except null.
            true => self.conditions.all.push(format!("{name} IS NOT NULL")),
            false => self.push(name, dtype, parts.join(" AND ")),
        }
    }

    fn push(&mut self, name: &str, dtype: DataType, condition: String) {
        let odd = self.dialect.odd_decimals.filter(|_| matches!(dtype, DataType::Decimal { .. }));
        self.conditions.all.push(match odd {
            None => condition,
            Some(odd) => {
                self.conditions.is_loose = true;
                format!("(({condition}) OR {})", odd(name))
            }
        });
    }

    fn param(&mut self, dtype: DataType, value: Scalar) -> String {
        let spelled = (self.dialect.param)(self.params.len(), dtype);
        self.params.push(Param::One(dtype, value));
        spelled
    }

    /// Returns `true` if the database can store `value`.
    fn holds(&self, value: &Scalar) -> bool {
        match value {
            Scalar::Date(days) => self.dialect.days.contains(days),
            Scalar::Timestamp(at) => self.dialect.micros.contains(at),
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

    fn dialect(odd_decimals: Option<fn(&str) -> String>) -> Dialect {
        Dialect {
            quote: '"',
            declared: |dtype| dtype.to_string(),
            widen: |_, _, _| String::new(),
            relax: |_, _, _| String::new(),
            null: |_| "NULL".into(),
            value: |column, _| column,
            param: number,
            bytes: |text| format!("BYTES({text})"),
            lists: Lists::Spelled,
            equal_by_bytes: false,
            odd_decimals,
            days: crate::sql::TEXT_DAYS,
            micros: crate::sql::TEXT_MICROS,
            summary: None,
        }
    }

    fn spelled(dialect: &Dialect, filter: &Filter) -> (Conditions, Vec<Param>) {
        let mut params = Vec::new();
        let predicate = filter.check(&table()).unwrap();
        (conditions(dialect, &predicate, &mut params), params)
    }

    #[test]
    fn values_are_bound_and_never_spelled() {
        let filter = Filter::eq("text", "'; DROP TABLE t; --").and(Filter::range("id", 3..7));
        let (conditions, params) = spelled(&dialect(None), &filter);
        let clause = " WHERE \"text\" IN (?) AND BYTES(\"text\") IN (BYTES(?)) AND \"id\" >= ? AND \"id\" <= ?";
        assert_eq!((conditions.clause().as_str(), conditions.is_loose), (clause, false));
        let ends = [3, 6].map(|end| Param::One(DataType::Int64, Scalar::Int(end)));
        assert_eq!(params[2..], ends);
        assert_eq!(params.len(), 4);
    }

    #[test]
    fn where_decimals_are_not_all_numbers_more_rows_come_than_are_kept() {
        let odd = dialect(Some(|column| format!("odd({column})")));
        let (conditions, _) = spelled(&odd, &Filter::range("paid", 0..));
        assert_eq!(conditions.clause(), " WHERE ((\"paid\" >= ?) OR odd(\"paid\"))");
        assert!(conditions.is_loose);
    }

    #[test]
    fn of_a_long_list_only_the_ends_are_bound() {
        let (conditions, params) = spelled(&dialect(None), &Filter::is_in("id", 0..5_000));
        assert_eq!((conditions.is_loose, params.len()), (true, 2));
    }

    #[test]
    fn what_no_row_can_hold_is_not_asked_for() {
        let far = chrono::DateTime::from_timestamp_micros(400_000_000_000_000_000).unwrap();
        let (conditions, params) = spelled(&dialect(None), &Filter::range("at", far..));
        assert!(conditions.is_never && params.is_empty());
        let (conditions, params) = spelled(&dialect(None), &Filter::range("at", ..far));
        assert_eq!((conditions.clause().as_str(), params.len()), (" WHERE \"at\" IS NOT NULL", 0));
        assert!(spelled(&dialect(None), &Filter::eq("at", far)).0.is_never);
    }
}
