//! Estimates with their intervals.
//!
//! | function or type | estimates |
//! |---|---|
//! | [`wilson`], [`newcombe`] | a share; a difference of two shares |
//! | [`mean`](mean()), [`Amounts`] | the mean amount per user, of a slice or streamed |
//! | [`CumulativeMean`] | the mean cumulative amount per user by age, streamed; by user and week |
//! | [`gini`], [`top_share`], [`lorenz`] | how unequally an amount is spread over users |
//! | [`Influence`] | any of these and ratios, by the influence of each user |
//! | [`TwoWay`] | the variance by user and calendar week |
//! | [`Dispersion`], [`expected_count`], [`cost_per_user`] | what the same spend would bring again |
//! | [`difference`], [`quotient`], [`product`] | two independent estimates, combined |
//! | [`normal`], [`log_normal`], [`logit_normal`] | any value with a standard error |

mod amounts;
mod cluster;
mod combine;
mod concentration;
mod count;
mod cumulative;
mod delta;
mod influence;
mod log_normal_draws;
mod lower_tail;
mod mean;
mod pivot;
mod sample;
mod share;
mod sum;
mod sums;
mod totals;
mod types;

pub use amounts::Amounts;
pub use cluster::TwoWay;
pub use combine::{difference, product, quotient};
pub use concentration::{gini, lorenz, top_share};
pub use count::{Dispersion, cost_per_user, expected_count};
pub use cumulative::{CumulativeMean, NotDeclared};
pub use delta::{log_normal, logit_normal, normal};
pub use influence::{Influence, Transform};
pub use mean::mean;
pub use share::{newcombe, wilson};
pub use types::{Estimate, Flags, Interval, Method};
