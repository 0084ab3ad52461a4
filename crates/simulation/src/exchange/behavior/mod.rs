//! Behavior: models of trading and churn, and the simulation of one user.

pub(super) mod activity_clock;
pub(super) mod bg_nbd;
pub(super) mod btyd;
pub(super) mod user;
