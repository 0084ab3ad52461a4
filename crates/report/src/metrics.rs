//! The metrics behind the panels, each computed at most once for an answer or a report.

mod cache;
mod computed;
mod exchange;

use std::borrow::Cow;
use std::rc::Rc;

use tidegauge_analytics::churn::{self, ChurnParams, ChurnTable};
use tidegauge_analytics::ltv::{self, LtvParams, LtvTable};
use tidegauge_analytics::retention::{self, RetentionParams, RetentionTable};
use tidegauge_analytics::unit_economics::{
    self, Breakdown, UnitEconomicsParams, UnitEconomicsTable,
};
use tidegauge_analytics::volume::{self, Concentration, VolumeParams, VolumeTable};
use tidegauge_analytics::{Calendar, Cohort, CohortAnchor, Facts, Period, Revenue};

use self::cache::Cache;
use self::computed::Computed;
use crate::format::level;
use crate::parameters::cohort_name;
use crate::question::period_name;
use crate::vocabulary::Vocabulary;
use crate::{Anchor, End, Error, Format, Parameters, Provenance, Result};

/// The default ages, in days since signup, for revenue per user.
const AGES: [u32; 7] = [7, 14, 30, 45, 60, 75, 90];

/// The days since the first activity at which survival is estimated.
const SURVIVAL: [u32; 11] = [30, 45, 60, 75, 90, 120, 150, 180, 240, 300, 365];

/// The default dimensions by which users are compared, the leading one first. The account tier is
/// none: it follows from the volume of a user.
const DIMENSIONS: [&str; 4] = ["channel", "entry_product", "country", "campaign"];

/// The default horizons of the time to high volume, in days since signup.
const HORIZONS: [u32; 7] = [7, 14, 30, 60, 90, 120, 180];

/// Those at which cohorts are compared with all other users.
const COMPARED: [u32; 3] = [30, 90, 180];

/// The default number of periods of retention that are shown: as many as fit a page.
const PERIODS: u32 = 14;

/// Returns the facts with the level and the calendar of the parameters.
///
/// # Errors
/// [`Error::OtherEnd`] if the facts end at another time than the one that is asked for.
pub(crate) fn with_parameters<'f>(
    facts: &'f Facts,
    parameters: &Parameters,
) -> Result<Cow<'f, Facts>> {
    let known = *facts.calendar();
    let calendar = Calendar {
        zone: parameters.zone.unwrap_or(known.zone),
        week_start: parameters.week_start.unwrap_or(known.week_start),
    };
    if let Some(asked) = parameters.end.map(|end| end.instant(&calendar))
        && asked != facts.end()
    {
        return Err(Error::OtherEnd { asked, end: facts.end() });
    }
    let level = parameters.level.unwrap_or(facts.level());
    if calendar == known && level == facts.level() {
        return Ok(Cow::Borrowed(facts));
    }
    Ok(Cow::Owned(facts.clone().with_calendar(calendar).with_level(level)?))
}

/// The metrics of some facts with some parameters.
pub(crate) struct Metrics<'a> {
    facts: &'a Facts,
    pub(crate) provenance: &'a Provenance,
    pub(crate) parameters: &'a Parameters,
    volume: Cache<Cohort, VolumeTable>,
    concentration: Cache<(), Concentration>,
    churn: Cache<Cohort, ChurnTable>,
    retention: Cache<RetentionParams, RetentionTable>,
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

    /// Returns the words for users and amounts.
    pub(crate) fn words(&self) -> Vocabulary {
        self.provenance.vocabulary()
    }

    /// Returns the format of amounts.
    pub(crate) fn money(&self) -> Format {
        self.words().money()
    }

    /// Returns `true` if the facts have spend, without which users have no known cost.
    pub(crate) fn has_spend(&self) -> bool {
        self.facts.spend().height() > 0
    }

    /// Checks that the users have every dimension of the cohorts that are asked for.
    ///
    /// # Errors
    /// [`Error::UnknownDimension`] for the first one that they lack.
    pub(crate) fn check(&self) -> Result<()> {
        let names = self.parameters.cohorts.iter().flatten().flat_map(|cohort| match cohort {
            Cohort::Dimension(name) => vec![name],
            Cohort::Cross(first, second) => vec![first, second],
            Cohort::Everyone | Cohort::Signup(_) => Vec::new(),
        });
        for name in names {
            if !self.facts.dimensions().any(|known| known == name) {
                let known = self.facts.dimensions().map(ToOwned::to_owned).collect();
                return Err(Error::UnknownDimension { name: name.clone(), known });
            }
        }
        Ok(())
    }

    /// Returns the cohorts by which users are compared, the leading one first.
    pub(crate) fn cohorts(&self) -> Vec<Cohort> {
        match &self.parameters.cohorts {
            Some(cohorts) if !cohorts.is_empty() => cohorts.clone(),
            _ => {
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

    /// Returns the cohorts for revenue per user: those that are asked for, or months of signup.
    pub(crate) fn ltv_cohorts(&self) -> Vec<Cohort> {
        let asked = self.parameters.cohorts.clone().filter(|cohorts| !cohorts.is_empty());
        asked.unwrap_or_else(|| vec![Cohort::Signup(Period::Month)])
    }

    /// Returns the ages for revenue per user, in ascending order.
    pub(crate) fn ages(&self) -> Vec<u32> {
        let mut ages = self.parameters.ages.clone().unwrap_or_else(|| AGES.into());
        ages.sort_unstable();
        ages.dedup();
        ages
    }

    /// Returns the days from signup within which the share of high-volume traders is computed, in
    /// ascending order.
    pub(crate) fn horizons(&self) -> Vec<u32> {
        self.asked_horizons().unwrap_or_else(|| HORIZONS.into())
    }

    /// Returns the [`horizons`](Self::horizons) at which cohorts are compared with all other users:
    /// all that are asked for.
    pub(crate) fn compared_horizons(&self) -> Vec<u32> {
        self.asked_horizons().unwrap_or_else(|| COMPARED.into())
    }

    fn asked_horizons(&self) -> Option<Vec<u32>> {
        let asked = self.parameters.horizons.clone();
        asked.filter(|horizons| !horizons.is_empty()).map(|mut horizons| {
            horizons.sort_unstable();
            horizons.dedup();
            horizons
        })
    }

    /// Returns the share of revenue that is contribution margin.
    pub(crate) fn margin(&self) -> f64 {
        self.parameters.margin.unwrap_or(1.0)
    }

    /// Returns the name of the revenue that counts, for headings.
    pub(crate) fn revenue(&self) -> &'static str {
        match self.parameters.revenue.unwrap_or_default() {
            Revenue::Net => "Revenue",
            Revenue::Gross => "Gross revenue",
        }
    }

    /// Returns the name of what lifetime value is in, for headings: revenue, or its margin.
    pub(crate) fn value(&self) -> &'static str {
        if self.margin() == 1.0 { self.revenue() } else { "Margin" }
    }

    /// Returns the parameters in use by name, with the text of their values, defaults included.
    pub(crate) fn used(&self) -> Vec<(&'static str, String)> {
        let (asked, calendar) = (self.parameters, self.facts.calendar());
        let resolved = Parameters {
            ages: Some(self.ages()),
            end: Some(End::Time(self.facts.end())),
            horizons: Some(self.horizons()),
            inactive_days: asked.inactive_days.or(Some(ChurnParams::default().inactive_days)),
            level: Some(self.facts.level()),
            margin: Some(self.margin()),
            periods: Some(asked.periods.unwrap_or(PERIODS)),
            retention: Some(asked.retention.clone().unwrap_or_default()),
            revenue: Some(asked.revenue.unwrap_or_default()),
            threshold_usd: Some(self.threshold_usd()),
            week_start: Some(calendar.week_start),
            windows: Some(asked.windows.unwrap_or_default()),
            zone: Some(calendar.zone),
            ..Parameters::default()
        };
        let mut used = resolved.pairs();
        let mut add = |name: &'static str, values: Vec<String>| {
            let at = used.partition_point(|(known, _)| *known < name);
            used.insert(at, (name, values.join(", ")));
        };
        let grids = self.retention_grids();
        let mut anchors: Vec<String> = grids.iter().map(|(_, anchor)| anchor.to_string()).collect();
        anchors.sort();
        anchors.dedup();
        anchors.sort_by_key(|anchor| *anchor != Anchor::Signup.to_string());
        let mut periods: Vec<String> =
            grids.iter().map(|(period, _)| period_name(*period).to_owned()).collect();
        periods.dedup();
        add("anchor", anchors);
        add("cohort", self.cohorts().iter().map(cohort_name).collect());
        add("period", periods);
        used
    }

    /// Returns the number of periods of retention that are shown.
    pub(crate) fn periods(&self) -> usize {
        usize::try_from(self.parameters.periods.unwrap_or(PERIODS)).unwrap_or(usize::MAX)
    }

    /// Returns the events from which retention is counted: the one that is asked for, or the signup
    /// and the first trade.
    pub(crate) fn anchors(&self) -> Vec<Anchor> {
        match (&self.parameters.anchor, self.words().has_trades()) {
            (Some(anchor), _) => vec![anchor.clone()],
            (None, true) => vec![Anchor::Signup, Anchor::first("trade")],
            (None, false) => vec![Anchor::Signup],
        }
    }

    /// Returns the periods of retention and the anchors from which they are counted.
    pub(crate) fn retention_grids(&self) -> Vec<(Period, Anchor)> {
        let anchors = self.anchors();
        let is_shown = |period: Period, anchor: &Anchor| {
            // By default users who begin with a trade are too few for weeks.
            let is_asked = self.parameters.anchor.is_some() || self.parameters.period.is_some();
            is_asked || period == Period::Month || *anchor == Anchor::Signup
        };
        let periods = match self.parameters.period {
            Some(period) => vec![period],
            None => vec![Period::Week, Period::Month],
        };
        let grids = periods
            .into_iter()
            .flat_map(|period| anchors.clone().into_iter().map(move |anchor| (period, anchor)));
        grids.filter(|(period, anchor)| is_shown(*period, anchor)).collect()
    }

    /// Computes high-volume traders by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn volume(&self, cohort: &Cohort) -> Result<Rc<VolumeTable>> {
        // All volume of all users to date, so that young data have an answer too.
        let params = VolumeParams { threshold_usd: self.threshold_usd(), within_days: None };
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

    /// Computes retention by period since an anchor, as the parameters define it.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn retention(&self, period: Period, anchor: &Anchor) -> Result<Rc<RetentionTable>> {
        let Parameters { retention: kind, windows, .. } = self.parameters;
        self.retention_of(RetentionParams {
            anchor: CohortAnchor::from(anchor),
            kind: kind.clone().unwrap_or_default(),
            windows: windows.unwrap_or_default(),
            ..RetentionParams::by(period)
        })
    }

    /// Computes the share of users who are active in each calendar month since the one of signup.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn monthly_retention(&self) -> Result<Rc<RetentionTable>> {
        self.retention_of(RetentionParams::by(Period::Month))
    }

    fn retention_of(&self, params: RetentionParams) -> Result<Rc<RetentionTable>> {
        let compute = || Ok(retention::retention(self.facts, &params)?);
        self.retention.get_or_compute(params.clone(), compute)
    }

    /// Computes lifetime value by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn ltv(&self, cohort: &Cohort) -> Result<Rc<LtvTable>> {
        let revenue = self.parameters.revenue.unwrap_or_default();
        let params = LtvParams { revenue, margin: self.margin(), ..LtvParams::at(self.ages()) };
        self.ltv.get_or_compute(cohort.clone(), || Ok(ltv::ltv(self.facts, cohort, &params)?))
    }

    /// Computes CAC, LTV, ROAS and payback by channel or campaign.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn unit_economics(&self, by: Breakdown) -> Result<Rc<UnitEconomicsTable>> {
        let params = UnitEconomicsParams {
            by,
            ages: self.ages(),
            margin: self.margin(),
            revenue: self.parameters.revenue.unwrap_or_default(),
            ..UnitEconomicsParams::default()
        };
        self.unit_economics
            .get_or_compute(by, || Ok(unit_economics::unit_economics(self.facts, &params)?))
    }
}
