//! The cells of the coverage table: a population, a number of users, and an estimate whose truth
//! is known.

use tidegauge_models::estimate::{
    CumulativeMean, Dispersion, Estimate, Influence, Transform, cost_per_user, difference, gini,
    mean, newcombe, quotient, top_share, wilson,
};
use tidegauge_models::math::normal::{cdf, quantile};

use crate::coverage_draw::Draw;
use crate::coverage_populations::{
    AFFILIATE, Channel, NO_VARIANCE, PAID_SEARCH, PAID_SOCIAL, Population,
};

/// The level of all cells but those about levels.
const LEVEL: f64 = 0.9;

/// A computation whose time is measured.
type Compute = Box<dyn FnOnce() -> Estimate>;

/// Draws a sample, and returns the computation of its estimate with a seed.
type Sample = Box<dyn Fn(&mut Draw, u64) -> Compute + Send + Sync>;

/// A cell of the table.
pub(crate) struct Cell {
    pub(crate) section: &'static str,
    pub(crate) name: String,
    pub(crate) users: String,
    pub(crate) truth: f64,
    pub(crate) sample: Sample,
}

/// Returns all cells, in the order of the table.
pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = means();
    cells.extend(levels());
    cells.extend(two_means());
    cells.extend(cumulative_means());
    cells.extend(shares());
    cells.extend(same_users());
    cells.extend(costs());
    cells
}

/// The populations with a share of the users who pay log-normally.
const fn log_normal(share: f64, sigma: f64) -> Population {
    Population::LogNormal { share, sigma }
}

/// Returns the cells of the mean per user.
fn means() -> Vec<Cell> {
    let populations: [(Population, &[usize]); 15] = [
        (log_normal(0.6, 1.0), &[20, 40, 130, 400]),
        (log_normal(0.6, 1.5), &[20, 40, 130, 400]),
        (log_normal(0.5, 2.0), &[20, 40, 130, 400]),
        (Population::Exchange(&PAID_SEARCH), &[150, 500, 2_000, 8_000, 32_000, 80_000]),
        (Population::Exchange(&PAID_SOCIAL), &[300, 1_000, 4_000]),
        (Population::Exchange(&AFFILIATE), &[150, 600, 2_400]),
        (Population::Exchange(&NO_VARIANCE), &[500, 2_000]),
        (Population::Cdnow, &[100, 400, 1_600]),
        (Population::CdnowWithoutLargest, &[100, 400, 1_600]),
        (Population::Whales, &[200, 1_000, 4_000]),
        (Population::Pareto { alpha: 2.5 }, &[150, 600, 2_400]),
        (Population::Weibull { shape: 0.4 }, &[60, 250, 1_000]),
        (Population::Gamma { shape: 0.25 }, &[60, 250, 1_000]),
        (Population::Refunds, &[40, 130, 400, 1_600]),
        (log_normal(0.6, 0.5), &[20, 130]),
    ];
    let cell = |population: Population, users: usize| Cell {
        section: "mean per user",
        name: population.name(),
        users: users.to_string(),
        truth: population.mean(),
        sample: Box::new(move |draw, seed| {
            let amounts = population.draw(users, draw);
            Box::new(move || mean(&amounts, LEVEL, seed))
        }),
    };
    let of = |(population, sizes): (Population, &'static [usize])| {
        sizes.iter().map(move |users| cell(population, *users))
    };
    populations.into_iter().flat_map(of).collect()
}

/// Returns cells of the mean at other levels.
fn levels() -> Vec<Cell> {
    let cell = |population: Population, users: usize, level: f64| Cell {
        section: "mean per user, other levels",
        name: format!("{}, level {} %", population.name(), level * 100.0),
        users: users.to_string(),
        truth: population.mean(),
        sample: Box::new(move |draw, seed| {
            let amounts = population.draw(users, draw);
            Box::new(move || mean(&amounts, level, seed))
        }),
    };
    let of = |(population, users): (Population, usize)| {
        [0.5, 0.8, 0.95, 0.99].map(|level| cell(population, users, level))
    };
    [(log_normal(0.6, 1.5), 130), (Population::Exchange(&PAID_SEARCH), 500)]
        .into_iter()
        .flat_map(of)
        .collect()
}

/// Returns cells of differences and quotients of the means of two groups.
fn two_means() -> Vec<Cell> {
    let search = Population::Exchange(&PAID_SEARCH);
    let social = Population::Exchange(&PAID_SOCIAL);
    let pairs = [
        ((log_normal(0.6, 1.0), 40), (log_normal(0.6, 1.0), 40)),
        ((log_normal(0.6, 1.5), 130), (log_normal(0.6, 1.5), 130)),
        ((log_normal(0.6, 1.5), 400), (log_normal(0.6, 1.0), 130)),
        ((log_normal(0.5, 2.0), 130), (log_normal(0.6, 1.0), 400)),
        ((log_normal(0.5, 2.0), 400), (log_normal(0.5, 2.0), 400)),
        ((search, 500), (search, 500)),
        ((search, 500), (social, 500)),
        ((search, 2_000), (social, 2_000)),
        ((Population::Gamma { shape: 0.25 }, 250), (Population::Gamma { shape: 0.25 }, 250)),
    ];
    /// A combination of two estimates, with that of their truths.
    type Combination = (&'static str, fn(Estimate, Estimate) -> Estimate, fn(f64, f64) -> f64);
    let combinations: [Combination; 2] = [
        ("difference of two means", difference, |a, b| a - b),
        ("quotient of two means", quotient, |a, b| a / b),
    ];
    let of = |(section, combine, of_truths): Combination| {
        pairs.map(|((one, users), (other, others))| Cell {
            section,
            name: format!("{}; {}", one.name(), other.name()),
            users: format!("{users}; {others}"),
            truth: of_truths(one.mean(), other.mean()),
            sample: Box::new(move |draw, seed| {
                let (one, other) = (one.draw(users, draw), other.draw(others, draw));
                let second = seed.wrapping_add(1 << 32);
                Box::new(move || combine(mean(&one, LEVEL, seed), mean(&other, LEVEL, second)))
            }),
        })
    };
    combinations.into_iter().flat_map(of).collect()
}

/// Draws users of ages uniform in 0–`oldest` days and accumulates their volume; of each calendar
/// week, it is times exp(σZ − σ²/2).
fn cumulative(
    channel: &Channel,
    users: usize,
    (oldest, horizon): (f64, u32),
    shock: f64,
    draw: &mut Draw,
) -> CumulativeMean {
    let weeks = (0..200).map(|_| (shock * draw.normal() - shock * shock / 2.0).exp());
    let weeks: Vec<f64> = weeks.collect();
    let days = |age: f64| (0_u32..).take_while(|day| f64::from(day + 1) <= age).count();
    let drawn: Vec<(u32, Vec<(u32, f64)>)> = (0..users)
        .map(|_| {
            let age = oldest * draw.unit();
            let observed = u32::try_from(days(age)).unwrap();
            let amounts = channel.user(draw).map_or_else(Vec::new, |user| {
                let orders = user.orders(age, draw);
                let whole = |day: &f64| u32::try_from(days(*day)).unwrap();
                let seen = orders.iter().map(whole).filter(|day| *day < observed);
                let week = |day: u32| weeks[((observed - 1 - day) / 7) as usize];
                seen.map(|day| (day, user.amount(1, draw) * week(day))).collect()
            });
            (observed, amounts)
        })
        .collect();
    let exposures = drawn.iter().map(|(observed, _)| (*observed, 1));
    let mut cumulative = CumulativeMean::new(&[horizon], exposures);
    for (observed, amounts) in &drawn {
        cumulative.add(*observed, amounts).unwrap();
    }
    cumulative
}

/// Returns the true mean volume of a user of a channel by an age.
fn true_cumulative(channel: &Channel, age: u32) -> f64 {
    channel.start * (1.0 + channel.repeats(f64::from(age), false)) * channel.mean_order()
}

/// Returns cells of the mean cumulative amount by age.
fn cumulative_means() -> Vec<Cell> {
    let cell = |channel: &'static Channel, users: usize, ages: (f64, u32)| Cell {
        section: "mean cumulative amount by age, censored",
        name: format!("exchange, {}, D{}, aged 0–{}", channel.name, ages.1, ages.0),
        users: users.to_string(),
        truth: true_cumulative(channel, ages.1),
        sample: Box::new(move |draw, seed| {
            let cumulative = cumulative(channel, users, ages, 0.0, draw);
            Box::new(move || cumulative.estimate(0, LEVEL, seed))
        }),
    };
    let two = |users: usize, age: u32| Cell {
        section: "difference of two mean cumulative amounts",
        name: format!("exchange, paid_search; paid_social, D{age}, aged 0–365"),
        users: format!("{users}; {users}"),
        truth: true_cumulative(&PAID_SEARCH, age) - true_cumulative(&PAID_SOCIAL, age),
        sample: Box::new(move |draw, seed| {
            let one = cumulative(&PAID_SEARCH, users, (365.0, age), 0.0, draw);
            let other = cumulative(&PAID_SOCIAL, users, (365.0, age), 0.0, draw);
            let second = seed.wrapping_add(1 << 32);
            Box::new(move || {
                difference(one.estimate(0, LEVEL, seed), other.estimate(0, LEVEL, second))
            })
        }),
    };
    let shocked = |users: usize, is_clustered: bool| Cell {
        section: "mean cumulative amount, weeks with common shocks",
        name: format!(
            "exchange, paid_search, D90, aged 0–365, σ of weeks 0.3, {}",
            if is_clustered { "by user and week" } else { "by user" }
        ),
        users: users.to_string(),
        truth: true_cumulative(&PAID_SEARCH, 90),
        sample: Box::new(move |draw, seed| {
            let cumulative = cumulative(&PAID_SEARCH, users, (365.0, 90), 0.3, draw);
            Box::new(move || match is_clustered {
                true => cumulative.estimate_clustered(0, LEVEL, seed),
                false => cumulative.estimate(0, LEVEL, seed),
            })
        }),
    };
    vec![
        cell(&PAID_SEARCH, 300, (365.0, 30)),
        cell(&PAID_SEARCH, 300, (365.0, 180)),
        cell(&PAID_SEARCH, 1_000, (365.0, 30)),
        cell(&PAID_SEARCH, 1_000, (365.0, 180)),
        cell(&PAID_SEARCH, 1_000, (365.0, 330)),
        cell(&PAID_SEARCH, 4_000, (730.0, 365)),
        cell(&PAID_SOCIAL, 1_000, (365.0, 90)),
        cell(&AFFILIATE, 1_000, (365.0, 90)),
        two(500, 90),
        two(2_000, 180),
        shocked(1_000, false),
        shocked(1_000, true),
        shocked(10_000, false),
        shocked(10_000, true),
    ]
}

/// Returns cells of shares and of their differences.
fn shares() -> Vec<Cell> {
    let drawn = |share: f64, users: u64, draw: &mut Draw| -> u64 {
        (0..users).map(|_| u64::from(draw.happens(share))).sum()
    };
    let one = move |share: f64, users: u64| Cell {
        section: "share",
        name: format!("{} %", share * 100.0),
        users: users.to_string(),
        truth: share,
        sample: Box::new(move |draw, _| {
            let count = drawn(share, users, draw);
            Box::new(move || wilson(count, users, LEVEL))
        }),
    };
    let two = move |(a, of_a): (f64, u64), (b, of_b): (f64, u64)| Cell {
        section: "difference of two shares",
        name: format!("{} %; {} %", a * 100.0, b * 100.0),
        users: format!("{of_a}; {of_b}"),
        truth: a - b,
        sample: Box::new(move |draw, _| {
            let (a, b) = ((drawn(a, of_a, draw), of_a), (drawn(b, of_b, draw), of_b));
            Box::new(move || newcombe(a, b, LEVEL))
        }),
    };
    vec![
        one(0.02, 50),
        one(0.02, 1_000),
        one(0.1, 50),
        one(0.1, 200),
        one(0.4, 50),
        one(0.4, 1_000),
        two((0.1, 100), (0.15, 100)),
        two((0.02, 200), (0.05, 300)),
        two((0.5, 50), (0.6, 100)),
        two((0.3, 1_000), (0.3, 1_000)),
    ]
}

/// Returns cells of statistics through the influence of the same users.
fn same_users() -> Vec<Cell> {
    let take_rate = |channel: &'static Channel, users: usize| Cell {
        section: "ratio of the same users",
        name: format!("exchange, {}, fees over volume, rates uniform in 0.2–0.6 %", channel.name),
        users: users.to_string(),
        truth: 0.004,
        sample: Box::new(move |draw, seed| {
            let volume = Population::Exchange(channel).draw(users, draw);
            let fee = |amount: &f64| amount * (0.002 + 0.004 * draw.unit());
            let fees: Vec<f64> = volume.iter().map(fee).collect();
            Box::new(move || {
                Influence::ratio(&fees, &volume).unwrap().estimate(Transform::Log, LEVEL, seed)
            })
        }),
    };
    /// A measure of concentration, with its value of log-normal amounts.
    type Measure = (&'static str, fn(&[f64], u64) -> Estimate, fn(f64, f64) -> f64);
    let measures: [Measure; 3] = [
        (
            "Gini coefficient",
            |amounts, seed| gini(amounts, LEVEL, seed),
            |share, sigma| 1.0 - share * (2.0 - 2.0 * cdf(sigma / 2.0_f64.sqrt())),
        ),
        (
            "share of the top 10 %",
            |amounts, seed| top_share(amounts, 0.1, LEVEL, seed),
            |share, sigma| cdf(sigma - quantile(1.0 - 0.1 / share)),
        ),
        (
            "share of the top 1 %",
            |amounts, seed| top_share(amounts, 0.01, LEVEL, seed),
            |share, sigma| cdf(sigma - quantile(1.0 - 0.01 / share)),
        ),
    ];
    let concentration = |(section, measure, truth): Measure, sigma: f64, users: usize| Cell {
        section,
        name: log_normal(0.6, sigma).name(),
        users: users.to_string(),
        truth: truth(0.6, sigma),
        sample: Box::new(move |draw, seed| {
            let amounts = log_normal(0.6, sigma).draw(users, draw);
            Box::new(move || measure(&amounts, seed))
        }),
    };
    let rates = [150, 500, 2_000].map(|users| take_rate(&PAID_SEARCH, users));
    let mut cells: Vec<Cell> = rates.into_iter().collect();
    let sizes: [&[(f64, usize)]; 3] = [
        &[(1.0, 130), (1.0, 1_000), (1.5, 400), (1.5, 4_000), (2.0, 1_000), (2.0, 10_000)],
        &[(1.0, 200), (1.0, 1_000), (1.5, 400), (1.5, 4_000), (2.0, 1_000)],
        &[(1.0, 2_000), (1.5, 4_000), (2.0, 10_000)],
    ];
    for (measure, sizes) in measures.into_iter().zip(sizes) {
        cells.extend(sizes.iter().map(|(sigma, users)| concentration(measure, *sigma, *users)));
    }
    cells
}

/// Returns cells of the cost of a user when the same is spent again.
fn costs() -> Vec<Cell> {
    // Signups of a day are Poisson with mean 20 × weekday × exp(shock − σ²/2); shocks keep a share
    // of themselves from day to day.
    let cell = |name: &'static str, days: usize, sigma: f64, kept: f64| Cell {
        section: "cost per user, the same spend again",
        name: format!("20 signups a day, {name}"),
        users: format!("{days} days"),
        truth: 2.0,
        sample: Box::new(move |draw, _| {
            let mut shock = sigma * draw.normal();
            let counts: Vec<f64> = (0..days)
                .map(|day| {
                    let weekday = [1.1, 1.1, 1.0, 1.0, 1.0, 0.9, 0.9][day % 7];
                    shock = kept * shock + sigma * (1.0_f64 - kept * kept).sqrt() * draw.normal();
                    f64::from(draw.poisson(20.0 * weekday * (shock - sigma * sigma / 2.0).exp()))
                })
                .collect();
            let spend = vec![40.0; days];
            let signups: f64 = counts.iter().sum();
            let users = (0_u64..).find(|count| *count as f64 >= signups).unwrap();
            Box::new(move || {
                let phi = Dispersion::of(&counts, &spend, 21).unwrap();
                cost_per_user(40.0 * days as f64, users, phi, LEVEL)
            })
        }),
    };
    vec![
        cell("Poisson", 91, 0.0, 0.0),
        cell("Poisson", 364, 0.0, 0.0),
        cell("independent shocks of σ 0.3", 91, 0.3, 0.0),
        cell("independent shocks of σ 0.3", 364, 0.3, 0.0),
        cell("shocks of σ 0.3 that last a week", 91, 0.3, 0.87),
        cell("shocks of σ 0.3 that last a week", 364, 0.3, 0.87),
    ]
}
