//! Growth accounting and active users: where the active users of a period come from and where they
//! went, and how many are active by day, week and month. See `docs/metrics/growth.md`.

mod accounting;
mod active_users;
mod params;
mod table;

pub use accounting::growth;
pub use active_users::active_users;
pub use params::{ActiveUsersParams, GrowthParams};
pub use table::{
    ActiveUsersCohort, ActiveUsersDay, ActiveUsersTable, GrowthCohort, GrowthPeriod, GrowthTable,
};
