//! Cumulative amounts of users by age: the mean cumulative function, which includes users who have
//! not been observed for that long (right-censored). See `docs/metrics/ltv.md`.

mod curve;
mod revenue;
mod sums;

pub(crate) use curve::{Curve, CurvePoint};
pub use revenue::Revenue;
pub(crate) use sums::{CohortSums, Exposure, cumulate};
