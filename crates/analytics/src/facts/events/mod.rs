//! The events of facts: collected in any order, sorted by user and time, and held in memory or, if
//! they are many, in a temporary file.

mod buffer;
mod builder;
mod chunk;
mod spill;
mod store;

pub(crate) use builder::{EventsBuilder, NO_ORDER, NewEvent, OutsideEvent};
pub(crate) use chunk::{Event, UserEvents};
pub(crate) use store::Events;
