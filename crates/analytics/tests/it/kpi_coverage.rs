//! Seeded simulations: of changes that are noise, a share of about the nominal level is called so.

use chrono::TimeDelta;
use polars::prelude::*;
use tidegauge_analytics::kpi::{BoardParams, Metric, board};
use tidegauge_analytics::{Facts, Period};

use crate::support::{at, day};

const WORLDS: u64 = 400;

/// A generator of random numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub(crate) fn poisson(&mut self, mean: f64) -> usize {
        let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0);
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}

/// Returns the shares of worlds in which the last change of each metric is called noise, of those
/// in which it has an interval.
fn noise(metrics: &[Metric], world: impl Fn(u64) -> Facts) -> Vec<f64> {
    let mut counts = vec![[0_u32; 2]; metrics.len()];
    for seed in 0..WORLDS {
        let board = board(&world(seed), &BoardParams::by(Period::Week)).unwrap();
        let last = *board.periods.last().unwrap();
        for (metric, counts) in metrics.iter().zip(&mut counts) {
            if let Some(is_noise) = board.get(last, *metric).unwrap().is_noise {
                counts[usize::from(is_noise)] += 1;
            }
        }
    }
    counts.iter().map(|[not, noise]| f64::from(*noise) / f64::from(not + noise)).collect()
}

#[test]
fn changes_of_volume_that_are_noise_are_called_so() {
    // 150 users, each active in a week with a chance of 0.7, with log-normal volumes of σ = 1
    // within and between users.
    let world = |seed: u64| {
        let mut random = Random(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
        let (mut of, mut when, mut volumes, mut revenues) = (vec![], vec![], vec![], vec![]);
        for user in 0..150_i64 {
            let size = 5.0 + random.normal();
            for week in 0..2 {
                if random.uniform() < 0.7 {
                    let volume = (size + random.normal()).exp();
                    of.push(user);
                    when.push(at("2026-01-06").naive_utc() + TimeDelta::weeks(week));
                    volumes.push(volume);
                    revenues.push(volume * 0.002 * (0.5 + random.uniform()));
                }
            }
        }
        let users = df!(
            "user" => (0..150_i64).collect::<Vec<_>>(),
            "signup_at" => vec![day("2026-01-05"); 150],
        );
        let events = df!(
            "user" => of,
            "at" => when,
            "kind" => vec!["trade"; volumes.len()],
            "volume_usd" => volumes,
            "revenue_usd" => revenues,
        );
        Facts::new(&users.unwrap(), &events.unwrap(), at("2026-01-19")).unwrap()
    };
    let metrics = [
        Metric::TransactingUsers,
        Metric::Volume,
        Metric::VolumePerUser,
        Metric::NetRevenue,
        Metric::TakeRate,
        Metric::Gini,
    ];
    let shares = noise(&metrics, world);
    println!("{metrics:?} {shares:?}");
    for (metric, share) in metrics.iter().zip(&shares) {
        // Standard error 1.5 points. The two periods of a Gini coefficient are not independent.
        let highest = if *metric == Metric::Gini { 1.0 } else { 0.95 };
        assert!((0.86..=highest).contains(share), "{metric:?}: {share}");
    }
}

#[test]
fn changes_of_signups_that_are_noise_are_called_so() {
    // Six weeks of Poisson signups, fewer at weekends.
    let world = |seed: u64| {
        let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut signups = vec![day("2026-01-05")];
        for date in 0..42_u64 {
            let mean = if date % 7 < 5 { 12.0 } else { 5.0 };
            let on = day("2026-01-05") + chrono::Days::new(date);
            signups.extend(std::iter::repeat_n(on, random.poisson(mean)));
        }
        let users = df!(
            "user" => (0_i64..).take(signups.len()).collect::<Vec<_>>(),
            "signup_at" => signups,
        );
        let events = df!(
            "user" => Vec::<i64>::new(),
            "at" => Vec::<chrono::NaiveDateTime>::new(),
            "kind" => Vec::<String>::new(),
            "volume_usd" => Vec::<f64>::new(),
            "revenue_usd" => Vec::<f64>::new(),
        );
        Facts::new(&users.unwrap(), &events.unwrap(), at("2026-02-16")).unwrap()
    };
    let share = noise(&[Metric::Signups], world)[0];
    println!("signups {share}");
    assert!((0.86..=0.97).contains(&share), "{share}");
}
