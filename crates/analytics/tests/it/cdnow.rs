//! Every cell of the metrics on the customers of CDNOW, against [`naive`](crate::naive).
//!
//! The owners of the transactions state no terms, so that they are not in the repository; the
//! summary of the customers is (see `crates/simulation/tests/it/recovery/cdnow.rs`). From it each
//! customer has their published first purchase, number of purchases, last purchase and mean spend,
//! with the purchases between at dates and amounts of a fixed rule. To run the same on the
//! transactions themselves, put `CDNOW_sample.txt` of the Python package lifetimes 0.11.3 beside
//! this file, and run the ignored test.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use polars::prelude::*;
use tidegauge_analytics::kpi::{BoardParams, Metric, board};
use tidegauge_analytics::retention::RetentionParams;
use tidegauge_analytics::{Calendar, Cohort, Facts, Period, Tz};

use crate::naive::{Event, Rows, User, compare, sum};
use crate::support::at;

/// A purchase: the customer, the time and the amount.
type Purchase = (i64, DateTime<Utc>, f64);

/// Returns purchases with the summary of the customers of CDNOW, from January to September 1997.
#[allow(clippy::cast_possible_truncation, reason = "numbers of the summary are small")]
fn of_summary() -> Vec<Purchase> {
    let last_day = at("1997-09-30");
    let mut purchases = Vec::new();
    for line in include_str!("../../../simulation/tests/it/recovery/cdnow.csv").lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let [customer, repeats, recency, age, mean] = cells[..] else { panic!("{line}") };
        let days = |weeks: f64| TimeDelta::minutes((weeks * 7.0 * 1_440.0).round() as i64);
        let (customer, first) = (customer as i64, last_day - days(age));
        purchases.push((customer, first, 14.0 + (customer % 5) as f64));
        for repeat in 1..=repeats as i64 {
            // Denser towards the beginning, and exact at the last.
            let share = (repeat as f64 / repeats).powf(1.0 + (customer % 3) as f64 / 2.0);
            // In pairs above and below the mean.
            let is_single = repeat == repeats as i64 && repeat % 2 == 1;
            let by = if is_single { 0.0 } else { 0.3 };
            let factor = if repeat % 2 == 0 { 1.0 + by } else { 1.0 - by };
            purchases.push((customer, first + days(recency * share), mean * factor));
        }
    }
    purchases
}

/// Returns the purchases of the sample of customers from January 1997 to June 1998.
fn of_file(text: &str) -> Vec<Purchase> {
    let purchase = |line: &str| {
        let cells: Vec<&str> =
            line.split([',', ' ']).map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let [_, customer, date, _, spend] = cells[..] else { return None };
        let date = NaiveDate::parse_from_str(&date.replace('-', ""), "%Y%m%d").ok()?;
        let midnight = date.and_hms_opt(0, 0, 0)?.and_utc();
        Some((customer.parse().ok()?, midnight, spend.parse().ok()?))
    };
    text.lines().filter_map(purchase).collect()
}

fn frame(purchases: &[Purchase]) -> DataFrame {
    df!(
        "user" => purchases.iter().map(|row| row.0).collect::<Vec<_>>(),
        "at" => purchases.iter().map(|row| row.1.naive_utc()).collect::<Vec<_>>(),
        "value" => purchases.iter().map(|row| row.2).collect::<Vec<_>>(),
    )
    .unwrap()
}

/// Returns the rows, a user signing up with the first purchase.
fn rows(purchases: &[Purchase], end: DateTime<Utc>) -> Rows {
    let mut users: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    for (user, at, value) in purchases {
        users.entry(*user).or_default().push(Event {
            at: *at,
            date: at.date_naive(),
            kind: "purchase".to_owned(),
            is_reversal: false,
            volume: *value,
            revenue: *value,
        });
    }
    let user = |mut events: Vec<Event>| {
        events.sort_by_key(|event| event.at);
        User { signup: events[0].at, verified: None, labels: BTreeMap::new(), events }
    };
    let users = users.into_values().map(user).collect();
    Rows { users, spend: Vec::new(), end, zone: Tz::UTC, week_start: Weekday::Mon }
}

/// Compares every metric, and returns the number of cells.
fn compare_all(purchases: &[Purchase], end: DateTime<Utc>) -> usize {
    let facts = Facts::from_transactions(&frame(purchases), end).unwrap();
    let rows = rows(purchases, end);
    assert_eq!((facts.user_count(), facts.event_count()), (2_357, purchases.len() as u64));
    let both = (&facts, &rows);
    let params = RetentionParams::by(Period::Month);
    let mut cells =
        compare::retention_cells(both, &compare::PERIODS, &params, |user| Some(user.signup));
    let by_month = Cohort::Signup(Period::Month);
    cells += compare::churn_cells(both, &by_month);
    cells += compare::ltv_cells(both, &by_month, &[1, 7, 30, 60, 90, 180, 270, 365]);
    cells += compare::volume_cells(both, &by_month, 100.0);
    for cohort in [Cohort::Everyone, by_month] {
        cells += compare::growth_cells(both, &cohort);
    }
    cells += compare::board_cells(both, Period::Month, None);
    cells + revenue_by_cohort_and_month(purchases, end)
}

/// Compares the revenue of each cohort in each month of the calendar, through the key figures of
/// the cohort's users alone.
fn revenue_by_cohort_and_month(purchases: &[Purchase], end: DateTime<Utc>) -> usize {
    let rows = rows(purchases, end);
    let month = |at: DateTime<Utc>| rows.start(Period::Month, at.date_naive());
    let mut first: BTreeMap<i64, DateTime<Utc>> = BTreeMap::new();
    for (user, at, _) in purchases {
        let known = first.entry(*user).or_insert(*at);
        *known = (*known).min(*at);
    }
    let mut cells = 0;
    for cohort in rows.complete_periods(Period::Month) {
        let of_cohort = |row: &&Purchase| month(first[&row.0]) == cohort;
        let own: Vec<Purchase> = purchases.iter().filter(of_cohort).copied().collect();
        let facts = Facts::from_transactions(&frame(&own), end).unwrap();
        let board = board(&facts, &BoardParams::by(Period::Month)).unwrap();
        for start in &board.periods {
            let found = board.get(*start, Metric::NetRevenue).unwrap().value.value;
            let in_month = own.iter().filter(|row| month(row.1) == *start);
            compare::near(found, Some(sum(in_month.map(|row| row.2))), (cohort, start));
            cells += 1;
        }
    }
    cells
}

#[test]
fn every_cell_of_cdnows_customers_equals_the_definitions() {
    let cells = compare_all(&of_summary(), at("1997-10-01"));
    println!("{cells} cells");
    assert!(cells > 50_000, "{cells}");
}

#[test]
fn retention_and_growth_are_of_the_zone_and_the_week() {
    let (purchases, end) = (of_summary(), at("1997-09-20 10:00"));
    let (zone, week_start) = (Tz::Europe__Berlin, Weekday::Sun);
    let facts = Facts::from_transactions(&frame(&purchases), end).unwrap();
    let facts = facts.with_calendar(Calendar { zone, week_start });
    let mut rows = rows(&purchases, end).in_calendar(zone, week_start);
    rows.users.retain(|user| user.signup < end);
    rows.users.iter_mut().for_each(|user| user.events.retain(|event| event.at < end));
    let both = (&facts, &rows);
    let params = RetentionParams::by(Period::Month);
    compare::retention_cells(both, &compare::PERIODS, &params, |user| Some(user.signup));
    compare::growth_cells(both, &Cohort::Signup(Period::Month));
}

#[test]
#[ignore = "needs tests/it/CDNOW_sample.txt, the file of the Python package lifetimes 0.11.3"]
fn every_cell_of_cdnows_transactions_equals_the_definitions() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/CDNOW_sample.txt");
    let purchases = of_file(&std::fs::read_to_string(path).unwrap());
    let cells = compare_all(&purchases, at("1998-07-01"));
    println!("{cells} cells");
}
