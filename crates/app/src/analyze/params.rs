//! The parameters of an analysis of purchases.

use std::str::FromStr;

use secrecy::SecretString;
use tidegauge_acquisition::files::import::PurchaseHints;
use tidegauge_analytics::Calendar;
use tidegauge_report::End;

/// The parameters of an analysis of purchases.
#[derive(Debug, Clone, Default)]
pub struct AnalyzeParams {
    /// The files, or glob patterns of files with the same columns.
    pub files: Vec<String>,
    /// A query of a database, in addition to the files.
    pub query: Option<QueryInput>,
    /// What is known about the columns and the format of the files.
    pub hints: PurchaseHints,
    /// The calendar of days, weeks and months; its zone is that of times without one, too.
    pub calendar: Calendar,
    /// The currency of amounts, if no column has it.
    pub currency_code: Option<String>,
    /// The only currency whose rows are analyzed.
    pub only_currency: Option<String>,
    /// The rows that take back a purchase.
    pub refunds: RefundRule,
    /// The end of observation, exclusive; by default the start of the day of the last row.
    pub end: Option<End>,
    /// Whether the first row that cannot be read is an error.
    pub strict: bool,
}

/// A query of a database.
#[derive(Debug, Clone)]
pub struct QueryInput {
    /// The URL of the database, which may contain a password.
    pub url: SecretString,
    /// A SELECT statement.
    pub query: String,
}

/// The rule by which rows are refunds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundRule {
    /// Negative amounts, and rows whose kind says so.
    #[default]
    Any,
    /// Negative amounts.
    Negative,
    /// Rows whose kind says so; other negative amounts are set aside.
    Kind,
    /// No row: negative amounts and refunds are left out.
    None,
}

impl FromStr for RefundRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "any" => Self::Any,
            "negative" => Self::Negative,
            "kind" => Self::Kind,
            "none" => Self::None,
            _ => return Err("it is any, negative, kind or none".into()),
        })
    }
}
