//! Coverage of the intervals.
