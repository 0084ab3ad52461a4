//! What users cost and bring back: CAC, ROAS, payback. See `docs/metrics/acquisition.md`.

mod ledger;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stats::ratio;
use crate::{Error, Facts, Result};
use ledger::Ledger;

/// What acquisition is broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakdown {
    /// By channel.
    #[default]
    Channel,
    /// By channel and campaign.
    Campaign,
}

/// How to judge acquisition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AcquisitionParams {
    /// What it is broken down by.
    pub by: Breakdown,
    /// The ages, in days, at which ROAS is taken.
    pub ages: Vec<u32>,
    /// The share of revenue that is contribution margin; payback and LTV:CAC count only that, ROAS
    /// counts revenue.
    pub margin: f64,
}

impl Default for AcquisitionParams {
    fn default() -> Self {
        Self { by: Breakdown::Channel, ages: vec![7, 30, 60, 90], margin: 1.0 }
    }
}

/// What users cost and bring back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AcquisitionTable {
    /// How it was judged.
    pub params: AcquisitionParams,
    /// Every channel (and campaign) with users or spend, by name.
    pub channels: Vec<Channel>,
    /// The channels (and campaigns) with spend, as one.
    pub paid: Economics,
    /// Everything as one, organic users included: blended CAC, and ROAS as MER.
    pub blended: Economics,
}

/// A channel, or a campaign in a channel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Channel {
    /// The channel; null where the users' is.
    pub channel: Option<String>,
    /// The campaign; null where there is none, or it was not asked for.
    pub campaign: Option<String>,
    /// What its users cost and bring back.
    #[serde(flatten)]
    pub economics: Economics,
}

/// What some users cost and bring back. Ratios of sums; null where the divisor is 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Economics {
    /// Users acquired.
    pub users: u64,
    /// Spend, US dollars.
    pub spend_usd: f64,
    /// Spend per user; null without users, and without spend.
    pub cac_usd: Option<f64>,
    /// Revenue to date, US dollars.
    pub revenue_usd: f64,
    /// Revenue to date per user.
    pub ltv_usd: Option<f64>,
    /// Revenue to date over spend.
    pub roas: Option<f64>,
    /// ROAS at each of the ages asked for.
    pub roas_by_age: Vec<AgedRoas>,
    /// The first age, in days, by which users have brought in what they cost; null if they never
    /// have within what was observed, or cost nothing.
    pub payback_days: Option<u32>,
    /// Margin to date per user over CAC.
    pub ltv_to_cac: Option<f64>,
}

/// ROAS of the users who are old enough: those who signed up on a day whose last possible signup
/// has reached the age, against what was spent on those same days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AgedRoas {
    /// The age, in days.
    pub age_days: u32,
    /// Users old enough.
    pub users: u64,
    /// Spend on the days that they signed up on, US dollars.
    pub spend_usd: f64,
    /// Their revenue before that age, US dollars.
    pub revenue_usd: f64,
    /// Revenue over spend; null without spend, in particular while nobody is old enough.
    pub roas: Option<f64>,
}

/// Judges every channel.
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
    let all = |keep: fn(&Ledger) -> bool| {
        let mut total = Ledger::default();
        ledgers.values().filter(|ledger| keep(ledger)).for_each(|ledger| total.add(ledger));
        economics(facts, params, &total)
    };
    let channels = ledgers.iter().map(|((channel, campaign), ledger)| Channel {
        channel: channel.clone(),
        campaign: campaign.clone(),
        economics: economics(facts, params, ledger),
    });
    Ok(AcquisitionTable {
        params: params.clone(),
        channels: channels.collect(),
        paid: all(|ledger| ledger.spend() > 0.0),
        blended: all(|_| true),
    })
}

/// A ledger for each channel and campaign.
type Ledgers = BTreeMap<(Option<String>, Option<String>), Ledger>;

fn economics(facts: &Facts, params: &AcquisitionParams, ledger: &Ledger) -> Economics {
    let today = crate::Period::Day.number(facts.end().date_naive());
    let (users, spend_usd, revenue_usd) = (ledger.users(), ledger.spend(), ledger.revenue());
    let cac_usd = ratio(spend_usd, users as f64).filter(|_| spend_usd > 0.0);
    let ltv_usd = ratio(revenue_usd, users as f64);
    let aged = |age_days: u32| {
        let (users, spend_usd, revenue_usd) = ledger.aged(today, age_days);
        AgedRoas { age_days, users, spend_usd, revenue_usd, roas: ratio(revenue_usd, spend_usd) }
    };
    Economics {
        users,
        spend_usd,
        cac_usd,
        revenue_usd,
        ltv_usd,
        roas: ratio(revenue_usd, spend_usd),
        roas_by_age: params.ages.iter().copied().map(aged).collect(),
        payback_days: ledger.payback(today, params.margin),
        ltv_to_cac: cac_usd.zip(ltv_usd).map(|(cac, ltv)| ltv * params.margin / cac),
    }
}
