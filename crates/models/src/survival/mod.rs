//! Survival of right-censored durations: the time to churn, to a first trade, to a threshold.
//!
//! | function | estimate |
//! |---|---|
//! | [`kaplan_meier`] | the share of lives without the event by time, its quantiles and restricted mean |
//! | [`aalen_johansen`] | the share ended by each of several competing causes |
//! | [`log_rank`], [`stratified_log_rank`] | the test whether groups have the same survival |
//!
//! Each takes a [`RiskTable`], made from a slice of [`Life`] or, for numbers of users that are not
//! held in memory, from [`LifeCounts`] by day; both give the same table. All durations of a table
//! are in one unit of the caller's choice.
//!
//! An event is absorbing. Activity is not: the event of churn is the *completion* of a gap of so
//! many days, at the last activity plus the gap, and a user whose gap is not complete is censored
//! at the end of observation. Dating the event at the last activity makes censoring informative.

mod aalen_johansen;
mod counts;
mod error;
mod kaplan_meier;
mod life;
mod log_rank;
mod quantile;
mod restricted_mean;
mod risk;
mod steps;
mod transform;

pub use aalen_johansen::{Incidence, IncidenceStep, aalen_johansen};
pub use counts::LifeCounts;
pub use error::SurvivalError;
pub use kaplan_meier::{Curve, Step, kaplan_meier};
pub use life::Life;
pub use log_rank::{LogRank, LogRankGroup, log_rank, stratified_log_rank};
pub use risk::{RiskRow, RiskTable};
