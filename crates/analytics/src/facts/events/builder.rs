//! The collection of events in any order into sorted chunks of users.

use ahash::AHashSet;

use super::buffer::{Buffer, BufferedEvent};
use super::chunk::{Chunk, KIND, REPEAT, REVERSAL};
use super::spill::Spill;
use super::store::{Events, Stored};
use crate::Result;
use crate::facts::kinds::Kinds;
use crate::parallel::{map_parts, threads};

/// The number of users per chunk.
const CHUNK_USERS: u32 = 1 << 14;

/// The number of chunks per thread that are sorted before they are stored.
const CHUNKS_PER_THREAD: usize = 4;

/// The order of an event that has none.
pub(crate) const NO_ORDER: i64 = i64::MIN;

/// An event of a known user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewEvent {
    /// The position of the user.
    pub(crate) user: u32,
    /// The time, in microseconds since 1970.
    pub(crate) at: i64,
    /// The code of the kind.
    pub(crate) kind: u8,
    pub(crate) is_reversal: bool,
    /// The id of the order, or [`NO_ORDER`].
    pub(crate) order: i64,
    pub(crate) volume_usd: f64,
    pub(crate) revenue_usd: f64,
}

/// A collection of events.
#[derive(Debug)]
pub(crate) struct EventsBuilder {
    buffers: Vec<Buffer>,
    users: usize,
    has_amounts: bool,
    /// The number of events in memory, and the number at which they are spilled to a file.
    buffered: usize,
    max_buffered: usize,
    spill: Option<Spill>,
}

impl EventsBuilder {
    /// Creates a collection for the events of `users`, of which about `memory` bytes are held in
    /// memory, and the others in a temporary file.
    pub(crate) fn new(users: usize, has_amounts: bool, memory: usize) -> Self {
        let mut buffers = Vec::new();
        buffers.resize_with(users.div_ceil(CHUNK_USERS as usize), Buffer::default);
        let max_buffered = (memory / Buffer::event_bytes(has_amounts)).max(1);
        Self { buffers, users, has_amounts, buffered: 0, max_buffered, spill: None }
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    #[inline]
    pub(crate) fn push(&mut self, event: NewEvent) -> Result<()> {
        let (chunk, local) = (event.user / CHUNK_USERS, event.user % CHUNK_USERS);
        let Some(buffer) = self.buffers.get_mut(chunk as usize) else { return Ok(()) };
        let mark = event.kind | if event.is_reversal { REVERSAL } else { 0 };
        buffer.events.push(BufferedEvent { at: event.at, user: local, mark });
        if self.has_amounts {
            buffer.amounts.push([event.volume_usd, event.revenue_usd]);
            buffer.orders.push(event.order);
        }
        self.buffered += 1;
        if self.buffered >= self.max_buffered { self.spill_buffers() } else { Ok(()) }
    }

    #[cold]
    fn spill_buffers(&mut self) -> Result<()> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            none => none.insert(Spill::create(self.buffers.len())?),
        };
        for (chunk, buffer) in self.buffers.iter_mut().enumerate() {
            spill.write(chunk, buffer)?;
        }
        self.buffered = 0;
        Ok(())
    }

    /// Sorts the events, chunk by chunk, and leaves out those before the signup of their user and
    /// those at or after `end`: `leave_out` is called for each. Users who signed up at `end` or
    /// later are left out, so that the others move up.
    ///
    /// # Errors
    /// When the temporary file cannot be read or written, and those of `leave_out`.
    pub(crate) fn finish(
        mut self,
        kinds: Kinds,
        (signup_at, end): (&[i64], i64),
        mut leave_out: impl FnMut(OutsideEvent) -> Result<()>,
    ) -> Result<Events> {
        let is_spilled = self.spill.is_some();
        if is_spilled {
            self.spill_buffers()?;
        }
        let (mut events, mut observed) = (Events::new(kinds), 0);
        let chunks = self.buffers.len();
        let at_once = threads() * CHUNKS_PER_THREAD;
        for first in (0..chunks).step_by(at_once) {
            let group = first..chunks.min(first + at_once);
            let mut buffers = Vec::with_capacity(group.len());
            for number in group.clone() {
                let buffer = match &mut self.spill {
                    Some(spill) => spill.read(number, self.has_amounts)?,
                    None => std::mem::take(&mut self.buffers[number]),
                };
                buffers.push(buffer);
            }
            let sorted = map_parts(buffers.len(), |at| {
                let first_user = (first + at) * CHUNK_USERS as usize;
                let users = (self.users - first_user).min(CHUNK_USERS as usize);
                let signups = &signup_at[first_user..first_user + users];
                sorted(&buffers[at], first_user, (signups, end))
            });
            drop(buffers);
            for (mut chunk, outside) in sorted {
                outside.into_iter().try_for_each(&mut leave_out)?;
                let first_user = chunk.first_user;
                chunk.first_user = observed;
                // Each user but the last offset, which is the end of the last user's events.
                let mut user = first_user..first_user + chunk.users();
                let end_of_last = chunk.offsets.pop();
                chunk.offsets.retain(|_| user.next().is_some_and(|user| signup_at[user] < end));
                chunk.offsets.extend(end_of_last);
                observed += chunk.users();
                events.push(if is_spilled {
                    Stored::InFile(chunk)
                } else {
                    Stored::InMemory(chunk)
                })?;
            }
        }
        Ok(events)
    }
}

/// An event outside of the time in which its user is observed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutsideEvent {
    /// The position of the user.
    pub(crate) user: usize,
    /// The code of the kind.
    pub(crate) kind: u8,
    /// The time, in microseconds since 1970.
    pub(crate) at: i64,
    /// `true` if it is before the signup of its user, else it is at the end of observation or later.
    pub(crate) is_early: bool,
}

/// Returns the events of a buffer from the signup of their user to `end`, sorted by user and time, and
/// the others. Events
/// of one instant are sorted by their values, so that sums do not depend on the order of reading.
fn sorted(
    buffer: &Buffer,
    first_user: usize,
    (signups, end): (&[i64], i64),
) -> (Chunk, Vec<OutsideEvent>) {
    let Buffer { events, amounts, orders } = buffer;
    let users = signups.len();
    let is_inside =
        |event: &BufferedEvent| event.at < end && event.at >= signups[event.user as usize];
    let mut outside = Vec::new();
    let mut offsets = vec![0u32; users + 1];
    for event in events {
        if is_inside(event) {
            offsets[event.user as usize + 1] += 1;
        } else {
            let user = first_user + event.user as usize;
            let (kind, is_early) = (event.mark & KIND, event.at < signups[event.user as usize]);
            outside.push(OutsideEvent { user, kind, at: event.at, is_early });
        }
    }
    for user in 0..users {
        offsets[user + 1] += offsets[user];
    }
    let observed = offsets[users] as usize;
    let mut next = offsets.clone();
    let mut order = vec![0u32; observed];
    for (event, row) in events.iter().zip(0u32..) {
        if is_inside(event) {
            let place = &mut next[event.user as usize];
            order[*place as usize] = row;
            *place += 1;
        }
    }
    let key = |row: &u32| {
        let row = *row as usize;
        let amounts = amounts.get(row).map(|amounts| amounts.map(f64::to_bits));
        (orders.get(row).copied(), events[row].mark, amounts)
    };
    let at = |row: &u32| events[*row as usize].at;
    let mut repeats = vec![false; observed];
    let mut seen = AHashSet::new();
    for user in 0..users {
        let range = offsets[user] as usize..offsets[user + 1] as usize;
        let own = &mut order[range.clone()];
        if own.len() > 1 {
            if !own.is_sorted_by(|row, next| at(row) < at(next)) {
                own.sort_unstable_by(|a, b| at(a).cmp(&at(b)).then_with(|| key(a).cmp(&key(b))));
            }
            seen.clear();
            for (row, place) in own.iter().zip(range) {
                let of = orders.get(*row as usize).copied().unwrap_or(NO_ORDER);
                repeats[place] = of != NO_ORDER && !seen.insert(of);
            }
        }
    }
    let rows = || order.iter().map(|row| *row as usize);
    let column = |amount: usize| match amounts.is_empty() {
        true => Vec::new(),
        false => rows().map(|row| amounts[row][amount]).collect(),
    };
    let marked =
        |(row, repeats): (usize, &bool)| events[row].mark | if *repeats { REPEAT } else { 0 };
    let chunk = Chunk {
        first_user,
        at: rows().map(|row| events[row].at).collect(),
        marks: rows().zip(&repeats).map(marked).collect(),
        volume_usd: column(0),
        revenue_usd: column(1),
        offsets,
    };
    (chunk, outside)
}
