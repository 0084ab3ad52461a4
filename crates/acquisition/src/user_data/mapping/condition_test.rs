//! Conditions in a form that can be tested on values.

use std::collections::BTreeSet;

use super::condition::Condition;
use super::field::Field;
use super::number::NumberFormat;
use super::settings::Constant;
use super::signs;

impl Condition {
    /// Returns the condition in a form that can be tested, with `numbers` as the format of its
    /// column's numbers.
    pub(super) fn test(&self, numbers: &NumberFormat) -> Result<ConditionTest, String> {
        let Self { column, any_of, not_in, empty, above, below } = self;
        if column.is_empty() {
            return Err("it names no `column`".into());
        }
        let is_bound = above.is_some() || below.is_some();
        let tests = [any_of.is_some(), not_in.is_some(), empty.is_some(), is_bound];
        if tests.iter().filter(|test| **test).count() != 1 {
            return Err("it has one test: `in`, `not_in`, `empty`, or `above` and `below`".into());
        }
        let predicate = match (any_of, not_in, empty) {
            (Some(values), ..) => Predicate::In(texts(values)),
            (None, Some(values), _) => Predicate::NotIn(texts(values)),
            (None, None, Some(empty)) => Predicate::Empty(*empty),
            (None, None, None) => {
                let (above, below) = (bound("above", above)?, bound("below", below)?);
                Predicate::Between { above, below, numbers: numbers.clone() }
            }
        };
        Ok(ConditionTest { column: column.clone(), predicate })
    }
}

fn texts(values: &[Constant]) -> BTreeSet<String> {
    values.iter().map(|value| value.field().trimmed().into_owned()).collect()
}

fn bound(setting: &str, value: &Option<Constant>) -> Result<Option<f64>, String> {
    let Some(value) = value else { return Ok(None) };
    let field = value.field();
    let number = field.trimmed().parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Some).ok_or_else(|| format!("its `{setting}`, `{}`, is no number", field.shown()))
}

/// A condition in a form that can be tested.
#[derive(Debug, Clone)]
pub(super) struct ConditionTest {
    pub(super) column: String,
    predicate: Predicate,
}

#[derive(Debug, Clone)]
enum Predicate {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Empty(bool),
    Between { above: Option<f64>, below: Option<f64>, numbers: NumberFormat },
}

impl ConditionTest {
    /// Returns `true` if the condition holds for `field`.
    ///
    /// # Errors
    /// Returns an error if the condition compares numbers, and the value is not a number.
    pub(super) fn holds(&self, field: &Field<'_>) -> Result<bool, String> {
        let text = field.trimmed();
        match &self.predicate {
            Predicate::In(values) => Ok(field.is_among(|text| values.contains(text))),
            Predicate::NotIn(values) => Ok(!field.is_among(|text| values.contains(text))),
            Predicate::Empty(empty) => Ok(text.is_empty() == *empty),
            Predicate::Between { above, below, numbers } => {
                let number =
                    numbers.normalized(&text).and_then(|number| number.parse::<f64>().ok());
                let number = number.filter(|number| number.is_finite());
                let number = number.ok_or_else(|| {
                    let advice = signs::advice(&text).unwrap_or_default();
                    format!("is not a number, which `above` and `below` compare{advice}")
                })?;
                let is_above = above.is_none_or(|bound| number > bound);
                Ok(is_above && below.is_none_or(|bound| number < bound))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rule;
    use super::*;

    fn test(condition: &str, rule: &Rule) -> Result<ConditionTest, String> {
        let condition: Condition = serde_json::from_str(condition).unwrap();
        condition.test(&NumberFormat::new(rule).unwrap())
    }

    #[test]
    fn conditions_are_evaluated() {
        for (condition, holds, not) in [
            (r#"{"column":"c","in":["paid",7]}"#, vec!["paid", " paid ", "7"], vec!["Paid", ""]),
            (r#"{"column":"c","not_in":["void",""]}"#, vec!["paid", "Void"], vec!["void", ""]),
            (r#"{"column":"c","empty":true}"#, vec!["", " "], vec!["0"]),
            (r#"{"column":"c","empty":false}"#, vec!["null"], vec![""]),
            (r#"{"column":"c","above":0}"#, vec!["0.01", "1e3"], vec!["0", "-0.00", "-5"]),
            (r#"{"column":"c","above":"-0.5","below":1}"#, vec!["0"], vec!["-0.5", "1"]),
        ] {
            let test = test(condition, &Rule::default()).unwrap();
            for text in holds {
                assert_eq!(test.holds(&Field::from(text)), Ok(true), "{condition} {text:?}");
            }
            for text in not {
                assert_eq!(test.holds(&Field::from(text)), Ok(false), "{condition} {text:?}");
            }
        }
        let none = test(r#"{"column":"c","in":[""]}"#, &Rule::default()).unwrap();
        for field in [Field::Null, Field::Missing, Field::Blank] {
            assert_eq!(none.holds(&field), Ok(true), "{field:?}");
        }
        // A null marker matches both its own text and the missing value.
        let unset = Field::from("n/a").with_null_markers(&["n/a".into()]);
        for (condition, holds) in [
            (r#"{"column":"c","in":["n/a"]}"#, true),
            (r#"{"column":"c","in":[""]}"#, true),
            (r#"{"column":"c","in":["paid"]}"#, false),
            (r#"{"column":"c","not_in":["n/a"]}"#, false),
            (r#"{"column":"c","not_in":[""]}"#, false),
            (r#"{"column":"c","not_in":["paid"]}"#, true),
            (r#"{"column":"c","empty":true}"#, true),
        ] {
            let test = test(condition, &Rule::default()).unwrap();
            assert_eq!(test.holds(&unset), Ok(holds), "{condition}");
        }
        let typed = test(r#"{"column":"c","in":[true,"1.50"]}"#, &Rule::default()).unwrap();
        assert_eq!(typed.holds(&Field::Bool(true)), Ok(true));
        assert_eq!(typed.holds(&Field::Decimal(150, 2)), Ok(true));
        let german = Rule { decimal: Some(','), thousands: Some('.'), ..Rule::default() };
        let large = test(r#"{"column":"c","above":1000}"#, &german).unwrap();
        assert_eq!(large.holds(&Field::from("1.234,50")), Ok(true));
        for text in ["", "n/a", "NaN"] {
            assert!(
                large.holds(&Field::from(text)).unwrap_err().contains("not a number"),
                "{text}"
            );
        }
    }

    #[test]
    fn invalid_conditions_are_rejected() {
        for (condition, says) in [
            (r#"{"column":"c"}"#, "one test"),
            (r#"{"column":"c","in":["a"],"empty":true}"#, "one test"),
            (r#"{"column":"","in":["a"]}"#, "`column`"),
            (r#"{"column":"c","above":"much"}"#, "`above`, `much`"),
            (r#"{"column":"c","below":true}"#, "`below`, `true`"),
        ] {
            let error = test(condition, &Rule::default()).unwrap_err();
            assert!(error.contains(says), "{error} should say {says}");
        }
        let unknown = serde_json::from_str::<Condition>(r#"{"column":"c","is":"a"}"#);
        assert!(unknown.unwrap_err().to_string().contains("not_in"));
    }
}
