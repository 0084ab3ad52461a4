//! Ranking of cohorts by a share, and the wording that insights have in common.

use tidegauge_analytics::stats::{MIN_SAMPLE_SIZE, Share};
use tidegauge_analytics::{Cohort, Estimate};

use crate::format::{Format, known, label};
use crate::{Interval, cohort};

/// Returns `true` if the interval of the higher share lies entirely above that of the lower one.
/// This is the only rule by which a cohort is called better than the next.
pub(super) fn is_distinguishable(lower: &Share, higher: &Share) -> bool {
    let intervals = lower.interval.zip(higher.interval);
    intervals.is_some_and(|(lower, higher)| lower.high < higher.low)
}

/// Returns the name of a cohort as part of a sentence.
pub(super) fn cohort_name(cohort: Option<&str>, by: &Cohort) -> String {
    label(cohort, &cohort::phrase(by))
}

/// Returns the cohorts with enough users, from the lowest share to the highest.
pub(super) fn rank<'a>(
    shares: impl Iterator<Item = (Option<&'a str>, &'a Share)>,
) -> Vec<(Option<&'a str>, &'a Share)> {
    let mut ranked: Vec<_> = shares
        .filter(|(_, share)| share.total >= MIN_SAMPLE_SIZE && share.rate.is_some())
        .collect();
    let rate = |share: &Share| share.rate.unwrap_or_default();
    ranked.sort_by(|(_, a), (_, b)| rate(a).total_cmp(&rate(b)));
    ranked
}

/// Writes a share in percent.
pub(super) fn percent(share: f64) -> String {
    Format::Percent.show(share)
}

/// Writes an estimate with its interval as part of a sentence.
pub(super) fn with_interval(format: Format, estimate: &Estimate) -> String {
    let interval = estimate.interval.map(Interval::from);
    known(estimate.value, |value| format.show_within(value, interval.as_ref()))
}
