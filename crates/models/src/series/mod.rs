//! Statistics of market and social time series.
//!
//! A series is a slice of `Option<f64>`, one position for each period; `None` is a period without a
//! value. Results of one number per period have the same positions. Two series are compared by
//! position; positions where one is missing are left out, and their neighbours count as adjacent.
//! A value that is not finite makes what depends on it undetermined.
//!
//! | function | result |
//! |---|---|
//! | [`log_returns`], [`realized_volatility`], [`rolling_volatility`] | returns and volatility |
//! | [`simple_moving_average`], [`exponential_moving_average`] | moving averages |
//! | [`max_drawdown`], [`drawdowns`] | falls from the highest price |
//! | [`correlation`], [`spearman`], [`beta`] | association of two series |
//! | [`cross_correlation`] | which series leads |
//! | [`robust_z`], [`rolling_z`] | unusual values |
//! | [`without_group_means`] | values without a weekday effect |
//!
//! Intervals are of the [`BlockBootstrap`], which keeps serial dependence.

mod association;
mod block_bootstrap;
mod cross_correlation;
mod drawdown;
mod error;
mod group_means;
mod moments;
mod returns;
mod rolling;
mod z_scores;

pub use association::{beta, correlation, spearman};
pub use block_bootstrap::BlockBootstrap;
pub use cross_correlation::{LagCorrelation, cross_correlation};
pub use drawdown::{Drawdown, drawdowns, max_drawdown};
pub use error::SeriesError;
pub use group_means::without_group_means;
pub use returns::{log_returns, realized_volatility, rolling_volatility};
pub use rolling::{exponential_moving_average, simple_moving_average};
pub use z_scores::{robust_z, rolling_z};
