//! The metrics of the board.

use serde::{Deserialize, Serialize};

/// A metric of the board, in the board's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// The users with a transaction in the period.
    TransactingUsers,
    /// The volume of transactions before reversals.
    Volume,
    /// Volume over transacting users.
    VolumePerUser,
    /// The revenue of all events before reversals.
    GrossRevenue,
    /// The revenue of all events after reversals.
    NetRevenue,
    /// The gross revenue of transactions over their volume.
    TakeRate,
    /// The share of gross revenue that a kind of event has.
    RevenueShare,
    /// The users who signed up in the period.
    Signups,
    /// The users whose first deposit or on-ramp purchase is in the period.
    NewFundedAccounts,
    /// The Gini coefficient of the volume of transacting users.
    Gini,
    /// The share of volume that the top 1 % of transacting users have.
    Top1Percent,
    /// The share of volume that the top 10 % of transacting users have.
    Top10Percent,
}

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// A number of users.
    Users,
    /// US dollars.
    Usd,
    /// A share, from 0 to 1 unless reversals exceed the rest.
    Share,
}

impl Unit {
    /// Returns the name of the unit, as it is serialized.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Usd => "usd",
            Self::Share => "share",
        }
    }
}

impl Metric {
    /// Returns the name of the metric, as it is serialized.
    pub fn name(self) -> &'static str {
        match self {
            Self::TransactingUsers => "transacting_users",
            Self::Volume => "volume",
            Self::VolumePerUser => "volume_per_user",
            Self::GrossRevenue => "gross_revenue",
            Self::NetRevenue => "net_revenue",
            Self::TakeRate => "take_rate",
            Self::RevenueShare => "revenue_share",
            Self::Signups => "signups",
            Self::NewFundedAccounts => "new_funded_accounts",
            Self::Gini => "gini",
            Self::Top1Percent => "top_1_percent",
            Self::Top10Percent => "top_10_percent",
        }
    }

    /// Returns the unit of the metric.
    ///
    /// ```
    /// use tidegauge_analytics::kpi::{Metric, Unit};
    ///
    /// assert_eq!(Metric::TakeRate.unit(), Unit::Share);
    /// assert_eq!((Metric::Volume.unit().name(), Metric::Volume.name()), ("usd", "volume"));
    /// ```
    pub fn unit(self) -> Unit {
        match self {
            Self::TransactingUsers | Self::Signups | Self::NewFundedAccounts => Unit::Users,
            Self::Volume | Self::VolumePerUser | Self::GrossRevenue | Self::NetRevenue => Unit::Usd,
            Self::TakeRate
            | Self::RevenueShare
            | Self::Gini
            | Self::Top1Percent
            | Self::Top10Percent => Unit::Share,
        }
    }

    /// Returns `true` if the metric of a period is the sum of those of its days, so that it grows
    /// with the length of the period.
    pub(super) fn is_additive(self) -> bool {
        matches!(
            self,
            Self::Volume
                | Self::GrossRevenue
                | Self::NetRevenue
                | Self::Signups
                | Self::NewFundedAccounts
        )
    }
}
