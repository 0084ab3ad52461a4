//! Market tables of which no row may be invalid.

use crate::{Error, SetAside};

/// Returns the error for the first row that is set aside, or `None` if there is none.
pub fn first_error(aside: &[SetAside]) -> Option<Error> {
    let first = aside.first()?;
    let example = first.examples.first().map_or("a row", String::as_str);
    let reason = format!("{example} {}", first.reason);
    Some(Error::Market { table: first.table.clone(), reason })
}
