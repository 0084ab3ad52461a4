//! The channels and campaigns: their users, and the spend on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::facts::Facts;
use crate::frames::{ints, labels, sums};
use crate::metrics::cohort::{Cohort, Groups};
use crate::metrics::cumulative::Exposure;

/// The breakdown of unit economics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakdown {
    /// By channel.
    #[default]
    Channel,
    /// By channel and campaign.
    Campaign,
}

/// A channel and a campaign; `None` if unknown or not asked for.
pub(super) type ChannelKey = (Option<String>, Option<String>);

/// The channels with users or spend, by name.
pub(super) struct Channels {
    pub(super) keys: Vec<ChannelKey>,
    /// The users and the spend of each channel.
    pub(super) exposures: Vec<Exposure>,
    /// The channel of each user; channels with spend alone follow those of users.
    pub(super) groups: Groups,
    /// The whole days that each user has been observed.
    pub(super) observed_days: Vec<u32>,
    /// The spend of each channel on signups at the end of observation or later.
    pub(super) spend_beyond: Vec<f64>,
}

impl Channels {
    /// Returns the channels (and campaigns) of users and spend.
    ///
    /// Spend is known by the day, so users count by the day too: all signups of a day are as old as
    /// the last possible one, and the spend of the day is attributed to them. The spend on
    /// `Paid Search` is that on users of `paid_search`: letter case, spaces, `_` and `-` are
    /// ignored where no channel has the very name.
    ///
    /// `spend_shares` are the shares of the spend of a day that are on the signups of the days from
    /// it on. Without any spend, users without a `channel` or a `campaign` have an unknown one.
    ///
    /// # Errors
    /// When there is spend and the users have no `channel` (or `campaign`, if asked for), or a frame
    /// cannot be read.
    pub(super) fn of(facts: &Facts, by: Breakdown, spend_shares: &[f64]) -> Result<Self> {
        let is_spent = facts.spend().height() > 0;
        let has = |name: &str| is_spent || facts.dimensions().any(|known| known == name);
        let cohort = match by {
            _ if !has("channel") => Cohort::Everyone,
            Breakdown::Campaign if has("campaign") => Cohort::cross("channel", "campaign"),
            Breakdown::Channel | Breakdown::Campaign => Cohort::dimension("channel"),
        };
        let groups = cohort.groups(facts)?;
        let key = |labels: &[Option<String>]| -> ChannelKey {
            let mut labels = labels.iter().cloned();
            (labels.next().flatten(), labels.next().flatten())
        };
        let mut keys: Vec<ChannelKey> = groups.parts.iter().map(|labels| key(labels)).collect();
        let (calendar, days) = (facts.calendar(), facts.local_days());
        // The day of the last instant is over only if the end is its midnight.
        let today = calendar.period(crate::Period::Day, calendar.date(facts.end()));
        let observed = |day: i64| u32::try_from(today - day - 1).unwrap_or_default();
        let signups = facts.users.signup_at.iter();
        let observed_days: Vec<u32> = signups.map(|signup| observed(days.of(*signup))).collect();
        let mut exposures = vec![Exposure::default(); keys.len()];
        for (user, days) in observed_days.iter().enumerate() {
            exposures[groups.of(user)].add_user(*days as usize);
        }

        let last_instant = facts.end() - chrono::TimeDelta::microseconds(1);
        let last_day = calendar.period(crate::Period::Day, calendar.date(last_instant));
        let mut spend_beyond = vec![0.0; keys.len()];
        let spend = facts.spend();
        let mut places: BTreeMap<ChannelKey, usize> = BTreeMap::new();
        let campaigns = labels(spend, "campaign")?;
        let channels = labels(spend, "channel")?.into_iter().zip(campaigns);
        let spent = ints(spend, "day")?.into_iter().zip(sums(spend, "spend_usd")?);
        for ((channel, campaign), (day, spend)) in channels.zip(spent) {
            let campaign = campaign.filter(|_| by == Breakdown::Campaign);
            let key = (channel, campaign);
            let place = *places.entry(key.clone()).or_insert_with(|| {
                let exact = keys.iter().position(|known| *known == key);
                let similar = || keys.iter().position(|known| plain(known) == plain(&key));
                exact.or_else(similar).unwrap_or_else(|| {
                    keys.push(key);
                    exposures.push(Exposure::default());
                    spend_beyond.push(0.0);
                    keys.len() - 1
                })
            });
            for (day, share) in (day..).zip(spend_shares).filter(|(_, share)| **share > 0.0) {
                match day <= last_day {
                    true => exposures[place].add_spend(observed(day) as usize, spend * share),
                    false => spend_beyond[place] += spend * share,
                }
            }
        }
        exposures.iter_mut().for_each(Exposure::close);
        Ok(Self { keys, exposures, groups, observed_days, spend_beyond })
    }

    /// Returns `true` if there is spend on a channel.
    pub(super) fn is_paid(&self, place: usize) -> bool {
        self.exposures[place].total_spend() + self.spend_beyond[place] > 0.0
    }

    /// Returns the channels that `include` accepts as one, with their spend beyond.
    pub(super) fn merged(&self, include: impl Fn(usize) -> bool) -> (Exposure, f64) {
        let (mut merged, mut beyond) = (Exposure::default(), 0.0);
        for place in (0..self.keys.len()).filter(|place| include(*place)) {
            merged.add(&self.exposures[place]);
            beyond += self.spend_beyond[place];
        }
        merged.close();
        (merged, beyond)
    }
}

/// Returns a channel without letter case and separators.
fn plain((channel, campaign): &ChannelKey) -> [Option<String>; 2] {
    let plain = |name: &Option<String>| {
        let name = name.as_deref()?;
        let kept = name.chars().filter(|letter| !matches!(letter, ' ' | '_' | '-'));
        Some(kept.flat_map(char::to_lowercase).collect())
    };
    [plain(channel), plain(campaign)]
}
