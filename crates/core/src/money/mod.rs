//! Exact decimal arithmetic for money.

mod decimal_text;
mod division;
mod fixed;

pub(crate) use decimal_text::parse;
pub use decimal_text::{InexactDecimal, format_units, parse_units, short_units, units_to_f64};
pub use division::{divide_half_even, multiply_divide, multiply_divide_floor};
pub use fixed::{Crypto, Fiat, Fixed};
