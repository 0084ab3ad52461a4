//! Questions: the requested page or panel, with its parameters, as JSON or as the query string of a
//! URL.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tidegauge_analytics::Period;

use crate::{Error, Parameters, Result};

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

    /// Returns the names of the page's parameters, sorted. The end of observation, the level of
    /// intervals and the calendar are parameters of every page; the basis states all parameters.
    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Overview => &[
                "ages",
                "cohort",
                "end",
                "inactive_days",
                "level",
                "margin",
                "period",
                "revenue",
                "threshold_usd",
                "week_start",
                "zone",
            ],
            Self::Acquisition => {
                &["cohort", "end", "horizons", "level", "threshold_usd", "week_start", "zone"]
            }
            Self::Retention => &[
                "anchor",
                "cohort",
                "end",
                "inactive_days",
                "level",
                "period",
                "periods",
                "retention",
                "week_start",
                "windows",
                "zone",
            ],
            Self::Monetization => {
                &["ages", "cohort", "end", "level", "margin", "revenue", "week_start", "zone"]
            }
            Self::Basis => &Parameters::NAMES,
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
///     "page `acquisition` has no parameter or filter `period`; it has cohort, end, horizons, \
///      level, threshold_usd, week_start, zone",
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

    /// Parses the name of a page and the pairs of a query string: parameters
    /// ([`Parameters::set`]), and `panel`. Days are separated by commas. A `cohort`, which may be
    /// given several times, is `everyone`, `signup:day`, `signup:week`, `signup:month`, the name of a
    /// dimension of the users (`dimension:NAME` if it would be parsed as one of the others), or two
    /// of them, `channel*country`.
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
            if seen.contains(&name) && name != "cohort" {
                let expected = "it is given twice";
                return Err(Error::InvalidParameter { name, value: value.into(), expected });
            }
            seen.push(name);
            match name {
                "panel" => question.panel = Some(value.into()),
                _ => question.parameters.set(name, value)?,
            }
        }
        Ok(question)
    }

    /// Returns the pairs of the query string from which [`from_query`](Self::from_query) parses
    /// this question, sorted by name, without defaults. Equal questions have equal pairs, so the
    /// pairs can be a cache key.
    pub fn to_query(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.parameters.pairs();
        if let Some(panel) = &self.panel {
            let at = pairs.partition_point(|(name, _)| *name < "panel");
            pairs.insert(at, ("panel", panel.clone()));
        }
        pairs
    }

    /// Checks that the page has every parameter that is set.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] for the first one that it does not have.
    pub(crate) fn check(&self) -> Result<()> {
        let known = self.page.parameters();
        let set = self.parameters.pairs();
        match set.into_iter().find(|(name, _)| !known.contains(name)) {
            Some((name, _)) => Err(self.unknown(name)),
            None => Ok(()),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let known = self.page.parameters().to_vec();
        Error::UnknownParameter { page: self.page, name: name.into(), known }
    }
}

/// Returns the name of a period: `week`.
pub(crate) fn period_name(period: Period) -> &'static str {
    match period {
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
    }
}
