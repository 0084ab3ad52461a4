//! Statistics of the market and of what is said about it: returns, volatility, moving averages,
//! drawdown, correlation and beta, unusual volumes, and lead and lag against social posts and the
//! activity of users. See `docs/metrics/market_statistics.md`.
//!
//! All are functions of [`DailyMarket`], the daily prices of instruments on one grid of days, which
//! comes from a warehouse or from a frame. Holes stay holes: nothing is interpolated.

mod activity;
mod association;
mod daily_columns;
mod daily_market;
mod daily_rows;
mod drawdown;
mod frame_input;
mod from_frame;
mod from_warehouse;
mod lead_lag;
mod moving_average;
mod params;
mod returns;
mod social;
mod social_from_frame;
mod social_from_warehouse;
mod social_lead_lag;
mod social_rows;
mod volatility;
mod volume;

pub use activity::{ActivityMeasure, activity_lead_lag};
pub use association::{
    AssociationParams, BetaTable, CorrelationTable, InstrumentBeta, PairCorrelation, betas,
    correlations,
};
pub use daily_market::{DailyMarket, InstrumentSeries};
pub use drawdown::{DrawdownTable, InstrumentDrawdown, MaxDrawdown, drawdowns};
pub use lead_lag::{LeadLag, LeadLagParams, LeadLagTable, Leader, MarketMove};
pub use moving_average::{InstrumentAverage, MovingAverage, MovingAverageTable, moving_average};
pub use params::{DailyMarketParams, Grid};
pub use returns::{InstrumentReturns, ReturnTable, log_returns};
pub use social::{DailySocial, DailySocialParams, SocialSeries};
pub use social_lead_lag::social_lead_lag;
pub use volatility::{InstrumentVolatility, VolatilityParams, VolatilityTable, volatility};
pub use volume::{InstrumentVolumeScores, VolumeScale, VolumeScoreTable, volume_scores};
