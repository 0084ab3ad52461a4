//! Seeded simulations: the intervals of CAC and ROAS hold the truth in about the nominal share of
//! worlds, also where signups vary more than by chance alone.

use polars::prelude::*;
use tidegauge_analytics::Facts;
use tidegauge_analytics::unit_economics::{UnitEconomicsParams, unit_economics};

use crate::kpi_coverage::Random;
use crate::support::{at, day};

const WORLDS: u64 = 200;

/// Spend of each day, in dollars; signups expected of each.
const SPEND: f64 = 100.0;
const SIGNUPS: f64 = 8.0;

/// Returns ninety days of signups whose daily mean is log-normal with a standard deviation of
/// `sigma`; of the users 60 % pay, log-normal amounts with a mean of 5 dollars, on their first day.
fn world(seed: u64, sigma: f64) -> Facts {
    let mut random = Random(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
    let (mut signups, mut paid) = (Vec::new(), Vec::new());
    for date in 0..90_u64 {
        let on = day("2026-01-01") + chrono::Days::new(date);
        let mean = SIGNUPS * (sigma * random.normal() - sigma * sigma / 2.0).exp();
        for _ in 0..random.poisson(mean) {
            let amount = 5.0 / 0.6 * (0.8 * random.normal() - 0.32).exp();
            let pays = random.uniform() < 0.6;
            signups.push(on);
            paid.push(if pays { amount } else { 0.0 });
        }
    }
    let ids: Vec<i64> = (0_i64..).take(signups.len()).collect();
    let users = df!("user" => ids.clone(), "signup_at" => signups.clone(),
        "channel" => vec!["ads"; ids.len()]);
    let events = df!("user" => ids, "at" => signups.clone(), "kind" => vec!["trade"; paid.len()],
        "volume_usd" => vec![0.0; paid.len()], "revenue_usd" => paid);
    let days: Vec<_> =
        (0..90_u64).map(|date| day("2026-01-01") + chrono::Days::new(date)).collect();
    let spend = df!("day" => days, "channel" => vec!["ads"; 90], "campaign" => vec!["all"; 90],
        "spend_usd" => vec![SPEND; 90]);
    let facts = Facts::new(&users.unwrap(), &events.unwrap(), at("2026-04-01")).unwrap();
    facts.with_spend(&spend.unwrap()).unwrap()
}

#[test]
fn costs_and_returns_hold_the_truth_though_signups_are_overdispersed() {
    let params = UnitEconomicsParams { ages: vec![30], ..UnitEconomicsParams::default() };
    let (cac, roas) = (SPEND / SIGNUPS, 5.0 * SIGNUPS / SPEND);
    for (sigma, phi) in [(0.0, 1.0), (0.6, 1.0 + SIGNUPS * (0.36_f64.exp() - 1.0))] {
        let (mut held, mut dispersions) = ([0_u32; 3], 0.0);
        for seed in 0..WORLDS {
            let table = unit_economics(&world(seed, sigma), &params).unwrap();
            let ads = &table.channels[0].economics;
            let holds = [(ads.cac, cac), (ads.roas, roas), (ads.by_age[0].roas, roas)];
            for (held, (estimate, truth)) in held.iter_mut().zip(holds) {
                *held += u32::from(estimate.interval.unwrap().contains(truth));
            }
            dispersions += ads.dispersion;
        }
        let shares = held.map(|held| f64::from(held) / WORLDS as f64);
        let mean = dispersions / WORLDS as f64;
        println!("φ {phi:.2}, measured {mean:.2}: CAC, ROAS, ROAS of 30 days held in {shares:?}");
        // Standard error 2.1 points; a dispersion below 1 is taken as 1, so that Poisson counts
        // are held more often.
        assert!(shares.iter().all(|share| (0.85..=0.96).contains(share)), "{phi}: {shares:?}");
        assert!((mean / phi - 1.0).abs() < 0.35, "{mean} {phi}");
    }
}
