//! Questions: the requested page or panel, with its parameters, as JSON or as the query string of a
//! URL.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tidegauge_analytics::{Cohort, Period};

use crate::{Error, Result};

/// A page of the report, with a fixed list of panels and insights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Page {
    /// The key figures.
    Overview,
    /// The users who become high-volume traders.
    Acquisition,
    /// The users who stay and those who leave.
    Retention,
    /// The value and the cost of users.
    Monetization,
    /// The origin of the numbers.
    Basis,
}

impl Page {
    /// All pages, in the order of the report.
    pub const ALL: [Self; 5] =
        [Self::Overview, Self::Acquisition, Self::Retention, Self::Monetization, Self::Basis];

    /// Returns the name of the page, as in a URL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Acquisition => "acquisition",
            Self::Retention => "retention",
            Self::Monetization => "monetization",
            Self::Basis => "basis",
        }
    }

    /// Returns the names of the page's parameters, sorted.
    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Overview => &["inactive_days", "period", "threshold_usd"],
            Self::Acquisition => &["cohort", "threshold_usd"],
            Self::Retention => &["cohort", "inactive_days", "period"],
            Self::Monetization => &["ages", "cohort"],
            Self::Basis => &[],
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Page {
    type Err = Error;

    /// Parses the name of a page.
    ///
    /// # Errors
    /// [`Error::UnknownPage`], which names the pages that exist.
    fn from_str(name: &str) -> Result<Self> {
        let page = Self::ALL.into_iter().find(|page| page.name() == name);
        page.ok_or_else(|| Error::UnknownPage {
            name: name.into(),
            known: Self::ALL.map(Self::name).into(),
        })
    }
}

/// A page, or one panel of it, for some users and with some parameters.
///
/// ```
/// use tidegauge_report::{Page, Question};
///
/// let question = Question::from_query("retention", [("inactive_days", "45"), ("cohort", "tier")])?;
/// assert_eq!(question.page, Page::Retention);
/// assert_eq!(question.parameters.inactive_days, Some(45));
/// assert_eq!(question.to_query()[0], ("cohort", "tier".to_owned()));
///
/// let error = Question::from_query("acquisition", [("period", "week")]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "page `acquisition` has no parameter or filter `period`; it has cohort, threshold_usd",
/// );
/// # Ok::<(), tidegauge_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Question {
    /// The page.
    pub page: Page,
    /// The id of the single panel that is asked for; `None` for the whole page with its insights.
    #[serde(default)]
    pub panel: Option<String>,
    /// The filters of the users.
    #[serde(default)]
    pub filters: Filters,
    /// The parameters of the metrics.
    #[serde(default)]
    pub parameters: Parameters,
}

/// The filters of the users. Metrics are computed over all users today, so there is no filter yet;
/// unknown ones are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Filters {}

/// The parameters of the metrics. `None` selects the report's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Parameters {
    /// The ages, in days since signup, for revenue per user; by default 7 to 90 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ages: Option<Vec<u32>>,
    /// The cohorts by which users are compared. By default the channel, with further tables by
    /// entry product, country, campaign and month of signup, and revenue by month of signup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cohort: Option<Cohort>,
    /// The number of days without activity after which a user has churned; by default 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactive_days: Option<u32>,
    /// The length of the periods of retention. By default weeks and months of signup, and months of
    /// the first trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The volume, in US dollars, from which a user is a high-volume trader; by default 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_usd: Option<f64>,
}

impl Question {
    /// Creates a question for a whole page with the default parameters.
    pub fn new(page: Page) -> Self {
        Self { page, panel: None, filters: Filters {}, parameters: Parameters::default() }
    }

    /// Restricts the question to one panel.
    #[must_use]
    pub fn with_panel(mut self, id: impl Into<String>) -> Self {
        self.panel = Some(id.into());
        self
    }

    /// Replaces the parameters.
    #[must_use]
    pub fn with_parameters(mut self, parameters: Parameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// Parses the name of a page and the pairs of a query string: parameters, and `panel`. Ages are
    /// separated by commas; a cohort is `everyone`, `signup:day`, `signup:week`, `signup:month`,
    /// the name of a dimension of the users (`dimension:NAME` if it would be parsed as one of the
    /// others), or two of them, `channel*country`.
    ///
    /// # Errors
    /// [`Error::UnknownPage`], [`Error::UnknownParameter`] or [`Error::InvalidParameter`].
    pub fn from_query<'a>(
        page: &str,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        let mut question = Self::new(page.parse()?);
        let mut seen = Vec::new();
        for (name, value) in pairs {
            let known = question.page.parameters().iter().chain(&["panel"]);
            let Some(name) = known.copied().find(|known| *known == name) else {
                return Err(question.unknown(name));
            };
            let invalid =
                |expected| Error::InvalidParameter { name, value: value.into(), expected };
            if seen.contains(&name) {
                return Err(invalid("it is given twice"));
            }
            seen.push(name);
            let parameters = &mut question.parameters;
            match name {
                "ages" => {
                    let ages = value.split(',').map(str::parse::<u32>).collect::<Result<_, _>>();
                    let expected = "it must be numbers of days, separated by commas";
                    parameters.ages = Some(ages.map_err(|_| invalid(expected))?);
                }
                "cohort" => {
                    let expected = "it must be everyone, signup:day, signup:week, signup:month, a \
                                    dimension of the users, or two, as in channel*country";
                    parameters.cohort = Some(cohort(value).ok_or_else(|| invalid(expected))?);
                }
                "inactive_days" => {
                    let days = value.parse().map_err(|_| invalid("it must be a number of days"))?;
                    parameters.inactive_days = Some(days);
                }
                "period" => {
                    let expected = "it must be day, week or month";
                    parameters.period = Some(period(value).ok_or_else(|| invalid(expected))?);
                }
                "threshold_usd" => {
                    let expected = "it must be a number of US dollars";
                    parameters.threshold_usd = Some(value.parse().map_err(|_| invalid(expected))?);
                }
                _ => question.panel = Some(value.into()),
            }
        }
        Ok(question)
    }

    /// Returns the pairs of the query string from which [`from_query`](Self::from_query) parses
    /// this question, sorted by name, without defaults. Equal questions have equal pairs, so the
    /// pairs can be a cache key.
    pub fn to_query(&self) -> Vec<(&'static str, String)> {
        let Parameters { ages, cohort, inactive_days, period, threshold_usd } = &self.parameters;
        let ages = ages.as_ref().map(|ages| {
            let ages: Vec<String> = ages.iter().map(u32::to_string).collect();
            ages.join(",")
        });
        let cohort = cohort.as_ref().map(|cohort| match cohort {
            Cohort::Everyone => "everyone".into(),
            Cohort::Signup(period) => format!("signup:{}", period_name(*period)),
            // This name would be parsed as another cohort.
            Cohort::Dimension(name)
                if name.is_empty() || name == "everyone" || name.contains([':', '*']) =>
            {
                format!("dimension:{name}")
            }
            Cohort::Dimension(name) => name.clone(),
            Cohort::Cross(first, second) => format!("{first}*{second}"),
        });
        let pairs = [
            ("ages", ages),
            ("cohort", cohort),
            ("inactive_days", inactive_days.map(|days| days.to_string())),
            ("panel", self.panel.clone()),
            ("period", period.map(|period| period_name(period).to_owned())),
            ("threshold_usd", threshold_usd.map(|threshold| threshold.to_string())),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Checks that the page has every parameter that is set.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] for the first one that it does not have.
    pub(crate) fn check(&self) -> Result<()> {
        let known = self.page.parameters();
        let set = self.parameters.names_set();
        match set.into_iter().find(|name| !known.contains(name)) {
            Some(name) => Err(self.unknown(name)),
            None => Ok(()),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let known = self.page.parameters().to_vec();
        Error::UnknownParameter { page: self.page, name: name.into(), known }
    }
}

impl Parameters {
    /// Returns the names of the parameters that are set, sorted.
    fn names_set(&self) -> Vec<&'static str> {
        let Self { ages, cohort, inactive_days, period, threshold_usd } = self;
        let set = [
            ("ages", ages.is_some()),
            ("cohort", cohort.is_some()),
            ("inactive_days", inactive_days.is_some()),
            ("period", period.is_some()),
            ("threshold_usd", threshold_usd.is_some()),
        ];
        set.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
    }

    /// Returns the parameters that `page` has.
    pub(crate) fn for_page(&self, page: Page) -> Self {
        let known = page.parameters();
        let takes = |name| known.contains(&name);
        Self {
            ages: self.ages.clone().filter(|_| takes("ages")),
            cohort: self.cohort.clone().filter(|_| takes("cohort")),
            inactive_days: self.inactive_days.filter(|_| takes("inactive_days")),
            period: self.period.filter(|_| takes("period")),
            threshold_usd: self.threshold_usd.filter(|_| takes("threshold_usd")),
        }
    }
}

fn cohort(text: &str) -> Option<Cohort> {
    match text.split_once(':') {
        Some(("signup", length)) => period(length).map(Cohort::Signup),
        Some(("dimension", name)) => Some(Cohort::dimension(name)),
        Some(_) => None,
        None if text == "everyone" => Some(Cohort::Everyone),
        None if text.is_empty() => None,
        None if text.contains('*') => {
            let (first, second) = text.split_once('*')?;
            Some(Cohort::cross(first, second))
        }
        None => Some(Cohort::dimension(text)),
    }
}

fn period(text: &str) -> Option<Period> {
    [Period::Day, Period::Week, Period::Month]
        .into_iter()
        .find(|period| period_name(*period) == text)
}

/// Returns the name of a period: `week`.
pub(crate) fn period_name(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
    }
}
