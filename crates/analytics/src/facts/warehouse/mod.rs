//! Facts from the exchange's tables, valued in US dollars.

use chrono::{DateTime, Utc};
use polars::prelude::*;
use tidegauge_core::tables::{
    Chargeback, MarketingSpend, RampTransaction, Trade, User, Withdrawal,
};
use tidegauge_core::{Filter, Scan, TableRef, Warehouse, units_to_f64};

use super::Facts;
use super::row_filter::{BadRows, RowFilter};
use super::usd::{UNVALUED, UnpricedRows, UsdPrices};
use crate::dates::DAY;
use crate::frames::CollectBlocking;
use crate::{Error, Result, arrow_to_polars, external_ids};

/// The columns of the exchange's tables, and their names in facts.
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
const CHARGEBACKS: [(&str, &str); 4] = [
    ("user_id", "user"),
    ("created_at", "at"),
    ("amount", "volume"),
    ("currency", "volume_currency"),
];
const SPEND: [(&str, &str); 5] = [
    ("day", "day"),
    ("channel", "channel"),
    ("campaign", "campaign"),
    ("currency", "currency"),
    ("spend", "spend"),
];

/// The parameters of reading facts from a warehouse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FactsParams {
    /// The end of observation; `None`: the midnight that follows the last event or signup.
    pub end: Option<DateTime<Utc>>,
    /// The handling of rows that are implausible or cannot be valued.
    pub bad_rows: BadRows,
}

impl Facts {
    /// Reads facts from the exchange's tables in a warehouse, all amounts in US dollars as of the
    /// UTC day.
    ///
    /// - users: `channel`, `campaign`, `country` and `tier` beside `signup_at`;
    /// - `trade`: volume is the quote amount, revenue the fee;
    /// - `ramp`, completed: volume is the fiat amount, revenue `fee_usd`;
    /// - `withdrawal`, completed, at the time of its completion: no volume, revenue is the fee;
    /// - spend: `marketing_spend`.
    ///
    /// Amounts are valued by [`Market::asset_rate`](tidegauge_core::market::Market::asset_rate): a currency
    /// by its latest fixing on or before the day, a token by the latest closing price, at most
    /// seven days old.
    ///
    /// Without any users they are derived from the events: the first event of a user is the signup,
    /// and no dimension is known. A trade or purchase whose fee is unknown has no revenue. Both are
    /// [noted](Self::notes).
    ///
    /// Implausible rows, also of the market tables, and spend and chargebacks that cannot be valued
    /// are [set aside](Self::set_aside), or the first of them is an error. A trade, a purchase or a
    /// withdrawal with an amount that cannot be valued counts as activity, adds nothing to that
    /// amount, and is listed in the same place.
    ///
    /// # Errors
    /// When the warehouse cannot be read, has neither users nor events, or none that is not set
    /// aside, and as for [`Facts::new`]; with [`BadRows::Fail`] as for [`Facts::new_strict`], and
    /// when an amount cannot be valued.
    pub async fn from_warehouse(warehouse: &dyn Warehouse, params: &FactsParams) -> Result<Self> {
        let mut row_filter = RowFilter::new(params.bad_rows);
        let usd = UsdPrices::read(warehouse).await?;
        usd.set_aside_bad_rows(&mut row_filter)?;
        let mut users = read(warehouse, User::table(), &USERS, None).await?.collect_blocking()?;

        let mut notes = Vec::new();
        let trades = read(warehouse, Trade::table(), &TRADES, None).await?;
        let trades = mark_valued(with_fees(trades, ("trade", "revenue"), &mut notes)?);
        let mut in_usd = |table: &TableRef, frame, at, (amount, currency), into| {
            let events = [Trade::table(), RampTransaction::table(), Withdrawal::table()];
            let unpriced_rows = match events.contains(&table) {
                true => UnpricedRows::Keep,
                false => UnpricedRows::Drop,
            };
            usd.convert(
                &table.name,
                frame,
                at,
                (amount, currency),
                into,
                (unpriced_rows, &mut row_filter),
            )
        };
        let (volume, revenue) = (("volume", "volume_currency"), ("revenue", "revenue_currency"));
        let trades = in_usd(Trade::table(), trades, "at", volume, "volume_usd")?;
        let trades = in_usd(Trade::table(), trades, "at", revenue, "revenue_usd")?;

        let completed = || Some(Filter::eq("status", "completed"));
        let ramp = read(warehouse, RampTransaction::table(), &RAMP, completed()).await?;
        let ramp = mark_valued(with_fees(ramp, ("ramp purchase", "revenue_usd"), &mut notes)?);
        let ramp = in_usd(RampTransaction::table(), ramp, "at", volume, "volume_usd")?;

        let withdrawals = read(warehouse, Withdrawal::table(), &WITHDRAWALS, completed()).await?;
        let withdrawals = mark_valued(withdrawals.with_column(lit(0.0).alias("volume_usd")));
        let withdrawals = in_usd(Withdrawal::table(), withdrawals, "at", revenue, "revenue_usd")?;

        let chargebacks = read(warehouse, Chargeback::table(), &CHARGEBACKS, None).await?;
        let chargebacks = in_usd(Chargeback::table(), chargebacks, "at", volume, "volume_usd")?;
        notes.extend(chargeback_note(&chargebacks.collect_blocking()?)?);

        let spend = read(warehouse, MarketingSpend::table(), &SPEND, None).await?;
        let spent = ("spend", "currency");
        let spend = in_usd(MarketingSpend::table(), spend, "day", spent, "spend_usd")?;

        let events = [("trade", trades), ("ramp", ramp), ("withdrawal", withdrawals)];
        let events =
            concat(events.map(|(kind, frame)| as_events(frame, kind)), UnionArgs::default())?;
        let events = events.collect_blocking()?;
        if users.height() == 0 && events.height() > 0 {
            users = users_from_events(&events)?;
            notes.push(
                "There are no users: they follow from their trades and purchases. Each has signed up with the first of \
                 them, and nothing else is known; who came before the data begin looks new."
                    .to_owned(),
            );
        }
        let end = match params.end {
            Some(end) => Ok(end),
            None => midnight_after(&[events.column("at")?, users.column("signup_at")?]),
        };
        let end = match end {
            Err(Error::NoFacts) if !row_filter.set_aside.is_empty() => {
                Err(Error::AllSetAside { set_aside: row_filter.set_aside.as_slice().to_vec() })
            }
            end => end,
        }?;
        let mut facts = Self::build(&users, &events, end, row_filter)?
            .with_spend(&spend.collect_blocking()?)?;
        facts.notes = notes;
        external_ids::substitute(
            warehouse,
            facts.set_aside.iter_mut().flat_map(|aside| &mut aside.examples),
        )
        .await?;
        Ok(facts)
    }
}

/// Adds the column [`UNVALUED`], in which no row is marked yet.
fn mark_valued(frame: LazyFrame) -> LazyFrame {
    frame.with_column(lit(false).alias(UNVALUED))
}

/// Returns a sentence about chargebacks, or `None` if there are none.
fn chargeback_note(chargebacks: &DataFrame) -> Result<Option<String>> {
    let (rows, usd) =
        (chargebacks.height(), chargebacks.column("volume_usd")?.f64()?.sum().unwrap_or(0.0));
    Ok((rows > 0).then(|| match rows {
        1 => format!("Revenue is before chargebacks: a purchase of ${usd:.2} was undone."),
        _ => format!(
            "Revenue is before chargebacks: {rows} purchases of ${usd:.2} in all were undone."
        ),
    }))
}

/// Replaces unknown fees by none, and adds a note with their number.
fn with_fees(
    frame: LazyFrame,
    (event, revenue): (&str, &str),
    notes: &mut Vec<String>,
) -> Result<LazyFrame> {
    let frame = frame.collect_blocking()?;
    let (rows, unknown) = (frame.height(), frame.column(revenue)?.null_count());
    if unknown > 0 {
        notes.push(format!(
            "The fee of {unknown} of {rows} {event}s is unknown: they count with no revenue."
        ));
    }
    let is_unknown = || col(revenue).is_null();
    let mut columns =
        vec![when(is_unknown()).then(lit(0.0)).otherwise(col(revenue)).alias(revenue)];
    if revenue == "revenue" {
        // A fee whose currency is unknown is in that of the trade.
        let is_bare = is_unknown().or(col("revenue_currency").is_null());
        let currency = when(is_bare).then(col("volume_currency"));
        columns.push(currency.otherwise(col("revenue_currency")).alias("revenue_currency"));
    }
    Ok(frame.lazy().with_columns(columns))
}

/// Returns the users of events, each with the time of the first event as their signup.
fn users_from_events(events: &DataFrame) -> Result<DataFrame> {
    let known = col("user").is_not_null().and(col("at").is_not_null());
    let users = events.clone().lazy().filter(known).group_by_stable([col("user")]);
    let unknown = ["channel", "campaign", "country", "tier"]
        .map(|name| lit(NULL).cast(DataType::String).alias(name));
    Ok(users.agg([col("at").min().alias("signup_at")]).with_columns(unknown).collect_blocking()?)
}

/// Reads the rows of a table that pass a filter, with columns renamed as in facts.
async fn read(
    warehouse: &dyn Warehouse,
    table: &TableRef,
    columns: &[(&str, &str)],
    filter: Option<Filter>,
) -> Result<LazyFrame> {
    // Rows with missing values are set aside by the check, and must not end the scan.
    let mut scan = Scan::columns(&table.as_read(), columns.iter().map(|(name, _)| *name));
    scan.filter = filter;
    let frame = decimals_to_floats(arrow_to_polars::read_frame(warehouse, &scan).await?)?;
    let renamed: Vec<Expr> = columns.iter().map(|(name, ours)| col(*name).alias(*ours)).collect();
    Ok(frame.lazy().select(renamed))
}

/// Replaces the amounts of a frame by floats, rounded as by
/// [`Crypto::to_f64`](tidegauge_core::Crypto::to_f64): polars rounds them twice.
fn decimals_to_floats(mut frame: DataFrame) -> Result<DataFrame> {
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

fn as_events(frame: LazyFrame, kind: &str) -> LazyFrame {
    frame.select([
        col("user"),
        col("at"),
        lit(kind).alias("kind"),
        col("volume_usd").cast(DataType::Float64),
        col("revenue_usd").cast(DataType::Float64),
    ])
}

/// Returns the midnight after the last of all times.
fn midnight_after(times: &[&Column]) -> Result<DateTime<Utc>> {
    let mut last = None;
    for times in times {
        last = last.max(times.datetime()?.physical().max());
    }
    last.and_then(|last| DateTime::from_timestamp_micros((last.div_euclid(DAY) + 1) * DAY))
        .ok_or(Error::NoFacts)
}
