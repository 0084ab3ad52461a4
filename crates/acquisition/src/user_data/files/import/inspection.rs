//! What is known about a file before it is inspected, and what was inferred.

use std::collections::BTreeMap;

use crate::user_data::files::config::Config;
use crate::user_data::mapping::TableConfig;

/// Known facts about a file, which inference uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// The name of the entry; by default that of the file.
    pub name: Option<String>,
    /// The built-in table that the file fills; by default the one that fits best.
    pub table: Option<String>,
    /// The time zone of times that have none, as in `Europe/Madrid`; by default UTC.
    pub zone: Option<String>,
    /// The currency of amounts, if no column has it.
    pub currency: Option<String>,
    /// Whether the day is before the month, if the values do not show it.
    pub day_first: Option<bool>,
    /// Columns of the built-in table, each with the column of the file that fills it.
    pub columns: BTreeMap<String, String>,
}

/// The result of inference: the configuration of a file, and its uncertain parts.
///
/// ```
/// use tidegauge_acquisition::files::import::{Hints, inspect};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sales.csv");
/// std::fs::write(
///     &path,
///     "Order;Customer;Date;Amount\nA-1;c-17;24.12.2020;12,50 €\nA-2;c-18;25.12.2020;7,00 €\n",
/// )?;
/// let now = "2021-01-01T00:00:00Z".parse()?;
/// let found = inspect(&path.display().to_string(), &Hints::default(), now)?;
/// let entry = &found.entries[0];
/// assert_eq!((entry.table.as_str(), entry.delimiter), ("ramp_transactions", Some(';')));
/// assert_eq!(entry.columns["fiat_amount"].decimal, Some(','));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Inspection {
    /// The entries of the configuration: one, or several if the file fills several tables.
    pub entries: Vec<Config>,
    /// The table declared for the file if it fits no built-in one.
    pub tables: Vec<TableConfig>,
    /// The title of the export, if it is a [known](crate::files::presets) one.
    pub preset: Option<String>,
    /// Notes for the user about such an export.
    pub notes: Vec<String>,
    /// Certain facts about the file.
    pub found: Vec<String>,
    /// Uncertain assumptions about the file.
    pub guesses: Vec<Guess>,
}

/// An assumption that the file does not prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The assumption, and the way to change it.
    pub text: String,
    /// The question that would settle it, if one of the [`Hints`] does.
    pub question: Option<Question>,
}

/// A question about a file that only a user can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Question {
    /// The time zone of times that have none: [`Hints::zone`].
    Zone,
    /// Whether the day is before the month: [`Hints::day_first`].
    DayOrder,
    /// The currency of amounts: [`Hints::currency`].
    Currency,
}

impl Guess {
    pub(super) fn note(text: String) -> Self {
        Self { text, question: None }
    }

    pub(super) fn question(text: String, question: Question) -> Self {
        Self { text, question: Some(question) }
    }
}
