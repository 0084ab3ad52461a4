//! The metrics behind the panels, each computed at most once for an answer or a report.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use tidegauge_analytics::acquisition::{self, AcquisitionParams, AcquisitionTable, Breakdown};
use tidegauge_analytics::churn::{self, ChurnParams, ChurnTable};
use tidegauge_analytics::ltv::{self, LtvTable};
use tidegauge_analytics::retention::{self, Anchor, RetentionParams, RetentionTable};
use tidegauge_analytics::volume::{self, VolumeParams, VolumeTable};
use tidegauge_analytics::{Cohort, Facts, Kinds, Period};

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
    volume: Memo<Cohort, VolumeTable>,
    churn: Memo<Cohort, ChurnTable>,
    retention: Memo<(Period, bool), RetentionTable>,
    ltv: Memo<Cohort, LtvTable>,
    acquisition: Memo<Breakdown, AcquisitionTable>,
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
            volume: Memo::default(),
            churn: Memo::default(),
            retention: Memo::default(),
            ltv: Memo::default(),
            acquisition: Memo::default(),
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

    pub(crate) fn volume(&self, cohort: &Cohort) -> Result<Rc<VolumeTable>> {
        let mut params = VolumeParams::default();
        params.threshold_usd = self.parameters.threshold_usd.unwrap_or(params.threshold_usd);
        self.volume.get(cohort.clone(), || Ok(volume::volume(self.facts, cohort, &params)?))
    }

    pub(crate) fn churn(&self, cohort: &Cohort) -> Result<Rc<ChurnTable>> {
        let mut params = ChurnParams { activity: activity(), ..ChurnParams::default() };
        params.inactive_days = self.parameters.inactive_days.unwrap_or(params.inactive_days);
        self.churn.get(cohort.clone(), || Ok(churn::churn(self.facts, cohort, &params)?))
    }

    /// Computes retention since signup, or since the first trade.
    pub(crate) fn retention(
        &self,
        period: Period,
        since_first_trade: bool,
    ) -> Result<Rc<RetentionTable>> {
        let anchor = if since_first_trade { Anchor::first_trade() } else { Anchor::Signup };
        let params =
            RetentionParams { anchor, activity: activity(), ..RetentionParams::by(period) };
        let key = (period, since_first_trade);
        self.retention.get(key, || Ok(retention::retention(self.facts, &params)?))
    }

    pub(crate) fn ltv(&self, cohort: &Cohort) -> Result<Rc<LtvTable>> {
        self.ltv.get(cohort.clone(), || Ok(ltv::cohorts(self.facts, cohort, &self.ages())?))
    }

    pub(crate) fn acquisition(&self, by: Breakdown) -> Result<Rc<AcquisitionTable>> {
        let params = AcquisitionParams { by, ages: self.ages(), ..AcquisitionParams::default() };
        self.acquisition.get(by, || Ok(acquisition::acquisition(self.facts, &params)?))
    }
}

/// Returns the kinds of events that count as activity. Withdrawals are excluded: a user who only
/// withdraws is leaving.
fn activity() -> Kinds {
    Kinds::only(["trade", "ramp"])
}

/// A cache of values that are computed on first use.
struct Memo<K, V>(RefCell<HashMap<K, Rc<V>>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Eq + Hash, V> Memo<K, V> {
    fn get(&self, key: K, compute: impl FnOnce() -> Result<V>) -> Result<Rc<V>> {
        if let Some(value) = self.0.borrow().get(&key) {
            return Ok(value.clone());
        }
        let value = Rc::new(compute()?);
        self.0.borrow_mut().insert(key, value.clone());
        Ok(value)
    }
}
