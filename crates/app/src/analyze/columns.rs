//! Purchases in columns, so that millions of rows fit into memory.

use tidegauge_acquisition::files::import::RowKind;

use super::labels::Labels;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    Purchase,
    Deposit,
    Withdrawal,
    /// A refund in a row of its own.
    Refund,
    /// The refunded part of the purchase in the row before.
    RefundedPart,
}

impl EventKind {
    pub(super) fn of(kind: RowKind) -> Self {
        match kind {
            RowKind::Refund => Self::Refund,
            RowKind::Deposit => Self::Deposit,
            RowKind::Withdrawal => Self::Withdrawal,
            _ => Self::Purchase,
        }
    }

    /// Returns `true` if amounts are taken back.
    pub(super) fn is_reversal(self) -> bool {
        matches!(self, Self::Refund | Self::RefundedPart)
    }
}

/// A column that is stored once while all its values are equal.
#[derive(Debug)]
pub(super) struct Repeated<T> {
    rows: usize,
    first: Option<T>,
    each: Vec<T>,
}

impl<T> Default for Repeated<T> {
    fn default() -> Self {
        Self { rows: 0, first: None, each: Vec::new() }
    }
}

impl<T: Copy + PartialEq> Repeated<T> {
    /// Creates a column with the same value in each of `rows`.
    pub(super) fn new(value: T, rows: usize) -> Self {
        Self { rows, first: Some(value), each: Vec::new() }
    }

    pub(super) fn push(&mut self, value: T) {
        let first = *self.first.get_or_insert(value);
        if self.each.is_empty() && value != first {
            self.each = vec![first; self.rows];
        }
        if value != first || !self.each.is_empty() {
            self.each.push(value);
        }
        self.rows += 1;
    }

    pub(super) fn get(&self, row: usize) -> Option<T> {
        if self.each.is_empty() { self.first } else { self.each.get(row).copied() }
    }

    /// Returns `true` if all values are equal.
    pub(super) fn is_same(&self) -> bool {
        self.each.is_empty()
    }

    fn retain(&mut self, keep: &[bool]) {
        retain(&mut self.each, keep);
        self.rows = keep.iter().filter(|keep| **keep).count();
    }
}

/// A dimension of the users: the label of each row.
#[derive(Debug)]
pub(super) struct DimensionColumn {
    pub(super) name: String,
    pub(super) labels: Labels,
    /// The indexes of the labels; [`NO_LABEL`] where there is none.
    codes: Repeated<u32>,
}

/// The code of a row without a label.
const NO_LABEL: u32 = u32::MAX;

/// The code of a row without an order.
const NO_ORDER: i64 = i64::MIN;

impl DimensionColumn {
    /// Adds the label of the next row.
    pub(super) fn push(&mut self, label: Option<&str>) {
        let code = label.map_or(NO_LABEL, |label| self.labels.index(label));
        self.codes.push(code);
    }

    /// Returns the label of a row.
    pub(super) fn label(&self, row: usize) -> Option<&str> {
        let code = self.codes.get(row).filter(|code| *code != NO_LABEL)?;
        Some(self.labels.text(code))
    }
}

/// The values of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewRow {
    /// The index of the user.
    pub(super) user: u32,
    /// The time, in microseconds since 1970.
    pub(super) at: i64,
    pub(super) kind: EventKind,
    /// The hash of the id of the order.
    pub(super) order: Option<i64>,
    /// The value; negative for a refund.
    pub(super) value: f64,
    /// The part of the value that is earned.
    pub(super) revenue: f64,
    /// The index of the currency.
    pub(super) currency: Option<u32>,
    /// The number of the file.
    pub(super) file: u16,
}

/// Purchases, refunds and transfers in columns.
#[derive(Debug, Default)]
pub(super) struct PurchaseColumns {
    pub(super) user: Vec<u32>,
    pub(super) at: Vec<i64>,
    pub(super) kind: Vec<EventKind>,
    order: Repeated<i64>,
    pub(super) value: Vec<f64>,
    /// The revenue, where it is not the value of every row.
    pub(super) revenue: Option<Vec<f64>>,
    pub(super) currency: Repeated<Option<u32>>,
    pub(super) file: Repeated<u16>,
    pub(super) dimensions: Vec<DimensionColumn>,
}

impl PurchaseColumns {
    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.user.len()
    }

    /// Returns the hash of the id of a row's order.
    pub(super) fn order(&self, row: usize) -> Option<i64> {
        self.order.get(row).filter(|order| *order != NO_ORDER)
    }

    /// Returns `true` if a row has an order.
    pub(super) fn has_orders(&self) -> bool {
        !self.order.is_same() || self.order(0).is_some()
    }

    /// Adds a row without its dimensions.
    pub(super) fn push(&mut self, row: NewRow) {
        if self.revenue.is_none() && row.revenue != row.value {
            self.revenue = Some(self.value.clone());
        }
        if let Some(revenue) = &mut self.revenue {
            revenue.push(row.revenue);
        }
        self.user.push(row.user);
        self.at.push(row.at);
        self.kind.push(row.kind);
        self.order.push(row.order.unwrap_or(NO_ORDER));
        self.value.push(row.value);
        self.currency.push(row.currency);
        self.file.push(row.file);
    }

    /// Returns the position of the dimension called `name`, which is added if it is new.
    pub(super) fn dimension(&mut self, name: &str) -> usize {
        if let Some(known) = self.dimensions.iter().position(|known| known.name == name) {
            return known;
        }
        let codes = Repeated::new(NO_LABEL, self.len());
        let labels = Labels::default();
        self.dimensions.push(DimensionColumn { name: name.to_owned(), labels, codes });
        self.dimensions.len() - 1
    }

    /// Keeps the rows for which `keep` is `true`.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        retain(&mut self.user, keep);
        retain(&mut self.at, keep);
        retain(&mut self.kind, keep);
        retain(&mut self.value, keep);
        if let Some(revenue) = &mut self.revenue {
            retain(revenue, keep);
        }
        self.order.retain(keep);
        self.currency.retain(keep);
        self.file.retain(keep);
        for dimension in &mut self.dimensions {
            dimension.codes.retain(keep);
        }
    }
}

fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| keep.next().copied().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_stored_once_until_one_differs() {
        let mut column = Repeated::default();
        (0..3).for_each(|_| column.push(Some(7)));
        assert!(column.is_same() && column.get(2) == Some(Some(7)));
        column.push(None);
        column.push(Some(7));
        assert!(!column.is_same());
        let values: Vec<_> = (0..6).map(|row| column.get(row)).collect();
        assert_eq!(
            values,
            [Some(Some(7)), Some(Some(7)), Some(Some(7)), Some(None), Some(Some(7)), None]
        );
        column.retain(&[true, false, false, true, true]);
        assert_eq!((column.get(0), column.get(1)), (Some(Some(7)), Some(None)));
    }
}
