//! The types of columns.

use std::fmt;

use arrow_schema::{DataType as ArrowType, TimeUnit};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// True or false.
    Bool,
    /// A 64-bit integer.
    Int64,
    /// A float: for statistics, never for money. Always finite.
    Float64,
    /// UTF-8 text without NUL.
    Text,
    /// A calendar date, UTC.
    Date,
    /// An instant, UTC, in whole microseconds.
    Timestamp,
    /// An exact decimal number.
    Decimal {
        /// The total number of digits, at most 38.
        precision: u8,
        /// The number of decimal places.
        scale: u8,
    },
}

impl DataType {
    /// Fiat money, with 2 decimal places.
    pub const FIAT: Self = Self::Decimal { precision: 18, scale: 2 };
    /// Crypto amounts, prices and exchange rates, with 18 decimal places.
    pub const CRYPTO: Self = Self::Decimal { precision: 38, scale: 18 };

    /// Returns `true` if a column of this type can hold every value of type `other`: the types are
    /// equal, or this is a decimal with no fewer digits on either side of the point.
    ///
    /// ```
    /// use tidegauge_core::DataType;
    ///
    /// assert!(DataType::CRYPTO.holds(DataType::FIAT));
    /// assert!(!DataType::FIAT.holds(DataType::CRYPTO));
    /// ```
    pub fn holds(self, other: Self) -> bool {
        match (self, other) {
            (
                Self::Decimal { precision, scale },
                Self::Decimal { precision: other_precision, scale: other_scale },
            ) => {
                let whole = |precision: u8, scale: u8| i16::from(precision) - i16::from(scale);
                scale >= other_scale
                    && whole(precision, scale) >= whole(other_precision, other_scale)
            }
            _ => self == other,
        }
    }

    /// Returns the Arrow type of such a column. In a [`Batch`](crate::Batch), text may also be
    /// dictionary-encoded.
    pub fn to_arrow(self) -> ArrowType {
        match self {
            Self::Bool => ArrowType::Boolean,
            Self::Int64 => ArrowType::Int64,
            Self::Float64 => ArrowType::Float64,
            Self::Text => ArrowType::Utf8,
            Self::Date => ArrowType::Date32,
            // Without a time zone: all timestamps are UTC, and the schema of existing files does
            // not change.
            Self::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, None),
            Self::Decimal { precision, scale } => {
                ArrowType::Decimal128(precision, scale.cast_signed())
            }
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int64 => f.write_str("int64"),
            Self::Float64 => f.write_str("float64"),
            Self::Text => f.write_str("text"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
        }
    }
}
