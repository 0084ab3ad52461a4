//! Metrics: pure functions over [`Facts`](crate::Facts) that group users into cohorts or channels.

pub(crate) mod anchor;
pub mod churn;
pub(crate) mod cohort;
mod complete_periods;
pub(crate) mod cumulative;
mod estimate_columns;
pub mod growth;
pub mod kpi;
pub mod ltv;
pub(crate) mod period;
pub mod retention;
mod seed;
pub mod unit_economics;
pub mod volume;

pub use anchor::CohortAnchor;
pub use cohort::Cohort;
pub use cumulative::Revenue;
pub use period::Period;
