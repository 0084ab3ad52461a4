//! The events of a chunk in the order in which they were read.

/// An event in the buffer of its chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct BufferedEvent {
    pub(super) at: i64,
    /// The position of the user within the chunk.
    pub(super) user: u32,
    pub(super) mark: u8,
}

/// The events of a chunk in the order in which they were read.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pub(super) events: Vec<BufferedEvent>,
    /// Volume and revenue; empty if amounts are not read.
    pub(super) amounts: Vec<[f64; 2]>,
    /// The orders; empty if amounts are not read.
    pub(super) orders: Vec<i64>,
}

impl Buffer {
    /// Returns the bytes of memory per event.
    pub(super) fn event_bytes(has_amounts: bool) -> usize {
        size_of::<BufferedEvent>() + if has_amounts { size_of::<([f64; 2], i64)>() } else { 0 }
    }
}
