//! What is known about a file of purchases before it is inspected, and what was inferred.

use std::collections::BTreeMap;

use tidegauge_core::TableRef;

use super::column::PurchaseColumn;
use super::dimension::{PurchaseDimension, name_of};
use super::layout::Layout;
use crate::user_data::files::config::Config;
use crate::user_data::mapping::Formats;

/// Known facts about a file of purchases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PurchaseHints {
    /// The columns of the file by what they are; a number is a position, from 1 on.
    pub columns: BTreeMap<PurchaseColumn, String>,
    /// Further columns of the file by which users are compared.
    pub dimensions: Vec<String>,
    /// The time zone of times that have none, as in `Europe/Madrid`; by default UTC.
    pub zone: Option<String>,
    /// The format of times, as in `%d.%m.%Y`.
    pub time_format: Option<Formats>,
    /// Whether the day is before the month, if the values do not show it.
    pub day_first: Option<bool>,
    /// The delimiter between cells.
    pub delimiter: Option<char>,
    /// The decimal point of amounts.
    pub decimal: Option<char>,
}

impl PurchaseHints {
    /// Returns `true` if a column by which users are compared is named for the dimension `name`.
    pub fn names_dimension(&self, name: &str) -> bool {
        let is_asked = self.dimensions.iter().any(|column| name_of(column) == name);
        let columns = [PurchaseColumn::Channel, PurchaseColumn::Country];
        is_asked || columns.iter().any(|column| column.name() == name)
    }
}

/// A file of purchases: the settings to read it, and what its columns are.
///
/// ```
/// use tidegauge_acquisition::files::import::{PurchaseColumn, PurchaseHints, inspect_purchases};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sales.csv");
/// std::fs::write(
///     &path,
///     "Order;Customer;Date;Amount\nA-1;c-17;24.12.2020;12,50 €\nA-2;c-18;25.12.2020;7,00 €\n",
/// )?;
/// let now = "2021-01-01T00:00:00Z".parse()?;
/// let file = inspect_purchases(&path.display().to_string(), &PurchaseHints::default(), now)?;
/// assert_eq!(file.columns[&PurchaseColumn::User], "Customer");
/// assert_eq!(file.currency.as_deref(), Some("EUR"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PurchaseFile {
    /// The settings of the file.
    pub entry: Config,
    /// The table of purchases, with the columns that the file has.
    pub table: TableRef,
    /// The columns of the file by what they are.
    pub columns: BTreeMap<PurchaseColumn, String>,
    /// Further dimensions of the users.
    pub dimensions: Vec<PurchaseDimension>,
    /// The layout of the file.
    pub layout: Layout,
    /// The divisor of amounts: 100 if they are cents.
    pub divisor: u64,
    /// The currency of the amounts, if it follows from their signs or from the column's name.
    pub currency: Option<String>,
    /// The only user, if the export is of one account and names none.
    pub only_user: Option<String>,
    /// Certain facts about the file.
    pub found: Vec<String>,
    /// Assumptions about the file, one sentence each, with the option that replaces it.
    pub guesses: Vec<String>,
}
