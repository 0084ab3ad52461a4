//! User analytics: cohort retention, churn, lifetime value (LTV) and unit economics (CAC, ROAS,
//! payback) of users, and the consistency audit of a warehouse.
//!
//! All metrics are pure functions over [`Facts`]: small frames of users, events and spend that come
//! from a warehouse ([`Facts::from_warehouse`]) or from a user's own data ([`Facts::new`],
//! [`Facts::from_transactions`]). They do no I/O and read no clock: [`Facts::end`], the end of
//! observation, decides what is complete. Incomplete values are null, never 0.
//!
//! | module | contents |
//! |---|---|
//! | [`retention`] | bounded and rolling retention by cohort |
//! | [`churn`] | inactivity churn by cohort |
//! | [`growth`] | growth accounting, daily, weekly and monthly active users |
//! | [`kpi`] | key figures by period with their changes, the funnel of signups, net inflow |
//! | [`ltv`] | historic lifetime value by cohort and age |
//! | [`unit_economics`] | CAC, LTV, ROAS, payback and LTV:CAC by channel and campaign |
//! | [`volume`] | high-volume traders by cohort, deciles of volume |
//! | [`stats`] | confidence intervals of shares and means |
//! | [`market_statistics`] | returns, volatility, correlation, lead and lag of the market and users |
//! | [`market`] | the derived market tables: one price, one exchange rate |
//! | [`audit`] | the consistency audit, `tidegauge verify` |
//!
//! Users are grouped by [`Cohort`] and [`Period`].
//!
//! ```
//! use polars::prelude::*;
//! use tidegauge_analytics::{Facts, Period, retention::{self, RetentionParams}};
//!
//! let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
//! let purchases = df!(
//!     "user" => ["ann", "ann", "bob"],
//!     "at" => [day("2026-01-05"), day("2026-01-14"), day("2026-01-06")],
//!     "value" => [20.0, 5.0, 7.5],
//! )?;
//! let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
//! let facts = Facts::from_transactions(&purchases, end)?;
//! let table = retention::retention(&facts, &RetentionParams::by(Period::Week))?;
//! let week_1 = table.cohorts[0].cells[1].as_ref().unwrap();
//! assert_eq!((week_1.active, week_1.rate.value), (1, Some(0.5)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arrow_to_polars;
pub mod audit;
mod calendar;
mod dates;
mod error;
mod external_ids;
mod facts;
mod frames;
pub mod market;
pub mod metrics;
mod parallel;
pub mod stats;
mod typed_columns;

pub use arrow_to_polars::frame;
pub use calendar::Calendar;
pub use chrono_tz::Tz;
pub use error::{Error, Result};
pub use facts::{BadRows, EventFilter, Facts, FactsParams};
pub use metrics::{
    Cohort, CohortAnchor, Period, Revenue, churn, growth, kpi, ltv, market_statistics, retention,
    unit_economics, volume,
};
pub use tidegauge_models::{Estimate, Interval};

/// The statistics behind the metrics, so that users need not depend on a second crate.
pub use tidegauge_models as models;

/// The version of polars whose frames are used in the API, so that no second one is needed.
pub use polars;
