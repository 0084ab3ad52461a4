//! Facts: the users, events and spend that all metrics are computed from.

mod build;
mod collect;
mod create;
mod entry_product;
mod events;
mod fold;
mod frame;
mod from_frames;
mod ids;
mod input;
mod kinds;
mod prices;
mod row_filter;
mod users;
mod validate;
mod warehouse;

pub(crate) use events::{Event, UserEvents};
pub(crate) use fold::Accumulate;
pub use input::Facts;
pub use kinds::EventFilter;
pub(crate) use kinds::KindSet;
pub(crate) use prices::UsdPrices;
pub use row_filter::BadRows;
pub(crate) use users::NEVER;
pub use warehouse::FactsParams;
