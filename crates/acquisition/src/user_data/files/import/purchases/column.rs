//! The columns of purchases.

use tidegauge_core::DataType;

/// A column of the table of purchases. Users, times and values are required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PurchaseColumn {
    /// The user: any id, or an e-mail address.
    User,
    /// The time of the purchase.
    Time,
    /// The amount paid, negative for a refund.
    Value,
    /// The number of items, where the value is a price of one.
    Quantity,
    /// The part of the value that is earned, such as a fee or a margin.
    Revenue,
    /// The part of the value that was paid back.
    Refunded,
    /// The currency of the amounts.
    Currency,
    /// The order: its rows are one occasion, and refunds refer to it.
    Order,
    /// The kind of the row: purchase, refund, deposit.
    Kind,
    /// The status of the payment: paid, failed, refunded.
    Status,
    /// Whether the payment is a test.
    Test,
    /// The channel by which the user came.
    Channel,
    /// The country of the user.
    Country,
}

impl PurchaseColumn {
    /// All columns, the required ones first.
    pub const ALL: [Self; 13] = [
        Self::User,
        Self::Time,
        Self::Value,
        Self::Quantity,
        Self::Revenue,
        Self::Refunded,
        Self::Currency,
        Self::Order,
        Self::Kind,
        Self::Status,
        Self::Test,
        Self::Channel,
        Self::Country,
    ];

    /// Returns the name of the column in the table of purchases.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Time => "at",
            Self::Value => "value",
            Self::Quantity => "quantity",
            Self::Revenue => "revenue",
            Self::Refunded => "refunded",
            Self::Currency => "currency",
            Self::Order => "order_id",
            Self::Kind => "kind",
            Self::Status => "status",
            Self::Test => "test",
            Self::Channel => "channel",
            Self::Country => "country",
        }
    }

    /// Returns the option of the command line that names the column of the file.
    pub fn option(self) -> &'static str {
        match self {
            Self::User => "--user",
            Self::Time => "--time",
            Self::Value => "--value",
            Self::Quantity => "--quantity",
            Self::Revenue => "--revenue",
            Self::Refunded => "--refunded",
            Self::Currency => "--currency",
            Self::Order => "--id",
            Self::Kind => "--kind",
            Self::Status => "--status",
            Self::Test => "--test",
            Self::Channel => "--channel",
            Self::Country => "--country",
        }
    }

    /// Returns what the column is, as in "`customer_id` is the user".
    pub fn meaning(self) -> &'static str {
        match self {
            Self::User => "the user",
            Self::Time => "the time",
            Self::Value => "the value",
            Self::Quantity => "the number of items, by which the value is multiplied",
            Self::Revenue => "the revenue",
            Self::Refunded => "the amount that was refunded",
            Self::Currency => "the currency",
            Self::Order => "the order",
            Self::Kind => "the kind of the row",
            Self::Status => "the status",
            Self::Test => "the mark of test payments",
            Self::Channel => "the channel",
            Self::Country => "the country",
        }
    }

    /// Returns `true` if there are no purchases without the column.
    pub fn is_required(self) -> bool {
        matches!(self, Self::User | Self::Time | Self::Value)
    }

    /// Returns the type of the column. Amounts are floats: they are summed and not stored.
    pub(super) fn dtype(self) -> DataType {
        match self {
            Self::Time => DataType::Timestamp,
            Self::Value | Self::Quantity | Self::Revenue | Self::Refunded => DataType::Float64,
            _ => DataType::Text,
        }
    }
}
