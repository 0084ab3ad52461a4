//! Growth accounting, active users, and the key figures of periods.

use chrono::{Days, NaiveDate};
use tidegauge_analytics::Period;
use tidegauge_analytics::kpi::Metric;

use super::spread::{gini, top_share};
use super::{Event, Rows, User, later, ratio, sum};

/// The first day of a period; active, new, retained, resurrected and churned users.
pub(crate) type Growth = (NaiveDate, [u64; 5]);

pub(crate) fn growth(rows: &Rows, users: &[&User], period: Period) -> Vec<Growth> {
    let dates: Vec<Vec<NaiveDate>> = dates(users);
    let is_active = |dates: &[NaiveDate], from: NaiveDate, to: NaiveDate| {
        dates.iter().any(|date| (from..to).contains(date))
    };
    let starts = rows.complete_periods(period);
    let first = starts.first().copied();
    let of_period = |(place, start): (usize, &NaiveDate)| {
        let mut counts = [0; 5];
        for user in &dates {
            let before = place.checked_sub(1).map(|place| starts[place]);
            let now = is_active(user, *start, later(period, *start, 1));
            let last = before.is_some_and(|before| is_active(user, before, *start));
            let ever = first.is_some_and(|first| is_active(user, first, *start));
            counts[0] += u64::from(now);
            counts[1] += u64::from(now && !ever);
            counts[2] += u64::from(now && last);
            counts[3] += u64::from(now && ever && !last);
            counts[4] += u64::from(!now && last);
        }
        (*start, counts)
    };
    starts.iter().enumerate().map(of_period).collect()
}

/// Returns the dates of the transactions of each user.
fn dates(users: &[&User]) -> Vec<Vec<NaiveDate>> {
    let of_user = |user: &&User| user.transactions().map(|event| event.date).collect();
    users.iter().map(of_user).collect()
}

/// Returns each complete day with the users active on it, in the 7 and in the 30 days to it.
pub(crate) fn active_users(rows: &Rows, users: &[&User]) -> Vec<(NaiveDate, [u64; 3])> {
    let dates = dates(users);
    let on = |day: NaiveDate| {
        let within = |days: u64| {
            let window = day - Days::new(days - 1)..=day;
            let is_active =
                |dates: &&Vec<NaiveDate>| dates.iter().any(|date| window.contains(date));
            dates.iter().filter(is_active).count() as u64
        };
        (day, [within(1), within(7), within(30)])
    };
    rows.complete_periods(Period::Day).into_iter().map(on).collect()
}

/// Returns a key figure of the period that begins on `start`: of all users, of a kind, or of the
/// users with a label of a dimension.
pub(crate) fn figure(
    rows: &Rows,
    (period, start): (Period, NaiveDate),
    metric: Metric,
    (dimension, label): (Option<&str>, Option<&str>),
) -> Option<f64> {
    let is_in = |event: &Event| (start..later(period, start, 1)).contains(&event.date);
    let kind = label.filter(|_| dimension == Some("kind"));
    let of_group = |user: &User| match dimension {
        None | Some("kind") => true,
        Some(dimension) => user.label(dimension).as_deref() == label,
    };
    let users: Vec<&User> = rows.users.iter().filter(|user| of_group(user)).collect();
    let events = || users.iter().flat_map(|user| &user.events).filter(|event| is_in(event));
    let of_kind = |event: &&Event| kind.is_none_or(|kind| event.kind == kind);
    let gross = |event: &Event| event.revenue(true);
    let volumes: Vec<f64> = users
        .iter()
        .filter_map(|user| {
            let own: Vec<_> = user.transactions().filter(|event| is_in(event)).collect();
            (!own.is_empty()).then(|| sum(own.iter().map(|event| event.volume)))
        })
        .collect();
    let transactions = || events().filter(|event| event.is_transaction()).filter(of_kind);
    let volume = sum(transactions().map(|event| event.volume));
    let is_funding =
        |event: &&Event| !event.is_reversal && ["deposit", "ramp"].contains(&event.kind.as_str());
    Some(match metric {
        Metric::TransactingUsers => volumes.len() as f64,
        Metric::Volume => volume,
        Metric::VolumePerUser => ratio(volume, volumes.len() as f64)?,
        Metric::GrossRevenue => sum(events().map(gross)),
        Metric::NetRevenue => sum(events().map(|event| event.revenue(false))),
        Metric::TakeRate => ratio(sum(transactions().map(gross)), volume)?,
        Metric::RevenueShare => {
            ratio(sum(events().filter(of_kind).map(gross)), sum(events().map(gross)))?
        }
        Metric::Signups => {
            let dates = start..later(period, start, 1);
            users.iter().filter(|user| dates.contains(&rows.date(user.signup))).count() as f64
        }
        Metric::NewFundedAccounts => {
            let first = |user: &&&User| user.events.iter().find(is_funding).is_some_and(is_in);
            users.iter().filter(first).count() as f64
        }
        Metric::Gini => gini(&volumes)?,
        Metric::Top1Percent => top_share(&volumes, 0.01)?,
        Metric::Top10Percent => top_share(&volumes, 0.1)?,
        other => panic!("no definition of {other:?}"),
    })
}
