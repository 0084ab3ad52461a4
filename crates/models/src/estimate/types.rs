//! An estimate, its interval, and what limits them.

use serde::Serialize;

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The estimate; `None` if the data do not determine it, such as a share of nothing.
    pub value: Option<f64>,
    /// Its interval; `None` if the data are too few for one.
    pub interval: Option<Interval>,
    /// The number of observations behind it: users, unless stated otherwise.
    pub n: u64,
    /// The limits of the interval.
    pub flags: Flags,
}

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// The nominal level, such as 0.9: the share of samples whose interval holds the true value.
    pub level: f64,
    /// The method of the interval.
    pub method: Method,
}

/// The method of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// The score interval of a share (Wilson 1927).
    Wilson,
    /// The square-and-add interval of a difference of shares (Newcombe 1998, method 10).
    Newcombe,
    /// The hybrid bootstrap-t interval of a mean on the scale of its logarithm.
    HybridT,
    /// The normal interval on the scale of the logarithm, from a standard error (delta method).
    LogNormal,
    /// The normal interval from a standard error (delta method).
    Normal,
}

/// The limits of an interval: conditions under which it is known to hold less than its level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Flags {
    /// Fewer than 20 users paid.
    pub few: bool,
    /// The tail of the amounts is so heavy that their variance may not exist; the value is at
    /// least this.
    pub heavy: bool,
}
