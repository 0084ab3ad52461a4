//! The rows of purchases: what each of them is, and what it is worth.

use std::collections::HashMap;

use tidegauge_acquisition::files::import::{
    Layout, PaymentStatus, PurchaseColumn, PurchaseFile, RowKind, is_test,
};
use tidegauge_core::Batch;

use super::labels::Labels;
use super::params::RefundRule;
use super::row_view::{Amount, RowView};
use super::summary::{AnalysisSummary, Unreadable};
use crate::Result;

/// A purchase, a refund or a transfer.
#[derive(Debug, Clone, Copy)]
pub(super) struct PurchaseRow {
    /// The index of the user.
    pub(super) user: u32,
    /// The time, in microseconds since 1970.
    pub(super) at: i64,
    pub(super) kind: RowKind,
    /// The index of the order.
    pub(super) order: Option<u32>,
    /// The value; negative for a refund.
    pub(super) value: f64,
    /// The part of the value that is earned.
    pub(super) revenue: f64,
    /// The part of the value that was refunded later; not negative.
    pub(super) refunded: f64,
    /// The index of the currency.
    pub(super) currency: Option<u32>,
    pub(super) channel: Option<u32>,
    pub(super) country: Option<u32>,
    /// The number of the file.
    pub(super) file: u16,
}

/// A row without an amount: a further line of an order, or a row that cannot be read.
#[derive(Debug)]
struct WithoutAmount {
    order: u32,
    row: Unreadable,
}

/// The rows of all files.
#[derive(Debug, Default)]
pub(super) struct PurchaseRows {
    pub(super) rows: Vec<PurchaseRow>,
    pub(super) users: Labels,
    pub(super) orders: Labels,
    pub(super) currencies: Labels,
    pub(super) channels: Labels,
    pub(super) countries: Labels,
    without_amount: Vec<WithoutAmount>,
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
        self.rows.reserve(batch.rows());
        for row in 0..batch.rows() {
            summary.rows += 1;
            match self.row(file, &view, row, (refunds, latest)) {
                Ok(taken) => self.rows.push(PurchaseRow { file: number, ..taken }),
                Err(Refused::LeftOut(reason)) => summary.leave_out(reason, 1),
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

    /// Returns what a row is.
    fn row(
        &mut self,
        file: &PurchaseFile,
        view: &RowView<'_>,
        row: usize,
        (refunds, latest): (RefundRule, i64),
    ) -> Result<PurchaseRow, Refused> {
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
        let order = view.text(PurchaseColumn::Order, row).map(|order| self.orders.index(order));
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
        let label =
            |labels: &mut Labels, column| view.text(column, row).map(|label| labels.index(label));
        Ok(PurchaseRow {
            user: self.users.index(user),
            at,
            kind,
            order,
            value,
            revenue,
            refunded: if kind == RowKind::Purchase { refunded } else { 0.0 },
            currency: match view.currency(row) {
                Some(currency) => Some(self.currencies.index(&currency)),
                None => file.currency.as_ref().map(|code| self.currencies.index(code)),
            },
            channel: label(&mut self.channels, PurchaseColumn::Channel),
            country: label(&mut self.countries, PurchaseColumn::Country),
            file: 0,
        })
    }

    /// Decides what rows without an amount are, once all rows are read: further lines of an order
    /// that has its amount in another line, or rows that cannot be read. Returns the notes on
    /// unknown statuses.
    pub(super) fn finish(&mut self, summary: &mut AnalysisSummary) -> Vec<String> {
        let mut has_amount = vec![false; self.orders.len()];
        for order in self.rows.iter().filter_map(|row| row.order) {
            has_amount[order as usize] = true;
        }
        for WithoutAmount { order, row } in std::mem::take(&mut self.without_amount) {
            match has_amount[order as usize] {
                true => summary.leave_out(
                    "further lines of orders, whose amount is in their first line".into(),
                    1,
                ),
                false => summary.set_aside(row),
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
        let mut last_file = vec![0; self.orders.len()];
        for row in &self.rows {
            if let Some(order) = row.order {
                let last = &mut last_file[order as usize];
                *last = row.file.max(*last);
            }
        }
        let before = self.rows.len();
        self.rows.retain(|row| row.order.is_none_or(|order| last_file[order as usize] == row.file));
        let again = (before - self.rows.len()) as u64;
        if again > 0 {
            summary.leave_out("a later file has their order again".into(), again);
        }
    }
}

/// The reason why a row is no purchase.
enum Refused {
    /// It is none.
    LeftOut(String),
    /// It has no amount, and may be a further line of this order.
    NoAmount(u32, String),
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
