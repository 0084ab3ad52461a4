//! Market: assets, and prices at every minute.

pub(super) mod assets;
pub(super) mod price_path;
pub(super) mod prices;
