//! Unit economics of acquisition channels: CAC, LTV, ROAS, payback period, LTV:CAC. See
//! `docs/metrics/acquisition.md`.

mod by_channel;

use serde::{Deserialize, Serialize};

pub use by_channel::Breakdown;

use by_channel::revenue_by_channel;

use super::revenue_curve::{CumulativeRevenue, CurvePoint, mean_interval, roas_interval};
use crate::facts::Facts;
use crate::stats::{Interval, MIN_SAMPLE_SIZE, log_interval, ratio};
use crate::{Error, Result};

/// The parameters of unit economics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitEconomicsParams {
    /// The breakdown.
    pub by: Breakdown,
    /// The ages, in days, at which LTV and ROAS are computed.
    pub ages: Vec<u32>,
    /// The minimum number of users: metrics are `None` at an age that fewer users have reached, and
    /// payback is not searched there.
    pub min_users: u64,
    /// The share of revenue that is contribution margin; payback and LTV:CAC use margin, ROAS uses
    /// revenue.
    pub margin: f64,
}

impl Default for UnitEconomicsParams {
    fn default() -> Self {
        Self {
            by: Breakdown::Channel,
            ages: vec![7, 30, 60, 90],
            min_users: MIN_SAMPLE_SIZE,
            margin: 1.0,
        }
    }
}

/// The unit economics of all channels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitEconomicsTable {
    /// The parameters of the computation.
    pub params: UnitEconomicsParams,
    /// Every channel (and campaign) with users or spend, by name.
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
/// Intervals are 95 % confidence intervals, and `None` below [`MIN_SAMPLE_SIZE`] users.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitEconomics {
    /// The number of users acquired.
    pub users: u64,
    /// Spend in US dollars.
    pub spend_usd: f64,
    /// Spend per user (CAC) in US dollars; `None` without users, and without spend.
    pub cac_usd: Option<f64>,
    /// The interval of CAC: the same spend might have acquired more users, or fewer.
    pub cac_interval: Option<Interval>,
    /// Revenue to date in US dollars.
    pub revenue_usd: f64,
    /// Revenue to date per user (LTV) in US dollars.
    pub ltv_usd: Option<f64>,
    /// The interval of LTV: users pay unequal amounts.
    pub ltv_interval: Option<Interval>,
    /// Revenue to date over spend (ROAS).
    pub roas: Option<f64>,
    /// The interval of ROAS: the same spend might have acquired more users, or fewer, and users pay
    /// unequal amounts.
    pub roas_interval: Option<Interval>,
    /// LTV and ROAS at each of the requested ages.
    pub by_age: Vec<EconomicsAtAge>,
    /// The payback period: the first age, in days, by which the margin of users covers their cost,
    /// if it still does at the oldest age with enough users; `None` if not, or if they cost
    /// nothing.
    pub payback_days: Option<u32>,
    /// The interval of the payback: the ages by which the bounds of ROAS reach it.
    pub payback_interval: Option<PaybackInterval>,
    /// LTV:CAC: margin to date per user over CAC.
    pub ltv_to_cac: Option<f64>,
}

/// LTV and ROAS at an age. Each day of age is computed from the users who were observed to its end,
/// and the days are summed, so that LTV and ROAS do not fall while revenue is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EconomicsAtAge {
    /// The age, in days.
    pub age_days: u32,
    /// The number of users who have reached it: those of each signup day whose last possible signup
    /// has reached it.
    pub users: u64,
    /// Spend on the days of their signups, in US dollars.
    pub spend_usd: f64,
    /// Revenue per user up to that age, in US dollars; `None` if too few have reached it.
    pub ltv_usd: Option<f64>,
    /// The interval of LTV.
    pub ltv_interval: Option<Interval>,
    /// Revenue over spend up to that age; `None` if too few have reached it, and without spend.
    pub roas: Option<f64>,
    /// The interval of ROAS.
    pub roas_interval: Option<Interval>,
}

/// The interval of the payback period, in days of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PaybackInterval {
    /// The earliest age.
    pub low_days: u32,
    /// The latest age; `None` if it is not within what was observed.
    pub high_days: Option<u32>,
}

/// Computes the unit economics of every channel: CAC, LTV, ROAS, payback period and LTV:CAC.
///
/// # Errors
/// When an age is 0 or the margin not above zero, when the users have no `channel` (or `campaign`,
/// if asked for), or a frame cannot be computed.
pub fn unit_economics(facts: &Facts, params: &UnitEconomicsParams) -> Result<UnitEconomicsTable> {
    if params.ages.contains(&0) {
        return Err(Error::Parameter { name: "ages", reason: "are days, at least 1" });
    }
    if params.margin.is_nan() || params.margin <= 0.0 {
        return Err(Error::Parameter { name: "margin", reason: "must be above 0" });
    }
    let channel_revenue = revenue_by_channel(facts, params.by)?;
    let all = |keep: fn(&CumulativeRevenue) -> bool| {
        let mut total = CumulativeRevenue::default();
        channel_revenue
            .values()
            .filter(|revenue| keep(revenue))
            .for_each(|revenue| total.merge(revenue));
        economics(params, &total)
    };
    let channels = channel_revenue.iter().map(|((channel, campaign), revenue)| ChannelEconomics {
        channel: channel.clone(),
        campaign: campaign.clone(),
        economics: economics(params, revenue),
    });
    Ok(UnitEconomicsTable {
        params: params.clone(),
        channels: channels.collect(),
        paid: all(|revenue| revenue.spend() > 0.0),
        blended: all(|_| true),
    })
}

fn economics(params: &UnitEconomicsParams, revenue: &CumulativeRevenue) -> UnitEconomics {
    let (users, spend_usd, revenue_usd) =
        (revenue.users(), revenue.spend(), revenue.payer_totals().sum());
    let cac_usd = ratio(spend_usd, users as f64).filter(|_| spend_usd > 0.0);
    let ltv_usd = ratio(revenue_usd, users as f64);
    // The standard error of a Poisson count is its square root, so that of CAC is CAC over the
    // root.
    let cac_interval = cac_usd.and_then(|cac| log_interval(cac, cac / (users as f64).sqrt()));
    let curve = revenue.curve();
    let at_age = |age_days: u32| {
        let point = curve.at(age_days);
        let eligible = point.filter(|point| point.users >= params.min_users);
        EconomicsAtAge {
            age_days,
            users: point.map_or(0, |point| point.users),
            spend_usd: point.map_or(0.0, |point| point.spend),
            ltv_usd: eligible.map(|point| point.per_user),
            ltv_interval: eligible.and_then(|_| curve.per_user_interval(age_days)),
            roas: eligible.and_then(|point| point.per_dollar),
            roas_interval: eligible.and_then(CurvePoint::per_dollar_interval),
        }
    };
    let eligible: Vec<&CurvePoint> = curve
        .points()
        .iter()
        .take_while(|point| point.users > 0 && point.users >= params.min_users)
        .collect();
    let paid_back = |value: fn(&CurvePoint) -> Option<f64>| {
        let covers_cost =
            |point: &CurvePoint| value(point).is_some_and(|value| value * params.margin >= 1.0);
        // If spend ends earlier than users do, nothing is known of the ages beyond.
        let known = eligible.iter().take_while(|point| point.per_dollar.is_some());
        let first = eligible.iter().position(|point| covers_cost(point))?;
        known.last().filter(|last| covers_cost(last))?;
        u32::try_from(first + 1).ok()
    };
    let payback_interval =
        paid_back(|point| Some(point.per_dollar_interval()?.high)).map(|low_days| {
            PaybackInterval {
                low_days,
                high_days: paid_back(|point| Some(point.per_dollar_interval()?.low)),
            }
        });
    UnitEconomics {
        users,
        spend_usd,
        cac_usd,
        cac_interval: cac_interval.filter(|_| users >= MIN_SAMPLE_SIZE),
        revenue_usd,
        ltv_usd,
        ltv_interval: mean_interval(users, revenue.payer_totals()),
        roas: ratio(revenue_usd, spend_usd),
        roas_interval: roas_interval(users, spend_usd, revenue.payer_totals()),
        by_age: params.ages.iter().copied().map(at_age).collect(),
        payback_days: paid_back(|point| point.per_dollar),
        payback_interval,
        ltv_to_cac: cac_usd.zip(ltv_usd).map(|(cac, ltv)| ltv * params.margin / cac),
    }
}
