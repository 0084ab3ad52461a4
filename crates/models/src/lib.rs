//! Statistics of customers over plain slices of numbers: estimates whose intervals hold their
//! nominal level on heavy-tailed revenue, and survival curves. No frames, no I/O, no clock; all
//! randomness is seeded.
//!
//! | module | contents |
//! |---|---|
//! | [`classify`] | logistic regression, AUC, calibration |
//! | [`estimate`] | [`Estimate`] and [`Interval`]; shares, means, ratios, differences |
//! | [`math`] | special functions |
//! | [`multiple`] | p-values of many tests |
//! | [`series`] | returns, volatility, correlation, lead and lag |
//! | [`survival`] | Kaplan–Meier, Aalen–Johansen, log-rank, restricted mean |

pub mod classify;
pub mod estimate;
pub mod math;
pub mod multiple;
mod random;
pub mod series;
pub mod survival;

pub use estimate::{Estimate, Interval, Method};

/// The examples of the README, which compile as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
