//! The errors of the derived tables as a source.

use tidegauge_core::{BoxError, Error, ErrorKind};

use crate::source_names::MARKET;

/// Returns an error of this source.
pub(super) fn source_error(kind: ErrorKind, error: impl Into<BoxError>) -> Error {
    Error::source(MARKET, kind, error)
}
