//! Properties that hold of all metrics, on small random worlds.

mod boundaries;
mod invariance;
mod parts;
mod warehouse;
pub(crate) mod world;
