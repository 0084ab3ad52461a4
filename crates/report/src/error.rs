//! The errors of this crate.

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
            Self::UnknownParameter { .. }
            | Self::InvalidParameter { .. }
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
