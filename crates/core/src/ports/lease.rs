//! A lease on the loading of a source, stored in the sink itself.

use std::sync::Arc;
use std::time::Duration;

use crate::{Clock, Cursor, Error, Load, Result, Sink};

/// A lease on the loading of one source, kept by any [`Sink`] as a cursor that moves by compare-and-swap.
///
/// A lease avoids duplicate work; it is not a lock. Two loaders are kept apart by the cursor of the
/// source, which moves in the transaction that writes the rows, so a holder that has lost its lease
/// does no harm.
///
/// Clocks of different machines are never compared. A contender takes over once it has seen the
/// *same* heartbeat for the holder's TTL on its own clock ([`Clock::monotonic`]); a committed page
/// counts as a heartbeat too.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use tidegauge_core::{Clock, Lease, Sink};
/// # async fn load(sink: Arc<dyn Sink>, clock: Arc<dyn Clock>) -> tidegauge_core::Result<()> {
/// let mut lease = Lease::new(sink, "kraken", "host-1:4711", Duration::from_secs(60), clock);
/// if lease.acquire().await? {
///     // … load pages, and between them:
///     let is_still_ours = lease.renew().await?;
///     # let _ = is_still_ours;
///     lease.release().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Lease {
    sink: Arc<dyn Sink>,
    source: String,
    name: String,
    holder: String,
    ttl: Duration,
    clock: Arc<dyn Clock>,
    /// The cursor that this contender wrote last, while it holds the lease.
    held: Option<Cursor>,
    /// The last heartbeat of another holder, and the time since when it has not changed.
    seen: Option<Observation>,
}

/// The heartbeat of another holder as last seen, with a time on this contender's clock.
#[derive(Debug)]
struct Observation {
    lease: Cursor,
    data: Option<Cursor>,
    since: Duration,
}

/// The content of a lease's cursor.
#[derive(Debug, PartialEq, Eq)]
struct Heartbeat {
    /// The number of times that the lease was acquired, renewed or released.
    number: u64,
    /// The time that contenders wait without a heartbeat.
    ttl: Duration,
    /// The holder's name; `None` once the lease is released.
    holder: Option<String>,
}

impl Lease {
    /// The prefix of lease names among the cursors of a sink.
    pub const PREFIX: &'static str = "lease:";

    /// Creates a contender for the lease on `source`; it does not hold the lease yet.
    ///
    /// `holder` identifies the contender and must be unique. `ttl` is how long other contenders
    /// wait for a heartbeat; it must be longer than the longest pause between two renewals.
    pub fn new(
        sink: Arc<dyn Sink>,
        source: impl Into<String>,
        holder: impl Into<String>,
        ttl: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (source, holder) = (source.into(), holder.into());
        let name = format!("{}{source}", Self::PREFIX);
        Self { sink, source, name, holder, ttl, clock, held: None, seen: None }
    }

    /// Returns `true` if this contender held the lease at its last check.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Tries once to acquire the lease; returns `true` if it is held now.
    ///
    /// A lease held by another contender is taken over when no heartbeat of it was seen for its
    /// TTL. That takes at least two calls, so a contender calls repeatedly.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn acquire(&mut self) -> Result<bool> {
        if self.is_held() {
            return self.renew().await;
        }
        let mut cursors = self.sink.cursors().await?;
        let (lease, data) = (cursors.remove(&self.name), cursors.remove(&self.source));
        let heartbeat = lease.as_ref().and_then(Heartbeat::read);
        let number = heartbeat.as_ref().map_or(0, |heartbeat| heartbeat.number);
        // An unreadable cursor belongs to no holder: it is overwritten, by compare-and-swap like
        // any other.
        if let (Some(lease), Some(Heartbeat { ttl, holder: Some(_), .. })) = (&lease, heartbeat) {
            let now = self.clock.monotonic();
            match &self.seen {
                Some(seen) if seen.lease == *lease && seen.data == data => {
                    if now.saturating_sub(seen.since) < ttl {
                        return Ok(false);
                    }
                }
                _ => {
                    self.seen = Some(Observation { lease: lease.clone(), data, since: now });
                    return Ok(false);
                }
            }
        }
        self.compare_and_swap(lease, number, Some(self.holder.clone())).await
    }

    /// Renews the lease with a heartbeat; returns `false` if it is not held, or was lost meanwhile.
    ///
    /// # Errors
    /// When the store cannot be reached. The lease may be lost by then: the caller renews again or
    /// stops.
    pub async fn renew(&mut self) -> Result<bool> {
        let Some(held) = self.held.clone() else { return Ok(false) };
        let number = Heartbeat::read(&held).map_or(0, |heartbeat| heartbeat.number);
        self.compare_and_swap(Some(held), number, Some(self.holder.clone())).await
    }

    /// Releases the lease for other contenders at once. Does nothing if it is not held, or was lost
    /// meanwhile.
    ///
    /// # Errors
    /// When the store cannot be reached; other contenders then wait for the TTL.
    pub async fn release(&mut self) -> Result<()> {
        let Some(held) = self.held.clone() else { return Ok(()) };
        let number = Heartbeat::read(&held).map_or(0, |heartbeat| heartbeat.number);
        self.compare_and_swap(Some(held), number, None).await?;
        self.held = None;
        Ok(())
    }

    /// Moves the lease's cursor by compare-and-swap; returns `false` on conflict.
    async fn compare_and_swap(
        &mut self,
        before: Option<Cursor>,
        number: u64,
        holder: Option<String>,
    ) -> Result<bool> {
        let after = Heartbeat { number: number + 1, ttl: self.ttl, holder }.write();
        let (source, before) = (self.name.as_str(), before.as_ref());
        match self.sink.load(Load::new(source, &[], before, &after)).await {
            Ok(_) => {
                (self.held, self.seen) = (Some(after), None);
                Ok(true)
            }
            Err(Error::Conflict { .. }) => {
                self.held = None;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl Heartbeat {
    fn read(cursor: &Cursor) -> Option<Self> {
        let (number, rest) = cursor.as_str().strip_prefix("beat=")?.split_once(" ttl_ms=")?;
        let (ttl, holder) = rest.split_once(" holder=")?;
        Some(Self {
            number: number.parse().ok()?,
            ttl: Duration::from_millis(ttl.parse().ok()?),
            holder: (!holder.is_empty()).then(|| holder.to_owned()),
        })
    }

    fn write(&self) -> Cursor {
        let Self { number, ttl, holder } = self;
        let holder = holder.as_deref().unwrap_or_default();
        Cursor::new(format!("beat={number} ttl_ms={} holder={holder}", ttl.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_survive_a_text_round_trip() {
        for holder in [None, Some("host 1: a holder=4711".to_owned())] {
            let heartbeat = Heartbeat { number: 7, ttl: Duration::from_secs(60), holder };
            assert_eq!(Heartbeat::read(&heartbeat.write()), Some(heartbeat));
        }
        for text in ["", "beat=1", "beat=x ttl_ms=1 holder=a", "{\"holder\":1}"] {
            assert_eq!(Heartbeat::read(&Cursor::new(text)), None, "{text}");
        }
    }
}
