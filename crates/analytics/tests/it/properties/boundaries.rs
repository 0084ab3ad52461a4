//! The end of observation: the last half-day changes no complete cell, and rows beyond the end are
//! counted and change nothing.

use proptest::prelude::*;
use serde_json::Value;
use tidegauge_analytics::retention::{RetentionKind, retention};
use tidegauge_core::SetAsideReason;

use super::world::{Happened, Person, View, World, assert_alike, metrics, retention_params, world};

/// Minutes of half a day.
const HALF_DAY: i64 = 720;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn the_last_half_day_changes_no_complete_cell(world in world()) {
        let mut later = world.clone();
        later.end = later.end / 1_440 * 1_440;
        later.happened.retain(|event| later.people[event.user].signup + event.after < later.end);
        later.people.iter_mut().for_each(|person| person.signup = person.signup.min(later.end - 1));
        let mut earlier = later.clone();
        earlier.end -= HALF_DAY;
        let later_facts = later.facts(&View::default());
        // The same rows: those of the last half-day are at the end or later.
        let earlier_facts = earlier.facts(&View::default());
        for params in retention_params() {
            if params.kind == RetentionKind::Rolling {
                continue; // it changes in hindsight, as documented
            }
            let (before, after) =
                (retention(&earlier_facts, &params).unwrap(), retention(&later_facts, &params).unwrap());
            for cohort in &before.cohorts {
                let same = after.cohorts.iter()
                    .find(|other| (&other.labels, other.start) == (&cohort.labels, cohort.start));
                let same = same.unwrap();
                for (cell, same) in cohort.cells.iter().zip(&same.cells) {
                    // A younger member can only make a cell incomplete.
                    if let (Some(cell), Some(same)) = (cell, same)
                        && same.rate.n == cell.rate.n
                    {
                        prop_assert_eq!(cell, same, "{:?}", params);
                    }
                }
            }
        }
        let (before, after) = (metrics(&earlier_facts, 0.01), metrics(&later_facts, 0.01));
        for (metric, rows) in [("growth", "/overall/periods"), ("active_users", "/overall/days")] {
            let of = |all: &Value| all[metric].pointer(rows).unwrap().as_array().unwrap().clone();
            let (before, after) = (of(&before), of(&after));
            prop_assert_eq!(&before[..], &after[..before.len()], "{}", metric);
        }
        let kpis = |all: &Value| all["board"]["kpis"].as_array().unwrap().clone();
        let after_kpis = kpis(&after);
        for kpi in kpis(&before) {
            let same = after_kpis.iter().find(|other| {
                ["start", "metric", "dimension", "label"].iter().all(|key| other[key] == kpi[key])
            });
            // A kind or label that first appears in the last half-day adds figures, no change.
            prop_assert_eq!(same.map(|same| &same["value"]), Some(&kpi["value"]), "{}", kpi);
        }
        for cohort in before["ltv"][0].as_array().unwrap() {
            let after = after["ltv"][0].as_array().unwrap().iter();
            let mut same = after.filter(|other| {
                other["cohort"] == cohort["cohort"] && other["users"] == cohort["users"]
            });
            let Some(same) = same.next() else { continue };
            for (cell, same) in
                cohort["by_age"].as_array().unwrap().iter().zip(same["by_age"].as_array().unwrap())
            {
                if cell["complete"] == true {
                    assert_alike(cell, same, &|_| 1.0);
                }
            }
        }
    }

    #[test]
    fn rows_years_ahead_are_counted_and_change_no_bit(
        world in world(), who in any::<prop::sample::Index>(), days in 400..40_000_i64,
    ) {
        let (user, after) = (who.index(world.people.len()), days * 1_440);
        let mut ahead = world.clone();
        ahead.happened.push(
            Happened { user, after, kind: 0, cents: 999_999, fee_cents: 9, is_reversal: false },
        );
        ahead.people.push(Person { signup: after, channel: Some(0), verified: None });
        ahead.spend.push((days, 0, 4_242));
        let facts = ahead.facts(&View::default());
        let found: Vec<_> =
            facts.set_aside().iter().map(|aside| (aside.table.as_str(), aside.reason, aside.rows)).collect();
        let late = SetAsideReason::AfterEnd;
        prop_assert_eq!(found, [("events", late, 1), ("users", late, 1), ("spend", late, 1)]);
        let expected = metrics(&world.facts(&View::default()), 0.01);
        prop_assert_eq!(metrics(&facts, 0.01).to_string(), expected.to_string());
    }
}

#[test]
fn worlds_have_all_that_the_properties_are_about() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let draw = |runner: &mut _| world().new_tree(runner).unwrap().current();
    let worlds: Vec<World> = (0..200).map(|_| draw(&mut runner)).collect();
    let share = |has: &dyn Fn(&World) -> bool| worlds.iter().filter(|world| has(world)).count();
    assert!(share(&|world| world.happened.iter().any(|event| event.is_reversal)) > 50);
    assert!(share(&|world| world.end % 1_440 != 0) > 50);
    assert!(share(&|world| world.people.iter().any(|person| person.channel.is_none())) > 50);
    assert!(share(&|world| world.spend.len() > 5) > 50);
}
