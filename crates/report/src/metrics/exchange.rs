//! The metrics of periods and of high-volume traders, and what all computations have in common.

use std::collections::BTreeMap;
use std::rc::Rc;

use chrono::{DateTime, Days, NaiveDate};
use tidegauge_analytics::growth::{
    self, ActiveUsersParams, ActiveUsersTable, GrowthParams, GrowthTable,
};
use tidegauge_analytics::kpi::{self, Board, BoardParams, FunnelParams, FunnelTable, Metric};
use tidegauge_analytics::volume::{
    self, IncidenceParams, IncidenceTable, PredictionParams, VolumePrediction,
};
use tidegauge_analytics::{self as analytics, Cohort, Period, Revenue};

use super::Metrics;
use crate::{Computation, Result};

/// The dimension by which the take rate is cut. The tier follows from the volume of a user, so that
/// it is no cohort by which users are compared.
const TIER: &str = "tier";

impl Metrics<'_> {
    /// Returns a computation that names the end of observation and the calendar.
    pub(crate) fn computation(&self, definition: impl Into<String>, docs: &str) -> Computation {
        let (calendar, end) = (self.facts.calendar(), self.facts.end());
        let end = end.with_timezone(&calendar.zone).format("%Y-%m-%d %H:%M").to_string();
        let week = match calendar.week_start {
            chrono::Weekday::Mon => "Monday",
            chrono::Weekday::Tue => "Tuesday",
            chrono::Weekday::Wed => "Wednesday",
            chrono::Weekday::Thu => "Thursday",
            chrono::Weekday::Fri => "Friday",
            chrono::Weekday::Sat => "Saturday",
            chrono::Weekday::Sun => "Sunday",
        };
        Computation::new(definition, docs)
            .with("Observed up to", end)
            .with("Zone", format!("{}, weeks from {week}", calendar.zone.name()))
            .with("Level of intervals", self.level())
    }

    /// Returns the volume from which a user is a high-volume trader.
    pub(crate) fn threshold_usd(&self) -> f64 {
        let default = IncidenceParams::default().threshold_usd;
        self.parameters.threshold_usd.unwrap_or(default)
    }

    /// Returns that volume as text.
    pub(crate) fn threshold(&self) -> String {
        self.money().show(self.threshold_usd())
    }

    /// Returns which revenue counts, as the value of a setting.
    pub(crate) fn reversals(&self) -> &'static str {
        match self.parameters.revenue.unwrap_or_default() {
            Revenue::Net => "net of reversals",
            Revenue::Gross => "gross, before reversals",
        }
    }

    /// Adds the revenue that counts, and the margin if it is a part of it.
    pub(crate) fn with_value(&self, computation: Computation) -> Computation {
        let computation = computation.with("Revenue", self.reversals());
        match self.margin() {
            1.0 => computation,
            margin => computation.with("Margin", format!("{margin} of revenue")),
        }
    }

    /// Returns `true` if the users have a dimension called `name`.
    pub(crate) fn has_dimension(&self, name: &str) -> bool {
        self.facts.dimensions().any(|known| known == name)
    }

    /// Computes the key figures by month; by week or by day if there are no two complete months or
    /// weeks to compare.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn board(&self) -> Result<Rc<Board>> {
        self.computed.board.get_or_compute((), || {
            let board = |period: Period| {
                let dimension = self.has_dimension(TIER).then(|| TIER.to_owned());
                kpi::board(self.facts, &BoardParams { dimension, ..BoardParams::by(period) })
            };
            if let Some(period) = self.parameters.period {
                return Ok(board(period)?);
            }
            for period in [Period::Month, Period::Week] {
                let board = board(period)?;
                let last = board.periods.last();
                let signups = last.and_then(|last| board.get(*last, Metric::Signups));
                if signups.is_some_and(|signups| signups.before.is_some()) {
                    return Ok(board);
                }
            }
            Ok(board(Period::Day)?)
        })
    }

    /// Returns the first day of the period of the board in which the end of observation lies, or
    /// `None` if the last one is over at the end.
    pub(crate) fn unfinished(&self, period: Period) -> Option<NaiveDate> {
        let (calendar, end) = (self.facts.calendar(), self.facts.end());
        let today = calendar.date(end);
        let start = calendar.period_start(period, calendar.period(period, today));
        (calendar.midnight(start) < end).then_some(start)
    }

    /// Computes growth accounting in the periods of the board.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn growth(&self) -> Result<Rc<GrowthTable>> {
        let period = self.board()?.params.period;
        self.computed
            .growth
            .get_or_compute((), || Ok(growth::growth(self.facts, &GrowthParams::by(period))?))
    }

    /// Computes active users by day.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn active_users(&self) -> Result<Rc<ActiveUsersTable>> {
        self.computed.active_users.get_or_compute((), || {
            Ok(growth::active_users(self.facts, &ActiveUsersParams::default())?)
        })
    }

    /// Computes the funnel of signups by the leading cohort, within 30 days; of all time if no user
    /// is that old.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn funnel(&self) -> Result<Rc<FunnelTable>> {
        self.computed.funnel.get_or_compute((), || {
            let params = FunnelParams { by: self.leading(), ..FunnelParams::default() };
            let within = kpi::funnel(self.facts, &params)?;
            if within.overall.steps.first().is_some_and(|signup| signup.users > 0) {
                return Ok(within);
            }
            Ok(kpi::funnel(self.facts, &FunnelParams { within_days: None, ..params })?)
        })
    }

    /// Computes the share of users who become high-volume traders within the
    /// [`horizons`](Metrics::horizons), by cohort.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn incidence(&self, cohort: &Cohort) -> Result<Rc<IncidenceTable>> {
        let params =
            IncidenceParams { threshold_usd: self.threshold_usd(), horizons: self.horizons() };
        self.computed
            .incidence
            .get_or_compute(cohort.clone(), || Ok(volume::incidence(self.facts, cohort, &params)?))
    }

    /// Predicts high volume from the first week.
    ///
    /// # Errors
    /// When the metric cannot be computed.
    pub(crate) fn prediction(&self) -> Result<Rc<VolumePrediction>> {
        let params =
            PredictionParams { threshold_usd: self.threshold_usd(), ..PredictionParams::default() };
        self.computed.prediction.get_or_compute((), || Ok(volume::predict(self.facts, &params)?))
    }

    /// Returns the spend by the first days of periods; `None` if the data hold none.
    ///
    /// # Errors
    /// When the frame of spend cannot be read.
    pub(crate) fn spend(&self, period: Period) -> Result<Option<BTreeMap<NaiveDate, f64>>> {
        let calendar = self.facts.calendar();
        let mut spend = BTreeMap::new();
        for (day, amount) in spend_by_day(self.facts)? {
            let start = calendar.period_start(period, calendar.period(period, day));
            *spend.entry(start).or_default() += amount;
        }
        Ok(Some(spend).filter(|spend| !spend.is_empty()))
    }
}

/// Returns the days and amounts of the spend.
fn spend_by_day(facts: &analytics::Facts) -> analytics::Result<Vec<(NaiveDate, f64)>> {
    let frame = facts.spend();
    let (days, amounts) = (frame.column("day")?.date()?, frame.column("spend_usd")?.f64()?);
    let epoch = DateTime::UNIX_EPOCH.date_naive();
    let date = |days: i32| match u64::try_from(days) {
        Ok(days) => epoch.checked_add_days(Days::new(days)),
        Err(_) => epoch.checked_sub_days(Days::new(days.unsigned_abs().into())),
    };
    let rows = days.physical().iter().zip(amounts.iter());
    Ok(rows.filter_map(|(day, amount)| Some((date(day?)?, amount?))).collect())
}
