//! Key figures of an exchange by day, week and month, each with its change and whether that is
//! noise; the funnel of signups; net inflow and assets on the platform. See `docs/metrics/kpi.md`.

mod board;
mod change;
mod concentration;
mod counts;
mod daily_sums;
mod funnel;
mod measure;
mod measured;
mod metric;
mod net_inflow;
mod params;
mod table;
mod user_periods;
mod utc_periods;

pub use board::board;
pub use funnel::{FunnelCohort, FunnelParams, FunnelStep, FunnelTable, Step, funnel};
pub use metric::{Metric, Unit};
pub use net_inflow::{NetInflow, NetInflowParams, NetInflowPeriod, net_inflow};
pub use params::BoardParams;
pub use table::{Board, Kpi};
