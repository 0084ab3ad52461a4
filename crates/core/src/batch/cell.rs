//! One value of a column.

/// One value to be appended to a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer; fits integers, floats, and decimals as whole units.
    Int(i128),
    /// A float; fits floats only.
    Float(f64),
    /// Text; fits text, and decimals, dates and timestamps in their written form.
    Text(&'a str),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Minor units at the column's own scale.
    Decimal(i128),
}
