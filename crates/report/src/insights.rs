//! Insights: what the tables say, in sentences with their uncertainty.

use tidegauge_analytics::Cohort;
use tidegauge_analytics::acquisition::{AcquisitionTable, Channel, Economics};
use tidegauge_analytics::churn::ChurnTable;
use tidegauge_analytics::retention::RetentionTable;
use tidegauge_analytics::stats::{self, ENOUGH, Share};
use tidegauge_analytics::volume::VolumeTable;

use crate::format::{Format, count, known, label, share};
use crate::{Interval, cohort};

/// Says which cohorts become high-volume traders.
pub(crate) fn acquisition(by: &Cohort, table: &VolumeTable) -> String {
    let shares = table.cohorts.iter().map(|row| (row.cohort.as_deref(), &row.high_volume));
    let ranked = ranked(shares);
    let (high_volume, all) = table.cohorts.iter().fold((0, 0), |(high, users), row| {
        (high + row.high_volume.count, users + row.high_volume.of)
    });
    let threshold = dollars(table.params.threshold_usd);
    let lead = match ranked.last() {
        Some((best, high)) => format!(
            "{} most often pass {threshold} of volume: {} of {} do, against {} of all {} users.",
            cohort::users(by, *best),
            share(high),
            count(high.of),
            percent(high_volume as f64 / all.max(1) as f64),
            count(all),
        ),
        None => format!(
            "No {} has {ENOUGH} users yet, so none can be called better.",
            cohort::phrase(by)
        ),
    };
    // A tenth of fewer than ten users is nobody.
    let tenth = table.concentration.deciles.first().filter(|decile| decile.users > 0);
    let tenth = tenth.and_then(|decile| decile.share);
    let spread = tenth.map(|share| {
        format!(" The most active tenth of users makes {} of all volume.", percent(share))
    });
    format!("{lead}{}", spread.unwrap_or_default())
}

/// Says which cohorts churn, and which stay; `monthly` is retention by month of signup.
pub(crate) fn retention(by: &Cohort, table: &ChurnTable, monthly: &RetentionTable) -> String {
    let shares = table.cohorts.iter().map(|row| (row.cohort.as_deref(), &row.churned));
    let ranked = ranked(shares);
    let days = table.params.inactive_days;
    let lead = match (ranked.first(), ranked.last()) {
        (Some((stay, low)), Some((leave, high))) if stay != leave => format!(
            "{} leave most: {} of those who ever traded or bought did neither in the last {days} \
             days. {} stay: {} left.",
            cohort::users(by, *leave),
            share(high),
            cohort::users(by, *stay),
            share(low),
        ),
        _ => format!(
            "Too few users were active for {days} days to compare {}.",
            if *by == Cohort::dimension("channel") { "channels" } else { "cohorts" }
        ),
    };
    let later = monthly.pooled.get(1).and_then(Option::as_ref);
    let later = later.map(|month| share(&Share::new(month.active, month.eligible)));
    let month = later.map(|rate| {
        format!(" In the calendar month after signup, {rate} of users traded or bought.")
    });
    format!("{lead}{}", month.unwrap_or_default())
}

/// Says what users are worth, and where the next unit of spend should go.
pub(crate) fn monetization(table: &AcquisitionTable) -> String {
    let (all, paid) = (&table.blended, &table.paid);
    let Some(roas) = paid.roas else {
        let worth = known(all.ltv_usd, |ltv| within(Format::Dollars, ltv, all.ltv_interval));
        return format!(
            "A user has brought {worth} so far. The data hold no spend, so what users cost, and \
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

/// A channel that can be judged: its name, its ROAS, and all else about it.
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

    /// Returns `true` unless one of the two intervals lies wholly above the other.
    fn overlaps(&self, other: &Self) -> bool {
        let intervals = self.economics.roas_interval.zip(other.economics.roas_interval);
        intervals.is_none_or(|(ours, theirs)| ours.low <= theirs.high && theirs.low <= ours.high)
    }
}

/// Says where the next dollar goes, as far as the channels can be told apart.
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
    if ranked.iter().all(loses) {
        return format!("None has paid back yet; {} comes nearest.", best.described());
    }
    let rivals: Vec<_> = others.iter().filter(|other| best.overlaps(other)).collect();
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
    use tidegauge_analytics::acquisition::AcquisitionParams;
    use tidegauge_analytics::stats::Interval;

    use super::*;

    /// A channel with its ROAS, the interval of that, and its payback.
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

    /// The answer, but for its breaks that do not break.
    fn said(channels: &[Channel]) -> String {
        next_dollar(channels).replace('\u{a0}', " ")
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
        // Young users hold ROAS below 1, those old enough have paid back.
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
