//! Insights: conclusions from the tables, as sentences that state their uncertainty.

use tidegauge_analytics::Cohort;
use tidegauge_analytics::acquisition::{AcquisitionTable, Channel, Economics};
use tidegauge_analytics::churn::ChurnTable;
use tidegauge_analytics::retention::RetentionTable;
use tidegauge_analytics::stats::{self, ENOUGH, Share};
use tidegauge_analytics::volume::VolumeTable;

use crate::format::{Format, count, known, label, share};
use crate::{Interval, cohort};

/// Writes which cohorts become high-volume traders.
pub(crate) fn acquisition(by: &Cohort, table: &VolumeTable) -> String {
    let shares = table.cohorts.iter().map(|row| (row.cohort.as_deref(), &row.high_volume));
    let ranked = ranked(shares);
    let (high_volume, all) = table.cohorts.iter().fold((0, 0), |(high, users), row| {
        (high + row.high_volume.count, users + row.high_volume.of)
    });
    let threshold = dollars(table.params.threshold_usd);
    let of_all = percent(high_volume as f64 / all.max(1) as f64);
    let lead = match ranked.as_slice() {
        _ if table.cohorts.iter().all(|row| row.volume_usd == 0.0) => {
            format!("No trade or purchase of {} users has a known value yet.", count(all))
        }
        _ if high_volume == 0 => {
            format!("None of {} users has passed {threshold} of volume yet.", count(all))
        }
        [] => format!(
            "No {} has {ENOUGH} users yet, so none can be called better.",
            cohort::phrase(by)
        ),
        [(only, high)] => format!(
            "{}: {} of {} pass {threshold} of volume. There is no other {} with {ENOUGH} users to compare with.",
            cohort::users(by, *only),
            share(high),
            count(high.of),
            cohort::phrase(by),
        ),
        [.., (next, second), (best, high)] if !is_clear(second, high) => format!(
            "The best by users who pass {threshold} of volume are {} with {} and {} with {}. These cannot be told apart \
             yet. Of all {} users {of_all} do.",
            name(*best, by),
            share(high),
            name(*next, by),
            share(second),
            count(all),
        ),
        [.., (best, high)] => format!(
            "{} most often pass {threshold} of volume: {} of {} do, against {of_all} of all {} users.",
            cohort::users(by, *best),
            share(high),
            count(high.of),
            count(all),
        ),
    };
    // Among fewer than ten users a tenth is empty.
    let tenth = table.concentration.deciles.first().filter(|decile| decile.users > 0);
    let tenth = tenth.and_then(|decile| decile.share);
    let spread = tenth.map(|share| {
        format!(" The most active tenth of users makes {} of all volume.", percent(share))
    });
    format!("{lead}{}", spread.unwrap_or_default())
}

/// Writes which cohorts churn and which stay; `monthly` is retention by month of signup.
pub(crate) fn retention(by: &Cohort, table: &ChurnTable, monthly: &RetentionTable) -> String {
    let shares = table.cohorts.iter().map(|row| (row.cohort.as_deref(), &row.churned));
    let ranked = ranked(shares);
    let days = table.params.inactive_days;
    let did_neither =
        format!("of those who ever traded or bought did neither in the last {days} days");
    let lead = match ranked.as_slice() {
        [] => format!(
            "Too few users were active for {days} days to compare {}.",
            if *by == Cohort::dimension("channel") { "channels" } else { "cohorts" }
        ),
        [(only, churned)] => format!(
            "{}: {} {did_neither}. There is no other {} with {ENOUGH} of them to compare with.",
            cohort::users(by, *only),
            share(churned),
            cohort::phrase(by),
        ),
        [(stay, low), .., (leave, high)] => {
            let [second, last_but_one] = [&ranked[1], &ranked[ranked.len() - 2]];
            let leaves = cohort::users(by, *leave);
            let stays = cohort::users(by, *stay);
            match (is_clear(last_but_one.1, high), is_clear(low, second.1)) {
                (true, true) => format!(
                    "{leaves} leave most: {} {did_neither}. {stays} stay: {} left.",
                    share(high),
                    share(low)
                ),
                (true, false) => format!("{leaves} leave most: {} {did_neither}.", share(high)),
                (false, true) => format!("{stays} leave least: {} {did_neither}.", share(low)),
                (false, false) => format!(
                    "From {} ({}) to {} ({}) {did_neither}: who leaves most or least cannot be told apart yet.",
                    share(low),
                    name(*stay, by),
                    share(high),
                    name(*leave, by),
                ),
            }
        }
    };
    let later = monthly.pooled.get(1).and_then(Option::as_ref);
    let later = later.map(|month| share(&Share::new(month.active, month.eligible)));
    let month = later.map(|rate| {
        format!(" In the calendar month after signup, {rate} of users traded or bought.")
    });
    format!("{lead}{}", month.unwrap_or_default())
}

/// Writes what users are worth, and where the next dollar of spend should go.
pub(crate) fn monetization(table: &AcquisitionTable) -> String {
    let (all, paid) = (&table.blended, &table.paid);
    let Some(roas) = paid.roas else {
        let worth = known(all.ltv_usd, |ltv| within(Format::Dollars, ltv, all.ltv_interval));
        let worth = match all.revenue_usd == 0.0 {
            true => "No revenue of any user is known so far.".to_owned(),
            false => format!("A user has brought {worth} so far."),
        };
        return format!(
            "{worth} The data hold no spend, so what users cost, and \
             where the next dollar should go, cannot be said."
        );
    };
    let cac = known(paid.cac_usd, |cac| within(Format::Dollars, cac, paid.cac_interval));
    let ltv = known(paid.ltv_usd, |ltv| within(Format::Dollars, ltv, paid.ltv_interval));
    let lead = format!(
        "{} of paid acquisition brought {} users at {cac} each. They have brought {ltv} each so \
         far, a ROAS of {}.",
        dollars(paid.spend_usd),
        count(paid.users),
        within(Format::Ratio, roas, paid.roas_interval),
    );
    format!("{lead} {}", next_dollar(&table.channels))
}

/// A channel that can be judged, with its name, its ROAS and its other economics.
struct Candidate<'a> {
    name: String,
    roas: f64,
    economics: &'a Economics,
}

impl Candidate<'_> {
    /// Returns the ROAS with its interval.
    fn roas(&self) -> String {
        within(Format::Ratio, self.roas, self.economics.roas_interval)
    }

    fn described(&self) -> String {
        format!("{} with {}", self.name, self.roas())
    }

    /// Returns `true` unless one of the two intervals lies entirely above the other.
    fn overlaps(&self, other: &Self) -> bool {
        let intervals = self.economics.roas_interval.zip(other.economics.roas_interval);
        intervals.is_none_or(|(ours, theirs)| ours.low <= theirs.high && theirs.low <= ours.high)
    }
}

/// Writes where the next dollar should go, as far as the channels can be distinguished.
fn next_dollar(channels: &[Channel]) -> String {
    let mut ranked: Vec<_> = channels
        .iter()
        .filter(|channel| channel.economics.users >= ENOUGH)
        .filter_map(|channel| {
            let economics = &channel.economics;
            let name = label(channel.channel.as_deref(), "channel");
            Some(Candidate { name, roas: economics.roas?, economics })
        })
        .collect();
    ranked.sort_by(|a, b| b.roas.total_cmp(&a.roas));
    let Some((best, others)) = ranked.split_first() else {
        return format!("No channel with spend has {ENOUGH} users yet, so none can be judged.");
    };
    let loses =
        |channel: &Candidate| channel.roas < 1.0 && channel.economics.payback_days.is_none();
    let rivals: Vec<_> = others.iter().filter(|other| best.overlaps(other)).collect();
    if ranked.iter().all(loses) {
        return match rivals.first() {
            _ if best.roas == 0.0 => "None has brought anything back yet.".into(),
            None => format!("None has paid back yet; {} comes nearest.", best.described()),
            Some(next) => format!(
                "None has paid back yet; {} and {} come nearest, and cannot be told apart.",
                best.described(),
                next.described()
            ),
        };
    }
    if let Some((last, rivals)) = rivals.split_last() {
        let rivals: String =
            rivals.iter().map(|rival| format!(", {}", rival.described())).collect();
        return format!(
            "The best per dollar are {}{rivals} and {}. These cannot be told apart yet, so nothing \
             says which of them should get the next dollar.",
            best.described(),
            last.described(),
        );
    }
    let payback = match best.economics.payback_days {
        Some(days) => format!("pays back after {days} days"),
        None => "has not paid back at the oldest age judged".into(),
    };
    let (name, roas) = (&best.name, best.roas());
    if others.is_empty() {
        return format!(
            "Only {name} can be judged: it returns {roas} per dollar and {payback}; there is \
             nothing to compare it with."
        );
    }
    format!(
        "The best per dollar is {name}: it returns {roas} and {payback}, so start with the next \
         dollar there; this is its average, not what one more dollar would do."
    )
}

/// Returns `true` if the interval of the higher share lies entirely above that of the lower one.
/// This is the only rule by which a cohort is called better than the next.
fn is_clear(lower: &Share, higher: &Share) -> bool {
    let intervals = lower.interval.zip(higher.interval);
    intervals.is_some_and(|(lower, higher)| lower.high < higher.low)
}

/// Returns the name of a cohort as part of a sentence.
fn name(cohort: Option<&str>, by: &Cohort) -> String {
    label(cohort, &cohort::phrase(by))
}

/// Returns the cohorts with enough users, from the lowest share to the highest.
fn ranked<'a>(
    shares: impl Iterator<Item = (Option<&'a str>, &'a Share)>,
) -> Vec<(Option<&'a str>, &'a Share)> {
    let mut ranked: Vec<_> =
        shares.filter(|(_, share)| share.of >= ENOUGH && share.rate.is_some()).collect();
    let rate = |share: &Share| share.rate.unwrap_or_default();
    ranked.sort_by(|(_, a), (_, b)| rate(a).total_cmp(&rate(b)));
    ranked
}

fn dollars(amount: f64) -> String {
    Format::Dollars.show(amount)
}

fn percent(share: f64) -> String {
    Format::Percent.show(share)
}

fn within(format: Format, value: f64, interval: Option<stats::Interval>) -> String {
    format.show_within(value, interval.map(Interval::from).as_ref())
}

#[cfg(test)]
mod tests {
    use tidegauge_analytics::Period;
    use tidegauge_analytics::acquisition::AcquisitionParams;
    use tidegauge_analytics::churn::{ChurnCohort, ChurnParams};
    use tidegauge_analytics::retention::RetentionParams;
    use tidegauge_analytics::stats::Interval;
    use tidegauge_analytics::volume::{Concentration, VolumeCohort, VolumeParams};

    use super::*;

    /// Builds a channel from the low, mid and high value of its ROAS, and its payback.
    fn channel(name: &str, roas: [f64; 3], payback_days: Option<u32>) -> Channel {
        let [low, roas, high] = roas;
        let economics = Economics {
            users: 100,
            spend_usd: 1_000.0,
            cac_usd: Some(10.0),
            cac_interval: None,
            revenue_usd: 1_000.0 * roas,
            ltv_usd: Some(10.0 * roas),
            ltv_interval: None,
            roas: Some(roas),
            roas_interval: Some(Interval { low, high }),
            by_age: Vec::new(),
            payback_days,
            payback_interval: None,
            ltv_to_cac: Some(roas),
        };
        Channel { channel: Some(name.into()), campaign: None, economics }
    }

    /// Returns the sentence with ordinary spaces instead of non-breaking ones.
    fn said(channels: &[Channel]) -> String {
        next_dollar(channels).replace('\u{a0}', " ")
    }

    fn volume(cohorts: &[(&str, u64, u64)]) -> String {
        let cohort = |(name, high, users): &(&str, u64, u64)| VolumeCohort {
            cohort: Some((*name).into()),
            users: *users,
            high_volume: Share::new(*high, *users),
            volume_usd: *high as f64 * 1e5,
            mean_usd: 0.0,
        };
        let table = VolumeTable {
            params: VolumeParams::default(),
            cohorts: cohorts.iter().map(cohort).collect(),
            concentration: Concentration { deciles: Vec::new(), top_1_percent: None },
        };
        acquisition(&Cohort::dimension("channel"), &table).replace('\u{a0}', " ")
    }

    fn churned(cohorts: &[(&str, u64, u64)]) -> String {
        let cohort = |(name, churned, of): &(&str, u64, u64)| ChurnCohort {
            cohort: Some((*name).into()),
            users: *of,
            undetermined: 0,
            never_active: 0,
            churned: Share::new(*churned, *of),
        };
        let table = ChurnTable {
            params: ChurnParams::default(),
            cohorts: cohorts.iter().map(cohort).collect(),
            overall: cohort(&("all", 0, 0)),
        };
        let params = RetentionParams::by(Period::Month);
        let monthly = RetentionTable { params, cohorts: Vec::new(), pooled: Vec::new() };
        retention(&Cohort::dimension("channel"), &table, &monthly).replace('\u{a0}', " ")
    }

    #[test]
    fn no_channel_wins_among_zeros_or_where_intervals_overlap() {
        assert_eq!(
            volume(&[("a", 0, 170), ("b", 0, 330)]),
            "No trade or purchase of 500 users has a known value yet."
        );
        let said = volume(&[("a", 50, 200), ("b", 60, 200), ("c", 1, 200)]);
        assert!(said.contains("b with 30.0 %") && said.contains("a with 25.0 %"), "{said}");
        assert!(said.contains("cannot be told apart yet"), "{said}");
        let said = volume(&[("a", 10, 200), ("b", 100, 200)]);
        assert!(
            said.starts_with("Users from b most often pass $10,000 of volume: 50.0 %"),
            "{said}"
        );
        let said = volume(&[("a", 10, 200), ("b", 1, 2)]);
        assert!(
            said.starts_with("Users from a: 5.0 %") && said.contains("no other channel"),
            "{said}"
        );
    }

    #[test]
    fn who_leaves_most_is_said_where_that_is_clear() {
        let said = churned(&[("a", 20, 200), ("b", 100, 200), ("c", 180, 200)]);
        assert!(said.starts_with("Users from c leave most: 90.0 %"), "{said}");
        assert!(said.contains("Users from a stay: 10.0 %"), "{said}");
        let said = churned(&[("a", 90, 200), ("b", 100, 200)]);
        assert!(said.starts_with("From 45.0 %") && said.contains("cannot be told apart"), "{said}");
        let said = churned(&[("a", 90, 200), ("b", 100, 200), ("c", 180, 200)]);
        assert!(said.starts_with("Users from c leave most") && !said.contains(" stay"), "{said}");
        let said = churned(&[("a", 936, 1_000)]);
        assert!(
            said.starts_with("Users from a: 93.6 %") && said.contains("no other channel"),
            "{said}"
        );
        assert!(churned(&[]).starts_with("Too few users were active"));
    }

    #[test]
    fn a_channel_clear_of_all_others_gets_the_next_dollar() {
        let second = channel("affiliate", [0.8, 1.0, 1.3], Some(60));
        let first = channel("paid_search", [2.0, 2.5, 3.0], Some(15));
        assert_eq!(
            said(&[second, first]),
            "The best per dollar is paid search: it returns 2.50 (95 %: 2.00–3.00) and pays back \
             after 15 days, so start with the next dollar there; this is its average, not what one \
             more dollar would do."
        );
    }

    #[test]
    fn channels_whose_intervals_overlap_are_not_told_apart() {
        let channels = [
            channel("a", [0.2, 0.3, 0.4], None),
            channel("b", [1.2, 1.8, 2.6], Some(20)),
            channel("c", [2.0, 2.5, 3.0], Some(15)),
        ];
        assert_eq!(
            said(&channels),
            "The best per dollar are c with 2.50 (95 %: 2.00–3.00) and b with 1.80 (95 %: \
             1.20–2.60). These cannot be told apart yet, so nothing says which of them should get \
             the next dollar."
        );
    }

    #[test]
    fn the_best_of_those_that_lose_money_is_not_called_good() {
        let channels = [channel("a", [0.3, 0.4, 0.5], None), channel("b", [0.1, 0.15, 0.2], None)];
        assert_eq!(
            said(&channels),
            "None has paid back yet; a with 0.40 (95 %: 0.30–0.50) comes nearest."
        );
        // A channel with young users may have a ROAS below 1 although its older users have paid
        // back.
        let early = [channel("a", [0.8, 0.9, 1.0], Some(40))];
        assert!(said(&early).starts_with("Only a can be judged: it returns 0.90"), "{early:?}");
        let mut few = channel("a", [1.0, 2.0, 3.0], Some(9));
        few.economics.users = 29;
        assert!(said(&[few]).starts_with("No channel with spend has 30 users yet"));
    }

    #[test]
    fn without_spend_nothing_is_said_of_cost() {
        let mut all = channel("", [1.0, 2.0, 3.0], None).economics;
        (all.spend_usd, all.cac_usd, all.roas, all.ltv_to_cac) = (0.0, None, None, None);
        all.ltv_interval = Some(Interval { low: 15.0, high: 26.0 });
        let table = AcquisitionTable {
            params: AcquisitionParams::default(),
            channels: Vec::new(),
            paid: Economics { users: 0, ltv_usd: None, ltv_interval: None, ..all.clone() },
            blended: all,
        };
        assert_eq!(
            monetization(&table).replace('\u{a0}', " "),
            "A user has brought $20.00 (95 %: $15.00–$26.00) so far. The data hold no spend, so what \
             users cost, and where the next dollar should go, cannot be said."
        );
    }
}
