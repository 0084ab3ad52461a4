//! The parameters and the result of unit economics.

use serde::{Deserialize, Serialize};
use tidegauge_models::Estimate;

use super::channels::Breakdown;
use super::milestones::Milestones;
use super::spend_lag::SpendLag;
use crate::metrics::cumulative::Revenue;
use crate::stats::MIN_SAMPLE_SIZE;

/// The parameters of unit economics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitEconomicsParams {
    /// The breakdown.
    pub by: Breakdown,
    /// The ages, in days, at which LTV and ROAS are computed.
    pub ages: Vec<u32>,
    /// The minimum number of users: metrics are undetermined at an age that fewer users have
    /// reached, and payback is not searched there.
    pub min_users: u64,
    /// The share of revenue that is contribution margin; payback and LTV:CAC use margin, LTV and
    /// ROAS use revenue.
    pub margin: f64,
    /// The revenue that counts.
    #[serde(default)]
    pub revenue: Revenue,
    /// The age, in days, of LTV:CAC.
    pub horizon_days: u32,
    /// The time from spend to the signups that it brings.
    #[serde(default)]
    pub spend_lag: SpendLag,
}

impl Default for UnitEconomicsParams {
    fn default() -> Self {
        Self {
            by: Breakdown::Channel,
            ages: vec![7, 30, 60, 90, 180, 365],
            min_users: MIN_SAMPLE_SIZE,
            margin: 1.0,
            revenue: Revenue::default(),
            horizon_days: 180,
            spend_lag: SpendLag::default(),
        }
    }
}

/// The unit economics of all channels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitEconomicsTable {
    /// The parameters of the computation.
    pub params: UnitEconomicsParams,
    /// Every channel (and campaign) with users or spend, by name: channels without spend, and spend
    /// without users, are among them.
    pub channels: Vec<ChannelEconomics>,
    /// The channels (and campaigns) with spend, as one.
    pub paid: UnitEconomics,
    /// All users and spend as one, organic users included: blended CAC, and ROAS as MER.
    pub blended: UnitEconomics,
}

/// The unit economics of a channel, or of a campaign in a channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelEconomics {
    /// The channel; `None` if the users' is null.
    pub channel: Option<String>,
    /// The campaign; `None` if there is none, or it was not asked for.
    pub campaign: Option<String>,
    /// The unit economics of its users.
    #[serde(flatten)]
    pub economics: UnitEconomics,
}

/// The unit economics of some users. Ratios are ratios of sums, and `None` if the divisor is 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitEconomics {
    /// The number of users acquired.
    pub users: u64,
    /// The users who have reached the steps of the funnel.
    pub milestones: Milestones,
    /// Spend on signups before the end of observation, in US dollars.
    pub spend_usd: f64,
    /// Spend on later signups, in US dollars, which no ratio includes: 0 unless spend precedes its
    /// signups by [`UnitEconomicsParams::spend_lag`].
    pub spend_beyond_usd: f64,
    /// The dispersion φ of daily signups given spend: the variance of their number over that of
    /// Poisson counts. At least 1, and 1 where there are too few days to measure it.
    pub dispersion: f64,
    /// Spend per user (CAC) in US dollars; no value without users, and without spend. To date it is
    /// a fact; the interval is of spending the same again, which might acquire more users, or fewer.
    pub cac: Estimate,
    /// Spend per user who reached each step; `None` without such users, and without spend.
    pub cac_by_step: CacByStep,
    /// Revenue to date in US dollars.
    pub revenue_usd: f64,
    /// Revenue to date per user (LTV) in US dollars.
    pub ltv: Estimate,
    /// Revenue to date over spend (ROAS).
    pub roas: Estimate,
    /// LTV and ROAS at each of the requested ages.
    pub by_age: Vec<EconomicsAtAge>,
    /// The payback period: the first age, in days, by which the margin of users covers their cost,
    /// if it still does at the oldest age with enough users; `None` if not, or if they cost
    /// nothing.
    pub payback_days: Option<u32>,
    /// The interval of the payback: the ages by which the bounds of ROAS reach it.
    pub payback_interval: Option<PaybackInterval>,
    /// LTV:CAC: margin per user up to the horizon over CAC.
    pub ltv_to_cac: Estimate,
}

/// Spend per user who reached a step of the funnel, in US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct CacByStep {
    /// Per user whose identity check succeeded.
    pub verified_usd: Option<f64>,
    /// Per user with a completed deposit or on-ramp purchase.
    pub funded_usd: Option<f64>,
    /// Per user with a trade.
    pub traded_usd: Option<f64>,
}

/// LTV and ROAS at an age. Each day of age is computed from the users who were observed to its end,
/// and the days are summed, so that LTV and ROAS do not fall while revenue is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EconomicsAtAge {
    /// The age, in days.
    pub age_days: u32,
    /// The number of users who have reached it: those of each signup day whose last possible signup
    /// has reached it.
    pub users: u64,
    /// Spend on the days of their signups, in US dollars.
    pub spend_usd: f64,
    /// Revenue per user up to that age, in US dollars; no value if too few have reached it.
    pub ltv: Estimate,
    /// Revenue over spend up to that age; no value if too few have reached it, and without spend.
    pub roas: Estimate,
}

/// The interval of the payback period, in days of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PaybackInterval {
    /// The earliest age.
    pub low_days: u32,
    /// The latest age; `None` if it is not within what was observed.
    pub high_days: Option<u32>,
}
