//! Schema inference: derives the configuration of a file from its content: the lines that are rows,
//! the types of the columns, and the table that they fill.

mod csv;
mod declared_table;
mod inspect;
mod inspection;
mod json;
mod names;
mod number_text;
mod parquet;
mod purchases;
mod read_sample;
mod role;
mod sample;
mod table_match;
mod time_zones;
mod times;
mod usual_names;
mod value_rules;
mod values;
mod words;

pub use inspect::inspect;
pub use inspection::{Guess, Hints, Inspection, Question};
pub use purchases::{
    Layout, PaymentStatus, PurchaseColumn, PurchaseDimension, PurchaseFile, PurchaseHints, RowKind,
    inspect_purchases, is_test, purchases_table,
};
