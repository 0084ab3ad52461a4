//! A small exchange whose numbers follow from simple arithmetic.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use polars::prelude::*;
use tidegauge_analytics::Facts;
use tidegauge_report::{Dataset, Parameters, PriceSpan, Provenance, Report, SimulatedWorld};

/// A channel name that would be interpreted as markup if it were not escaped everywhere.
pub(crate) const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&\u{1}";

const CHANNELS: [Option<&str>; 4] = [Some("paid_search"), Some("organic"), Some(HOSTILE), None];

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Returns the facts of 200 users, five a day from 2026-01-01 on, observed up to 2026-03-01. User
/// `n` comes from channel `n % 4`, and two of three users trade for $100 × (n % 7) a week after
/// signup and again 20 days later. Spend is $40 a day each on paid search and on the hostile
/// channel.
pub(crate) fn facts() -> Facts {
    facts_until("2026-03-01")
}

/// Returns the same exchange, observed up to another day.
fn facts_until(end: &str) -> Facts {
    let first = day("2026-01-01");
    let signup = |user: u64| first + Days::new(user / 5);
    let users: Vec<u64> = (0..200).collect();
    let by = |name: &dyn Fn(u64) -> Option<String>| users.iter().map(|user| name(*user)).collect();
    let channel: Vec<Option<String>> =
        by(&|user| CHANNELS[usize::try_from(user % 4).unwrap()].map(str::to_owned));
    let country: Vec<Option<String>> =
        by(&|user| Some(["DE", "US"][usize::from(user % 3 == 0)].into()));
    let tier: Vec<Option<String>> = by(&|_| Some("starter".into()));
    let campaign: Vec<Option<String>> = by(&|user| (user % 4 == 0).then(|| "brand".into()));
    let ids: Vec<i64> = users.iter().map(|user| i64::try_from(*user).unwrap()).collect();
    let users_frame = df!(
        "user" => ids,
        "signup_at" => users.iter().map(|user| signup(*user)).collect::<Vec<_>>(),
        "channel" => channel,
        "country" => country,
        "tier" => tier,
        "campaign" => campaign,
    )
    .unwrap();
    let trades: Vec<(i64, NaiveDate, f64)> = users
        .iter()
        .filter(|user| **user % 3 != 2)
        .flat_map(|user| {
            let volume = 100.0 * f64::from(u32::try_from(user % 7).unwrap());
            let trade = move |age: u64| {
                (i64::try_from(*user).unwrap(), signup(*user) + Days::new(age), volume)
            };
            [trade(7), trade(27)]
        })
        .collect();
    let events = df!(
        "user" => trades.iter().map(|trade| trade.0).collect::<Vec<_>>(),
        "at" => trades.iter().map(|trade| trade.1).collect::<Vec<_>>(),
        "kind" => vec!["trade"; trades.len()],
        "volume_usd" => trades.iter().map(|trade| trade.2).collect::<Vec<_>>(),
        "revenue_usd" => trades.iter().map(|trade| trade.2 / 10.0).collect::<Vec<_>>(),
    )
    .unwrap();
    let days: Vec<NaiveDate> = (0..40).flat_map(|at| [first + Days::new(at); 2]).collect();
    let spend = df!(
        "day" => days,
        "channel" => (0..80).map(|at| ["paid_search", HOSTILE][at % 2]).collect::<Vec<_>>(),
        "campaign" => (0..80).map(|at| ["brand", "other"][at % 2]).collect::<Vec<_>>(),
        "spend_usd" => vec![40.0; 80],
    )
    .unwrap();
    let end = midnight(day(end));
    Facts::new(&users_frame, &events, end).unwrap().with_spend(&spend).unwrap()
}

pub(crate) fn provenance() -> Provenance {
    let mut provenance = Provenance::default();
    provenance.warehouse = "sqlite://<b>shop</b>.db".into();
    provenance.users = 200;
    provenance.end = Some(midnight(day("2026-03-01")));
    provenance.world = Some(SimulatedWorld {
        preset: "small".into(),
        parameters: "seed 7, start day 2026-01-01".into(),
    });
    provenance.prices = vec![PriceSpan {
        table: "fx_rates".into(),
        source: "some_bank".into(),
        rows: 1_234,
        first: day("2025-12-31"),
        last: day("2026-02-28"),
    }];
    provenance.attributions = vec!["Rates by <Some Bank>".into()];
    provenance
}

pub(crate) fn report() -> Report {
    report_until("2026-03-01")
}

/// Returns the report of the exchange, observed up to a day.
pub(crate) fn report_until(end: &str) -> Report {
    let (facts, provenance) = (facts_until(end), provenance());
    let dataset = Dataset { facts: &facts, provenance: &provenance };
    Report::new(dataset, &Parameters::default()).unwrap()
}
