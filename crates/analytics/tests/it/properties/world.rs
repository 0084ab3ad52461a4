//! Random worlds: users with events, and spend.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use polars::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use tidegauge_analytics::churn::{ChurnParams, churn};
use tidegauge_analytics::growth::{ActiveUsersParams, GrowthParams, active_users, growth};
use tidegauge_analytics::kpi::{BoardParams, FunnelParams, board, funnel};
use tidegauge_analytics::ltv::{LtvParams, ltv};
use tidegauge_analytics::retention::{RetentionKind, RetentionParams, Windows, retention};
use tidegauge_analytics::unit_economics::{UnitEconomicsParams, unit_economics};
use tidegauge_analytics::volume::{
    IncidenceParams, VolumeParams, concentration, incidence, volume,
};
use tidegauge_analytics::{Calendar, Cohort, Facts, Period, Tz};

use crate::naive::{Event, Rows, Spend, User};
use crate::support::at;

/// The kinds of events.
pub(crate) const KINDS: [&str; 4] = ["trade", "ramp", "deposit", "withdrawal"];

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// Minutes since the start of 2026.
    pub(crate) signup: i64,
    pub(crate) channel: Option<u8>,
    /// Minutes after the signup.
    pub(crate) verified: Option<i64>,
}

/// An event.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub(crate) user: usize,
    /// Minutes after the signup.
    pub(crate) after: i64,
    pub(crate) kind: usize,
    pub(crate) cents: i64,
    pub(crate) fee_cents: i64,
    pub(crate) is_reversal: bool,
}

impl Happened {
    /// Returns volume and revenue in cents.
    pub(crate) fn amounts(&self) -> [i64; 2] {
        match (self.is_reversal, KINDS[self.kind]) {
            (true, _) => [-self.cents; 2],
            (false, "trade" | "ramp") => [self.cents, self.fee_cents],
            (false, "withdrawal") => [0, self.fee_cents],
            _ => [0, 0],
        }
    }
}

/// Users, events, and spend as day, channel and cents. All happens before `end`.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) happened: Vec<Happened>,
    pub(crate) spend: Vec<(i64, u8, i64)>,
    /// Minutes since the start of 2026.
    pub(crate) end: i64,
}

const DAY: i64 = 1_440;

/// Returns random worlds of up to 45 days.
pub(crate) fn world() -> impl Strategy<Value = World> {
    let person = (0..25 * DAY, prop::option::of(0u8..3), prop::option::of(0..9 * DAY))
        .prop_map(|(signup, channel, verified)| Person { signup, channel, verified });
    let people = prop::collection::vec(person, 1..14);
    let end = prop_oneof![(20..45_i64).prop_map(|day| day * DAY), 20 * DAY..45 * DAY];
    (people, end).prop_flat_map(|(people, end)| {
        let event = (
            (0..people.len(), prop_oneof![0..3 * DAY, 0..45 * DAY]),
            (0..KINDS.len(), 1..900_000_i64, 0..5_000_i64),
            prop::bool::weighted(0.15),
        );
        let events = prop::collection::vec(event, 0..70);
        let spend = prop::collection::btree_map((0..25_i64, 0u8..4), 0..90_000_i64, 0..25);
        (Just(people), events, spend, Just(end)).prop_map(|(people, events, spend, end)| {
            let mut happened = Vec::new();
            for ((user, after), (kind, cents, fee_cents), is_reversed) in events {
                let event = Happened { user, after, kind, cents, fee_cents, is_reversal: false };
                if people[user].signup + after >= end {
                    continue;
                }
                // A purchase may be charged back, at its own time.
                if is_reversed && KINDS[kind] == "ramp" {
                    happened.push(Happened { is_reversal: true, ..event.clone() });
                }
                happened.push(event);
            }
            let spend = spend.into_iter().map(|((day, channel), cents)| (day, channel, cents));
            let spend = spend.filter(|(day, ..)| day * DAY < end).collect();
            World { people, happened, spend, end }.observed()
        })
    })
}

/// A way to write a world as frames.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// The names of users: numbers, other numbers in another order, or text.
    pub(crate) names: Names,
    /// The dollars of a cent.
    pub(crate) cent: f64,
    pub(crate) shift: TimeDelta,
    pub(crate) zone: Tz,
    pub(crate) backwards: bool,
    /// Whether each user is there twice.
    pub(crate) twice: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Names {
    Numbers,
    OtherNumbers,
    Texts,
}

impl Default for View {
    fn default() -> Self {
        Self {
            names: Names::Numbers,
            cent: 0.01,
            shift: TimeDelta::zero(),
            zone: Tz::UTC,
            backwards: false,
            twice: false,
        }
    }
}

impl World {
    /// Returns the world without users who sign up at its end or later.
    fn observed(mut self) -> Self {
        let end = self.end;
        self.people.iter_mut().for_each(|person| person.signup = person.signup.min(end - 1));
        self.happened.retain(|event| self.people[event.user].signup + event.after < end);
        self
    }

    pub(crate) fn time(minutes: i64) -> DateTime<Utc> {
        at("2026-01-01") + TimeDelta::minutes(minutes)
    }

    /// Returns the time of an event in minutes since the start of 2026.
    pub(crate) fn when(&self, event: &Happened) -> i64 {
        self.people[event.user].signup + event.after
    }

    /// Returns the facts of the world as `view` writes it.
    pub(crate) fn facts(&self, view: &View) -> Facts {
        let time = |minutes: i64| (Self::time(minutes) + view.shift).naive_utc();
        let mut people: Vec<usize> = (0..self.people.len()).collect();
        let (mut happened, mut spend) = (self.happened.clone(), self.spend.clone());
        if view.twice {
            people.extend(people.clone());
        }
        if view.backwards {
            people.reverse();
            happened.reverse();
            spend.reverse();
        }
        let ids = |users: Vec<usize>| -> Column {
            let number = |user: usize| match view.names {
                Names::OtherNumbers => 1_000 - 7 * i64::try_from(user).unwrap(),
                _ => i64::try_from(user).unwrap(),
            };
            match view.names {
                Names::Texts => {
                    let texts: Vec<String> =
                        users.into_iter().map(|user| format!("u{}", user * 31 % 101)).collect();
                    Column::new("user".into(), texts)
                }
                _ => Column::new("user".into(), users.into_iter().map(number).collect::<Vec<_>>()),
            }
        };
        let of = |user: &usize| &self.people[*user];
        let channel = |channel: u8| format!("channel {channel}");
        let mut users = df!(
            "signup_at" => people.iter().map(|user| time(of(user).signup)).collect::<Vec<_>>(),
            "verified_at" => people.iter().map(|user| {
                of(user).verified.map(|after| time(of(user).signup + after))
            }).collect::<Vec<_>>(),
            "channel" => people.iter().map(|user| of(user).channel.map(channel)).collect::<Vec<_>>(),
        )
        .unwrap();
        users.with_column(ids(people)).unwrap();
        let amounts = |side: usize| -> Vec<f64> {
            happened.iter().map(|event| event.amounts()[side] as f64 * view.cent).collect()
        };
        let mut events = df!(
            "at" => happened.iter().map(|event| time(self.when(event))).collect::<Vec<_>>(),
            "kind" => happened.iter().map(|event| KINDS[event.kind]).collect::<Vec<_>>(),
            "volume_usd" => amounts(0),
            "revenue_usd" => amounts(1),
            "is_reversal" => happened.iter().map(|event| event.is_reversal).collect::<Vec<_>>(),
        )
        .unwrap();
        events.with_column(ids(happened.iter().map(|event| event.user).collect())).unwrap();
        // Spend is of a day of the calendar, whatever its zone.
        let date = |day: i64| Self::time(day * DAY).date_naive();
        let spend = df!(
            "day" => spend.iter().map(|row| date(row.0)).collect::<Vec<_>>(),
            "channel" => spend.iter().map(|row| channel(row.1)).collect::<Vec<_>>(),
            "campaign" => vec!["all"; spend.len()],
            "spend_usd" => spend.iter().map(|row| row.2 as f64 * view.cent).collect::<Vec<_>>(),
        );
        let end = Self::time(self.end) + view.shift;
        let facts = Facts::new(&users, &events, end).unwrap();
        let facts = facts.with_calendar(Calendar { zone: view.zone, ..Calendar::default() });
        facts.with_spend(&spend.unwrap()).unwrap()
    }

    /// Returns the rows of the naive metrics.
    pub(crate) fn rows(&self) -> Rows {
        let user = |(number, person): (usize, &Person)| {
            let signup = Self::time(person.signup);
            let own = self.happened.iter().filter(|event| event.user == number);
            let mut events: Vec<Event> = own
                .map(|event| {
                    let at = Self::time(self.when(event));
                    let [volume, revenue] = event.amounts().map(|cents| cents as f64 * 0.01);
                    let (date, kind) = (at.date_naive(), KINDS[event.kind].to_owned());
                    Event { at, date, kind, is_reversal: event.is_reversal, volume, revenue }
                })
                .collect();
            events.sort_by_key(|event| event.at);
            let channel = person.channel.map(|channel| format!("channel {channel}"));
            let verified = person.verified.map(|after| signup + TimeDelta::minutes(after));
            User { signup, verified, labels: BTreeMap::from([("channel", channel)]), events }
        };
        let spend = |(day, channel, cents): &(i64, u8, i64)| Spend {
            day: Self::time(day * DAY).date_naive(),
            channel: format!("channel {channel}"),
            usd: *cents as f64 * 0.01,
        };
        Rows {
            users: self.people.iter().enumerate().map(user).collect(),
            spend: self.spend.iter().map(spend).collect(),
            end: Self::time(self.end),
            zone: Tz::UTC,
            week_start: Weekday::Mon,
        }
    }
}

/// Returns the parameters of retention by channel: of all periods, windows and kinds.
pub(crate) fn retention_params() -> Vec<RetentionParams> {
    let mut all = Vec::new();
    for period in [Period::Day, Period::Week] {
        for windows in [Windows::Calendar, Windows::Relative] {
            for kind in [
                RetentionKind::Bounded,
                RetentionKind::Rolling,
                RetentionKind::Within { days: 5 },
                RetentionKind::Brackets(vec![0, 1, 3, 7]),
            ] {
                let by = vec!["channel".to_owned()];
                all.push(RetentionParams { windows, kind, by, ..RetentionParams::by(period) });
            }
        }
    }
    all
}

/// Returns every metric as JSON; thresholds are in hundreds of `cent`s.
pub(crate) fn metrics(facts: &Facts, cent: f64) -> Value {
    let by = Cohort::dimension("channel");
    let economics = UnitEconomicsParams {
        ages: vec![1, 7, 30],
        min_users: 1,
        horizon_days: 14,
        ..UnitEconomicsParams::default()
    };
    let retention: Vec<_> = retention_params()
        .iter()
        .map(|params| {
            let table = retention(facts, params).unwrap();
            json!([table.cohorts, table.pooled])
        })
        .collect();
    let (ages, threshold_usd) = (LtvParams::at([1, 7, 30]), 500_000.0 * cent);
    let inactive = ChurnParams { inactive_days: 7, ..ChurnParams::default() };
    let churn = churn(facts, &by, &inactive).unwrap();
    let ltv = |cohort: &Cohort| {
        let table = ltv(facts, cohort, &ages).unwrap();
        json!([table.cohorts, table.overall])
    };
    let economics = unit_economics(facts, &economics).unwrap();
    let growth_params = GrowthParams { by: by.clone(), ..GrowthParams::by(Period::Week) };
    let active_params = ActiveUsersParams { by: by.clone(), ..ActiveUsersParams::default() };
    let board_params =
        BoardParams { dimension: Some("channel".to_owned()), ..BoardParams::by(Period::Week) };
    let funnel_params = FunnelParams { by: by.clone(), within_days: Some(10) };
    let volume_params = VolumeParams { threshold_usd, within_days: Some(10) };
    let incidence_params = IncidenceParams { threshold_usd, horizons: vec![1, 7, 20] };
    let volume = volume(facts, &by, &volume_params).unwrap();
    let spread = concentration(facts, Some(10)).unwrap();
    // A kind of which there is no event may have figures, all of them 0 or unknown, or none.
    let events = facts.events().unwrap();
    let kinds: Vec<_> = events.column("kind").unwrap().str().unwrap().iter().flatten().collect();
    let mut board = board(facts, &board_params).unwrap();
    board.kpis.retain(|kpi| match (&kpi.dimension, &kpi.label) {
        (Some(dimension), Some(kind)) if dimension == "kind" => kinds.contains(&kind.as_str()),
        _ => true,
    });
    json!({
        "retention": retention,
        "churn": [churn.cohorts, churn.overall, churn.log_rank],
        "ltv": ltv(&by),
        "ltv_by_week": ltv(&Cohort::Signup(Period::Week)),
        "economics": [economics.channels, economics.paid, economics.blended],
        "growth": growth(facts, &growth_params).unwrap(),
        "active_users": active_users(facts, &active_params).unwrap(),
        "board": board,
        "funnel": funnel(facts, &funnel_params).unwrap(),
        "volume": [serde_json::to_value(volume.cohorts).unwrap(), json!(spread)],
        "incidence": incidence(facts, &by, &incidence_params).unwrap().cohorts,
    })
}

/// Checks that two results are equal but for rounding; numbers of the first are multiplied by the
/// factor of their path. The number of users behind a change of the board is of those whose
/// influence has changed, which rounding decides for a user who is alone in a ratio.
pub(crate) fn assert_alike(one: &Value, other: &Value, factor: &dyn Fn(&str) -> f64) {
    alike(one, other, factor, &mut String::new());
}

fn alike(one: &Value, other: &Value, factor: &dyn Fn(&str) -> f64, path: &mut String) {
    let length = path.len();
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            assert_eq!(one.len(), other.len(), "{path}");
            for (key, value) in one {
                path.push('/');
                path.push_str(key);
                alike(value, &other[key], factor, path);
                path.truncate(length);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{path}");
            for (place, (one, other)) in one.iter().zip(other).enumerate() {
                path.push_str(&format!("/{place}"));
                alike(one, other, factor, path);
                path.truncate(length);
            }
        }
        _ if path.starts_with("/board") && path.ends_with("/change/n") => {}
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap() * factor(path), right.as_f64().unwrap());
            let largest = left.abs().max(right.abs()).max(1.0);
            assert!((left - right).abs() <= 1e-9 * largest, "{path}: {left} {right}");
        }
        _ => assert_eq!(one, other, "{path}"),
    }
}
