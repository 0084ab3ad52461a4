//! The insight of the acquisition page: which cohorts become high-volume traders.

use tidegauge_analytics::stats::MIN_SAMPLE_SIZE;
use tidegauge_analytics::volume::VolumeTable;
use tidegauge_analytics::{Cohort, Estimate};

use super::ranking::{cohort_name, is_distinguishable, percent, rank, with_interval};
use crate::cohort;
use crate::format::{Format, count, share};
use crate::vocabulary::Vocabulary;

/// Writes which cohorts become high-volume traders, and how concentrated volume is.
pub(crate) fn acquisition(
    by: &Cohort,
    table: &VolumeTable,
    top_tenth: &Estimate,
    words: Vocabulary,
) -> String {
    let shares = table.cohorts.iter().map(|row| (row.cohort.as_deref(), &row.high_volume));
    let ranked = rank(shares);
    let (high_volume, all) = table.cohorts.iter().fold((0, 0), |(high, users), row| {
        (high + row.high_volume.count, users + row.high_volume.total)
    });
    let threshold = words.money().show(table.params.threshold_usd);
    let [users, of_volume] = ["users", "of volume"].map(|phrase| words.say(phrase));
    let phrase = words.say(&cohort::phrase(by));
    let of_all = percent(high_volume as f64 / all.max(1) as f64);
    let lead = match ranked.as_slice() {
        _ if table.cohorts.iter().all(|row| row.volume_usd == 0.0) => {
            let what = words.say("trade or purchase");
            format!("No {what} of {} {users} has a known value yet.", count(all))
        }
        _ if high_volume == 0 => {
            format!("None of {} {users} has passed {threshold} {of_volume} yet.", count(all))
        }
        [] => {
            format!("No {phrase} has {MIN_SAMPLE_SIZE} {users} yet, so none can be called better.",)
        }
        [.., (_, high)] if high.count == 0 => format!(
            "No {phrase} with {MIN_SAMPLE_SIZE} {users} has one who has passed {threshold} {of_volume} yet."
        ),
        [(only, high)] => format!(
            "{}: {} of {} pass {threshold} {of_volume}. There is no other {phrase} with {MIN_SAMPLE_SIZE} {users} to \
             compare with.",
            cohort::users(by, *only, words),
            share(high),
            count(high.total),
        ),
        [.., (next, second), (best, high)] if !is_distinguishable(second, high) => format!(
            "The best by {users} who pass {threshold} {of_volume} are {} with {} and {} with {}. These cannot be told \
             apart yet. Of all {} {users} {of_all} do.",
            cohort_name(*best, by),
            share(high),
            cohort_name(*next, by),
            share(second),
            count(all),
        ),
        [.., (best, high)] => format!(
            "{} most often pass {threshold} {of_volume}: {} of {} do, against {of_all} of all {} {users}.",
            cohort::users(by, *best, words),
            share(high),
            count(high.total),
            count(all),
        ),
    };
    let is_told = top_tenth.value.is_some_and(|share| share > 0.0) && top_tenth.interval.is_some();
    let spread = is_told.then(|| {
        let share = with_interval(Format::Percent, top_tenth);
        let all_volume = words.say("of all volume");
        format!(" The tenth of {users} with the most makes {share} {all_volume}.")
    });
    format!("{lead}{}", spread.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use tidegauge_analytics::stats::Share;
    use tidegauge_analytics::volume::{VolumeCohort, VolumeParams};

    use super::*;

    fn volume(cohorts: &[(&str, u64, u64)]) -> String {
        let cohort = |(name, high, users): &(&str, u64, u64)| VolumeCohort {
            cohort: Some((*name).into()),
            users: *users,
            high_volume: Share::new(*high, *users, 0.95),
            volume_usd: *high as f64 * 1e5,
            mean_usd: 0.0,
            mean: Estimate::undetermined(*users),
        };
        let table = VolumeTable {
            params: VolumeParams::default(),
            cohorts: cohorts.iter().map(cohort).collect(),
        };
        let top_tenth = Estimate::undetermined(0);
        let words = Vocabulary::default();
        acquisition(&Cohort::dimension("channel"), &table, &top_tenth, words).replace('\u{a0}', " ")
    }

    #[test]
    fn no_channel_is_called_best_if_all_are_zero_or_intervals_overlap() {
        assert_eq!(
            volume(&[("a", 0, 170), ("b", 0, 330)]),
            "No trade or purchase of 500 users has a known value yet."
        );
        // Only a channel of too few users has high-volume traders.
        assert_eq!(
            volume(&[("a", 0, 170), ("b", 0, 330), ("c", 2, 10)]),
            "No channel with 30 users has one who has passed $10,000 of volume yet."
        );
        let text = volume(&[("a", 50, 200), ("b", 60, 200), ("c", 1, 200)]);
        assert!(text.contains("b with 30.0 %") && text.contains("a with 25.0 %"), "{text}");
        assert!(text.contains("cannot be told apart yet"), "{text}");
        let text = volume(&[("a", 10, 200), ("b", 100, 200)]);
        assert!(
            text.starts_with("Users from b most often pass $10,000 of volume: 50.0 %"),
            "{text}"
        );
        let text = volume(&[("a", 10, 200), ("b", 1, 2)]);
        assert!(
            text.starts_with("Users from a: 5.0 %") && text.contains("no other channel"),
            "{text}"
        );
    }
}
