//! Metrics: pure functions over [`Facts`](crate::Facts) that group users into cohorts or channels.

pub mod churn;
pub(crate) mod cohort;
pub mod ltv;
pub(crate) mod period;
pub mod retention;
pub(crate) mod revenue_curve;
pub mod unit_economics;
pub mod volume;

pub use cohort::Cohort;
pub use period::Period;
