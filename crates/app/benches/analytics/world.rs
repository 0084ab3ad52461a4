//! The world of the benchmark: users, trades in the order of time, card purchases and spend.

use tidegauge::core::tables::{FxRate, MarketingSpend, RampTransaction, Trade, User};
use tidegauge::core::{Batch, Cursor, Load, TableRef, Values};
use tidegauge::storage;

/// The number of rows of a load.
const PAGE: usize = 1_000_000;

/// 2025-01-01 in microseconds since 1970.
pub(crate) const FIRST: i64 = 1_735_689_600_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;
/// The length of the observation in days.
pub(crate) const DAYS: i64 = 420;
/// Users sign up in the first days of the observation.
const SIGNUP_DAYS: i64 = 360;

const CHANNELS: [&str; 5] = ["organic", "paid_search", "paid_social", "referral", "affiliate"];
const CAMPAIGNS: [&str; 6] =
    ["search_brand", "search_generic", "social_spring", "social_autumn", "partners", "creators"];
const COUNTRIES: [&str; 12] =
    ["DE", "FR", "ES", "IT", "NL", "PL", "US", "GB", "CA", "AU", "BR", "JP"];
const TIERS: [&str; 3] = ["starter", "intermediate", "pro"];

/// A cent in units of eighteen places.
const CENT: i128 = 10_000_000_000_000_000;

/// Returns a number that is uniform over 64 bits (SplitMix64).
fn mixed(number: usize) -> u64 {
    let value = (number as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The numbers of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    pub(crate) users: usize,
    pub(crate) trades: usize,
    pub(crate) purchases: usize,
}

impl World {
    /// Loads all rows into the store at `url`.
    pub(crate) async fn fill(self, url: &str) {
        load(url, User::table(), self.users, |first, rows| self.user_page(first, rows)).await;
        load(url, Trade::table(), self.trades, |first, rows| self.trade_page(first, rows)).await;
        load(url, RampTransaction::table(), self.purchases, |first, rows| {
            self.purchase_page(first, rows)
        })
        .await;
        let rate = FxRate {
            base: "EUR".into(),
            quote: "USD".into(),
            rate_date: "2025-01-01".parse().unwrap(),
            source: "ecb".into(),
            rate: "1.1".parse().unwrap(),
        };
        let rates = Batch::from_rows(FxRate::table(), [rate]).unwrap();
        load(url, FxRate::table(), 1, |_, _| rates.clone()).await;
        let spend = self.spend();
        let spend = Batch::from_rows(MarketingSpend::table(), spend).unwrap();
        load(url, MarketingSpend::table(), spend.rows(), |_, _| spend.clone()).await;
    }

    /// Returns the signup of a user: spread over the first days, in the order of the ids.
    fn signup(self, user: usize) -> i64 {
        let place = user as i64 * (SIGNUP_DAYS * DAY / self.users as i64);
        FIRST + place + (mixed(user) % 3_600_000_000) as i64
    }

    fn user_page(self, first: usize, rows: usize) -> Batch {
        let ids = || first..first + rows;
        let pick = |user: usize, salt: usize, of: usize| (mixed(user + salt) % of as u64) as u8;
        let label = |salt: usize, of: usize| ids().map(move |user| pick(user, salt, of)).collect();
        let nulls = || Values::Nulls;
        let columns = vec![
            Values::Ints(ids().map(|user| user as i64).collect()),
            nulls(),
            Values::Dictionary(label(11, COUNTRIES.len()), &COUNTRIES),
            Values::Constant("verified"),
            Values::Timestamps(ids().map(|user| self.signup(user) + DAY / 24).collect()),
            Values::Dictionary(label(13, TIERS.len()), &TIERS),
            nulls(),
            Values::Timestamps(ids().map(|user| self.signup(user)).collect()),
            Values::Dictionary(label(7, CHANNELS.len()), &CHANNELS),
            Values::Dictionary(label(17, CAMPAIGNS.len()), &CAMPAIGNS),
            nulls(),
            nulls(),
            nulls(),
            nulls(),
            nulls(),
            nulls(),
            nulls(),
        ];
        Batch::from_columns(User::table(), rows, columns).unwrap()
    }

    /// Returns the user of an event: one who signed up at least two hours before, most of them
    /// lately. Half of the events are of the newest quarter.
    fn user_of(self, event: usize, at: i64) -> i64 {
        let signed_up = ((at - FIRST - DAY / 12) as f64 / (SIGNUP_DAYS * DAY) as f64).min(1.0);
        let draw = (mixed(event) >> 11) as f64 / (1u64 << 53) as f64;
        (signed_up * (1.0 - draw * draw) * self.users as f64 * 0.999) as i64
    }

    fn trade_page(self, first: usize, rows: usize) -> Batch {
        let ids = || first..first + rows;
        let at = |trade: usize| time(trade, self.trades);
        let cents = |trade: usize| i128::from(mixed(trade + 3) % 100_000 + 100);
        let columns = vec![
            Values::Ints(ids().map(|trade| trade as i64).collect()),
            Values::Ints(ids().map(|trade| trade as i64 / 2).collect()),
            Values::Ints(ids().map(|trade| self.user_of(trade / 2, at(trade / 2 * 2))).collect()),
            Values::Constant("BTC/USD"),
            Values::Constant("buy"),
            Values::Constant("BTC"),
            Values::Constant("USD"),
            Values::Nulls,
            Values::Decimals(ids().map(|trade| cents(trade) * CENT).collect()),
            Values::Nulls,
            Values::Decimals(ids().map(|trade| cents(trade) * CENT / 400).collect()),
            Values::Constant("USD"),
            Values::Nulls,
            Values::Timestamps(ids().map(at).collect()),
            Values::Nulls,
            Values::Nulls,
            Values::Nulls,
        ];
        Batch::from_columns(Trade::table(), rows, columns).unwrap()
    }

    fn purchase_page(self, first: usize, rows: usize) -> Batch {
        let ids = || first..first + rows;
        let at = |purchase: usize| time(purchase, self.purchases);
        let cents = |purchase: usize| i128::from(mixed(purchase + 5) % 50_000 + 1_000);
        let columns = vec![
            Values::Ints(ids().map(|purchase| purchase as i64).collect()),
            Values::Ints(ids().map(|row| self.user_of(row + self.trades, at(row))).collect()),
            Values::Constant("USD"),
            Values::Decimals(ids().map(cents).collect()),
            Values::Constant("BTC"),
            Values::Nulls,
            Values::Constant("card"),
            Values::Constant("DE"),
            Values::Constant("completed"),
            Values::Decimals(ids().map(|purchase| cents(purchase) / 50).collect()),
            Values::Timestamps(ids().map(at).collect()),
            Values::Nulls,
            Values::Nulls,
            Values::Nulls,
        ];
        Batch::from_columns(RampTransaction::table(), rows, columns).unwrap()
    }

    /// Returns the spend of each day on two paid channels.
    fn spend(self) -> Vec<MarketingSpend> {
        let first = chrono::NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
        let days = first.iter_days().take(usize::try_from(SIGNUP_DAYS).unwrap());
        let each = self.users / 100;
        let of_day = |day| {
            [("paid_search", "search_brand"), ("paid_social", "social_spring")].map(
                |(channel, campaign)| MarketingSpend {
                    day,
                    channel: channel.into(),
                    campaign: campaign.into(),
                    currency: "USD".into(),
                    spend: format!("{each}.00").parse().unwrap(),
                },
            )
        };
        days.flat_map(of_day).collect()
    }
}

/// Returns the time of an event, of which there are `of`: they are spread evenly from the second
/// day on.
fn time(event: usize, of: usize) -> i64 {
    FIRST + DAY + event as i64 * ((DAYS - 1) * DAY / of as i64)
}

/// Loads all rows of a table into the store at `url`, page by page.
async fn load(url: &str, table: &TableRef, rows: usize, page: impl Fn(usize, usize) -> Batch) {
    let sink = storage::connect_sink(url).unwrap();
    sink.prepare(std::slice::from_ref(table)).await.unwrap();
    let mut before: Option<Cursor> = None;
    let source = format!("bench {}", table.name);
    for first in (0..rows).step_by(PAGE) {
        let batches = [page(first, PAGE.min(rows - first))];
        let after = Cursor::new(first.to_string());
        sink.load(Load::new(&source, &batches, before.as_ref(), &after)).await.unwrap();
        before = Some(after);
    }
}
