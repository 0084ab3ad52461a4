//! Properties on random lives.

use proptest::prelude::*;
use tidegauge_models::survival::{Life, LifeCounts, RiskTable, aalen_johansen, kaplan_meier};

use super::data::caused;

/// Draws lives on whole days of two causes, some with late entry.
fn lives() -> impl Strategy<Value = Vec<Life>> {
    let life = (0_u32..40, 0_u8..3, 0_u32..60, 1_u64..4).prop_map(|(day, cause, entry, count)| {
        let life = caused(f64::from(day), cause).repeated(count);
        if entry < day { life.entered_at(f64::from(entry)) } else { life }
    });
    prop::collection::vec(life, 1..60)
}

proptest! {
    #[test]
    fn counts_and_slices_give_one_table(lives in lives(), cut in 0_usize..60) {
        let mut parts = [LifeCounts::new(40, 2), LifeCounts::new(40, 2)];
        for (index, life) in lives.iter().enumerate() {
            let counts = &mut parts[usize::from(index < cut)];
            let day = |time: f64| (0..41_usize).find(|day| *day as f64 == time).unwrap();
            match life.cause {
                Some(cause) => counts.add_event(day(life.duration), cause, life.count).unwrap(),
                None => counts.add_censored(day(life.duration), life.count).unwrap(),
            }
            if let Some(entry) = life.entry {
                counts.enter_late(day(entry), life.count).unwrap();
            }
        }
        let [mut all, rest] = parts;
        all.merge(&rest).unwrap();
        let (counted, listed) = (RiskTable::of_counts(&all).unwrap(), RiskTable::of(&lives).unwrap());
        prop_assert_eq!(counted.rows(), listed.rows());
        prop_assert_eq!(kaplan_meier(&counted), kaplan_meier(&listed));
        for cause in 0..2 {
            let (one, other) = (aalen_johansen(&counted, cause), aalen_johansen(&listed, cause));
            prop_assert_eq!(one, other);
            prop_assert!(counted.only(cause).rows() == listed.only(cause).rows());
        }
    }

    #[test]
    fn causes_sum_to_what_survival_leaves(lives in lives()) {
        let table = RiskTable::of(&lives).unwrap();
        let curve = kaplan_meier(&table);
        let causes = [0, 1].map(|cause| aalen_johansen(&table, cause));
        for (index, step) in curve.steps().iter().enumerate() {
            let sum: f64 = causes.iter().map(|cause| cause.steps()[index].incidence).sum();
            prop_assert!((sum + step.survival - 1.0).abs() < 1e-12);
        }
        let any = RiskTable::of(&lives.iter().map(|life| {
            let mut life = *life;
            life.cause = life.cause.map(|_| 0);
            life
        }).collect::<Vec<_>>()).unwrap();
        let single = aalen_johansen(&any, 0);
        for (step, mirror) in curve.steps().iter().zip(single.steps()) {
            prop_assert!((step.survival + mirror.incidence - 1.0).abs() < 1e-12);
            if let Some(error) = step.std_error() {
                prop_assert!((error - mirror.variance.sqrt()).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn scaled_times_scale_durations(lives in lives()) {
        let scaled: Vec<Life> = lives.iter().map(|life| {
            let mut life = *life;
            life.duration *= 7.0;
            life.entry = life.entry.map(|entry| entry * 7.0);
            life
        }).collect();
        let [days, weeks] = [&scaled, &lives].map(|lives| {
            kaplan_meier(&RiskTable::of(lives).unwrap())
        });
        prop_assert_eq!(days.median(0.9).value, weeks.median(0.9).value.map(|time| time * 7.0));
        let means = days.restricted_mean(70.0, 0.9).value.zip(weeks.restricted_mean(10.0, 0.9).value);
        if let Some((one, other)) = means {
            prop_assert!((one - 7.0 * other).abs() < 1e-9);
        }
    }
}
