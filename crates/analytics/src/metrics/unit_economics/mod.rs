//! Unit economics of acquisition channels: CAC, LTV, ROAS, payback period, LTV:CAC. See
//! `docs/metrics/acquisition.md`.

mod channels;
mod frames;
mod milestones;
mod spend_lag;
mod table;

use tidegauge_models::Estimate;
use tidegauge_models::estimate::cost_per_user;

pub use channels::Breakdown;
pub use milestones::Milestones;
pub use spend_lag::SpendLag;
pub use table::{
    CacByStep, ChannelEconomics, EconomicsAtAge, PaybackInterval, UnitEconomics,
    UnitEconomicsParams, UnitEconomicsTable,
};

use channels::Channels;
use milestones::milestones;

use super::cumulative::{CohortSums, Curve, CurvePoint, cumulate};
use super::seed::seed;
use crate::facts::Facts;
use crate::stats::ratio;
use crate::{Error, Result};

/// Computes the unit economics of every channel: CAC, LTV, ROAS, payback period and LTV:CAC.
///
/// ```
/// use polars::prelude::*;
/// use tidegauge_analytics::Facts;
/// use tidegauge_analytics::unit_economics::{UnitEconomicsParams, unit_economics};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
/// let users = df!(
///     "user" => ["ann", "bob"],
///     "signup_at" => ["2026-01-05", "2026-01-06"].map(day),
///     "channel" => ["search", "search"],
/// )?;
/// let events = df!(
///     "user" => ["ann", "bob"],
///     "at" => ["2026-01-05", "2026-01-07"].map(day),
///     "kind" => ["trade", "trade"],
///     "volume_usd" => [1_000.0, 500.0],
///     "revenue_usd" => [10.0, 5.0],
/// )?;
/// let spend = df!(
///     "day" => ["2026-01-05", "2026-01-06"].map(day),
///     "channel" => ["search", "search"],
///     "campaign" => ["brand", "brand"],
///     "spend_usd" => [4.0, 6.0],
/// )?;
/// let end = day("2026-01-19").and_time(chrono::NaiveTime::MIN).and_utc();
/// let facts = Facts::new(&users, &events, end)?.with_spend(&spend)?;
/// let table = unit_economics(&facts, &UnitEconomicsParams::default())?;
/// let search = &table.channels[0].economics;
/// assert_eq!((search.cac.value, search.ltv.value, search.roas.value), (Some(5.0), Some(7.5), Some(1.5)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When an age is 0 or the margin not above zero, when the lag of spend has no weight, when the users have no `channel` (or `campaign`,
/// if asked for), or the events cannot be read.
pub fn unit_economics(facts: &Facts, params: &UnitEconomicsParams) -> Result<UnitEconomicsTable> {
    if params.ages.contains(&0) || params.horizon_days == 0 {
        return Err(Error::Parameter { name: "ages", reason: "are days, at least 1" });
    }
    if params.margin.is_nan() || params.margin <= 0.0 {
        return Err(Error::Parameter { name: "margin", reason: "must be above 0" });
    }
    let mut ages = params.ages.clone();
    ages.push(params.horizon_days);
    ages.sort_unstable();
    ages.dedup();

    let channels = Channels::of(facts, params.by, &params.spend_lag.shares()?)?;
    let steps = milestones(facts, &channels.groups)?;
    let is_paid = |place: usize| channels.is_paid(place);
    // The first group of users is the paid one, even if the other has no users.
    let paid_groups = channels.groups.merged(|group| usize::from(!is_paid(group)));
    let (paid, paid_beyond) = channels.merged(is_paid);
    let (unpaid, _) = channels.merged(|place| !is_paid(place));
    let paid_exposures = [paid, unpaid];
    let all_groups = channels.groups.merged(|_| 0);
    let (all, all_beyond) = channels.merged(|_| true);
    let all_exposures = [all];
    let groupings = [
        (&channels.groups, channels.exposures.as_slice()),
        (&paid_groups, &paid_exposures),
        (&all_groups, &all_exposures),
    ];
    let observed_days = channels.observed_days.as_slice();
    let [of_channels, paid, all] =
        cumulate(facts, groupings, observed_days, (params.revenue, &ages))?;

    let steps_of = |include: &dyn Fn(usize) -> bool| {
        let mut total = Milestones::default();
        for (group, of_group) in steps.iter().enumerate() {
            if include(group) {
                total.add(of_group);
            }
        }
        total
    };
    let economics = |name: &str, sums: Option<&CohortSums>, beyond: f64, steps: Milestones| {
        let empty = CohortSums::empty(ages.len());
        let mut economics = economics(facts, params, (name, sums.unwrap_or(&empty), &ages), steps);
        economics.spend_beyond_usd = beyond;
        economics
    };
    let mut of_each: Vec<ChannelEconomics> = channels
        .keys
        .iter()
        .enumerate()
        .map(|(place, (channel, campaign))| {
            let name =
                [channel, campaign].map(|name| name.as_deref().unwrap_or_default()).join("/");
            let steps = steps.get(place).copied().unwrap_or_default();
            let beyond = channels.spend_beyond[place];
            ChannelEconomics {
                channel: channel.clone(),
                campaign: campaign.clone(),
                economics: economics(&name, of_channels.get(place), beyond, steps),
            }
        })
        .collect();
    of_each.sort_by(|one, other| {
        (&one.channel, &one.campaign).cmp(&(&other.channel, &other.campaign))
    });
    Ok(UnitEconomicsTable {
        params: params.clone(),
        channels: of_each,
        paid: economics("paid", paid.first(), paid_beyond, steps_of(&is_paid)),
        blended: economics("all", all.first(), all_beyond, steps_of(&|_| true)),
    })
}

fn economics(
    facts: &Facts,
    params: &UnitEconomicsParams,
    (name, sums, ages): (&str, &CohortSums, &[u32]),
    milestones: Milestones,
) -> UnitEconomics {
    let level = facts.level();
    let exposure = &sums.exposure;
    let (users, spend_usd) = (exposure.total_users(), exposure.total_spend());
    let revenue_usd = sums.to_date.total();
    let seed = seed("unit economics", Some(name));
    let dispersion = exposure.dispersion();
    let curve = Curve::new(sums, ages, (level, seed)).dispersed(dispersion.phi);
    let is_enough = |point: &CurvePoint| point.users > 0 && point.users >= params.min_users;
    let at_age = |age_days: u32| {
        // Without users too, there may be spend.
        let day = usize::try_from(age_days).ok().and_then(|age| age.checked_sub(1));
        let point = day.and_then(|day| curve.points().get(day));
        let reached = point.map_or(0, |point| point.users);
        let (ltv, roas) = match point.filter(|point| is_enough(point)) {
            Some(_) => (curve.per_user(age_days), curve.per_dollar(age_days)),
            None => (Estimate::undetermined(reached), Estimate::undetermined(reached)),
        };
        let spend_usd = point.map_or(0.0, |point| point.spend);
        EconomicsAtAge { age_days, users: reached, spend_usd, ltv, roas }
    };
    let (payback_days, payback_interval) = payback(&curve, params, is_enough);
    let ltv = sums.to_date.estimate(level, seed);
    let per = |users: u64| ratio(spend_usd, users as f64).filter(|_| spend_usd > 0.0);
    UnitEconomics {
        users,
        milestones,
        spend_usd,
        spend_beyond_usd: 0.0,
        dispersion: dispersion.phi,
        cac: match spend_usd > 0.0 {
            true => cost_per_user(spend_usd, users, dispersion, level),
            false => Estimate::undetermined(users),
        },
        cac_by_step: CacByStep {
            verified_usd: per(milestones.verified),
            funded_usd: per(milestones.funded),
            traded_usd: per(milestones.traded),
        },
        revenue_usd,
        ltv,
        roas: match ratio(revenue_usd, spend_usd).filter(|_| spend_usd > 0.0) {
            Some(roas) => {
                let variance = sums.to_date.root_of_squares().powi(2)
                    + (dispersion.phi - 1.0) * curve.squares_to_date();
                let error = variance.sqrt() / spend_usd;
                sums.to_date.estimate_around(roas, error, level, seed)
            }
            None => Estimate::undetermined(users),
        },
        by_age: params.ages.iter().copied().map(at_age).collect(),
        payback_days,
        payback_interval,
        ltv_to_cac: at_age(params.horizon_days).roas.scaled(params.margin),
    }
}

/// Returns the payback period and its interval.
fn payback(
    curve: &Curve<'_>,
    params: &UnitEconomicsParams,
    is_enough: impl Fn(&CurvePoint) -> bool,
) -> (Option<u32>, Option<PaybackInterval>) {
    let eligible = curve.points().iter().take_while(|point| is_enough(point)).count();
    // If spend ends earlier than users do, nothing is known of the ages beyond.
    let known = curve.points()[..eligible].iter().take_while(|point| point.per_dollar.is_some());
    let known = known.count();
    let first_covered = |value: &dyn Fn(usize) -> Option<f64>| {
        let covers = |day: usize| value(day).is_some_and(|value| value * params.margin >= 1.0);
        let first = (0..known).find(|day| covers(*day))?;
        known.checked_sub(1).filter(|last| covers(*last))?;
        u32::try_from(first + 1).ok()
    };
    let days = first_covered(&|day| curve.points()[day].per_dollar);
    let band = curve.per_dollar_band();
    let low_days = first_covered(&|day| Some(band[day]?.1));
    let interval = low_days.map(|low_days| PaybackInterval {
        low_days,
        high_days: first_covered(&|day| Some(band[day]?.0)),
    });
    (days, interval)
}
