//! The events of the exchange's tables: trades, purchases, withdrawals and deposits, and the
//! reversals of purchases.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use tidegauge_core::arrow::array::types::{Int64Type, TimestampMicrosecondType};
use tidegauge_core::tables::{Chargeback, Deposit, RampTransaction, Trade, Withdrawal};
use tidegauge_core::{Batch, Filter, Scan, SetAsideReason, TableRef, Warehouse};

use super::columns::{Amounts, Names, ints, times};
use super::valuation::Valuation;
use crate::facts::collect::{Collector, RawEvent, UserKey};
use crate::facts::events::NO_ORDER;
use crate::facts::row_filter::BadRows;
use crate::typed_columns::Nullable;
use crate::{Error, Result};

/// The columns of a table of events that make an event.
pub(super) struct EventColumns {
    pub(super) table: fn() -> &'static TableRef,
    kind: &'static str,
    pub(super) time: &'static str,
    /// Amount and currency.
    volume: Option<(&'static str, &'static str)>,
    revenue: Option<Revenue>,
    order: Option<&'static str>,
    pub(super) only_completed: bool,
}

/// The tables of events.
pub(super) const EVENTS: [EventColumns; 4] = [TRADES, PURCHASES, WITHDRAWALS, DEPOSITS];

/// The revenue of an event: amount and currency; without a currency, US dollars.
struct Revenue {
    amount: &'static str,
    currency: Option<&'static str>,
    /// The amount may be unknown, and is then none.
    is_optional: bool,
}

const TRADES: EventColumns = EventColumns {
    table: Trade::table,
    kind: "trade",
    time: "executed_at",
    volume: Some(("quote_amount", "quote_currency")),
    revenue: Some(Revenue {
        amount: "fee_amount",
        currency: Some("fee_currency"),
        is_optional: true,
    }),
    order: Some("order_id"),
    only_completed: false,
};

const PURCHASES: EventColumns = EventColumns {
    table: RampTransaction::table,
    kind: "ramp",
    time: "created_at",
    volume: Some(("fiat_amount", "fiat_currency")),
    revenue: Some(Revenue { amount: "fee_usd", currency: None, is_optional: true }),
    order: None,
    only_completed: true,
};

const WITHDRAWALS: EventColumns = EventColumns {
    table: Withdrawal::table,
    kind: "withdrawal",
    time: "completed_at",
    volume: None,
    revenue: Some(Revenue { amount: "fee", currency: Some("currency"), is_optional: false }),
    order: None,
    only_completed: true,
};

const DEPOSITS: EventColumns = EventColumns {
    table: Deposit::table,
    kind: "deposit",
    time: "completed_at",
    volume: None,
    revenue: None,
    order: None,
    only_completed: true,
};

/// The reader of events into a collection.
pub(super) struct EventReader<'a, 'u, 'p> {
    pub(super) warehouse: &'a dyn Warehouse,
    pub(super) collector: &'a mut Collector<'u>,
    pub(super) valuation: &'a mut Valuation<'p>,
    pub(super) has_amounts: bool,
    pub(super) notes: &'a mut Vec<String>,
}

/// The columns of a batch of events.
struct EventBatch<'b> {
    users: Nullable<'b, Int64Type>,
    times: Nullable<'b, TimestampMicrosecondType>,
    /// The ids of purchases, which chargebacks refer to.
    ids: Option<Nullable<'b, Int64Type>>,
    orders: Option<Nullable<'b, Int64Type>>,
    volumes: Option<(Amounts<'b>, Names<'b>)>,
    /// Without currencies in US dollars.
    fees: Option<(Amounts<'b>, Option<Names<'b>>)>,
}

/// An amount of a row.
enum Amount {
    /// In US dollars.
    Usd(f64),
    /// It cannot be valued: its currency.
    Unvalued(usize),
    /// It is null.
    Missing,
}

impl EventReader<'_, '_, '_> {
    /// Reads all events.
    ///
    /// # Errors
    /// When the warehouse cannot be read or the temporary file of events cannot be written, and for
    /// the first implausible row if bad rows are errors.
    pub(super) async fn read(&mut self) -> Result<Vec<Reversal>> {
        let mut reversals = self.read_chargebacks().await?;
        for columns in &EVENTS {
            self.read_events(columns, &mut reversals).await?;
        }
        Ok(reversals.into_values().flatten().collect())
    }

    async fn read_events(
        &mut self,
        columns: &EventColumns,
        reversals: &mut Reversals,
    ) -> Result<()> {
        let kind = self.collector.kinds.code(columns.kind)?;
        let mut scan = Scan::columns(&(columns.table)().as_read(), self.column_names(columns));
        if columns.only_completed {
            scan = scan.filter(Filter::eq("status", "completed"));
        }
        let (mut rows, mut unknown_fees) = (0u64, 0u64);
        let mut batches = self.warehouse.scan(&scan).await?;
        while let Some(batch) = batches.try_next().await? {
            let events = self.event_batch(columns, &batch)?;
            rows += batch.rows() as u64;
            for row in 0..batch.rows() {
                self.add_event((columns, kind), &events, row, (reversals, &mut unknown_fees))?;
            }
        }
        if unknown_fees > 0 {
            let kind = columns.kind;
            self.notes.push(format!(
                "The fee of {unknown_fees} of {rows} {kind}s is unknown: they count with no revenue."
            ));
        }
        Ok(())
    }

    /// Returns the names of the columns that are read.
    fn column_names(&self, columns: &EventColumns) -> Vec<&'static str> {
        let mut names = vec!["user_id", columns.time];
        if columns.kind == PURCHASES.kind {
            names.push("transaction_id");
        }
        if self.has_amounts {
            names.extend(columns.order);
            names.extend(columns.volume.iter().flat_map(|(amount, currency)| [*amount, *currency]));
            if let Some(revenue) = &columns.revenue {
                names.push(revenue.amount);
                names.extend(revenue.currency);
            }
        }
        names
    }

    fn event_batch<'b>(
        &mut self,
        columns: &EventColumns,
        batch: &'b Batch,
    ) -> Result<EventBatch<'b>> {
        let currencies = &mut self.valuation.currencies;
        let is_purchase = columns.kind == PURCHASES.kind;
        let mut events = EventBatch {
            users: ints(batch, "user_id")?,
            times: times(batch, columns.time)?,
            ids: is_purchase.then(|| ints(batch, "transaction_id")).transpose()?,
            orders: None,
            volumes: None,
            fees: None,
        };
        if !self.has_amounts {
            return Ok(events);
        }
        events.orders = columns.order.map(|order| ints(batch, order)).transpose()?;
        if let Some((amount, currency)) = columns.volume {
            let names = Names::new(batch, currency, currencies)?;
            events.volumes = Some((Amounts::new(batch, amount)?, names));
        }
        if let Some(revenue) = &columns.revenue {
            let names = revenue.currency.map(|name| Names::new(batch, name, currencies));
            events.fees = Some((Amounts::new(batch, revenue.amount)?, names.transpose()?));
        }
        Ok(events)
    }

    /// Adds the event of a row, or sets the row aside; an unknown fee is counted.
    fn add_event(
        &mut self,
        (columns, kind): (&EventColumns, u8),
        events: &EventBatch<'_>,
        row: usize,
        (reversals, unknown_fees): (&mut Reversals, &mut u64),
    ) -> Result<()> {
        let (user, at) = (events.users.get(row), events.times.get(row));
        let (Some(user), Some(at)) = (user, at) else {
            return self.set_aside_incomplete(if user.is_none() { "user" } else { "at" }, user);
        };
        let (volume, fee) = (self.volume(events, row, at)?, self.fee(events, row, at)?);
        // A row is counted once, even if neither of its amounts can be valued.
        if let (Amount::Unvalued(currency), _) | (_, Amount::Unvalued(currency)) = (&volume, &fee) {
            let (table, reason) = (&(columns.table)().name, SetAsideReason::Unvalued);
            self.valuation.count_unvalued(table, reason, (*currency, at));
        }
        let volume_usd = match volume {
            Amount::Usd(amount) => amount,
            Amount::Unvalued(_) => 0.0,
            Amount::Missing => return self.set_aside_incomplete("volume_usd", Some(user)),
        };
        let may_be_unknown = columns.revenue.as_ref().is_none_or(|revenue| revenue.is_optional);
        let revenue_usd = match fee {
            Amount::Usd(amount) => amount,
            Amount::Unvalued(_) => 0.0,
            Amount::Missing if may_be_unknown => {
                *unknown_fees += 1;
                0.0
            }
            Amount::Missing => return self.set_aside_incomplete("revenue_usd", Some(user)),
        };
        if let Some(id) = events.ids.as_ref().and_then(|ids| ids.get(row)) {
            for reversal in reversals.get_mut(&id).into_iter().flatten() {
                reversal.event_at = Some(at);
            }
        }
        let order = events.orders.as_ref().and_then(|orders| orders.get(row)).unwrap_or(NO_ORDER);
        let event = RawEvent { at, kind, is_reversal: false, order, volume_usd, revenue_usd };
        self.collector.push(UserKey::Int(user), event)
    }

    fn volume(&mut self, events: &EventBatch<'_>, row: usize, at: i64) -> Result<Amount> {
        let Some((amounts, names)) = &events.volumes else { return Ok(Amount::Usd(0.0)) };
        let (Some(amount), Some(currency)) = (amounts.get(row), names.get(row)) else {
            return Ok(Amount::Missing);
        };
        self.in_usd(amount, currency, at)
    }

    fn fee(&mut self, events: &EventBatch<'_>, row: usize, at: i64) -> Result<Amount> {
        let Some((amounts, names)) = &events.fees else { return Ok(Amount::Usd(0.0)) };
        let Some(amount) = amounts.get(row) else { return Ok(Amount::Missing) };
        let Some(names) = names else { return Ok(Amount::Usd(amount)) };
        // A fee whose currency is unknown is in that of the trade.
        let traded = || events.volumes.as_ref().and_then(|(_, names)| names.get(row));
        match names.get(row).or_else(traded) {
            Some(currency) => self.in_usd(amount, currency, at),
            None => Ok(Amount::Missing),
        }
    }

    fn in_usd(&mut self, amount: f64, currency: usize, at: i64) -> Result<Amount> {
        let price = self.valuation.price(currency, at)?;
        Ok(price.map_or(Amount::Unvalued(currency), |price| Amount::Usd(amount * price)))
    }

    fn set_aside_incomplete(&mut self, column: &str, user: Option<i64>) -> Result<()> {
        let row_filter = &mut self.collector.row_filter;
        if row_filter.bad_rows == BadRows::Fail {
            return Err(Error::Nulls { frame: "events", column: column.into(), rows: 1 });
        }
        let example = || match user {
            Some(user) => format!("`{column}` of user `{user}`"),
            None => format!("`{column}`"),
        };
        row_filter.set_aside.add("events", SetAsideReason::Incomplete, 1, example);
        Ok(())
    }

    /// Reads the chargebacks by the id of their purchase.
    async fn read_chargebacks(&mut self) -> Result<Reversals> {
        let mut reversals = Reversals::new();
        let columns = ["user_id", "transaction_id", "created_at", "amount", "currency"];
        let scan = Scan::columns(&Chargeback::table().as_read(), columns);
        let mut batches = self.warehouse.scan(&scan).await?;
        while let Some(batch) = batches.try_next().await? {
            let (users, ids) = (ints(&batch, "user_id")?, ints(&batch, "transaction_id")?);
            let (times, amounts) = (times(&batch, "created_at")?, Amounts::new(&batch, "amount")?);
            let names = Names::new(&batch, "currency", &mut self.valuation.currencies)?;
            for row in 0..batch.rows() {
                let (user, known_at) = (users.get(row), times.get(row));
                let (amount, currency) = (amounts.get(row), names.get(row));
                let (Some(user), Some(known_at), Some(amount), Some(currency)) =
                    (user, known_at, amount, currency)
                else {
                    self.set_aside_incomplete("chargeback", user)?;
                    continue;
                };
                // Without the id of a purchase, it is one that is not among the purchases.
                let id = ids.get(row).unwrap_or(NO_ORDER);
                let reversal = Reversal { user, known_at, amount, currency, event_at: None };
                reversals.entry(id).or_default().push(reversal);
            }
        }
        Ok(reversals)
    }
}

/// A purchase that was reversed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reversal {
    user: i64,
    /// The time of the chargeback, in microseconds since 1970.
    known_at: i64,
    /// The amount that the exchange lost.
    amount: f64,
    currency: usize,
    /// The time of the purchase; `None` if it is unknown.
    event_at: Option<i64>,
}

/// The reversals by the id of their purchase.
type Reversals = HashMap<i64, Vec<Reversal>>;

/// Adds the reversals that are known at `end`, each at the time of its purchase, and returns their
/// number and their amount in US dollars.
///
/// # Errors
/// When the temporary file of events cannot be written, and for the first reversal that cannot be
/// valued if bad rows are errors.
pub(super) fn add_reversals(
    mut reversals: Vec<Reversal>,
    end: i64,
    collector: &mut Collector<'_>,
    valuation: &mut Valuation<'_>,
) -> Result<(u64, f64)> {
    let kind = collector.kinds.code(PURCHASES.kind)?;
    reversals.retain(|reversal| reversal.known_at < end);
    reversals.sort_unstable_by_key(|reversal| (reversal.user, reversal.known_at));
    let (mut count, mut total) = (0, 0.0);
    for reversal in reversals {
        let at = reversal.event_at.unwrap_or(reversal.known_at);
        let Some(price) = valuation.price(reversal.currency, at)? else {
            let place = (reversal.currency, at);
            valuation.count_unvalued("chargebacks", SetAsideReason::Unpriced, place);
            continue;
        };
        let lost = reversal.amount * price;
        (count, total) = (count + 1, total + lost);
        let event = RawEvent {
            at,
            kind,
            is_reversal: true,
            order: NO_ORDER,
            volume_usd: -lost,
            revenue_usd: -lost,
        };
        collector.push(UserKey::Int(reversal.user), event)?;
    }
    Ok((count, total))
}
