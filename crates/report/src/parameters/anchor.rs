//! The event from which retention is counted, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tidegauge_analytics::{CohortAnchor, EventFilter};

/// The prefix of anchors at the first event of a kind.
const FIRST: &str = "first_";

/// The event from which a user's periods of retention are counted.
///
/// ```
/// use tidegauge_report::Anchor;
///
/// let anchor: Anchor = "first_deposit".parse()?;
/// assert_eq!(anchor, Anchor::First("deposit".into()));
/// assert_eq!(anchor.to_string(), "first_deposit");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The signup.
    #[default]
    Signup,
    /// The successful identity check.
    Verified,
    /// The first event of this kind: `deposit`, `ramp`, `trade`, `purchase`…
    First(String),
}

impl Anchor {
    /// Returns the first event of a kind as anchor.
    pub fn first(kind: impl Into<String>) -> Self {
        Self::First(kind.into())
    }

    /// Returns the anchor as part of a heading: `signup`, `the first trade`.
    pub(crate) fn phrase(&self) -> String {
        match self {
            Self::Signup => "signup".into(),
            Self::Verified => "verification".into(),
            Self::First(kind) => format!("the first {}", kind.replace('_', " ")),
        }
    }

    /// Returns the suffix of the ids of panels: empty for the signup, else `-of-first-trade`.
    pub(crate) fn suffix(&self) -> String {
        match self {
            Self::Signup => String::new(),
            anchor => format!("-of-{}", anchor.to_string().replace('_', "-")),
        }
    }
}

impl From<&Anchor> for CohortAnchor {
    fn from(anchor: &Anchor) -> Self {
        match anchor {
            Anchor::Signup => Self::Signup,
            Anchor::Verified => Self::Verified,
            Anchor::First(kind) => Self::FirstEvent(EventFilter::only([kind])),
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signup => f.write_str("signup"),
            Self::Verified => f.write_str("verified"),
            Self::First(kind) => write!(f, "{FIRST}{kind}"),
        }
    }
}

impl FromStr for Anchor {
    type Err = String;

    /// Parses `signup`, `verified`, or `first_` and a kind of events.
    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix(FIRST)) {
            ("signup", _) => Ok(Self::Signup),
            ("verified", _) => Ok(Self::Verified),
            (_, Some(kind)) if !kind.is_empty() => Ok(Self::first(kind)),
            _ => Err(super::text::ANCHOR.into()),
        }
    }
}
