//! The three answers in words, with their uncertainty.

use tidegauge_analytics::acquisition::{Channel, Economics};
use tidegauge_analytics::stats::{ENOUGH, Share};

use super::Report;
use super::format::{count, dollars, known, label, percent, ratio, share, within};

/// Which cohorts become high-volume traders?
pub(super) fn acquisition(report: &Report) -> String {
    let Some((_, table)) = report.volume.first() else { return "No users yet.".into() };
    let ranked = ranked(table.cohorts.iter().map(|it| (it.cohort.as_deref(), &it.high_volume)));
    let all: (u64, u64) = table
        .cohorts
        .iter()
        .fold((0, 0), |(high, users), it| (high + it.high_volume.count, users + it.high_volume.of));
    let threshold = dollars(table.params.threshold_usd);
    let lead = match ranked.last() {
        Some((best, high)) => format!(
            "Users from {best} most often pass {threshold} of volume: {} of {} do, against {} of \
             all {} users.",
            share(high),
            count(high.of),
            percent(all.0 as f64 / all.1.max(1) as f64),
            count(all.1),
        ),
        None => format!("No channel has {ENOUGH} users yet, so none can be called better."),
    };
    let tenth = table.concentration.deciles.first().and_then(|decile| decile.share);
    let spread = known(tenth, |share| {
        format!(" The most active tenth of users makes {} of all volume.", percent(share))
    });
    format!("{lead}{spread}")
}

/// Which cohorts churn, and which stay?
pub(super) fn retention(report: &Report) -> String {
    let Some((_, table)) = report.churn.first() else { return "No users yet.".into() };
    let ranked = ranked(table.cohorts.iter().map(|it| (it.cohort.as_deref(), &it.churned)));
    let days = table.params.inactive_days;
    let lead = match (ranked.first(), ranked.last()) {
        (Some((stays, low)), Some((leaves, high))) if stays != leaves => format!(
            "Users from {leaves} leave most: {} of those who ever traded or bought did neither in \
             the last {days} days. Users from {stays} stay: {} left.",
            share(high),
            share(low),
        ),
        _ => format!("Too few users were active for {days} days to compare channels."),
    };
    let later = report.monthly.pooled.get(1).and_then(Option::as_ref);
    let later = later.map(|it| share(&Share::new(it.active, it.eligible)));
    let month = later.map(|rate| {
        format!(" In the calendar month after signup, {rate} of users traded or bought.")
    });
    format!("{lead}{}", month.unwrap_or_default())
}

/// What are users worth, and where should the next unit of spend go?
pub(super) fn monetization(report: &Report) -> String {
    let (all, paid) = (&report.channels.blended, &report.channels.paid);
    let Some(roas) = paid.roas else {
        let worth = known(all.ltv_usd, |ltv| within(ltv, all.ltv_interval.as_ref(), dollars));
        return format!(
            "A user has brought {worth} so far. The data hold no spend, so what users cost, and \
             where the next dollar should go, cannot be said."
        );
    };
    let cac = known(paid.cac_usd, |cac| within(cac, paid.cac_interval.as_ref(), dollars));
    let ltv = known(paid.ltv_usd, |ltv| within(ltv, paid.ltv_interval.as_ref(), dollars));
    let lead = format!(
        "{} of paid acquisition brought {} users at {cac} each. They have brought {ltv} each so \
         far, a ROAS of {}.",
        dollars(paid.spend_usd),
        count(paid.users),
        within(roas, paid.roas_interval.as_ref(), ratio),
    );
    format!("{lead} {}", next_dollar(&report.channels.channels))
}

/// A channel that can be judged: its name, its ROAS, and all else about it.
struct Candidate<'a> {
    name: String,
    roas: f64,
    economics: &'a Economics,
}

impl Candidate<'_> {
    fn said(&self) -> String {
        let roas = within(self.roas, self.economics.roas_interval.as_ref(), ratio);
        format!("{} with {roas}", self.name)
    }

    /// Neither interval lies wholly above the other.
    fn overlaps(&self, other: &Self) -> bool {
        let intervals = self.economics.roas_interval.zip(other.economics.roas_interval);
        intervals.is_none_or(|(ours, theirs)| ours.low <= theirs.high && theirs.low <= ours.high)
    }
}

/// Where the next dollar goes, as far as the channels can be told apart.
fn next_dollar(channels: &[Channel]) -> String {
    let mut ranked: Vec<_> = channels
        .iter()
        .filter(|channel| channel.economics.users >= ENOUGH)
        .filter_map(|it| {
            let name = label(it.channel.as_deref(), "channel");
            Some(Candidate { name, roas: it.economics.roas?, economics: &it.economics })
        })
        .collect();
    ranked.sort_by(|a, b| b.roas.total_cmp(&a.roas));
    let Some((best, others)) = ranked.split_first() else {
        return format!("No channel with spend has {ENOUGH} users yet, so none can be judged.");
    };
    if ranked.iter().all(|it| it.roas < 1.0 && it.economics.payback_days.is_none()) {
        return format!("None has paid back yet; {} comes nearest.", best.said());
    }
    let rivals: Vec<_> = others.iter().filter(|other| best.overlaps(other)).collect();
    if let Some((last, rivals)) = rivals.split_last() {
        let rivals: String = rivals.iter().map(|it| format!(", {}", it.said())).collect();
        return format!(
            "The best per dollar are {}{rivals} and {}. These cannot be told apart yet, so nothing \
             says which of them should get the next dollar.",
            best.said(),
            last.said(),
        );
    }
    let roas = within(best.roas, best.economics.roas_interval.as_ref(), ratio);
    let payback = match best.economics.payback_days {
        Some(days) => format!("pays back after {days} days"),
        None => "has not paid back at the oldest age judged".into(),
    };
    let name = &best.name;
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

/// Cohorts with enough users, from the lowest share to the highest.
fn ranked<'a>(
    shares: impl Iterator<Item = (Option<&'a str>, &'a Share)>,
) -> Vec<(String, &'a Share)> {
    let mut ranked: Vec<_> = shares
        .filter(|(_, share)| share.of >= ENOUGH && share.rate.is_some())
        .map(|(cohort, share)| (label(cohort, "channel"), share))
        .collect();
    let rate = |share: &Share| share.rate.unwrap_or_default();
    ranked.sort_by(|(_, a), (_, b)| rate(a).total_cmp(&rate(b)));
    ranked
}
