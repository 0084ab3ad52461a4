//! Shares of simulated samples whose intervals hold the truth, at nominal 90 %.

use tidegauge_models::survival::{Life, RiskTable, aalen_johansen, kaplan_meier};

use crate::support::{Coverage, Draws};

/// Exponential lives of rates 0.7 (cause 0) and 0.3 (cause 1), censored uniformly on (0.5, 3).
fn sample(draws: &mut Draws, users: usize) -> RiskTable {
    let lives: Vec<Life> = (0..users)
        .map(|_| {
            let (end, until) = (draws.exponential(), 0.5 + 2.5 * draws.unit());
            let cause = u8::from(draws.unit() < 0.3);
            if end <= until { Life::ended_by(end, cause) } else { Life::censored(until) }
        })
        .collect();
    RiskTable::of(&lives).unwrap()
}

#[test]
fn survival_intervals_hold_their_level() {
    for (users, samples) in [(50, 2_000), (400, 600)] {
        let mut draws = Draws::new(17);
        let [mut share, mut early, mut median, mut mean, mut gain, mut left, mut fraud] =
            <[Coverage; 7]>::default();
        for _ in 0..samples {
            let table = sample(&mut draws, users);
            let curve = kaplan_meier(&table);
            share.add(&curve.at(1.0, 0.9), (-1.0_f64).exp());
            early.add(&curve.at(0.05, 0.9), (-0.05_f64).exp());
            median.add(&curve.median(0.9), 2.0_f64.ln());
            mean.add(&curve.restricted_mean(1.5, 0.9), 1.0 - (-1.5_f64).exp());
            let other = kaplan_meier(&sample(&mut draws, users));
            gain.add(&curve.restricted_mean_difference(&other, 1.5, 0.9), 0.0);
            left.add(&aalen_johansen(&table, 0).at(1.0, 0.9), 0.7 * (1.0 - (-1.0_f64).exp()));
            fraud.add(&aalen_johansen(&table, 1).at(1.0, 0.9), 0.3 * (1.0 - (-1.0_f64).exp()));
        }
        share.assert_within(&format!("S(1), {users} users"), 88.0, 93.0);
        early.assert_within(&format!("S(0.05), {users} users"), 86.0, 97.0);
        median.assert_within(&format!("median, {users} users"), 87.0, 93.0);
        mean.assert_within(&format!("restricted mean, {users} users"), 87.0, 93.0);
        gain.assert_within(&format!("difference of means, {users} users"), 87.0, 93.0);
        left.assert_within(&format!("F₀(1), {users} users"), 87.0, 93.0);
        fraud.assert_within(&format!("F₁(1), {users} users"), 87.0, 93.0);
    }
}
