//! The comparison of every cell of the crate's tables with the naive metrics. Each function returns
//! the number of cells that it has compared.

use std::fmt::Debug;

use tidegauge_analytics::churn::{ChurnCohort, ChurnParams, churn};
use tidegauge_analytics::growth::{ActiveUsersParams, GrowthParams, active_users, growth};
use tidegauge_analytics::kpi::{BoardParams, board};
use tidegauge_analytics::ltv::{self, LtvCohort, LtvParams};
use tidegauge_analytics::retention::{RetentionKind, RetentionParams, Windows, retention};
use tidegauge_analytics::unit_economics::{
    ChannelEconomics, UnitEconomics, UnitEconomicsParams, unit_economics,
};
use tidegauge_analytics::volume::{
    IncidenceParams, VolumeParams, concentration, incidence, volume,
};
use tidegauge_analytics::{Cohort, Facts, Period, Revenue};

use super::activity::{self, Anchor};
use super::money::{self, Economics, EconomicsParams};
use super::{Rows, Spend, User, growth as naive_growth, ratio, spread, sum};

/// All periods.
pub(crate) const PERIODS: [Period; 3] = [Period::Day, Period::Week, Period::Month];

/// Checks two numbers to a relative error of 1e-9, or that both are unknown.
#[track_caller]
pub(crate) fn near(found: Option<f64>, expected: Option<f64>, place: impl Debug) {
    let is_near = match (found, expected) {
        (Some(found), Some(expected)) => {
            (found - expected).abs() <= 1e-9 * found.abs().max(expected.abs()).max(1.0)
        }
        (found, expected) => found == expected,
    };
    assert!(is_near, "{place:?}: {found:?}, and by the definition {expected:?}");
}

/// The label of a group, nulls last.
type Key = (bool, Option<String>);

/// Returns the label of a user in a cohort.
fn key(rows: &Rows, cohort: &Cohort, user: &User) -> Key {
    let label = match cohort {
        Cohort::Everyone => Some("all".to_owned()),
        Cohort::Signup(period) => Some(rows.start(*period, rows.date(user.signup)).to_string()),
        Cohort::Dimension(name) => user.label(name),
        Cohort::Cross(one, other) => {
            let label = |name: &str| user.label(name).unwrap_or_else(|| "none".to_owned());
            Some(format!("{} × {}", label(one), label(other)))
        }
    };
    (label.is_none(), label)
}

/// Returns the groups of users by a cohort.
fn groups<'r>(rows: &'r Rows, cohort: &Cohort) -> Vec<(Option<String>, Vec<&'r User>)> {
    let groups = rows.groups(|user| key(rows, cohort, user));
    groups.into_iter().map(|((_, label), users)| (label, users)).collect()
}

/// Compares retention by periods, and by all windows and kinds.
pub(crate) fn retention_cells(
    (facts, rows): (&Facts, &Rows),
    periods: &[Period],
    base: &RetentionParams,
    anchor: Anchor,
) -> usize {
    let mut compared = 0;
    let brackets = RetentionKind::Brackets(vec![0, 1, 2, 4, 8]);
    for period in periods.iter().copied() {
        for windows in [Windows::Calendar, Windows::Relative] {
            for kind in [
                RetentionKind::Bounded,
                RetentionKind::Rolling,
                RetentionKind::Within { days: 9 },
                brackets.clone(),
            ] {
                let params = RetentionParams { period, windows, kind, ..base.clone() };
                let table = retention(facts, &params).unwrap();
                let found: Vec<activity::Cohort> = table
                    .cohorts
                    .iter()
                    .map(|cohort| {
                        let active = cohort.cells.iter().map(|cell| cell.map(|cell| cell.active));
                        (cohort.labels.clone(), cohort.start, cohort.users, active.collect())
                    })
                    .collect();
                let expected = activity::retention(rows, &params, anchor);
                assert_eq!(found.len(), expected.len(), "{params:?}");
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found, expected, "{params:?}");
                }
                for cohort in &table.cohorts {
                    compared += cohort.cells.len();
                    for cell in cohort.cells.iter().flatten() {
                        let rate = ratio(cell.active as f64, cohort.users as f64);
                        near(cell.rate.value, rate, &params);
                    }
                }
                for (window, pooled) in table.pooled.iter().enumerate() {
                    let complete: Vec<(u64, u64)> = expected
                        .iter()
                        .filter_map(|cohort| Some((cohort.2, (*cohort.3.get(window)?)?)))
                        .collect();
                    let expected = (
                        complete.iter().map(|cell| cell.1).sum::<u64>(),
                        complete.iter().map(|cell| cell.0).sum::<u64>(),
                    );
                    let found = pooled.map(|pooled| (pooled.active, pooled.eligible));
                    assert_eq!(found, (!complete.is_empty()).then_some(expected), "{params:?}");
                }
            }
        }
    }
    compared
}

/// Compares churn and survival by cohort.
pub(crate) fn churn_cells((facts, rows): (&Facts, &Rows), cohort: &Cohort) -> usize {
    let mut compared = 0;
    for inactive_days in [1_u32, 7, 30, 90] {
        let ages = vec![0, 1, 7, 29, 30, 31, 60, 90, 91, 120, 180, 365];
        let params = ChurnParams { inactive_days, ages: ages.clone(), ..ChurnParams::default() };
        let table = churn(facts, cohort, &params).unwrap();
        let groups = groups(rows, cohort);
        assert_eq!(table.cohorts.len(), groups.len());
        let everyone: Vec<&User> = rows.users.iter().collect();
        let all = (&table.overall, Some("all".to_owned()), everyone);
        let parts =
            table.cohorts.iter().zip(groups).map(|(found, group)| (found, group.0, group.1));
        for (found, label, users) in parts.chain([all]) {
            assert_eq!(found.cohort, label);
            let expected = activity::churn(rows, &users, inactive_days.into(), &ages);
            assert_eq!(
                churn_counts(found),
                [
                    expected.users,
                    expected.undetermined,
                    expected.never_active,
                    expected.churned,
                    expected.judged
                ],
                "{label:?}, {inactive_days}"
            );
            for (at, expected) in found.survival.by_age.iter().zip(&expected.survival) {
                near(at.surviving.value, *expected, (&label, inactive_days, at.age_days));
            }
            compared += 5 + ages.len();
        }
    }
    compared
}

fn churn_counts(found: &ChurnCohort) -> [u64; 5] {
    let (churned, judged) = (found.churned.count, found.churned.total);
    [found.users, found.undetermined, found.never_active, churned, judged]
}

/// Compares lifetime value by cohort, gross and net.
pub(crate) fn ltv_cells((facts, rows): (&Facts, &Rows), cohort: &Cohort, ages: &[u32]) -> usize {
    let mut compared = 0;
    for revenue in [Revenue::Net, Revenue::Gross] {
        let params = LtvParams { revenue, ..LtvParams::at(ages) };
        let table = ltv::ltv(facts, cohort, &params).unwrap();
        let groups = groups(rows, cohort);
        assert_eq!(table.cohorts.len(), groups.len());
        for (found, (label, users)) in table.cohorts.iter().zip(groups) {
            compared += ltv_of(found, (&label, rows, &users), ages, revenue);
        }
        if cohort != &Cohort::Everyone {
            let everyone: Vec<&User> = rows.users.iter().collect();
            let all = (&Some("all".to_owned()), rows, everyone.as_slice());
            compared += ltv_of(&table.overall, all, ages, revenue);
        }
    }
    compared
}

fn ltv_of(
    found: &LtvCohort,
    (label, rows, users): (&Option<String>, &Rows, &[&User]),
    ages: &[u32],
    revenue: Revenue,
) -> usize {
    let is_gross = revenue == Revenue::Gross;
    let expected = money::ltv(rows, users, ages, is_gross);
    assert_eq!((&found.cohort, found.users), (label, users.len() as u64));
    near(Some(found.gross_revenue_usd), Some(expected.gross), label);
    near(Some(found.volume_usd), Some(expected.volume), label);
    let to_date = if is_gross { expected.gross } else { expected.net };
    near(Some(found.revenue_usd), Some(to_date), label);
    near(found.to_date.value, ratio(to_date, users.len() as f64), label);
    for (found, (reached, value)) in found.by_age.iter().zip(expected.by_age) {
        let place = (label, found.age_days, revenue);
        near(found.ltv.value, value, place);
        assert_eq!(
            (found.ltv.n, found.complete),
            (reached, reached == users.len() as u64),
            "{place:?}"
        );
    }
    4 + ages.len()
}

/// Compares unit economics of channels, and of paid and all users together.
pub(crate) fn economics_cells((facts, rows): (&Facts, &Rows), params: &EconomicsParams) -> usize {
    let of_crate = UnitEconomicsParams {
        ages: params.ages.clone(),
        margin: params.margin,
        min_users: params.min_users,
        revenue: if params.gross { Revenue::Gross } else { Revenue::Net },
        horizon_days: params.ages[params.ages.len() - 1],
        ..UnitEconomicsParams::default()
    };
    let table = unit_economics(facts, &of_crate).unwrap();
    let channels = money::channels(rows);
    let found: Vec<_> = table.channels.iter().map(|row| row.channel.clone()).collect();
    assert_eq!(found, channels);
    let spent_on = |channel: &Option<String>| {
        rows.spend.iter().any(|spend| Some(&spend.channel) == channel.as_ref() && spend.usd > 0.0)
    };
    let check = |found: &UnitEconomics, name: &str, include: &dyn Fn(&Option<String>) -> bool| {
        let users: Vec<&User> =
            rows.users.iter().filter(|user| include(&user.label("channel"))).collect();
        let spend: Vec<&Spend> =
            rows.spend.iter().filter(|spend| include(&Some(spend.channel.clone()))).collect();
        economics_of(found, &money::economics(rows, (&users, &spend), params), name, params)
    };
    let mut compared = 0;
    for ChannelEconomics { channel, economics, .. } in &table.channels {
        let name = channel.as_deref().unwrap_or("none");
        compared += check(economics, name, &|other| other == channel);
    }
    compared += check(&table.paid, "paid", &spent_on);
    compared + check(&table.blended, "all", &|_| true)
}

fn economics_of(
    found: &UnitEconomics,
    expected: &Economics,
    name: &str,
    params: &EconomicsParams,
) -> usize {
    let steps = [found.milestones.verified, found.milestones.funded, found.milestones.traded];
    assert_eq!((found.users, steps), (expected.users, expected.steps), "{name}");
    near(Some(found.spend_usd), Some(expected.spend), name);
    near(Some(found.revenue_usd), Some(expected.revenue), name);
    near(found.cac.value, expected.cac, name);
    near(found.roas.value, expected.roas, name);
    near(found.ltv.value, ratio(expected.revenue, expected.users as f64), name);
    for (found, (users, spend, ltv, roas)) in found.by_age.iter().zip(&expected.by_age) {
        let place = (name, found.age_days);
        assert_eq!(found.users, *users, "{place:?}");
        near(Some(found.spend_usd), Some(*spend), place);
        near(found.ltv.value, *ltv, place);
        near(found.roas.value, *roas, place);
    }
    assert_eq!(found.payback_days, expected.payback_days, "{name}");
    let horizon = expected.by_age[expected.by_age.len() - 1].3;
    near(found.ltv_to_cac.value, horizon.map(|roas| roas * params.margin), name);
    10 + 4 * expected.by_age.len()
}

/// Compares growth accounting and active users.
pub(crate) fn growth_cells((facts, rows): (&Facts, &Rows), by: &Cohort) -> usize {
    let mut compared = 0;
    let groups = groups(rows, by);
    for period in PERIODS {
        let table = growth(facts, &GrowthParams { by: by.clone(), ..GrowthParams::by(period) });
        let table = table.unwrap();
        assert_eq!(table.cohorts.len(), groups.len());
        for (found, (label, users)) in table.cohorts.iter().zip(&groups) {
            assert_eq!(&found.cohort, label);
            let of_period = |at: &tidegauge_analytics::growth::GrowthPeriod| {
                let counts = [at.active, at.new, at.retained, at.resurrected, at.churned];
                (at.start, counts)
            };
            let found: Vec<_> = found.periods.iter().map(of_period).collect();
            assert_eq!(found, naive_growth::growth(rows, users, period), "{label:?}, {period:?}");
            compared += 5 * found.len();
        }
    }
    let params = ActiveUsersParams { by: by.clone(), ..ActiveUsersParams::default() };
    let table = active_users(facts, &params).unwrap();
    for (found, (label, users)) in table.cohorts.iter().zip(&groups) {
        let found: Vec<_> =
            found.days.iter().map(|day| (day.day, [day.dau, day.wau, day.mau])).collect();
        assert_eq!(found, naive_growth::active_users(rows, users), "{label:?}");
        compared += 3 * found.len();
    }
    compared
}

/// Compares the key figures of every period.
pub(crate) fn board_cells(
    (facts, rows): (&Facts, &Rows),
    period: Period,
    dimension: Option<&str>,
) -> usize {
    let params = BoardParams { dimension: dimension.map(str::to_owned), ..BoardParams::by(period) };
    let board = board(facts, &params).unwrap();
    assert_eq!(board.periods, rows.complete_periods(period));
    for kpi in &board.kpis {
        let by = (kpi.dimension.as_deref(), kpi.label.as_deref());
        let expected = naive_growth::figure(rows, (period, kpi.start), kpi.metric, by);
        near(kpi.value.value, expected, (kpi.start, kpi.metric, by));
    }
    board.kpis.len()
}

/// Compares shares of high-volume traders, and the spread of volume over users.
pub(crate) fn volume_cells(
    (facts, rows): (&Facts, &Rows),
    cohort: &Cohort,
    threshold_usd: f64,
) -> usize {
    let mut compared = 0;
    for within_days in [None, Some(30), Some(90)] {
        let table = volume(facts, cohort, &VolumeParams { threshold_usd, within_days }).unwrap();
        let groups = groups(rows, cohort).into_iter();
        let groups =
            groups.map(|(label, users)| (label, spread::volumes(rows, &users, within_days)));
        // A cohort of which no user is old enough has no row.
        let groups: Vec<_> = groups.filter(|(_, volumes)| !volumes.is_empty()).collect();
        assert_eq!(table.cohorts.len(), groups.len());
        for (found, (label, volumes)) in table.cohorts.iter().zip(groups) {
            let high = volumes.iter().filter(|volume| **volume >= threshold_usd).count() as u64;
            assert_eq!(found.cohort, label);
            assert_eq!((found.users, found.high_volume.count), (volumes.len() as u64, high));
            near(Some(found.volume_usd), Some(sum(volumes)), label);
        }
        let everyone: Vec<&User> = rows.users.iter().collect();
        let volumes = spread::volumes(rows, &everyone, within_days);
        let found = concentration(facts, within_days).unwrap();
        near(found.gini.value, spread::gini(&volumes), "gini");
        near(found.top_1.value, spread::top_share(&volumes, 0.01), "top 1 %");
        near(found.top_10.value, spread::top_share(&volumes, 0.1), "top 10 %");
        for point in &found.lorenz {
            near(point.volume.value, spread::lorenz(&volumes, point.users), point.users);
        }
        for (found, expected) in found.deciles.iter().zip(spread::deciles(&volumes)) {
            assert_eq!(found.users, expected.0);
            near(Some(found.volume_usd), Some(expected.1), found.decile);
        }
        compared += 3 * table.cohorts.len() + 13 + found.lorenz.len();
    }
    let params = IncidenceParams { threshold_usd, horizons: vec![1, 7, 30, 90, 180, 365] };
    let table = incidence(facts, cohort, &params).unwrap();
    for (found, (label, users)) in table.cohorts.iter().zip(groups(rows, cohort)) {
        let (observed, expected) = spread::incidence(rows, &users, threshold_usd, &params.horizons);
        assert_eq!((&found.cohort, found.users), (&label, observed));
        for (at, expected) in found.at.iter().zip(expected) {
            near(at.incidence.value, expected, (&label, at.within_days));
        }
        compared += found.at.len();
    }
    compared
}
