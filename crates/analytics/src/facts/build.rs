//! The assembly of facts from users and events.

use chrono::{DateTime, Utc};
use polars::prelude::DataFrame;

use super::events::Events;
use super::input::{Facts, LEVEL};
use super::row_filter::RowFilter;
use super::users::Users;
use super::{entry_product, from_frames, validate};
use crate::Result;
use crate::calendar::Calendar;

/// Returns the facts of frames of users and events.
///
/// # Errors
/// As for [`Facts::new`].
pub(super) fn from_frames(
    users: &DataFrame,
    events: &DataFrame,
    end: DateTime<Utc>,
    mut row_filter: RowFilter,
) -> Result<Facts> {
    let users = from_frames::users(users, &mut row_filter)?;
    let (events, row_filter) = from_frames::events(events, &users, end, row_filter)?;
    build(users, events, (end, Calendar::default()), row_filter)
}

/// Returns the facts of the users who signed up before the end, and of their events.
///
/// # Errors
/// When the temporary file of events cannot be read.
pub(super) fn build(
    users: Users,
    events: Events,
    (end, calendar): (DateTime<Utc>, Calendar),
    mut row_filter: RowFilter,
) -> Result<Facts> {
    let users = users.observed_before(end.timestamp_micros(), &mut row_filter);
    let mut facts = Facts {
        users,
        events,
        spend: validate::empty_spend()?,
        end,
        calendar,
        level: LEVEL,
        bad_rows: row_filter.bad_rows,
        set_aside: row_filter.set_aside.as_slice().to_vec(),
        notes: Vec::new(),
    };
    if facts.users.dimension(entry_product::NAME).is_err() {
        let dimension = entry_product::entry_product(&facts)?;
        facts.users.dimensions.push(dimension);
    }
    Ok(facts)
}
