//! What may be otherwise in an exchange.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::channels::CHANNELS;
use crate::{Error, Result};

/// Something out of the ordinary. Each changes what it says, and nothing else.
///
/// ```
/// use tidegauge_simulation::Scenario;
///
/// let scenario: Scenario = serde_json::from_str(
///     r#"{"kind": "channel_off", "channel": "paid_social", "from": "2020-10-01"}"#,
/// )?;
/// assert_eq!(scenario.from(), "2020-10-01".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Scenario {
    /// Prices rise in equal steps from day to day, and stay there. It is market data that is otherwise:
    /// see [`Bent`](crate::Bent).
    BullRun {
        /// The first day on which they do.
        from: NaiveDate,
        /// For how many days.
        days: u16,
        /// By what part in all: 0.5 is half as much again.
        by: f64,
    },
    /// Prices fall in equal steps from day to day, and stay there. Likewise.
    Crash {
        /// The first day on which they do.
        from: NaiveDate,
        /// For how many days.
        days: u16,
        /// By what part in all: 0.5 is to the half.
        by: f64,
    },
    /// Nobody signs up through a channel, and nothing is spent on it.
    ChannelOff {
        /// The channel.
        channel: String,
        /// The first day on which it is off.
        from: NaiveDate,
        /// For how many days; for ever if none are given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u16>,
    },
    /// A ring opens accounts on a few devices, buys coins with stolen cards, sends them out the same day, and
    /// the cards' owners have the purchases undone weeks later.
    FraudRing {
        /// The first day on which accounts are opened.
        from: NaiveDate,
        /// For how many days.
        days: u16,
        /// How many accounts.
        accounts: u32,
    },
    /// No identity check comes to an end; those that would have do as long after it as they would have
    /// taken.
    KycOutage {
        /// The first day.
        from: NaiveDate,
        /// For how many days.
        days: u16,
    },
}

impl Scenario {
    /// The first day on which anything is otherwise.
    pub fn from(&self) -> NaiveDate {
        match self {
            Self::BullRun { from, .. }
            | Self::Crash { from, .. }
            | Self::ChannelOff { from, .. }
            | Self::FraudRing { from, .. }
            | Self::KycOutage { from, .. } => *from,
        }
    }

    /// Whether it is about the market, and so about [`Bent`](crate::Bent).
    pub fn is_of_market(&self) -> bool {
        matches!(self, Self::BullRun { .. } | Self::Crash { .. })
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    /// When there is no such channel, or prices would fall to nothing.
    pub fn check(&self) -> Result<()> {
        let refused = |reason: String| Err(Error::Invalid { setting: "scenarios", reason });
        match self {
            Self::ChannelOff { channel, .. } if !CHANNELS.iter().any(|it| it.name == channel) => {
                let names: Vec<_> = CHANNELS.iter().map(|it| it.name).collect();
                refused(format!("there is no channel `{channel}`: {}", names.join(", ")))
            }
            Self::BullRun { by, .. } if !(by.is_finite() && (0.0..=100.0).contains(by)) => {
                refused(format!("prices cannot rise by {by}: from 0 to 100"))
            }
            Self::Crash { by, .. } if !(by.is_finite() && (0.0..1.0).contains(by)) => {
                refused(format!("prices cannot fall by {by}: from 0 to below 1"))
            }
            _ if self.days() == Some(0) => refused("it has to last a day at least".into()),
            _ => Ok(()),
        }
    }

    fn days(&self) -> Option<u16> {
        match self {
            Self::ChannelOff { days, .. } => *days,
            Self::BullRun { days, .. }
            | Self::Crash { days, .. }
            | Self::FraudRing { days, .. }
            | Self::KycOutage { days, .. } => Some(*days),
        }
    }
}

/// Some days: from the first of them to the one before the second.
pub(super) fn span(from: NaiveDate, days: Option<u16>) -> (NaiveDate, NaiveDate) {
    let after = days.and_then(|days| from.checked_add_days(Days::new(days.into())));
    (from, after.unwrap_or(NaiveDate::MAX))
}
