//! Scenarios: deviations from the default exchange.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::exchange::marketing::channels::CHANNELS;

/// A deviation from the default exchange. Each scenario changes only what it describes.
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
    /// Prices rise linearly over some days and stay at the new level. It applies to the market data: see
    /// [`ShockedSource`](crate::ShockedSource).
    BullRun {
        /// First day of the rise.
        from: NaiveDate,
        /// Duration in days.
        days: u16,
        /// Total relative rise; 0.5 means +50 %.
        by: f64,
    },
    /// Prices fall linearly over some days and stay at the new level. It applies to the market data: see
    /// [`ShockedSource`](crate::ShockedSource).
    Crash {
        /// First day of the fall.
        from: NaiveDate,
        /// Duration in days.
        days: u16,
        /// Total relative fall; 0.5 means −50 %.
        by: f64,
    },
    /// A channel brings no signups and spends nothing.
    ChannelOff {
        /// Name of the channel.
        channel: String,
        /// First day without the channel.
        from: NaiveDate,
        /// Duration in days; permanent if `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u16>,
    },
    /// A fraud ring opens accounts on a few devices, buys coins with stolen cards and withdraws them on the
    /// same day; the purchases are charged back weeks later.
    FraudRing {
        /// First day on which accounts are opened.
        from: NaiveDate,
        /// Number of days on which accounts are opened.
        days: u16,
        /// Number of accounts.
        accounts: u32,
    },
    /// No identity check completes. A delayed check takes its usual time after the outage.
    KycOutage {
        /// First day of the outage.
        from: NaiveDate,
        /// Duration in days.
        days: u16,
    },
}

impl Scenario {
    /// Returns the first day that the scenario affects.
    pub fn from(&self) -> NaiveDate {
        match self {
            Self::BullRun { from, .. }
            | Self::Crash { from, .. }
            | Self::ChannelOff { from, .. }
            | Self::FraudRing { from, .. }
            | Self::KycOutage { from, .. } => *from,
        }
    }

    /// Returns `true` if the scenario changes market prices and is applied by [`ShockedSource`](crate::ShockedSource).
    pub fn affects_market(&self) -> bool {
        matches!(self, Self::BullRun { .. } | Self::Crash { .. })
    }

    /// Validates the scenario.
    ///
    /// # Errors
    /// Returns [`Error::InvalidSetting`] if the channel is unknown, the price change is out of range, or the
    /// duration is zero.
    pub fn check(&self) -> Result<()> {
        let invalid = |reason: String| Err(Error::InvalidSetting { setting: "scenarios", reason });
        match self {
            Self::ChannelOff { channel, .. }
                if !CHANNELS.iter().any(|known| known.name == channel) =>
            {
                let names: Vec<_> = CHANNELS.iter().map(|channel| channel.name).collect();
                invalid(format!("there is no channel `{channel}`: {}", names.join(", ")))
            }
            Self::BullRun { by, .. } if !(by.is_finite() && (0.0..=100.0).contains(by)) => {
                invalid(format!("prices cannot rise by {by}: from 0 to 100"))
            }
            Self::Crash { by, .. } if !(by.is_finite() && (0.0..1.0).contains(by)) => {
                invalid(format!("prices cannot fall by {by}: from 0 to below 1"))
            }
            _ if self.days() == Some(0) => invalid("it has to last a day at least".into()),
            _ => Ok(()),
        }
    }

    /// Returns the duration in days, or `None` if the scenario is permanent.
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

/// Returns the half-open range of days that begins at `from`; without `days`, its end is the maximum date.
pub(crate) fn span(from: NaiveDate, days: Option<u16>) -> (NaiveDate, NaiveDate) {
    let after = days.and_then(|days| from.checked_add_days(Days::new(days.into())));
    (from, after.unwrap_or(NaiveDate::MAX))
}
