//! Insights: conclusions from the tables, as sentences that state their uncertainty.

mod acquisition;
mod monetization;
mod prediction;
mod ramp;
mod ranking;
mod retention;

pub(crate) use acquisition::acquisition;
pub(crate) use monetization::monetization;
pub(crate) use prediction::{feature_name, prediction};
pub(crate) use ramp::ramp;
pub(crate) use retention::retention;
