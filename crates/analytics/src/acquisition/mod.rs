//! Unit economics, the cost and the return of users: CAC, ROAS, payback. See
//! `docs/metrics/acquisition.md`.

mod ledger;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lives::{Lives, Step, mean_interval, return_interval};
use crate::stats::{ENOUGH, Interval, log_interval, ratio};
use crate::{Error, Facts, Result};

/// The breakdown of acquisition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakdown {
    /// By channel.
    #[default]
    Channel,
    /// By channel and campaign.
    Campaign,
}

/// The parameters of acquisition metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcquisitionParams {
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

impl Default for AcquisitionParams {
    fn default() -> Self {
        Self { by: Breakdown::Channel, ages: vec![7, 30, 60, 90], min_users: ENOUGH, margin: 1.0 }
    }
}

/// The unit economics of all channels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AcquisitionTable {
    /// The parameters of the computation.
    pub params: AcquisitionParams,
    /// Every channel (and campaign) with users or spend, by name.
    pub channels: Vec<Channel>,
    /// The channels (and campaigns) with spend, as one.
    pub paid: Economics,
    /// All users and spend as one, organic users included: blended CAC, and ROAS as MER.
    pub blended: Economics,
}

/// The unit economics of a channel, or of a campaign in a channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Channel {
    /// The channel; `None` if the users' is null.
    pub channel: Option<String>,
    /// The campaign; `None` if there is none, or it was not asked for.
    pub campaign: Option<String>,
    /// The unit economics of its users.
    #[serde(flatten)]
    pub economics: Economics,
}

/// The unit economics of some users. Ratios are ratios of sums, and `None` if the divisor is 0.
/// Intervals are 95 % confidence intervals, and `None` below [`ENOUGH`] users.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Economics {
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
    pub by_age: Vec<Aged>,
    /// The payback period: the first age, in days, by which the margin of users covers their cost,
    /// if it still does at the oldest age with enough users; `None` if not, or if they cost
    /// nothing.
    pub payback_days: Option<u32>,
    /// The interval of the payback: the ages by which the bounds of ROAS reach it.
    pub payback_interval: Option<Payback>,
    /// LTV:CAC: margin to date per user over CAC.
    pub ltv_to_cac: Option<f64>,
}

/// LTV and ROAS at an age. Each day of age is computed from the users who were observed to its end,
/// and the days are summed, so that neither falls while revenue is never negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Aged {
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
pub struct Payback {
    /// The earliest age.
    pub low_days: u32,
    /// The latest age; `None` if it is not within what was observed.
    pub high_days: Option<u32>,
}

/// Computes the unit economics of every channel.
///
/// # Errors
/// When an age is 0 or the margin not above zero, when the users have no `channel` (or `campaign`,
/// if asked for), or a frame cannot be computed.
pub fn acquisition(facts: &Facts, params: &AcquisitionParams) -> Result<AcquisitionTable> {
    if params.ages.contains(&0) {
        return Err(Error::Parameter { name: "ages", reason: "are days, at least 1" });
    }
    if params.margin.is_nan() || params.margin <= 0.0 {
        return Err(Error::Parameter { name: "margin", reason: "must be above 0" });
    }
    let ledgers = ledger::read(facts, params.by)?;
    let all = |keep: fn(&Lives) -> bool| {
        let mut total = Lives::default();
        ledgers.values().filter(|ledger| keep(ledger)).for_each(|ledger| total.add(ledger));
        economics(params, &total)
    };
    let channels = ledgers.iter().map(|((channel, campaign), ledger)| Channel {
        channel: channel.clone(),
        campaign: campaign.clone(),
        economics: economics(params, ledger),
    });
    Ok(AcquisitionTable {
        params: params.clone(),
        channels: channels.collect(),
        paid: all(|ledger| ledger.spend() > 0.0),
        blended: all(|_| true),
    })
}

/// The revenue curves of each channel and campaign.
type Ledgers = BTreeMap<(Option<String>, Option<String>), Lives>;

fn economics(params: &AcquisitionParams, lives: &Lives) -> Economics {
    let (users, spend_usd, revenue_usd) = (lives.users(), lives.spend(), lives.paid().sum());
    let cac_usd = ratio(spend_usd, users as f64).filter(|_| spend_usd > 0.0);
    let ltv_usd = ratio(revenue_usd, users as f64);
    // The standard error of a Poisson count is its square root, so that of CAC is CAC over the
    // root.
    let cac_interval = cac_usd.and_then(|cac| log_interval(cac, cac / (users as f64).sqrt()));
    let curve = lives.curve();
    let aged = |age_days: u32| {
        let step = curve.at(age_days);
        let judged = step.filter(|step| step.users >= params.min_users);
        Aged {
            age_days,
            users: step.map_or(0, |step| step.users),
            spend_usd: step.map_or(0.0, |step| step.spend),
            ltv_usd: judged.map(|step| step.per_user),
            ltv_interval: judged.and_then(|_| curve.per_user_interval(age_days)),
            roas: judged.and_then(|step| step.per_dollar),
            roas_interval: judged.and_then(Step::per_dollar_interval),
        }
    };
    let judged: Vec<&Step> = curve
        .steps()
        .iter()
        .take_while(|step| step.users > 0 && step.users >= params.min_users)
        .collect();
    let paid_back = |value: fn(&Step) -> Option<f64>| {
        let enough = |step: &Step| value(step).is_some_and(|value| value * params.margin >= 1.0);
        // If spend ends earlier than users do, nothing is known of the ages beyond.
        let known = judged.iter().take_while(|step| step.per_dollar.is_some());
        let first = judged.iter().position(|step| enough(step))?;
        known.last().filter(|last| enough(last))?;
        u32::try_from(first + 1).ok()
    };
    let payback_interval =
        paid_back(|step| Some(step.per_dollar_interval()?.high)).map(|low_days| Payback {
            low_days,
            high_days: paid_back(|step| Some(step.per_dollar_interval()?.low)),
        });
    Economics {
        users,
        spend_usd,
        cac_usd,
        cac_interval: cac_interval.filter(|_| users >= ENOUGH),
        revenue_usd,
        ltv_usd,
        ltv_interval: mean_interval(users, lives.paid()),
        roas: ratio(revenue_usd, spend_usd),
        roas_interval: return_interval(users, spend_usd, lives.paid()),
        by_age: params.ages.iter().copied().map(aged).collect(),
        payback_days: paid_back(|step| step.per_dollar),
        payback_interval,
        ltv_to_cac: cac_usd.zip(ltv_usd).map(|(cac, ltv)| ltv * params.margin / cac),
    }
}
