//! Plausibility of the rows beyond counts and shares.

use chrono::TimeDelta;

use super::*;

/// All rows of one table.
struct Rows(Vec<Batch>);

impl Rows {
    fn of(pages: &[Page], table: &str) -> Self {
        let batches = pages.iter().flat_map(|page| &page.batches);
        Self(batches.filter(|batch| batch.table().name == table).cloned().collect())
    }

    fn text(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for batch in &self.0 {
            let column = batch.column(name).unwrap().as_text().unwrap();
            texts.extend((0..batch.rows()).map(|row| column.get(row).unwrap().to_owned()));
        }
        texts
    }

    fn users(&self) -> Vec<i64> {
        let columns = self.0.iter().map(|batch| batch.column("user_id").unwrap().as_i64().unwrap());
        columns.flat_map(|column| column.iter().map(Option::unwrap)).collect()
    }

    fn times(&self, name: &str) -> Vec<DateTime<Utc>> {
        let columns =
            self.0.iter().map(|batch| batch.column(name).unwrap().as_timestamp().unwrap());
        let micros = columns.flat_map(|column| column.iter().map(Option::unwrap));
        micros.map(|at| DateTime::from_timestamp_micros(at).unwrap()).collect()
    }

    fn money(&self, name: &str) -> Vec<Option<f64>> {
        let columns = self.0.iter().map(|batch| batch.column(name).unwrap().as_decimal().unwrap());
        let units = columns.flat_map(|column| column.iter());
        units.map(|units| units.map(|units| Crypto::from_units(units).to_f64())).collect()
    }
}

/// Simulates the first ninety days with a seed.
async fn pages_of_seed(seed: u64) -> Vec<Page> {
    run(&classic(ClassicConfig { seed, ..ClassicConfig::default() }), None).await.0
}

/// Returns the end of the first ninety days.
fn end() -> DateTime<Utc> {
    ClassicConfig::default().start_day.and_hms_opt(0, 0, 0).unwrap().and_utc()
}

#[tokio::test]
async fn resting_orders_are_never_reached_by_the_market() {
    let orders = Rows::of(&pages_of_seed(42).await, "orders");
    let (statuses, sides) = (orders.text("status"), orders.text("side"));
    let (coins, currencies) = (orders.text("base_currency"), orders.text("quote_currency"));
    let (placed, updated) = (orders.times("created_at"), orders.times("updated_at"));
    let mut judged = 0;
    for (row, limit) in orders.money("limit_price").into_iter().enumerate() {
        let waits = ["open", "cancelled", "expired"].contains(&statuses[row].as_str());
        let Some(limit) = limit.filter(|_| waits && currencies[row] == "USD") else { continue };
        let last = if statuses[row] == "open" { end() - TimeDelta::days(1) } else { updated[row] };
        let mut day = placed[row].date_naive();
        while day <= last.date_naive() {
            let prices = MARKET.prices(&coins[row], day).unwrap();
            let [low, high] =
                [prices.low, prices.high].map(|price| Crypto::from_units(price).to_f64());
            let reached = if sides[row] == "buy" { low <= limit } else { high >= limit };
            assert!(!reached, "row {row}: {} at {limit} on {day}: {low} to {high}", sides[row]);
            day = day + Days::new(1);
            judged += 1;
        }
    }
    assert!(judged > 5_000, "{judged}");
}

#[tokio::test]
async fn purchases_per_user_are_limited_and_concentrated() {
    let ramp = Rows::of(&pages_of_seed(42).await, "ramp_transactions");
    let mut by_user = BTreeMap::<i64, Vec<DateTime<Utc>>>::new();
    for (user, at) in ramp.users().into_iter().zip(ramp.times("created_at")) {
        by_user.entry(user).or_default().push(at);
    }
    let mut counts: Vec<usize> = by_user.values().map(Vec::len).collect();
    for (user, times) in &by_user {
        let mut a_day = BTreeMap::<NaiveDate, usize>::new();
        times.iter().for_each(|at| *a_day.entry(at.date_naive()).or_default() += 1);
        assert!(a_day.values().all(|count| *count <= 5), "user {user}");
        let apart = times.windows(2).all(|pair| pair[1] - pair[0] >= TimeDelta::minutes(5));
        assert!(apart, "user {user}");
    }
    // The most active tenth of users still makes a quarter of all purchases.
    counts.sort_unstable();
    let tenth: usize = counts.iter().rev().take(counts.len() / 10).sum();
    assert!(tenth > 45_000 / 4, "{tenth}");
}

#[tokio::test]
async fn pending_rows_are_recent() {
    let pages = pages_of_seed(42).await;
    for table in ["deposits", "withdrawals"] {
        let rows = Rows::of(&pages, table);
        for (status, at) in rows.text("status").iter().zip(rows.times("created_at")) {
            let lately = end() - at <= TimeDelta::days(3);
            assert!(at < end() && (status != "pending" || lately), "{table} {at}");
        }
    }
    // Each day has 500 purchases; only the last 60 may be pending.
    let ramp = Rows::of(&pages, "ramp_transactions");
    for (at, statuses) in ramp.text("status").chunks(500).enumerate() {
        assert!(statuses[..440].iter().all(|status| status != "pending"), "day {at}");
    }
}

#[tokio::test]
async fn large_deposits_are_bank_transfers() {
    for seed in 0..3 {
        let deposits = Rows::of(&pages_of_seed(seed).await, "deposits");
        let (methods, currencies) = (deposits.text("payment_method"), deposits.text("currency"));
        let mut largest = 0.0f64;
        for (row, amount) in deposits.money("amount").into_iter().enumerate() {
            let dollars = match currencies[row].as_str() {
                "EUR" => 1.18,
                "GBP" => 1.18 / 0.9,
                "CAD" => 1.18 / 1.55,
                _ => 1.0,
            } * amount.unwrap();
            if methods[row] == "card" {
                assert!(dollars <= 5_000.0, "{dollars} dollars by card");
            }
            if methods[row] == "bank_transfer" {
                largest = largest.max(dollars);
            }
        }
        assert!(largest > 5_000.0, "{largest}");
    }
}
