//! The metrics behind the panels, each computed at most once for an answer or a report.

mod cache;
mod computed;
mod exchange;

use std::rc::Rc;

use tidegauge_analytics::churn::{self, ChurnParams, ChurnTable};
use tidegauge_analytics::ltv::{self, LtvParams, LtvTable};
use tidegauge_analytics::retention::{self, RetentionParams, RetentionTable};
use tidegauge_analytics::unit_economics::{
    self, Breakdown, UnitEconomicsParams, UnitEconomicsTable,
};
use tidegauge_analytics::volume::{self, Concentration, VolumeParams, VolumeTable};
use tidegauge_analytics::{Cohort, CohortAnchor, Facts, Period};

use self::cache::Cache;
use self::computed::Computed;
use crate::format::level;
use crate::{Parameters, Provenance, Result};

/// The default ages, in days since signup, for revenue per user.
const AGES: [u32; 7] = [7, 14, 30, 45, 60, 75, 90];

/// The days since the first activity at which survival is estimated.
const SURVIVAL: [u32; 11] = [30, 45, 60, 75, 90, 120, 150, 180, 240, 300, 365];

/// The default dimensions by which users are compared, the leading one first. The account tier is
/// none: it follows from the volume of a user.
const DIMENSIONS: [&str; 4] = ["channel", "entry_product", "country", "campaign"];

/// The metrics of some facts with some parameters.
pub(crate) struct Metrics<'a> {
    facts: &'a Facts,
    pub(crate) provenance: &'a Provenance,
    pub(crate) parameters: &'a Parameters,
    volume: Cache<Cohort, VolumeTable>,
    concentration: Cache<(), Concentration>,
    churn: Cache<Cohort, ChurnTable>,
    retention: Cache<(Period, bool), RetentionTable>,
    ltv: Cache<Cohort, LtvTable>,
    unit_economics: Cache<Breakdown, UnitEconomicsTable>,
    computed: Computed,
}

impl<'a> Metrics<'a> {
    pub(crate) fn new(
        facts: &'a Facts,
        provenance: &'a Provenance,
        parameters: &'a Parameters,
    ) -> Self {
        Self {
            facts,
            provenance,
            parameters,
            volume: Cache::default(),
            concentration: Cache::default(),
            churn: Cache::default(),
            retention: Cache::default(),
            ltv: Cache::default(),
            unit_economics: Cache::default(),
            computed: Computed::default(),
        }
    }

    /// Returns the level of all intervals, such as 0.9.
    pub(crate) fn level_value(&self) -> f64 {
        self.facts.level()
    }

    /// Returns the level of all intervals, as noted in column headings.
    pub(crate) fn level(&self) -> String {
        level(self.facts.level())
    }

    /// Returns the cohorts by which users are compared, the leading one first.
    pub(crate) fn cohorts(&self) -> Vec<Cohort> {
        match &self.parameters.cohort {
            Some(cohort) => vec![cohort.clone()],
            None => {
                let is_known = |name: &&str| self.facts.dimensions().any(|known| known == *name);
                let dimensions = DIMENSIONS.into_iter().filter(is_known).map(Cohort::dimension);
                dimensions.chain([Cohort::Signup(Period::Month)]).collect()
            }
        }
    }

    /// Returns the first of the [`cohorts`](Self::cohorts).
    pub(crate) fn leading(&self) -> Cohort {
        self.cohorts().into_iter().next().unwrap_or(Cohort::Everyone)
    }

    /// Returns the cohort for revenue per user.
    pub(crate) fn ltv_cohort(&self) -> Cohort {
        self.parameters.cohort.clone().unwrap_or(Cohort::Signup(Period::Month))
    }

    /// Returns the ages for revenue per user, in ascending order.
    pub(crate) fn ages(&self) -> Vec<u32> {
        let mut ages = self.parameters.ages.clone().unwrap_or_else(|| AGES.into());
        ages.sort_unstable();
        ages.dedup();
        ages
    }

    /// Computes high-volume traders by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn volume(&self, cohort: &Cohort) -> Result<Rc<VolumeTable>> {
        // All volume of all users to date, so that young data have an answer too.
        let mut params = VolumeParams { within_days: None, ..VolumeParams::default() };
        params.threshold_usd = self.parameters.threshold_usd.unwrap_or(params.threshold_usd);
        self.volume
            .get_or_compute(cohort.clone(), || Ok(volume::volume(self.facts, cohort, &params)?))
    }

    /// Computes the distribution of volume over users.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn concentration(&self) -> Result<Rc<Concentration>> {
        self.concentration.get_or_compute((), || Ok(volume::concentration(self.facts, None)?))
    }

    /// Computes churn by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn churn(&self, cohort: &Cohort) -> Result<Rc<ChurnTable>> {
        let mut params = ChurnParams { ages: SURVIVAL.into(), ..ChurnParams::default() };
        params.inactive_days = self.parameters.inactive_days.unwrap_or(params.inactive_days);
        self.churn.get_or_compute(cohort.clone(), || Ok(churn::churn(self.facts, cohort, &params)?))
    }

    /// Computes retention since signup, or since the first trade.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn retention(
        &self,
        period: Period,
        since_first_trade: bool,
    ) -> Result<Rc<RetentionTable>> {
        let anchor =
            if since_first_trade { CohortAnchor::first_trade() } else { CohortAnchor::Signup };
        let params = RetentionParams { anchor, ..RetentionParams::by(period) };
        let key = (period, since_first_trade);
        self.retention.get_or_compute(key, || Ok(retention::retention(self.facts, &params)?))
    }

    /// Computes lifetime value by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn ltv(&self, cohort: &Cohort) -> Result<Rc<LtvTable>> {
        let params = LtvParams::at(self.ages());
        self.ltv.get_or_compute(cohort.clone(), || Ok(ltv::ltv(self.facts, cohort, &params)?))
    }

    /// Computes CAC, LTV, ROAS and payback by channel or campaign.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn unit_economics(&self, by: Breakdown) -> Result<Rc<UnitEconomicsTable>> {
        let params =
            UnitEconomicsParams { by, ages: self.ages(), ..UnitEconomicsParams::default() };
        self.unit_economics
            .get_or_compute(by, || Ok(unit_economics::unit_economics(self.facts, &params)?))
    }
}
