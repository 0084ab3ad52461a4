//! Inference of purchases: the columns of a file that say who paid how much, and when.
//!
//! Any export in which rows are payments will do: of a shop, of a payment service, of an exchange.
//! [`inspect_purchases`] finds the columns by their names, then by their values, and returns the
//! settings by which a [`FileSource`](crate::FileSource) reads them into the [table of
//! purchases](purchases_table).

mod by_content;
mod by_name;
mod column;
mod dimension;
mod hints;
mod inspect;
mod layout;
mod mapping;
mod names;
mod row_kind;
mod table;
#[cfg(test)]
mod tests;

pub use column::PurchaseColumn;
pub use dimension::PurchaseDimension;
pub use hints::{PurchaseFile, PurchaseHints};
pub use inspect::inspect_purchases;
pub use layout::Layout;
pub use row_kind::{PaymentStatus, RowKind, is_test};
pub use table::purchases_table;
