//! The rows of purchases: what each of them is, and what it is worth.

use std::collections::{HashMap, HashSet};

use tidegauge_acquisition::files::import::{
    Layout, PaymentStatus, PurchaseColumn, PurchaseFile, RowKind, is_test,
};
use tidegauge_core::Batch;

use super::columns::{EventKind, NewRow, PurchaseColumns};
use super::labels::{Labels, hash};
use super::params::RefundRule;
use super::row_view::{Amount, RowView};
use super::summary::{AnalysisSummary, Unreadable};
use crate::Result;

/// A row without an amount: a further line of an order, or a row that cannot be read.
#[derive(Debug)]
struct WithoutAmount {
    order: i64,
    row: Unreadable,
}

/// The rows of all files.
#[derive(Debug, Default)]
pub(super) struct PurchaseRows {
    pub(super) columns: PurchaseColumns,
    pub(super) users: Labels,
    pub(super) currencies: Labels,
    without_amount: Vec<WithoutAmount>,
    /// The orders of rows that were left out, which may have further lines.
    left_out_orders: HashSet<i64>,
    /// The statuses that are not known, and the rows that have them.
    unknown_statuses: HashMap<String, u64>,
}

impl PurchaseRows {
    /// Adds the rows of a page, or leaves them out, or sets them aside, as those after the time
    /// `latest`. `places` are their files and lines.
    ///
    /// # Errors
    /// When a batch lacks a column, which is a bug.
    pub(super) fn take(
        &mut self,
        (file, number): (&PurchaseFile, u16),
        batch: &Batch,
        places: &[String],
        (refunds, latest): (RefundRule, i64),
        summary: &mut AnalysisSummary,
    ) -> Result<()> {
        let view = RowView::new(file, batch)?;
        let dimensions: Vec<usize> =
            view.dimensions().map(|name| self.columns.dimension(name)).collect();
        for row in 0..batch.rows() {
            summary.rows += 1;
            match self.row(file, &view, row, (refunds, latest)) {
                Ok((taken, refunded)) => {
                    let taken = NewRow { file: number, ..taken };
                    self.push(taken, (&view, row), &dimensions);
                    if refunded > 0.0 {
                        let share =
                            if taken.value > 0.0 { taken.revenue / taken.value } else { 0.0 };
                        let (value, revenue) = (-refunded, -refunded * share);
                        let kind = EventKind::RefundedPart;
                        let part = NewRow { kind, value, revenue, ..taken };
                        self.push(part, (&view, row), &dimensions);
                    }
                }
                Err(Refused::LeftOut(reason)) => {
                    summary.leave_out(reason, 1);
                    let order = view.text(PurchaseColumn::Order, row).map(order_code);
                    self.left_out_orders.extend(order);
                }
                Err(Refused::NoAmount(order, reason)) => {
                    let place = places.get(row).cloned().unwrap_or_default();
                    let row = Unreadable { place, reason };
                    self.without_amount.push(WithoutAmount { order, row });
                }
                Err(Refused::Unreadable(reason)) => {
                    let place = places.get(row).cloned().unwrap_or_default();
                    summary.set_aside(Unreadable { place, reason });
                }
            }
        }
        Ok(())
    }

    /// Adds a row with its labels.
    fn push(&mut self, new: NewRow, (view, row): (&RowView<'_>, usize), dimensions: &[usize]) {
        self.columns.push(new);
        for (at, dimension) in self.columns.dimensions.iter_mut().enumerate() {
            let column = dimensions.iter().position(|known| *known == at);
            dimension.push(column.and_then(|column| view.label(column, row)));
        }
    }

    /// Returns what a row is, and the part of it that was refunded.
    fn row(
        &mut self,
        file: &PurchaseFile,
        view: &RowView<'_>,
        row: usize,
        (refunds, latest): (RefundRule, i64),
    ) -> Result<(NewRow, f64), Refused> {
        let status = view.text(PurchaseColumn::Status, row);
        let status = status.map(|word| (word, PaymentStatus::of(word)));
        if let Some((word, PaymentStatus::Failed)) = status {
            let name = view.name(PurchaseColumn::Status);
            return Err(Refused::LeftOut(format!("`{name}` is `{word}`")));
        }
        let name = view.name(PurchaseColumn::Test);
        if view.text(PurchaseColumn::Test, row).is_some_and(|value| is_test(name, value)) {
            return Err(Refused::LeftOut(format!("test payments, by `{name}`")));
        }
        let kind = view.text(PurchaseColumn::Kind, row).map_or(RowKind::Purchase, RowKind::of);
        if kind == RowKind::Other {
            let (name, word) =
                (view.name(PurchaseColumn::Kind), view.text(PurchaseColumn::Kind, row));
            let word = word.unwrap_or_default();
            return Err(Refused::LeftOut(format!("`{name}` is `{word}`, which is no purchase")));
        }
        let order = view.text(PurchaseColumn::Order, row).map(order_code);
        let Amount { value, revenue, refunded } = match (view.amount(file, row), order) {
            (Some(amount), _) => amount,
            (None, Some(order)) => {
                return Err(Refused::NoAmount(order, view.missing(PurchaseColumn::Value)));
            }
            (None, None) => {
                return Err(Refused::Unreadable(view.missing(PurchaseColumn::Value)));
            }
        };
        if !value.is_finite() {
            let name = view.name(PurchaseColumn::Value);
            return Err(Refused::Unreadable(format!("column `{name}`: it is no finite number")));
        }
        let user = match &file.only_user {
            Some(user) => user,
            None => view
                .text(PurchaseColumn::User, row)
                .ok_or_else(|| Refused::Unreadable(view.missing(PurchaseColumn::User)))?,
        };
        let at = view
            .time(row)
            .ok_or_else(|| Refused::Unreadable(view.missing(PurchaseColumn::Time)))?;
        if at > latest {
            return Err(Refused::Unreadable(view.in_future(at)));
        }
        let kind = refund_kind(kind, value, (file.layout, refunds))
            .map_err(|reason| reason.refused(view.name(PurchaseColumn::Value), value))?;
        if let Some((word, PaymentStatus::Unknown)) = status {
            *self.unknown_statuses.entry(word.to_owned()).or_default() += 1;
        }
        // All of a purchase with the status `refunded` is taken back, if no column has the amount.
        let is_refunded = matches!(status, Some((_, PaymentStatus::Refunded)));
        let refunded = if is_refunded && refunded == 0.0 { value.abs() } else { refunded };
        let (value, revenue) = signed(kind, value, revenue);
        let taken = NewRow {
            user: self.users.index(user),
            at,
            kind: EventKind::of(kind),
            order,
            value,
            revenue,
            currency: match view.currency(row) {
                Some(currency) => Some(self.currencies.index(&currency)),
                None => file.currency.as_ref().map(|code| self.currencies.index(code)),
            },
            file: 0,
        };
        Ok((taken, if kind == RowKind::Purchase { refunded } else { 0.0 }))
    }

    /// Decides what rows without an amount are, once all rows are read: further lines of an order
    /// that has its amount in another line, or rows that cannot be read. Returns the notes on
    /// unknown statuses.
    pub(super) fn finish(&mut self, summary: &mut AnalysisSummary) -> Vec<String> {
        let without = std::mem::take(&mut self.without_amount);
        if !without.is_empty() {
            let mut has_amount: HashMap<i64, bool> = without
                .iter()
                .map(|row| (row.order, self.left_out_orders.contains(&row.order)))
                .collect();
            for row in 0..self.columns.len() {
                let order = self.columns.order(row);
                if let Some(found) = order.and_then(|order| has_amount.get_mut(&order)) {
                    *found = true;
                }
            }
            for WithoutAmount { order, row } in without {
                match has_amount.get(&order).copied().unwrap_or_default() {
                    true => summary.leave_out(
                        "further lines of orders, whose amount is in their first line".into(),
                        1,
                    ),
                    false => summary.set_aside(row),
                }
            }
        }
        let mut unknown: Vec<_> = self.unknown_statuses.drain().collect();
        unknown.sort();
        let note = |(word, rows): (String, u64)| {
            format!("The status `{word}` of {rows} rows is not known: they are taken for paid.")
        };
        unknown.into_iter().map(note).collect()
    }

    /// Leaves out the rows of orders that a later file has again: exports overlap, and the later one
    /// has the newer state of an order.
    pub(super) fn keep_last_export(&mut self, summary: &mut AnalysisSummary) {
        let columns = &mut self.columns;
        if columns.file.is_same() {
            return;
        }
        let mut last_file: HashMap<i64, u16> = HashMap::new();
        let of =
            |columns: &PurchaseColumns, row| Some((columns.order(row)?, columns.file.get(row)?));
        for row in 0..columns.len() {
            if let Some((order, file)) = of(columns, row) {
                let last = last_file.entry(order).or_insert(file);
                *last = file.max(*last);
            }
        }
        let is_last =
            |row| of(columns, row).is_none_or(|(order, file)| last_file.get(&order) == Some(&file));
        let keep: Vec<bool> = (0..columns.len()).map(is_last).collect();
        let is_row = |row: &usize| !keep[*row] && columns.kind[*row] != EventKind::RefundedPart;
        let again = (0..columns.len()).filter(is_row).count() as u64;
        if again > 0 {
            columns.retain(&keep);
            summary.leave_out("a later file has their order again".into(), again);
        }
    }
}

/// Returns the hash of the id of an order, which stands for the order.
fn order_code(order: &str) -> i64 {
    i64::from_ne_bytes(hash(order).to_ne_bytes())
}

/// The reason why a row is no purchase.
enum Refused {
    /// It is none.
    LeftOut(String),
    /// It has no amount, and may be a further line of this order.
    NoAmount(i64, String),
    /// It cannot be read.
    Unreadable(String),
}

/// The reason why a negative amount or a refund is not taken.
enum NoRefund {
    Ignored,
    Unexpected,
}

impl NoRefund {
    fn refused(self, column: &str, value: f64) -> Refused {
        match self {
            Self::Ignored => Refused::LeftOut("refunds, by `--refunds none`".into()),
            Self::Unexpected => Refused::Unreadable(format!(
                "column `{column}`: `{value}` is negative, and the row is no refund by its kind: `--refunds any` takes \
                 negative amounts for refunds"
            )),
        }
    }
}

/// Returns the kind of a row with its amount.
fn refund_kind(
    kind: RowKind,
    value: f64,
    (layout, rule): (Layout, RefundRule),
) -> Result<RowKind, NoRefund> {
    // The amounts of a ledger have the sign of the booking.
    let is_negative = value < 0.0 && layout == Layout::Payments;
    let says_refund = kind == RowKind::Refund;
    match rule {
        RefundRule::None if is_negative || says_refund => Err(NoRefund::Ignored),
        RefundRule::Kind if is_negative && !says_refund => Err(NoRefund::Unexpected),
        RefundRule::Negative if says_refund && !is_negative => Ok(RowKind::Purchase),
        _ if is_negative || says_refund => Ok(RowKind::Refund),
        _ => Ok(kind),
    }
}

/// Returns value and revenue with the sign of the kind: those of refunds are negative, all others
/// positive.
fn signed(kind: RowKind, value: f64, revenue: f64) -> (f64, f64) {
    match kind {
        RowKind::Refund => (-value.abs(), -revenue.abs()),
        _ => (value.abs(), if value < 0.0 { revenue.abs() } else { revenue }),
    }
}
