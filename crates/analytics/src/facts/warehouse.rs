//! Facts out of the exchange's own tables, valued in US dollars.

use chrono::{DateTime, Utc};
use polars::prelude::*;
use tidegauge_core::tables::{MarketingSpend, RampTransaction, Trade, User, Withdrawal};
use tidegauge_core::{Filter, Scan, TableRef, Warehouse, units_to_f64};

use super::sieve::Sieve;
use super::{BadRows, Facts, Usd};
use crate::frames::{Compute, DAY};
use crate::{Error, Result, columns};

/// Columns of the exchange's tables, and what facts call them.
const USERS: [(&str, &str); 6] = [
    ("user_id", "user"),
    ("signup_at", "signup_at"),
    ("acquisition_channel", "channel"),
    ("campaign", "campaign"),
    ("country", "country"),
    ("account_tier", "tier"),
];
const TRADES: [(&str, &str); 6] = [
    ("user_id", "user"),
    ("executed_at", "at"),
    ("quote_amount", "volume"),
    ("quote_currency", "volume_currency"),
    ("fee_amount", "revenue"),
    ("fee_currency", "revenue_currency"),
];
const RAMP: [(&str, &str); 5] = [
    ("user_id", "user"),
    ("created_at", "at"),
    ("fiat_amount", "volume"),
    ("fiat_currency", "volume_currency"),
    ("fee_usd", "revenue_usd"),
];
const WITHDRAWALS: [(&str, &str); 4] = [
    ("user_id", "user"),
    ("completed_at", "at"),
    ("fee", "revenue"),
    ("currency", "revenue_currency"),
];
const SPEND: [(&str, &str); 5] = [
    ("day", "day"),
    ("channel", "channel"),
    ("campaign", "campaign"),
    ("currency", "currency"),
    ("spend", "spend"),
];

/// How facts are read from a warehouse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FactsParams {
    /// The end of what has been observed; `None`: the midnight that follows the last event or signup.
    pub end: Option<DateTime<Utc>>,
    /// What becomes of rows that cannot be right or cannot be valued.
    pub bad_rows: BadRows,
}

impl Facts {
    /// From the exchange's tables in a warehouse, all amounts in US dollars as of the UTC day.
    ///
    /// - users: `channel`, `campaign`, `country` and `tier` beside `signup_at`;
    /// - `trade`: volume is the quote amount, revenue the fee;
    /// - `ramp`, completed: volume is the fiat amount, revenue `fee_usd`;
    /// - `withdrawal`, completed, when it was: no volume, revenue is the fee;
    /// - spend: `marketing_spend`.
    ///
    /// Amounts are valued as [`Market::worth`](tidegauge_core::market::Market::worth) says: a
    /// currency by its latest fixing on or before the day, a token by the latest closing price, at
    /// most seven days old.
    ///
    /// Rows that cannot be right, rows of the market tables that make no sense, and rows with an amount
    /// that cannot be valued are [set aside](Self::set_aside), or the first of them is an error.
    ///
    /// # Errors
    /// When the warehouse cannot be read, has neither users nor events, and as for [`Facts::new`]; with
    /// [`BadRows::Fail`] as for [`Facts::new_strict`], and when an amount cannot be valued.
    pub async fn from_warehouse(warehouse: &dyn Warehouse, params: &FactsParams) -> Result<Self> {
        let mut sieve = Sieve::new(params.bad_rows);
        let usd = Usd::read(warehouse).await?;
        usd.sift(&mut sieve)?;
        let users = read(warehouse, User::table(), &USERS, None).await?.compute()?;

        let trades = read(warehouse, Trade::table(), &TRADES, None).await?;
        let mut worth = |table: &TableRef, frame, at, (amount, currency), into| {
            usd.convert(&table.name, frame, at, (amount, currency), into, &mut sieve)
        };
        let (volume, revenue) = (("volume", "volume_currency"), ("revenue", "revenue_currency"));
        let trades = worth(Trade::table(), trades, "at", volume, "volume_usd")?;
        let trades = worth(Trade::table(), trades, "at", revenue, "revenue_usd")?;

        let completed = || Some(Filter::eq("status", "completed"));
        let ramp = read(warehouse, RampTransaction::table(), &RAMP, completed()).await?;
        let ramp = worth(RampTransaction::table(), ramp, "at", volume, "volume_usd")?;

        let withdrawals = read(warehouse, Withdrawal::table(), &WITHDRAWALS, completed()).await?;
        let withdrawals = withdrawals.with_column(lit(0.0).alias("volume_usd"));
        let withdrawals = worth(Withdrawal::table(), withdrawals, "at", revenue, "revenue_usd")?;

        let spend = read(warehouse, MarketingSpend::table(), &SPEND, None).await?;
        let spent = ("spend", "currency");
        let spend = worth(MarketingSpend::table(), spend, "day", spent, "spend_usd")?;

        let events = [("trade", trades), ("ramp", ramp), ("withdrawal", withdrawals)];
        let events = concat(events.map(|(kind, frame)| event(frame, kind)), UnionArgs::default())?;
        let events = events.compute()?;
        let end = match params.end {
            Some(end) => end,
            None => day_after(&[events.column("at")?, users.column("signup_at")?])?,
        };
        Self::build(&users, &events, end, sieve)?.with_spend(&spend.compute()?)
    }
}

/// Reads columns of a table, by the names that facts give them, of the rows that pass a filter.
async fn read(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    columns: &[(&str, &str)],
    filter: Option<Filter>,
) -> Result<LazyFrame> {
    // Rows that lack a value are the check's business, and must not end the scan.
    let mut scan = Scan::columns(&table.lenient(), columns.iter().map(|(name, _)| *name));
    scan.filter = filter;
    let frame = floats(columns::read(warehouse, &scan).await?)?;
    let renamed: Vec<Expr> = columns.iter().map(|(name, ours)| col(*name).alias(*ours)).collect();
    Ok(frame.lazy().select(renamed))
}

/// Replaces the amounts of a frame by floats, as [`Crypto::to_f64`](tidegauge_core::Crypto::to_f64) makes them:
/// polars rounds them twice.
fn floats(mut frame: DataFrame) -> Result<DataFrame> {
    for name in frame.get_column_names_owned() {
        let column = frame.column(&name)?;
        if !column.dtype().is_decimal() {
            continue;
        }
        let amounts = column.decimal()?;
        let scale = u32::try_from(amounts.scale()).unwrap_or_default();
        let float = |units: i128| units_to_f64(units, scale);
        let floats: Float64Chunked =
            amounts.physical().iter().map(|units| units.map(float)).collect();
        frame.with_column(floats.with_name(name).into_column())?;
    }
    Ok(frame)
}

fn event(frame: LazyFrame, kind: &str) -> LazyFrame {
    frame.select([
        col("user"),
        col("at"),
        lit(kind).alias("kind"),
        col("volume_usd").cast(DataType::Float64),
        col("revenue_usd").cast(DataType::Float64),
    ])
}

/// The midnight after the last of all times.
fn day_after(times: &[&Column]) -> Result<DateTime<Utc>> {
    let mut last = None;
    for times in times {
        last = last.max(times.datetime()?.physical().max());
    }
    last.and_then(|last| DateTime::from_timestamp_micros((last.div_euclid(DAY) + 1) * DAY))
        .ok_or(Error::NoFacts)
}
