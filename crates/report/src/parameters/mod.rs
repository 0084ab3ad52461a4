//! The parameters of the metrics: one text for each value, which query strings, flags and settings
//! share.

mod anchor;
mod end;
mod text;

use chrono::Weekday;
use serde::{Deserialize, Serialize};
use tidegauge_analytics::retention::{RetentionKind, Windows};
use tidegauge_analytics::{Cohort, Period, Revenue, Tz};

pub use anchor::Anchor;
pub use end::End;
pub(crate) use text::cohort_name;

use crate::question::{Page, period_name};
use crate::{Error, Result};

/// The parameters of the metrics. `None` selects the report's default.
///
/// ```
/// use tidegauge_report::Parameters;
///
/// let mut parameters = Parameters::default();
/// parameters.set("retention", "within:30")?;
/// parameters.set("cohort", "country")?;
/// parameters.set("cohort", "channel*device")?;
/// assert_eq!(parameters.pairs()[1], ("cohort", "channel*device".to_owned()));
///
/// let error = parameters.set("level", "90").unwrap_err().to_string();
/// assert_eq!(error, "`level` cannot be `90`: it must be a number between 0 and 1, as 0.9");
/// # Ok::<(), tidegauge_report::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Parameters {
    /// The ages, in days since signup, for revenue per user; by default 7 to 90 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ages: Option<Vec<u32>>,
    /// The event from which periods of retention are counted; by default the signup, and for months
    /// also the first trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// The cohorts by which users are compared, the leading one first. By default the channel, with
    /// further tables by entry product, country, campaign and month of signup, and revenue by month
    /// of signup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cohorts: Option<Vec<Cohort>>,
    /// The end of observation, as of which metrics are computed; by default that of the facts. Facts
    /// that end at another time are refused, since their later rows cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// The days from signup within which the share of high-volume traders is computed, and cohorts
    /// are compared; by default 7 to 180 days, compared at 30, 90 and 180.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizons: Option<Vec<u32>>,
    /// The number of days without activity after which a user has churned; by default 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactive_days: Option<u32>,
    /// The nominal level of intervals; by default that of the facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
    /// The share of revenue that is contribution margin; by default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// The length of the periods of retention and of key figures. By default weeks and months of
    /// retention, and key figures by month, or by week or day if no two months or weeks are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The maximum number of periods of retention that are shown, the first one included; by default
    /// 14 of a cohort, and 26 of all cohorts as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periods: Option<u32>,
    /// The definition of a retained user; by default active in that very period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionKind>,
    /// The revenue that counts; by default net of reversals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Revenue>,
    /// The volume, in the currency of the amounts, from which a user is a high-volume trader; by
    /// default 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_usd: Option<f64>,
    /// The first day of the week; by default that of the facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week_start: Option<Weekday>,
    /// The clock by which periods of retention are counted; by default the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    /// The time zone of days, weeks and months; by default that of the facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Tz>,
}

impl Parameters {
    /// The names of the parameters in query strings, sorted. A `cohort` may be given several times.
    pub const NAMES: [&'static str; 16] = [
        "ages",
        "anchor",
        "cohort",
        "end",
        "horizons",
        "inactive_days",
        "level",
        "margin",
        "period",
        "periods",
        "retention",
        "revenue",
        "threshold_usd",
        "week_start",
        "windows",
        "zone",
    ];

    /// Sets the parameter `name` to the value that `text` stands for; a further `cohort` is added
    /// to those before.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`], which names the parameter, the value and the values that are
    /// allowed; for an unknown name the names.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        let Some(name) = Self::NAMES.into_iter().find(|known| *known == name) else {
            return Err(Error::NoParameter { name: name.into(), known: Self::NAMES.into() });
        };
        let invalid = |expected| Error::InvalidParameter { name, value: text.into(), expected };
        let or = |expected| move || invalid(expected);
        match name {
            "ages" => self.ages = Some(text::days(text).ok_or_else(or(text::DAYS))?),
            "anchor" => {
                self.anchor = Some(text.parse().map_err(|_| invalid(text::ANCHOR))?);
            }
            "cohort" => {
                let cohort = text::cohort(text).ok_or_else(or(text::COHORT))?;
                let cohorts = self.cohorts.get_or_insert_default();
                if cohorts.contains(&cohort) {
                    return Err(invalid("it is given twice"));
                }
                cohorts.push(cohort);
            }
            "end" => self.end = Some(text.parse().map_err(|_| invalid(text::END))?),
            "horizons" => self.horizons = Some(text::days(text).ok_or_else(or(text::DAYS))?),
            "inactive_days" => {
                let days = text::inactive_days(text).ok_or_else(or(text::INACTIVE_DAYS))?;
                self.inactive_days = Some(days);
            }
            "level" => self.level = Some(text::level(text).ok_or_else(or(text::LEVEL))?),
            "margin" => self.margin = Some(text::margin(text).ok_or_else(or(text::MARGIN))?),
            "period" => self.period = Some(text::period(text).ok_or_else(or(text::PERIOD))?),
            "periods" => {
                self.periods = Some(text::periods(text).ok_or_else(or(text::PERIODS))?);
            }
            "retention" => {
                self.retention = Some(text::retention(text).ok_or_else(or(text::RETENTION))?);
            }
            "revenue" => {
                self.revenue = Some(text::revenue(text).ok_or_else(or(text::REVENUE))?);
            }
            "threshold_usd" => {
                self.threshold_usd = Some(text::threshold(text).ok_or_else(or(text::THRESHOLD))?);
            }
            "week_start" => {
                self.week_start = Some(text.parse().map_err(|_| invalid(text::WEEK_START))?);
            }
            "windows" => {
                self.windows = Some(text::windows(text).ok_or_else(or(text::WINDOWS))?);
            }
            _ => self.zone = Some(text.parse().map_err(|_| invalid(text::ZONE))?),
        }
        Ok(())
    }

    /// Returns the parameters that are set as pairs of name and text, sorted by name; days are in
    /// ascending order. [`set`](Self::set) reads them back.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let Self { ages, anchor, cohorts, end, horizons, inactive_days, level, margin, .. } = self;
        let Self { period, periods, retention, revenue, threshold_usd, week_start, .. } = self;
        let Self { windows, zone, .. } = self;
        let days = |days: &Option<Vec<u32>>| Some(text::list(&text::sorted(days.as_ref()?)));
        let number = |number: &Option<f64>| number.map(|number| number.to_string());
        let count = |count: &Option<u32>| count.map(|count| count.to_string());
        let mut pairs =
            vec![("ages", days(ages)), ("anchor", anchor.as_ref().map(Anchor::to_string))];
        let cohorts = cohorts.iter().flatten();
        pairs.extend(cohorts.map(|cohort| ("cohort", Some(text::cohort_name(cohort)))));
        pairs.extend([
            ("end", end.map(|end| end.to_string())),
            ("horizons", days(horizons)),
            ("inactive_days", count(inactive_days)),
            ("level", number(level)),
            ("margin", number(margin)),
            ("period", period.map(|period| period_name(period).to_owned())),
            ("periods", count(periods)),
            ("retention", retention.as_ref().map(text::retention_name)),
            ("revenue", revenue.map(|revenue| text::revenue_name(revenue).to_owned())),
            ("threshold_usd", number(threshold_usd)),
            ("week_start", week_start.map(|day| day.to_string())),
            ("windows", windows.map(|windows| text::windows_name(windows).to_owned())),
            ("zone", zone.map(|zone| zone.name().to_owned())),
        ]);
        pairs.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }

    /// Returns these parameters with those of `defaults` in place of the ones that are not set.
    #[must_use]
    pub fn or(self, defaults: &Self) -> Self {
        Self {
            ages: self.ages.or_else(|| defaults.ages.clone()),
            anchor: self.anchor.or_else(|| defaults.anchor.clone()),
            cohorts: self.cohorts.or_else(|| defaults.cohorts.clone()),
            end: self.end.or(defaults.end),
            horizons: self.horizons.or_else(|| defaults.horizons.clone()),
            inactive_days: self.inactive_days.or(defaults.inactive_days),
            level: self.level.or(defaults.level),
            margin: self.margin.or(defaults.margin),
            period: self.period.or(defaults.period),
            periods: self.periods.or(defaults.periods),
            retention: self.retention.or_else(|| defaults.retention.clone()),
            revenue: self.revenue.or(defaults.revenue),
            threshold_usd: self.threshold_usd.or(defaults.threshold_usd),
            week_start: self.week_start.or(defaults.week_start),
            windows: self.windows.or(defaults.windows),
            zone: self.zone.or(defaults.zone),
        }
    }

    /// Returns the parameters that `page` has.
    #[must_use]
    pub fn for_page(&self, page: Page) -> Self {
        let known = page.parameters();
        let takes = |name| known.contains(&name);
        Self {
            ages: self.ages.clone().filter(|_| takes("ages")),
            anchor: self.anchor.clone().filter(|_| takes("anchor")),
            cohorts: self.cohorts.clone().filter(|_| takes("cohort")),
            end: self.end.filter(|_| takes("end")),
            horizons: self.horizons.clone().filter(|_| takes("horizons")),
            inactive_days: self.inactive_days.filter(|_| takes("inactive_days")),
            level: self.level.filter(|_| takes("level")),
            margin: self.margin.filter(|_| takes("margin")),
            period: self.period.filter(|_| takes("period")),
            periods: self.periods.filter(|_| takes("periods")),
            retention: self.retention.clone().filter(|_| takes("retention")),
            revenue: self.revenue.filter(|_| takes("revenue")),
            threshold_usd: self.threshold_usd.filter(|_| takes("threshold_usd")),
            week_start: self.week_start.filter(|_| takes("week_start")),
            windows: self.windows.filter(|_| takes("windows")),
            zone: self.zone.filter(|_| takes("zone")),
        }
    }
}
