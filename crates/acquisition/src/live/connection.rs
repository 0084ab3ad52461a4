//! The state of the connection to a service.

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::Error;
use crate::http::socket::Socket;

/// The connection to a service.
#[derive(Debug)]
pub(super) enum Connection {
    /// No connection, after this number of consecutive failures.
    Closed {
        failures: u32,
        not_before: Instant,
    },
    Open(Box<OpenConnection>),
}

/// An open connection, and the times by which its timeouts are judged.
#[derive(Debug)]
pub(super) struct OpenConnection {
    pub(super) socket: Socket,
    pub(super) since: Instant,
    /// The number of consecutive failures before this connection.
    pub(super) failures: u32,
    /// The time of the last message.
    pub(super) received: Instant,
    /// The time of the last event.
    pub(super) event: Instant,
    /// The deadline for the answers to all subscriptions; `None` once all are there.
    pub(super) answers_due: Option<Instant>,
    pub(super) next_heartbeat: Option<Instant>,
    /// The last instant at which every message that had arrived was processed.
    pub(super) caught_up_at: DateTime<Utc>,
    /// The value of `caught_up_at` before the last message: everything sent before it has been received.
    pub(super) complete: DateTime<Utc>,
}

impl OpenConnection {
    /// Extends the timeouts by `idle`, the time in which no fetch listened, which is no fault of the service.
    pub(super) fn extend_timeouts(&mut self, idle: std::time::Duration) {
        self.received += idle;
        self.event += idle;
        self.answers_due = self.answers_due.map(|due| due + idle);
    }

    /// Returns the error of a connection that is unusable for `reason`.
    pub(super) fn broken(&self, reason: impl Into<String>) -> Error {
        broken(&self.socket, reason)
    }
}

/// Returns the error of a connection that is unusable for `reason`.
pub(super) fn broken(socket: &Socket, reason: impl Into<String>) -> Error {
    Error::Interrupted { endpoint: socket.endpoint().clone(), reason: reason.into() }
}
