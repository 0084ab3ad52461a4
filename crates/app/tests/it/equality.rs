//! Every cell of the metrics on a simulated exchange, against naive loops over the raw tables.

#![allow(clippy::cast_possible_truncation, reason = "ids of the simulation are small")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use tidegauge::analytics::kpi::{NetInflowParams, net_inflow};
use tidegauge::analytics::retention::RetentionParams;
use tidegauge::analytics::{
    BadRows, Calendar, Cohort, CohortAnchor, Facts, FactsParams, Period, Tz,
};
use tidegauge::core::tables::{
    Candle, Chargeback, Deposit, FxRate, MarketingSpend, RampTransaction, RawCryptoMarketData,
    Trade, User as UserTable, Withdrawal,
};
use tidegauge::core::{Cell, FixedClock, Scan, TableRef, Warehouse, WarehouseExt};
use tidegauge::pipeline::Silent;
use tidegauge::simulation::Scenario;
use tidegauge::{Config, Preset};

use self::naive::money::EconomicsParams;
use self::naive::{Event, Rows, Spend, User, compare};
use crate::common::open_demo_at;

#[path = "../../../analytics/tests/it/naive/mod.rs"]
mod naive;

/// The periods of retention: by day it has a million cells.
const LONG: [Period; 2] = [Period::Week, Period::Month];

/// A row of a table, by column.
struct Row(BTreeMap<String, Value>);

/// A value of a row.
#[derive(Debug, Clone)]
enum Value {
    Number(f64),
    Text(String),
    Time(DateTime<Utc>),
    Day(NaiveDate),
}

impl Row {
    fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name)? {
            Value::Number(number) => Some(*number),
            other => panic!("{name} is {other:?}"),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Value::Text(text) => Some(text),
            other => panic!("{name} is {other:?}"),
        }
    }

    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        match self.0.get(name)? {
            Value::Time(time) => Some(*time),
            other => panic!("{name} is {other:?}"),
        }
    }

    fn day(&self, name: &str) -> NaiveDate {
        match self.0.get(name) {
            Some(Value::Day(day)) => *day,
            other => panic!("{name} is {other:?}"),
        }
    }
}

/// Reads a table, row by row.
async fn read(warehouse: &dyn Warehouse, table: &TableRef) -> Vec<Row> {
    let batch = warehouse.read(&Scan::all(&table.as_read())).await.unwrap();
    let columns = batch.views().unwrap();
    let names: Vec<_> = batch.table().columns.iter().map(|column| &column.name).collect();
    let row = |row: usize| {
        let value = |cell: Cell<'_>, scale: i32| match cell {
            Cell::Null => None,
            Cell::Bool(truth) => Some(Value::Number(f64::from(truth))),
            Cell::Int(number) => Some(Value::Number(number as f64)),
            Cell::Float(number) => Some(Value::Number(number)),
            Cell::Text(text) => Some(Value::Text(text.to_owned())),
            Cell::Date(days) => Some(Value::Day(NaiveDate::from_epoch_days(days).unwrap())),
            Cell::Timestamp(at) => Some(Value::Time(DateTime::from_timestamp_micros(at).unwrap())),
            Cell::Decimal(units) => Some(Value::Number(units as f64 / 10_f64.powi(scale))),
        };
        let cells = names.iter().zip(&columns).filter_map(|(name, column)| {
            let scale = column.as_decimal().map_or(0, |decimals| i32::from(decimals.scale()));
            Some((name.to_string(), value(column.cell(row), scale)?))
        });
        Row(cells.collect())
    };
    (0..batch.rows()).map(row).collect()
}

/// The dollars for a unit of each currency or coin by day, from the rows of the market tables.
struct Prices {
    /// Fixings by base, quote and day.
    rates: BTreeMap<(String, String), BTreeMap<NaiveDate, f64>>,
    closes: BTreeMap<String, BTreeMap<NaiveDate, f64>>,
}

impl Prices {
    async fn read(warehouse: &dyn Warehouse) -> Self {
        let (mut rates, mut closes) = (BTreeMap::new(), BTreeMap::new());
        let mut sources: BTreeMap<(String, NaiveDate), String> = BTreeMap::new();
        let mut only_source = |row: &Row, of: String, day: NaiveDate| {
            let source = row.text("source").unwrap();
            let known = sources.entry((of, day)).or_insert_with(|| source.to_owned());
            assert_eq!(known, source, "one source a day, so that none takes precedence");
        };
        for row in read(warehouse, FxRate::table()).await {
            let key = ["base", "quote"].map(|name| row.text(name).unwrap().to_owned());
            only_source(&row, key.concat(), row.day("rate_date"));
            let days: &mut BTreeMap<_, _> = rates.entry(key.into()).or_default();
            days.insert(row.day("rate_date"), row.number("rate").unwrap());
        }
        let mut last: BTreeMap<(String, NaiveDate), DateTime<Utc>> = BTreeMap::new();
        let raw = read(warehouse, RawCryptoMarketData::table()).await;
        let raw = raw.iter().map(|row| (row, row.time("observed_at"), row.number("price_usd")));
        let candles = read(warehouse, Candle::table()).await;
        let candles = candles.iter().map(|row| (row, row.time("open_at"), row.number("close")));
        for (row, at, price) in raw.chain(candles) {
            let (symbol, at) = (row.text("symbol").unwrap().to_owned(), at.unwrap());
            only_source(row, symbol.clone(), at.date_naive());
            let known = last.entry((symbol.clone(), at.date_naive())).or_insert(at);
            if at >= *known {
                *known = at;
                let days: &mut BTreeMap<_, _> = closes.entry(symbol).or_default();
                days.insert(at.date_naive(), price.unwrap());
            }
        }
        Self { rates, closes }
    }

    /// Returns the latest value of a series on or before a day, with its day.
    fn latest(series: &BTreeMap<NaiveDate, f64>, day: NaiveDate) -> Option<(NaiveDate, f64)> {
        let (of, value) = series.range(..=day).next_back()?;
        (day <= *of + Days::new(7)).then_some((*of, *value))
    }

    /// Returns the dollars for a unit: euros against both, or the last close.
    fn usd(&self, asset: &str, at: DateTime<Utc>) -> f64 {
        let day = at.date_naive();
        if asset == "USD" {
            return 1.0;
        }
        if let Some(closes) = self.closes.get(asset) {
            return Self::latest(closes, day).unwrap().1;
        }
        let euro = |quote: &str| match quote {
            "EUR" => 1.0,
            _ => Self::latest(&self.rates[&("EUR".to_owned(), quote.to_owned())], day).unwrap().1,
        };
        euro("USD") / euro(asset)
    }
}

/// Reads the rows of users, events and spend before `end`, valued in US dollars.
async fn rows(warehouse: &dyn Warehouse, end: DateTime<Utc>) -> Rows {
    let prices = Prices::read(warehouse).await;
    let mut events: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    let mut add = |row: &Row, at: DateTime<Utc>, kind: &str, (volume, revenue), is_reversal| {
        if at < end {
            let (date, kind) = (at.date_naive(), kind.to_owned());
            let event = Event { at, date, kind, is_reversal, volume, revenue };
            events.entry(row.number("user_id").unwrap() as i64).or_default().push(event);
        }
    };
    let usd = |row: &Row, amount: &str, currency: &str, at| {
        row.number(amount).unwrap() * prices.usd(row.text(currency).unwrap(), at)
    };
    for row in read(warehouse, Trade::table()).await {
        let at = row.time("executed_at").unwrap();
        let volume = usd(&row, "quote_amount", "quote_currency", at);
        add(&row, at, "trade", (volume, usd(&row, "fee_amount", "fee_currency", at)), false);
    }
    let is_completed = |row: &&Row| row.text("status") == Some("completed");
    let purchases = read(warehouse, RampTransaction::table()).await;
    for row in purchases.iter().filter(is_completed) {
        let at = row.time("created_at").unwrap();
        let volume = usd(row, "fiat_amount", "fiat_currency", at);
        add(row, at, "ramp", (volume, row.number("fee_usd").unwrap()), false);
    }
    for row in read(warehouse, Chargeback::table()).await {
        let id = row.number("transaction_id");
        let purchase = purchases.iter().find(|row| row.number("transaction_id") == id).unwrap();
        let at = purchase.time("created_at").unwrap();
        let lost = usd(&row, "amount", "currency", at);
        if row.time("created_at").unwrap() < end {
            add(&row, at, "ramp", (-lost, -lost), true);
        }
    }
    for row in read(warehouse, Withdrawal::table()).await.iter().filter(is_completed) {
        let at = row.time("completed_at").unwrap();
        add(row, at, "withdrawal", (0.0, usd(row, "fee", "currency", at)), false);
    }
    for row in read(warehouse, Deposit::table()).await.iter().filter(is_completed) {
        add(row, row.time("completed_at").unwrap(), "deposit", (0.0, 0.0), false);
    }
    let mut users = Vec::new();
    for row in read(warehouse, UserTable::table()).await {
        let signup = row.time("signup_at").unwrap();
        if signup >= end {
            continue;
        }
        let mut own = events.remove(&(row.number("user_id").unwrap() as i64)).unwrap_or_default();
        own.sort_by_key(|event| event.at);
        let label = |name: &str| row.text(name).map(ToOwned::to_owned);
        let labels = [("channel", label("acquisition_channel")), ("tier", label("account_tier"))];
        let verified = row.time("kyc_verified_at");
        users.push(User { signup, verified, labels: labels.into(), events: own });
    }
    let spend = read(warehouse, MarketingSpend::table()).await;
    let spend = spend.iter().map(|row| {
        let day = row.day("day");
        let midnight = day.and_hms_opt(0, 0, 0).unwrap().and_utc();
        let usd = usd(row, "spend", "currency", midnight);
        Spend { day, channel: row.text("channel").unwrap().to_owned(), usd }
    });
    let spend = spend.filter(|spend| spend.day <= end.date_naive()).collect();
    Rows { users, spend, end, zone: Tz::UTC, week_start: Weekday::Mon }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cell_of_a_simulated_exchange_equals_the_definitions() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock("2021-10-01T10:00:00Z".parse().unwrap()));
    let change = |config: &mut Config| {
        config.sources = ["recorded", "synthetic_market", "simulation"].map(Into::into).into();
        config.simulation.preset = Preset::Exchange;
        (config.simulation.users, config.simulation.days) = (500, 420);
        config.simulation.start_day = "2020-07-15".parse().unwrap();
        let from = "2020-09-01".parse().unwrap();
        config.simulation.scenarios = vec![Scenario::FraudRing { from, days: 20, accounts: 12 }];
    };
    let tidegauge = open_demo_at(dir.path(), change, clock);
    tidegauge.run("2021-08-20".parse().ok(), &Silent).await.unwrap();
    let warehouse = tidegauge.warehouse().as_ref();
    let end = "2021-08-10T09:30:00Z".parse().unwrap();
    let params =
        FactsParams { end: Some(end), bad_rows: BadRows::SetAside, ..FactsParams::default() };
    let facts = Facts::from_warehouse(warehouse, &params).await.unwrap();
    let rows = rows(warehouse, end).await;
    let count = |of: &dyn Fn(&Event) -> bool| {
        rows.users.iter().flat_map(|user| &user.events).filter(|event| of(event)).count()
    };
    assert_eq!(facts.user_count(), rows.users.len() as u64);
    assert_eq!(facts.event_count(), count(&|_| true) as u64);
    println!(
        "{} users, {} events, {} reversals",
        rows.users.len(),
        count(&|_| true),
        count(&|event| event.is_reversal)
    );
    assert!(count(&|event| event.is_reversal) > 5);

    let both = (&facts, &rows);
    let mut cells = 0;
    for by in ["channel", "entry_product"] {
        let params =
            RetentionParams { by: vec![by.to_owned()], ..RetentionParams::by(Period::Month) };
        cells += compare::retention_cells(both, &LONG, &params, |user| Some(user.signup));
        let cohort = Cohort::dimension(by);
        cells += compare::churn_cells(both, &cohort);
        cells += compare::ltv_cells(both, &cohort, &[1, 7, 30, 60, 90, 180, 270, 365]);
        cells += compare::volume_cells(both, &cohort, 2_000.0);
        cells += compare::growth_cells(both, &cohort);
    }
    let first_trade = RetentionParams {
        anchor: CohortAnchor::first_trade(),
        ..RetentionParams::by(Period::Month)
    };
    cells += compare::retention_cells(both, &LONG, &first_trade, |user| {
        user.events.iter().find(|event| event.kind == "trade").map(|event| event.at)
    });
    let by_month = Cohort::Signup(Period::Month);
    cells += compare::ltv_cells(both, &by_month, &[7, 30, 90, 180, 365]);
    for (gross, margin, min_users) in [(false, 1.0, 30), (true, 0.6, 1)] {
        let ages = vec![7, 30, 60, 90, 180, 270, 365];
        let params = EconomicsParams { ages, margin, min_users, gross };
        cells += compare::economics_cells(both, &params);
    }
    for period in [Period::Day, Period::Week, Period::Month] {
        cells += compare::board_cells(both, period, Some("tier"));
    }
    cells += net_inflow_cells(warehouse, end).await;
    // Another zone, and weeks from Sunday on.
    let calendar = Calendar { zone: Tz::America__New_York, week_start: Weekday::Sun };
    let facts = facts.clone().with_calendar(calendar);
    let rows = rows.clone().in_calendar(calendar.zone, calendar.week_start);
    cells += compare::growth_cells((&facts, &rows), &Cohort::dimension("channel"));
    cells += compare::board_cells((&facts, &rows), Period::Week, Some("tier"));
    println!("{cells} cells");
    assert!(cells > 20_000, "{cells}");
}

/// Compares the deposits and withdrawals of every month, valued as of the day of each.
async fn net_inflow_cells(warehouse: &dyn Warehouse, end: DateTime<Utc>) -> usize {
    let prices = Prices::read(warehouse).await;
    let found = net_inflow(warehouse, &NetInflowParams::by(Period::Month, end)).await.unwrap();
    let month = |at: DateTime<Utc>| at.date_naive().with_day(1).unwrap();
    let mut expected = BTreeMap::new();
    for (side, table) in [Deposit::table(), Withdrawal::table()].into_iter().enumerate() {
        for row in read(warehouse, table).await {
            if let (Some("completed"), Some(at)) = (row.text("status"), row.time("completed_at")) {
                let usd = prices.usd(row.text("currency").unwrap(), at);
                let flows: &mut [f64; 2] = expected.entry(month(at)).or_default();
                flows[side] += usd * row.number("amount").unwrap();
            }
        }
    }
    for period in &found.periods {
        let [deposits, withdrawals] = expected[&period.start];
        compare::near(Some(period.deposits_usd), Some(deposits), period.start);
        compare::near(Some(period.withdrawals_usd), Some(withdrawals), period.start);
        compare::near(Some(period.net_inflow_usd), Some(deposits - withdrawals), period.start);
    }
    assert!(found.periods.len() > 8);
    3 * found.periods.len()
}
