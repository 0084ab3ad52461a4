//! Net inflow and assets on the platform, which the warehouse sums by asset and day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc, Weekday};
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use tidegauge_core::tables::{Deposit, LedgerEntry, Withdrawal};
use tidegauge_core::{
    Aggregate, Crypto, Filter, SetAside, SetAsideReason, SetAsideRows, TableRef, Warehouse,
};

use super::daily_sums::{DailySum, daily_sums};
use super::utc_periods::UtcPeriods;
use crate::dates::{date_column, date_from_epoch_day};
use crate::facts::{BadRows, UsdPrices};
use crate::metrics::period::Period;
use crate::{Error, Result};

/// The parameters of net inflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NetInflowParams {
    /// The length of a period, of UTC days: amounts are valued as of those.
    pub period: Period,
    /// The first day of the week.
    pub week_start: Weekday,
    /// The end of observation, exclusive; a UTC day counts if it is over by then.
    pub end: DateTime<Utc>,
    /// The handling of amounts that cannot be valued.
    pub bad_rows: BadRows,
}

impl NetInflowParams {
    /// Creates parameters of weeks from Monday on; amounts that cannot be valued are set aside.
    pub fn by(period: Period, end: DateTime<Utc>) -> Self {
        Self { period, week_start: Weekday::Mon, end, bad_rows: BadRows::SetAside }
    }
}

/// Net inflow and assets on the platform of all complete periods.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NetInflow {
    /// The parameters of the computation.
    pub params: NetInflowParams,
    /// The periods, from that of the first transfer on.
    pub periods: Vec<NetInflowPeriod>,
    /// The rows that are left out, by table and reason.
    pub set_aside: Vec<SetAside>,
}

/// The flows of assets in a complete period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NetInflowPeriod {
    /// The first day of the period.
    pub start: NaiveDate,
    /// The completed deposits, in US dollars as of the day of each.
    pub deposits_usd: f64,
    /// The completed withdrawals without their fees, in US dollars as of the day of each.
    pub withdrawals_usd: f64,
    /// `deposits_usd − withdrawals_usd`.
    pub net_inflow_usd: f64,
    /// The balances of all users at the end of the period, in US dollars as of its last day; `None`
    /// without a ledger.
    pub assets_usd: Option<f64>,
}

impl NetInflow {
    /// Returns the periods as a frame: `period` (its first day), `deposits_usd`,
    /// `withdrawals_usd`, `net_inflow_usd`, `assets_usd`.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub fn frame(&self) -> Result<DataFrame> {
        let numbers = |name: &str, of: fn(&NetInflowPeriod) -> Option<f64>| {
            Column::new(name.into(), self.periods.iter().map(of).collect::<Vec<_>>())
        };
        let columns = vec![
            date_column("period", self.periods.iter().map(|period| period.start))?,
            numbers("deposits_usd", |period| Some(period.deposits_usd)),
            numbers("withdrawals_usd", |period| Some(period.withdrawals_usd)),
            numbers("net_inflow_usd", |period| Some(period.net_inflow_usd)),
            numbers("assets_usd", |period| period.assets_usd),
        ];
        Ok(DataFrame::new(self.periods.len(), columns)?)
    }
}

/// The value of amounts, of which those without a price are set aside.
struct Valuer {
    prices: UsdPrices,
    bad_rows: BadRows,
    set_aside: SetAsideRows,
}

impl Valuer {
    /// Returns an amount in US dollars, or 0 if it is set aside.
    ///
    /// # Errors
    /// When there is no price and bad rows are errors.
    fn value(
        &mut self,
        table: &str,
        rows: u64,
        (asset, day, units): (&str, i64, i128),
    ) -> Result<f64> {
        match self.prices.price(asset, day) {
            Ok(price) => Ok(Crypto::from_units(units).to_f64() * price),
            Err(error) if self.bad_rows == BadRows::Fail => Err(error),
            Err(_) => {
                let on = date_from_epoch_day(day).map(|day| format!(" on {day}"));
                let example = || format!("`{asset}`{}", on.unwrap_or_default());
                self.set_aside.add(table, SetAsideReason::Unpriced, rows, example);
                Ok(0.0)
            }
        }
    }
}

/// Computes deposits, withdrawals and net inflow by period, and the assets on the platform.
///
/// ```text
/// net inflow = Σ completed deposits − Σ completed withdrawals, without fees
/// assets     = Σ over assets of (Σ of the ledger's entries of accounts `user`) · price
/// ```
///
/// A transfer counts on the UTC day of its completion, valued as of that day. The warehouse sums
/// amounts by asset and day, exactly: memory does not depend on the number of rows. Trades,
/// purchases and fees change the balances of users too, so that assets are no sum of net inflow:
/// they come from `ledger_entries`, by which every event is posted, and are unknown without it.
/// Both are facts, without intervals.
///
/// # Errors
/// When the warehouse cannot be read, the sums exceed 38 digits, and with [`BadRows::Fail`] when an
/// amount cannot be valued or a transfer has no time.
pub async fn net_inflow(warehouse: &dyn Warehouse, params: &NetInflowParams) -> Result<NetInflow> {
    let prices = UsdPrices::read(warehouse).await?;
    let mut valuer =
        Valuer { prices, bad_rows: params.bad_rows, set_aside: SetAsideRows::default() };
    let today = params.end.date_naive();
    let periods = UtcPeriods::before(today, params.period, params.week_start);

    let mut flows: BTreeMap<i64, [f64; 2]> = BTreeMap::new();
    let transfers: [fn() -> &'static TableRef; 2] = [Deposit::table, Withdrawal::table];
    for (side, table) in transfers.into_iter().enumerate() {
        let table = table();
        let sums = Aggregate::new(&table.as_read())
            .by_day("completed_at")
            .by("currency")
            .filter(Filter::eq("status", "completed"))
            .count()
            .sum("amount");
        for sum in daily_sums(warehouse, &sums).await? {
            let DailySum { day, asset, rows, units } = sum;
            let (Some(day), Some(asset), Some(units)) = (day, asset, units) else {
                incomplete(&mut valuer, &table.name, rows)?;
                continue;
            };
            let Some(number) = periods.number(day) else { continue };
            let usd = valuer.value(&table.name, rows, (&asset, day, units))?;
            flows.entry(number).or_default()[side] += usd;
        }
    }
    let first = flows.keys().next().copied();
    let numbers = first.map_or(0..0, |first| periods.from(first));
    let balances = balances(warehouse, &periods, numbers.clone(), &mut valuer).await?;
    let period = |(at, number): (usize, i64)| {
        let [deposits_usd, withdrawals_usd] = flows.get(&number).copied().unwrap_or_default();
        NetInflowPeriod {
            start: periods.start(number),
            deposits_usd,
            withdrawals_usd,
            net_inflow_usd: deposits_usd - withdrawals_usd,
            assets_usd: balances.as_ref().and_then(|balances| balances.get(at).copied()),
        }
    };
    Ok(NetInflow {
        params: *params,
        periods: numbers.enumerate().map(period).collect(),
        set_aside: valuer.set_aside.as_slice().to_vec(),
    })
}

fn incomplete(valuer: &mut Valuer, table: &str, rows: u64) -> Result<()> {
    if valuer.bad_rows == BadRows::Fail {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        return Err(Error::Nulls { frame: "transfers", column: "completed_at".to_owned(), rows });
    }
    let example = || "`completed_at`".to_owned();
    valuer.set_aside.add(table, SetAsideReason::Incomplete, rows, example);
    Ok(())
}

/// Returns the balances of all users at the end of each of the periods, in US dollars; `None`
/// without a ledger.
async fn balances(
    warehouse: &dyn Warehouse,
    periods: &UtcPeriods,
    numbers: std::ops::Range<i64>,
    valuer: &mut Valuer,
) -> Result<Option<Vec<f64>>> {
    let ledger = LedgerEntry::table();
    let sums = Aggregate::new(&ledger.as_read())
        .by_day("posted_at")
        .by("asset")
        .filter(Filter::eq("account", "user"))
        .count()
        .sum("amount");
    // By day in ascending order, those without a day first.
    let mut entries = daily_sums(warehouse, &sums).await?.into_iter().peekable();
    if entries.peek().is_none() {
        return Ok(None);
    }
    let mut held: BTreeMap<String, i128> = BTreeMap::new();
    let mut balances = Vec::new();
    for number in numbers {
        let last_day = periods.last_day(number);
        while let Some(entry) = entries.next_if(|entry| entry.day.is_none_or(|day| day <= last_day))
        {
            let DailySum { asset: Some(asset), units: Some(units), .. } = entry else { continue };
            let balance = held.entry(asset).or_default();
            *balance = balance.checked_add(units).ok_or(Error::Parameter {
                name: "ledger_entries",
                reason: "have a balance of more than 38 digits",
            })?;
        }
        let mut total = 0.0;
        for (asset, units) in held.iter().filter(|(_, units)| **units != 0) {
            total += valuer.value(&ledger.name, 0, (asset, last_day, *units))?;
        }
        balances.push(total);
    }
    Ok(Some(balances))
}
