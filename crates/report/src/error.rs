//! The errors of this crate.

use chrono::{DateTime, Utc};
use tidegauge_core::ErrorKind;

use crate::Page;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a question, a table or a page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A page that does not exist.
    #[error("there is no page `{name}`; there are {}", known.join(", "))]
    UnknownPage {
        /// The name that was asked for.
        name: String,
        /// The pages that exist.
        known: Vec<&'static str>,
    },
    /// A panel that the page does not have.
    #[error("page `{page}` has no panel `{id}`; it has {}", list(known))]
    UnknownPanel {
        /// The page.
        page: Page,
        /// The panel that was asked for.
        id: String,
        /// The panels of the page, for these parameters.
        known: Vec<String>,
    },
    /// A parameter or filter that the page does not have.
    #[error("page `{page}` has no parameter or filter `{name}`; it has {}", list(known))]
    UnknownParameter {
        /// The page.
        page: Page,
        /// The name that was given.
        name: String,
        /// The parameters and filters of the page.
        known: Vec<&'static str>,
    },
    /// A parameter value that cannot be parsed.
    #[error("`{name}` cannot be `{value}`: {expected}")]
    InvalidParameter {
        /// The parameter.
        name: &'static str,
        /// The value that was given.
        value: String,
        /// The values that are allowed.
        expected: &'static str,
    },
    /// A parameter that does not exist.
    #[error("there is no parameter `{name}`; there are {}", known.join(", "))]
    NoParameter {
        /// The name that was given.
        name: String,
        /// The parameters.
        known: Vec<&'static str>,
    },
    /// A cohort by a dimension that the users do not have.
    #[error(
        "the users have no `{name}` by which they could be compared; they have {}, and everyone, signup:day, signup:week \
         and signup:month are cohorts of any users",
        list(known)
    )]
    UnknownDimension {
        /// The dimension that was asked for.
        name: String,
        /// The dimensions of the users.
        known: Vec<String>,
    },
    /// An end of observation that is not that of the facts.
    #[error("the facts end at {end}, and not at {asked}: read them up to that time")]
    OtherEnd {
        /// The end that was asked for.
        asked: DateTime<Utc>,
        /// The end of the facts.
        end: DateTime<Utc>,
    },
    /// A currency code that is none.
    #[error("`{code}` is no code of a currency, as EUR is one")]
    InvalidCurrency {
        /// The code that was given.
        code: String,
    },
    /// A column that the table does not have.
    #[error("the table has no column `{name}`; it has {}", known.join(", "))]
    UnknownColumn {
        /// The column that was asked for.
        name: String,
        /// The columns of the table.
        known: Vec<String>,
    },
    /// Two columns of a table with the same name in CSV.
    #[error("the table would have two columns `{name}` in its CSV")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// A row that does not fit the columns of its table.
    #[error("a row does not fit its table: {reason}")]
    Row {
        /// The reason.
        reason: String,
    },
    /// A metric that cannot be computed.
    #[error(transparent)]
    Analytics(#[from] tidegauge_analytics::Error),
    /// An HTML page that cannot be rendered.
    #[error("the report cannot be made: {0}")]
    Render(#[from] askama::Error),
}

impl Error {
    /// Returns the kind of this error, for programs to act on.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownPage { .. } | Self::UnknownPanel { .. } => ErrorKind::NotFound,
            Self::UnknownDimension { .. } => ErrorKind::Configuration,
            Self::UnknownParameter { .. }
            | Self::InvalidParameter { .. }
            | Self::NoParameter { .. }
            | Self::OtherEnd { .. }
            | Self::InvalidCurrency { .. }
            | Self::UnknownColumn { .. } => ErrorKind::InvalidInput,
            Self::DuplicateColumn { .. } | Self::Row { .. } | Self::Render(_) => ErrorKind::Bug,
            Self::Analytics(error) => error.kind(),
        }
    }
}

/// Joins the names, or returns "none" if there are none.
fn list<S: AsRef<str>>(names: &[S]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
