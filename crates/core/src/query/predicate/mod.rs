//! Predicates: validated filters, as tests on columns in the columns' own units.

mod evaluate;
mod normalize;

use std::borrow::Cow;
use std::ops::{Bound, RangeBounds};

pub(crate) use normalize::{between, is_null, one_of};

use crate::DataType;

/// A validated filter: conditions that must all hold. Without conditions every row is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Predicate {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A test on a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The index of the column in its table.
    pub column: usize,
    /// The name of the column.
    pub name: Cow<'static, str>,
    /// The type of the column.
    pub dtype: DataType,
    /// The test of the column's values.
    pub test: Test,
}

/// A test of a value. Null passes [`Test::IsNull`] and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One of these values, in ascending order and without duplicates; at least one.
    OneOf(Vec<Scalar>),
    /// From the first to the second value, **both included**; `None` is no bound. For integers,
    /// dates, timestamps and decimals; bounds lie within the column's range.
    Between(Option<Scalar>, Option<Scalar>),
    /// Between these floats. Bounds are finite.
    BetweenFloats {
        /// The lower bound.
        from: Bound<f64>,
        /// The upper bound.
        to: Bound<f64>,
    },
    /// Between these texts, compared by their bytes. Bounds have no NUL.
    BetweenText {
        /// The lower bound.
        from: Bound<String>,
        /// The upper bound.
        to: Bound<String>,
    },
    /// Null.
    IsNull,
    /// No value passes.
    Never,
}

/// A value in the unit of its column.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Scalar {
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite float.
    Float(f64),
    /// Text without NUL.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Minor units at the column's scale.
    Decimal(i128),
}

impl Predicate {
    /// Returns `true` if every row is kept.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Returns `true` if no row is kept, whatever the rows are.
    pub fn is_never(&self) -> bool {
        self.conditions.iter().any(|condition| condition.test == Test::Never)
    }
}

impl Test {
    /// Returns `false` if no value from `min` to `max`, both included, passes: rows with such
    /// statistics need not be read. `None` is an unknown bound. Nulls are ignored.
    pub fn overlaps(&self, min: Option<&Scalar>, max: Option<&Scalar>) -> bool {
        let is_below = |value: &Scalar| min.is_some_and(|min| value < min);
        let is_above = |value: &Scalar| max.is_some_and(|max| value > max);
        match self {
            Self::OneOf(values) => values.iter().any(|value| !is_below(value) && !is_above(value)),
            Self::Between(from, to) => {
                !from.as_ref().is_some_and(is_above) && !to.as_ref().is_some_and(is_below)
            }
            Self::BetweenFloats { from, to } => {
                let scalar = |bound: &Bound<f64>| bound.map(Scalar::Float);
                bounds_overlap(&scalar(from), &scalar(to), min, max)
            }
            Self::BetweenText { from, to } => {
                let scalar = |bound: &Bound<String>| bound.clone().map(Scalar::Text);
                bounds_overlap(&scalar(from), &scalar(to), min, max)
            }
            Self::IsNull => true,
            Self::Never => false,
        }
    }

    /// Returns `true` if every value from `min` to `max`, both included, passes: rows with such
    /// statistics and without nulls need not be tested. Always `false` for floats, since statistics
    /// leave out NaN.
    pub fn covers(&self, min: &Scalar, max: &Scalar) -> bool {
        match self {
            Self::OneOf(values) => min == max && values.contains(min),
            Self::Between(from, to) => {
                from.as_ref().is_none_or(|from| from <= min)
                    && to.as_ref().is_none_or(|to| max <= to)
            }
            Self::BetweenText { from, to } => {
                let (Scalar::Text(min), Scalar::Text(max)) = (min, max) else { return false };
                let holds = |text: &String| {
                    RangeBounds::<String>::contains(&(from.as_ref(), to.as_ref()), text)
                };
                holds(min) && holds(max)
            }
            Self::BetweenFloats { .. } | Self::IsNull | Self::Never => false,
        }
    }
}

fn bounds_overlap(
    from: &Bound<Scalar>,
    to: &Bound<Scalar>,
    min: Option<&Scalar>,
    max: Option<&Scalar>,
) -> bool {
    let starts = match (from, max) {
        (Bound::Included(from), Some(max)) => from <= max,
        (Bound::Excluded(from), Some(max)) => from < max,
        _ => true,
    };
    let ends = match (to, min) {
        (Bound::Included(to), Some(min)) => to >= min,
        (Bound::Excluded(to), Some(min)) => to > min,
        _ => true,
    };
    starts && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_min_and_max_within_their_bounds() {
        let int = Scalar::Int;
        let between = Test::Between(Some(int(3)), Some(int(9)));
        assert!(between.covers(&int(3), &int(9)));
        assert!(!between.covers(&int(2), &int(9)) && !between.covers(&int(3), &int(10)));
        assert!(Test::Between(None, Some(int(9))).covers(&int(i64::MIN), &int(9)));
        let text = |text: &str| Scalar::Text(text.into());
        let range = Test::BetweenText {
            from: Bound::Included("b".into()),
            to: Bound::Excluded("d".into()),
        };
        assert!(range.covers(&text("b"), &text("czz")) && !range.covers(&text("b"), &text("d")));
        assert!(Test::OneOf(vec![text("a"), text("b")]).covers(&text("b"), &text("b")));
        assert!(!Test::OneOf(vec![text("a"), text("b")]).covers(&text("a"), &text("b")));
        assert!(!Test::IsNull.covers(&int(1), &int(1)) && !Test::Never.covers(&int(1), &int(1)));
        let floats = Test::BetweenFloats { from: Bound::Unbounded, to: Bound::Unbounded };
        assert!(!floats.covers(&Scalar::Float(1.0), &Scalar::Float(2.0)));
    }
}
