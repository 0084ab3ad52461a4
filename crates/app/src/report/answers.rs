//! The three answers in words, with their uncertainty.

use tidegauge_analytics::acquisition::Channel;
use tidegauge_analytics::stats::Share;

use super::Report;
use super::format::{count, dollars, known, label, percent, ratio, share};

/// Fewer users than this say little: no answer names such a cohort.
const ENOUGH: u64 = 30;

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
            "Users from {leaves} leave most: {} of those who were ever active did nothing in the \
             last {days} days. Users from {stays} stay: {} left.",
            share(high),
            share(low),
        ),
        _ => format!("Too few users were active for {days} days to compare channels."),
    };
    let later = report.monthly.pooled.get(1).and_then(Option::as_ref).and_then(|it| it.rate);
    let month = known(later, |rate| {
        format!(" A month after the one of signup, {} are active.", percent(rate))
    });
    format!("{lead}{}", if later.is_some() { month } else { String::new() })
}

/// What are users worth, and where should the next unit of spend go?
pub(super) fn monetization(report: &Report) -> String {
    let table = &report.channels;
    let paid = &table.paid;
    let lead = format!(
        "{} of paid acquisition brought {} users at {} each; they have earned {} so far, a ROAS \
         of {}.",
        dollars(paid.spend_usd),
        count(paid.users),
        known(paid.cac_usd, dollars),
        dollars(paid.revenue_usd),
        known(paid.roas, ratio),
    );
    let best = table
        .channels
        .iter()
        .filter(|channel| channel.economics.users >= ENOUGH)
        .filter_map(|channel| Some((channel, channel.economics.roas?)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b));
    match best {
        Some((channel, roas)) => format!("{lead} {}", next_unit(channel, roas)),
        None => lead,
    }
}

fn next_unit(channel: &Channel, roas: f64) -> String {
    let name = label(channel.channel.as_deref());
    let payback = match channel.economics.payback_days {
        Some(days) => format!("and pays back after {days} days"),
        None => "but has not paid back yet".into(),
    };
    format!(
        "The best so far is {name}: it returns most per dollar ({}, {payback}), so the next one goes there first; \
         this is its average, not what one more dollar would do.",
        ratio(roas),
    )
}

/// Cohorts with enough users, from the lowest share to the highest.
fn ranked<'a>(
    shares: impl Iterator<Item = (Option<&'a str>, &'a Share)>,
) -> Vec<(String, &'a Share)> {
    let mut ranked: Vec<_> = shares
        .filter(|(_, share)| share.of >= ENOUGH && share.rate.is_some())
        .map(|(cohort, share)| (label(cohort), share))
        .collect();
    let rate = |share: &Share| share.rate.unwrap_or_default();
    ranked.sort_by(|(_, a), (_, b)| rate(a).total_cmp(&rate(b)));
    ranked
}
