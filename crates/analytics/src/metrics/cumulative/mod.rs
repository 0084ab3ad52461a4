//! Cumulative amounts of users by age: the mean cumulative function, which includes users who have
//! not been observed for that long (right-censored). See `docs/metrics/ltv.md`.
//!
//! `tidegauge_models::estimate::CumulativeMean` is the same estimate, and a test compares both. It
//! does not take the place of this module for two reasons. It holds sums by days observed *and* day
//! of age, some megabytes for each cohort and thread over two years, where a breakdown may have
//! hundreds of cohorts; the sums here are by one of the two at a time. And revenue per dollar has
//! spend, not users, as its exposure, is needed at every day of age for payback, and shares the
//! pass over the events.

mod curve;
mod revenue;
mod sums;

pub(crate) use curve::{Curve, CurvePoint};
pub use revenue::Revenue;
pub(crate) use sums::{CohortSums, Exposure, cumulate};
