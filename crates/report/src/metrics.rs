//! The metrics behind the panels, each computed at most once for an answer or a report.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use tidegauge_analytics::churn::{self, ChurnParams, ChurnTable};
use tidegauge_analytics::ltv::{self, LtvTable};
use tidegauge_analytics::retention::{self, CohortAnchor, RetentionParams, RetentionTable};
use tidegauge_analytics::unit_economics::{
    self, Breakdown, UnitEconomicsParams, UnitEconomicsTable,
};
use tidegauge_analytics::volume::{self, VolumeParams, VolumeTable};
use tidegauge_analytics::{Cohort, EventFilter, Facts, Period};

use crate::{Parameters, Provenance, Result};

/// The default ages, in days since signup, for revenue per user.
const AGES: [u32; 7] = [7, 14, 30, 45, 60, 75, 90];

/// The default dimensions by which users are compared, the leading one first.
const DIMENSIONS: [&str; 4] = ["channel", "country", "tier", "campaign"];

/// The metrics of some facts with some parameters.
pub(crate) struct Metrics<'a> {
    facts: &'a Facts,
    pub(crate) provenance: &'a Provenance,
    pub(crate) parameters: &'a Parameters,
    volume: Cache<Cohort, VolumeTable>,
    churn: Cache<Cohort, ChurnTable>,
    retention: Cache<(Period, bool), RetentionTable>,
    ltv: Cache<Cohort, LtvTable>,
    unit_economics: Cache<Breakdown, UnitEconomicsTable>,
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
            churn: Cache::default(),
            retention: Cache::default(),
            ltv: Cache::default(),
            unit_economics: Cache::default(),
        }
    }

    /// Returns the cohorts by which users are compared, the leading one first.
    pub(crate) fn cohorts(&self) -> Vec<Cohort> {
        match &self.parameters.cohort {
            Some(cohort) => vec![cohort.clone()],
            None => {
                let dimensions = DIMENSIONS.map(Cohort::dimension);
                dimensions.into_iter().chain([Cohort::Signup(Period::Month)]).collect()
            }
        }
    }

    /// Returns the first of the [`cohorts`](Self::cohorts).
    pub(crate) fn leading(&self) -> Cohort {
        let leading = Cohort::dimension(DIMENSIONS[0]);
        self.parameters.cohort.clone().unwrap_or(leading)
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
        let mut params = VolumeParams::default();
        params.threshold_usd = self.parameters.threshold_usd.unwrap_or(params.threshold_usd);
        self.volume
            .get_or_compute(cohort.clone(), || Ok(volume::volume(self.facts, cohort, &params)?))
    }

    /// Computes churn by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn churn(&self, cohort: &Cohort) -> Result<Rc<ChurnTable>> {
        let mut params = ChurnParams { activity: activity_filter(), ..ChurnParams::default() };
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
        let params =
            RetentionParams { anchor, activity: activity_filter(), ..RetentionParams::by(period) };
        let key = (period, since_first_trade);
        self.retention.get_or_compute(key, || Ok(retention::retention(self.facts, &params)?))
    }

    /// Computes lifetime value by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn ltv(&self, cohort: &Cohort) -> Result<Rc<LtvTable>> {
        self.ltv
            .get_or_compute(cohort.clone(), || Ok(ltv::cohorts(self.facts, cohort, &self.ages())?))
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

/// Returns the kinds of events that count as activity. Withdrawals are excluded: a user who only
/// withdraws is leaving.
fn activity_filter() -> EventFilter {
    EventFilter::only(["trade", "ramp"])
}

/// A cache of values that are computed on first use.
struct Cache<K, V>(RefCell<HashMap<K, Rc<V>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    fn get_or_compute(&self, key: K, compute: impl FnOnce() -> Result<V>) -> Result<Rc<V>> {
        if let Some(value) = self.0.borrow().get(&key) {
            return Ok(value.clone());
        }
        let value = Rc::new(compute()?);
        self.0.borrow_mut().insert(key, value.clone());
        Ok(value)
    }
}
