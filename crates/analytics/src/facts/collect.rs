//! The collection of users and events into facts: events of unknown users and events before their
//! user's signup are set aside.

use tidegauge_core::SetAsideReason;

use super::events::{Events, EventsBuilder, NewEvent, OutsideEvent};
use super::ids::UserIndex;
use super::kinds::Kinds;
use super::row_filter::{BadRows, RowFilter};
use super::users::Users;
use crate::dates::date_of_micros;
use crate::{Error, Result};

/// The id of the user of an event.
#[derive(Debug, Clone, Copy)]
pub(super) enum UserKey<'a> {
    Int(i64),
    Text(&'a str),
}

impl std::fmt::Display for UserKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(id) => id.fmt(f),
            Self::Text(id) => id.fmt(f),
        }
    }
}

/// An event of a user who may be unknown.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawEvent {
    /// The time, in microseconds since 1970.
    pub(super) at: i64,
    pub(super) kind: u8,
    pub(super) is_reversal: bool,
    pub(super) order: i64,
    pub(super) volume_usd: f64,
    pub(super) revenue_usd: f64,
}

/// The collection of events of known users.
#[derive(Debug)]
pub(super) struct Collector<'u> {
    users: &'u Users,
    index: UserIndex<'u>,
    events: EventsBuilder,
    pub(super) kinds: Kinds,
    pub(super) row_filter: RowFilter,
    /// The time of the last event that is not after `now`.
    last_at: Option<i64>,
    now: i64,
}

impl<'u> Collector<'u> {
    /// Creates a collection for the events of `users`; see [`EventsBuilder::new`].
    pub(super) fn new(
        users: &'u Users,
        (has_amounts, memory): (bool, usize),
        now: Option<i64>,
        row_filter: RowFilter,
    ) -> Self {
        Self {
            users,
            index: UserIndex::new(&users.ids),
            events: EventsBuilder::new(users.len(), has_amounts, memory),
            kinds: Kinds::default(),
            row_filter,
            last_at: None,
            now: now.unwrap_or(i64::MAX),
        }
    }

    /// Adds an event, or sets it aside.
    ///
    /// # Errors
    /// When it must be set aside and bad rows are errors, and when the temporary file of events
    /// cannot be written.
    #[inline]
    pub(super) fn push(&mut self, user: UserKey<'_>, event: RawEvent) -> Result<()> {
        let position = match user {
            UserKey::Int(id) => self.index.of_int(id),
            UserKey::Text(id) => self.index.of_text(id),
        };
        let Some(position) = position else { return self.set_aside_unknown(user, event) };
        if event.at < self.now {
            self.last_at = self.last_at.max(Some(event.at));
        }
        self.events.push(NewEvent {
            user: position,
            at: event.at,
            kind: event.kind,
            is_reversal: event.is_reversal,
            order: event.order,
            volume_usd: event.volume_usd,
            revenue_usd: event.revenue_usd,
        })
    }

    #[cold]
    fn set_aside_unknown(&mut self, user: UserKey<'_>, event: RawEvent) -> Result<()> {
        if self.row_filter.bad_rows == BadRows::Fail {
            return Err(Error::UnknownUser { user: user.to_string() });
        }
        let kind = self.kinds.name(event.kind);
        let example = || describe_event(kind, &user.to_string(), event.at);
        self.row_filter.set_aside.add("events", SetAsideReason::UnknownUser, 1, example);
        Ok(())
    }

    /// Returns the time of the last event that is not in the future.
    pub(super) fn last_at(&self) -> Option<i64> {
        self.last_at
    }

    /// Returns the events before `end`, sorted, and the filter with the rows that were set aside,
    /// such as events before their user's signup. Users who signed up at `end` or later are left out
    /// of the events.
    ///
    /// # Errors
    /// When the temporary file of events cannot be read or written, and for the first event before
    /// its user's signup if bad rows are errors.
    pub(super) fn finish(self, end: i64) -> Result<(Events, RowFilter)> {
        let Self { users, events, kinds, mut row_filter, .. } = self;
        let names = kinds.clone();
        let leave_out = |event: OutsideEvent| {
            let user = || users.ids.display(event.user);
            let example = || describe_event(names.name(event.kind), &user(), event.at);
            let reason = match event.is_early {
                true if row_filter.bad_rows == BadRows::Fail => {
                    return Err(Error::BeforeSignup { user: user() });
                }
                true => SetAsideReason::BeforeSignup,
                false => SetAsideReason::AfterEnd,
            };
            row_filter.set_aside.add("events", reason, 1, example);
            Ok(())
        };
        let events = events.finish(kinds, (&users.signup_at, end), leave_out)?;
        Ok((events, row_filter))
    }
}

/// Returns an event as messages name it.
fn describe_event(kind: &str, user: &str, at: i64) -> String {
    format!("a {kind} of user `{user}` on {}", date_of_micros(at))
}
