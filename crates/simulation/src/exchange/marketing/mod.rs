//! Marketing: acquisition channels, and the schedule of signups and spend.

pub(super) mod channels;
pub(super) mod signup_plan;
