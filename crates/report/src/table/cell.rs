//! Cells: text, numbers with their uncertainty, and missing values.

use serde::{Deserialize, Serialize};
use tidegauge_analytics::stats::Share;
use tidegauge_analytics::{self as analytics, Estimate};

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Text.
    Text(String),
    /// A number.
    Number(Number),
    /// No value, with the reason.
    Missing(Missing),
}

/// A number with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Number {
    /// The value, in the unit of its column; shares lie between 0 and 1.
    pub value: f64,
    /// The interval of the value.
    pub interval: Option<Interval>,
    /// The number of users that the value is computed from.
    pub n: Option<u64>,
}

/// An interval around a value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound; `None` if it lies beyond the observed range.
    pub high: Option<f64>,
    /// The nominal level, such as 0.9.
    pub level: f64,
}

/// The reason why a cell has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The value is undefined, or based on too few users.
    Unknown,
    /// The period is not over for all users of the row.
    NotOver,
}

impl Cell {
    /// A cell whose value is undefined, or based on too few users.
    pub const UNKNOWN: Self = Self::Missing(Missing::Unknown);
    /// A cell of a period that is not over.
    pub const NOT_OVER: Self = Self::Missing(Missing::NotOver);

    /// Creates a cell of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Creates a cell with the name of a cohort, or [`Missing::Unknown`] for users without one.
    pub fn name(name: Option<&str>) -> Self {
        name.map_or(Self::UNKNOWN, Self::text)
    }

    /// Creates a cell of a number without an interval, or [`Missing::Unknown`] for `None`.
    pub fn number(value: impl Into<Option<f64>>) -> Self {
        Self::estimate(value.into(), None, None)
    }

    /// Creates a cell of a count.
    pub fn count(count: u64) -> Self {
        Self::number(count as f64)
    }

    /// Creates a cell of a value with its interval and number of users, or [`Missing::Unknown`]
    /// without a value.
    pub fn estimate(value: Option<f64>, interval: Option<Interval>, n: Option<u64>) -> Self {
        value.map_or(Self::UNKNOWN, |value| Self::Number(Number { value, interval, n }))
    }

    /// Creates a cell of an estimate with its interval and number of users, or
    /// [`Missing::Unknown`] without a value.
    pub fn of(estimate: &Estimate) -> Self {
        let interval = estimate.interval.map(Interval::from);
        Self::estimate(estimate.value, interval, Some(estimate.n))
    }

    /// Creates a cell of a share of users.
    pub fn share(share: &Share) -> Self {
        Self::estimate(share.rate, share.interval.map(Interval::from), Some(share.total))
    }

    /// Returns the number of the cell, or `None` if it holds text or no value.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(_) | Self::Missing(_) => None,
        }
    }
}

impl Number {
    /// Returns `true` if the value and the bounds of its interval are all finite.
    pub(super) fn is_finite(&self) -> bool {
        let bounds = self.interval.map(|Interval { low, high, .. }| [low, high.unwrap_or(low)]);
        self.value.is_finite() && bounds.into_iter().flatten().all(f64::is_finite)
    }
}

impl From<analytics::Interval> for Interval {
    fn from(interval: analytics::Interval) -> Self {
        Self { low: interval.low, high: Some(interval.high), level: interval.level }
    }
}
