//! Estimates with their intervals.
//!
//! | function or type | estimates |
//! |---|---|
//! | [`wilson`], [`newcombe`] | a share; a difference of two shares |
//! | [`mean`](mean()), [`Amounts`] | the mean amount per user, of a slice or streamed |
//! | [`difference`], [`quotient`], [`product`] | two independent estimates, combined |
//! | [`normal`], [`log_normal`], [`logit_normal`] | any value with a standard error |

mod amounts;
mod bottom;
mod combine;
mod delta;
mod log_normal_draws;
mod lower_tail;
mod mean;
mod pivot;
mod sample;
mod share;
mod sum;
mod sums;
mod types;

pub use amounts::Amounts;
pub use combine::{difference, product, quotient};
pub use delta::{log_normal, logit_normal, normal};
pub use mean::mean;
pub use share::{newcombe, wilson};
pub use types::{Estimate, Flags, Interval, Method};
