//! The metrics of periods and of high-volume traders that have been computed.

use tidegauge_analytics::Cohort;
use tidegauge_analytics::growth::{ActiveUsersTable, GrowthTable};
use tidegauge_analytics::kpi::{Board, FunnelTable};
use tidegauge_analytics::volume::{IncidenceTable, VolumePrediction};

use super::cache::Cache;

/// The metrics that have been computed.
#[derive(Default)]
pub(super) struct Computed {
    pub(super) board: Cache<(), Board>,
    pub(super) growth: Cache<(), GrowthTable>,
    pub(super) active_users: Cache<(), ActiveUsersTable>,
    pub(super) funnel: Cache<(), FunnelTable>,
    pub(super) incidence: Cache<Cohort, IncidenceTable>,
    pub(super) prediction: Cache<(), VolumePrediction>,
}
