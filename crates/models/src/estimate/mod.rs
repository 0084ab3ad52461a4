//! Estimates with their intervals.

mod types;

pub use types::{Estimate, Flags, Interval, Method};
