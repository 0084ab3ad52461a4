//! Queries: scans, filters and grouped aggregates, with the predicate that stores push down.

mod aggregate;
mod filter;
mod predicate;
mod scan;
mod stream;

pub use aggregate::{Aggregate, Aggregator, Group, Measure};
pub use filter::{Filter, Value};
pub use predicate::{Condition, Predicate, Scalar, Test};
pub use scan::Scan;
pub use stream::BatchStream;
pub(crate) use stream::next;
