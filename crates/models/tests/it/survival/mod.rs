//! Survival against R and against cases worked by hand.
//!
//! Reference values: R 4.2.2, survival 3.5-3 (`survfit`, `survdiff`), etm 1.1.1 (`etm`).

#![allow(clippy::excessive_precision, reason = "reference values as printed")]

mod aalen_johansen;
mod data;
mod kaplan_meier;
mod log_rank;
mod properties;
