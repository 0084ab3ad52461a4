//! Shares of counts with their intervals.

use serde::Serialize;
use tidegauge_models::estimate::wilson;
use tidegauge_models::{Estimate, Interval};

/// A share of a total with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Share {
    /// The count.
    pub count: u64,
    /// The total.
    #[serde(rename = "of")]
    pub total: u64,
    /// `count / total`; `None` if `total` is 0.
    pub rate: Option<f64>,
    /// The Wilson interval of the rate; `None` if `total` is 0.
    pub interval: Option<Interval>,
}

impl Share {
    /// Creates the share of `count` out of `total`, with an interval of the nominal `level`.
    pub fn new(count: u64, total: u64, level: f64) -> Self {
        let Estimate { value, interval, .. } = wilson(count, total, level);
        Self { count, total, rate: value, interval }
    }
}

impl From<Share> for Estimate {
    fn from(share: Share) -> Self {
        match share.rate {
            Some(rate) => Self::new(rate, share.interval, share.total),
            None => Self::undetermined(share.total),
        }
    }
}

/// The minimum number of users for metrics at an age: the revenue of fewer is too small a sample of
/// its variance.
pub const MIN_SAMPLE_SIZE: u64 = 30;

/// Returns `part / whole`, or `None` if `whole` is 0.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}
