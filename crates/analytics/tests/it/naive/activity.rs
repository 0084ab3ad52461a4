//! Retention and churn.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use tidegauge_analytics::Period;
use tidegauge_analytics::retention::{RetentionKind, RetentionParams, Windows};

use super::{Event, Rows, User, later, width};

/// A cohort: its labels, the first day of its period, its users, and the active users of each
/// window that has begun; `None` if the window is not over.
pub(crate) type Cohort = (Vec<Option<String>>, NaiveDate, u64, Vec<Option<u64>>);

/// The anchor of a user.
pub(crate) type Anchor = fn(&User) -> Option<DateTime<Utc>>;

/// Returns all cohorts, by labels (nulls last) and period.
pub(crate) fn retention(rows: &Rows, params: &RetentionParams, anchor: Anchor) -> Vec<Cohort> {
    let labels = |user: &User| -> Vec<(bool, Option<String>)> {
        let label = |name: &String| (user.label(name).is_none(), user.label(name));
        params.by.iter().map(label).collect()
    };
    let mut cohorts = Vec::new();
    for (labels, members) in rows.groups(labels) {
        let period_of = |user: &User| Some(rows.start(params.period, rows.date(anchor(user)?)));
        let periods = members.iter().filter_map(|user| period_of(user));
        let (Some(first), Some(last)) = (periods.clone().min(), periods.max()) else { continue };
        let mut start = first;
        while start <= last {
            let own: Vec<&User> =
                members.iter().copied().filter(|user| period_of(user) == Some(start)).collect();
            let labels = labels.iter().map(|(_, label)| label.clone()).collect();
            let cells = cells(rows, params, anchor, (start, &own));
            cohorts.push((labels, start, own.len() as u64, cells));
            start = later(params.period, start, 1);
        }
    }
    cohorts
}

fn cells(
    rows: &Rows,
    params: &RetentionParams,
    anchor: Anchor,
    (start, members): (NaiveDate, &[&User]),
) -> Vec<Option<u64>> {
    // The members with their anchor and what they did from then on.
    let members: Vec<Member<'_>> = members
        .iter()
        .map(|user| {
            let since = anchor(user).unwrap();
            (since, user.transactions().filter(|event| event.at >= since).collect())
        })
        .collect();
    let mut cells = Vec::new();
    for number in 0_usize.. {
        let window = match &params.kind {
            RetentionKind::Brackets(edges) if number + 1 >= edges.len() => break,
            RetentionKind::Brackets(edges) => (edges[number], edges[number + 1]),
            _ => (u32::try_from(number).unwrap(), u32::try_from(number).unwrap() + 1),
        };
        let days = match params.kind {
            RetentionKind::Within { days } => Some(days),
            _ => None,
        };
        let is_rolling = params.kind == RetentionKind::Rolling;
        let (begun, over, active) = match params.windows {
            Windows::Calendar => {
                let from = later(params.period, start, window.0);
                let to = match days {
                    Some(days) => from + Days::new(days.into()),
                    None => later(params.period, start, window.1),
                };
                let is_in = |event: &&Event| event.date >= from && (is_rolling || event.date < to);
                let active = members.iter().filter(|(_, events)| events.iter().any(is_in)).count();
                (rows.has_begun(from), rows.is_over(to), active)
            }
            Windows::Relative => {
                let span = |since| relative(params.period, since, window, days);
                let mut spans: Vec<_> = members.iter().map(|(since, _)| span(*since)).collect();
                let is_active = |((_, events), (from, to)): (&Member<'_>, &(_, _))| {
                    events.iter().any(|event| event.at >= *from && (is_rolling || event.at < *to))
                };
                let active = members.iter().zip(&spans).filter(|pair| is_active(*pair)).count();
                if spans.is_empty() {
                    // A cohort without users is as old as its period.
                    spans.push(span(rows.midnight(start)));
                }
                let begun = spans.iter().all(|(from, _)| *from < rows.end);
                (begun, spans.iter().all(|(_, to)| *to <= rows.end), active)
            }
        };
        if !begun {
            break;
        }
        cells.push(over.then_some(active as u64));
    }
    cells
}

/// The anchor of a user, and the transactions from then on.
type Member<'r> = (DateTime<Utc>, Vec<&'r Event>);

/// Returns the times from and before which a window lasts.
fn relative(
    period: Period,
    anchor: DateTime<Utc>,
    (first, next): (u32, u32),
    days: Option<u32>,
) -> (DateTime<Utc>, DateTime<Utc>) {
    let from = anchor + width(period) * i32::try_from(first).unwrap();
    let to = match days {
        Some(days) => from + TimeDelta::days(days.into()),
        None => anchor + width(period) * i32::try_from(next).unwrap(),
    };
    (from, to)
}

/// The churn of some users.
#[derive(Debug, PartialEq)]
pub(crate) struct Churn {
    pub(crate) users: u64,
    pub(crate) undetermined: u64,
    pub(crate) never_active: u64,
    pub(crate) churned: u64,
    pub(crate) judged: u64,
    /// The share of lives that have not ended, by age; `None` if no life was observed for as long.
    pub(crate) survival: Vec<Option<f64>>,
}

pub(crate) fn churn(rows: &Rows, users: &[&User], days: i64, ages: &[u32]) -> Churn {
    let gap = TimeDelta::days(days);
    let (mut undetermined, mut never_active, mut churned, mut judged) = (0, 0, 0, 0);
    for user in users {
        let is_young = user.signup > rows.end - gap;
        let ever = user.transactions().next().is_some();
        let lately = user.transactions().any(|event| event.at >= rows.end - gap);
        undetermined += u64::from(is_young);
        never_active += u64::from(!is_young && !ever);
        judged += u64::from(!is_young && ever);
        churned += u64::from(!is_young && ever && !lately);
    }
    // The whole days of each life, and whether it has ended.
    let lives: Vec<(i64, bool)> = users
        .iter()
        .filter_map(|user| {
            let times: Vec<_> = user.transactions().map(|event| event.at).collect();
            let first = *times.first()?;
            let next = times.iter().skip(1).copied().chain([rows.end]);
            let gone = times.iter().zip(next).find(|(at, next)| *next - **at > gap);
            let ended = gone.map_or(rows.end, |(at, _)| *at + gap);
            Some(((ended - first).num_days(), gone.is_some()))
        })
        .collect();
    // The share that is left at the end of each day.
    let (mut left, mut share) = (Vec::new(), 1.0);
    for day in 0..=i64::from(ages.iter().copied().max().unwrap_or(0)) {
        let at_risk = lives.iter().filter(|(days, _)| *days >= day).count();
        let ended = lives.iter().filter(|life| **life == (day, true)).count();
        if at_risk > 0 {
            share *= 1.0 - ended as f64 / at_risk as f64;
        }
        left.push((at_risk > 0).then_some(share));
    }
    let survival = ages.iter().map(|age| left[*age as usize]).collect();
    Churn { users: users.len() as u64, undetermined, never_active, churned, judged, survival }
}
