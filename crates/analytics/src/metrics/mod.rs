//! Metrics: pure functions over [`Facts`](crate::Facts) that group users into cohorts or channels.
//!
//! # Frames
//!
//! Each result has a method `frame`, and others by the parts of the result, such as `by_age_frame`:
//! long polars frames with one row for each cohort and period, age or step. `overall` is not among
//! the rows. An estimate is seven columns, named after it; here of an estimate `rate`:
//!
//! | column | contents |
//! |---|---|
//! | `rate` | the value; null if the data do not determine it, as in a period that is not over |
//! | `rate_low`, `rate_high` | the bounds of its interval; null without one |
//! | `rate_level` | the nominal level of the interval, such as 0.9 |
//! | `rate_n` | the number of observations behind it |
//! | `rate_few`, `rate_heavy` | its [flags](tidegauge_models::estimate::Flags): too few payments, too heavy a tail |
//!
//! ```
//! use polars::prelude::*;
//! use tidegauge_analytics::retention::{RetentionParams, retention};
//! use tidegauge_analytics::{Facts, Period};
//!
//! let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
//! let purchases = df!(
//!     "user" => ["ann", "ann", "bob"],
//!     "at" => ["2026-01-05", "2026-01-14", "2026-01-06"].map(day),
//!     "value" => [20.0, 5.0, 7.5],
//! )?;
//! let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
//! let facts = Facts::from_transactions(&purchases, end)?;
//! let frame = retention(&facts, &RetentionParams::by(Period::Week))?.frame()?;
//! assert_eq!(frame.column("rate")?.f64()?.get(1), Some(0.5));
//! assert_eq!(frame.column("rate_n")?.u64()?.get(1), Some(2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod anchor;
pub mod churn;
pub(crate) mod cohort;
mod complete_periods;
pub(crate) mod cumulative;
mod estimate_columns;
pub mod growth;
pub mod kpi;
pub mod ltv;
pub mod market_statistics;
pub(crate) mod period;
pub mod retention;
mod seed;
pub mod unit_economics;
pub mod volume;

pub use anchor::CohortAnchor;
pub use cohort::Cohort;
pub use cumulative::Revenue;
pub use period::Period;
