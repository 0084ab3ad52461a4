//! The insight of the retention page: which cohorts churn.

use tidegauge_analytics::Cohort;
use tidegauge_analytics::churn::ChurnTable;
use tidegauge_analytics::retention::RetentionTable;
use tidegauge_analytics::stats::MIN_SAMPLE_SIZE;

use super::ranking::{cohort_name, is_distinguishable, rank, with_interval};
use crate::cohort;
use crate::format::{Format, share};
use crate::vocabulary::Vocabulary;

/// Writes which cohorts churn and which stay; `monthly` is retention by month of signup.
pub(crate) fn retention(
    by: &Cohort,
    table: &ChurnTable,
    monthly: &RetentionTable,
    words: Vocabulary,
) -> String {
    let shares = table.cohorts.iter().map(|row| (row.cohort.as_deref(), &row.churned));
    let ranked = rank(shares);
    let days = table.params.inactive_days;
    let did_neither = words.say("of those who ever traded or bought did neither");
    let did_neither = format!("{did_neither} in the last {days} days");
    let lead = match ranked.as_slice() {
        [] => format!(
            "Too few {} were active for {days} days to compare {}.",
            words.say("users"),
            if *by == Cohort::dimension("channel") { "channels" } else { "cohorts" }
        ),
        [.., (_, high)] if high.count == 0 => {
            let nothing = words.say("No user who ever traded or bought has done neither");
            format!("{nothing} in the last {days} days.")
        }
        [(only, churned)] => format!(
            "{}: {} {did_neither}. There is no other {} with {MIN_SAMPLE_SIZE} of them to compare with.",
            cohort::users(by, *only, words),
            share(churned),
            words.say(&cohort::phrase(by)),
        ),
        [(stay, low), .., (leave, high)] => {
            let [second, last_but_one] = [&ranked[1], &ranked[ranked.len() - 2]];
            let leaves = cohort::users(by, *leave, words);
            let stays = cohort::users(by, *stay, words);
            match (is_distinguishable(last_but_one.1, high), is_distinguishable(low, second.1)) {
                (true, true) if low.count == 0 => format!(
                    "{leaves} leave most: {} {did_neither}. None of {} left.",
                    share(high),
                    cohort_name(*stay, by),
                ),
                (false, true) if low.count == 0 => {
                    format!("None of {} left in the last {days} days.", cohort_name(*stay, by))
                }
                (true, true) => format!(
                    "{leaves} leave most: {} {did_neither}. {stays} stay: {} left.",
                    share(high),
                    share(low)
                ),
                (true, false) => format!("{leaves} leave most: {} {did_neither}.", share(high)),
                (false, true) => format!("{stays} leave least: {} {did_neither}.", share(low)),
                (false, false) if is_distinguishable(low, high) => format!(
                    "{leaves} leave more than {}: {} {did_neither}, against {}. Who leaves most or least \
                     of all cannot be told apart yet.",
                    stays.replacen(&words.say("Users"), &words.say("users"), 1),
                    share(high),
                    share(low),
                ),
                (false, false) => format!(
                    "From {} ({}) to {} ({}) {did_neither}: who leaves most or least cannot be told apart yet.",
                    share(low),
                    cohort_name(*stay, by),
                    share(high),
                    cohort_name(*leave, by),
                ),
            }
        }
    };
    let later = monthly.pooled.get(1).and_then(Option::as_ref);
    let later = later.filter(|month| month.active > 0 && month.rate.interval.is_some());
    let later = later.map(|month| with_interval(Format::Percent, &month.rate));
    let month = later.map(|rate| {
        let [after, bought] =
            ["after signup", "of users traded or bought"].map(|text| words.say(text));
        format!(" In the calendar month {after}, {rate} {bought}.")
    });
    format!("{lead}{}", month.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use tidegauge_analytics::churn::{ChurnCohort, ChurnParams, Survival};
    use tidegauge_analytics::retention::RetentionParams;
    use tidegauge_analytics::stats::Share;
    use tidegauge_analytics::{Estimate, Period};

    use super::*;

    fn churned(cohorts: &[(&str, u64, u64)]) -> String {
        let cohort = |(name, churned, of): &(&str, u64, u64)| ChurnCohort {
            cohort: Some((*name).into()),
            users: *of,
            undetermined: 0,
            never_active: 0,
            churned: Share::new(*churned, *of, 0.95),
            survival: Survival { by_age: Vec::new(), median_days: Estimate::undetermined(*of) },
        };
        let table = ChurnTable {
            params: ChurnParams::default(),
            cohorts: cohorts.iter().map(cohort).collect(),
            overall: cohort(&("all", 0, 0)),
            log_rank: None,
        };
        let params = RetentionParams::by(Period::Month);
        let monthly = RetentionTable { params, cohorts: Vec::new(), pooled: Vec::new() };
        retention(&Cohort::dimension("channel"), &table, &monthly, Vocabulary::default())
            .replace('\u{a0}', " ")
    }

    #[test]
    fn the_highest_and_lowest_churn_are_named_only_if_distinguishable() {
        let text = churned(&[("a", 20, 200), ("b", 100, 200), ("c", 180, 200)]);
        assert!(text.starts_with("Users from c leave most: 90.0 %"), "{text}");
        assert!(text.contains("Users from a stay: 10.0 %"), "{text}");
        let text = churned(&[("a", 90, 200), ("b", 100, 200)]);
        assert!(text.starts_with("From 45.0 %") && text.contains("cannot be told apart"), "{text}");
        let text = churned(&[("a", 90, 200), ("b", 100, 200), ("c", 180, 200)]);
        assert!(text.starts_with("Users from c leave most") && !text.contains(" stay"), "{text}");
        let text = churned(&[("a", 80, 200), ("b", 95, 200), ("c", 110, 200)]);
        let lead = "Users from c leave more than users from a: 55.0 %";
        assert!(text.starts_with(lead) && text.contains("cannot be told apart yet"), "{text}");
        let text = churned(&[("a", 936, 1_000)]);
        assert!(
            text.starts_with("Users from a: 93.6 %") && text.contains("no other channel"),
            "{text}"
        );
        let text = churned(&[("a", 0, 200), ("b", 100, 200)]);
        assert!(text.ends_with("None of a left.") && text.contains("b leave most"), "{text}");
        let text = churned(&[("a", 0, 200), ("b", 0, 100)]);
        assert!(text.starts_with("No user who ever traded or bought has done neither"), "{text}");
        assert!(churned(&[]).starts_with("Too few users were active"));
    }
}
