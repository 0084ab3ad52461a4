//! The currency of amounts: its code and how amounts are written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::format::grouped;
use crate::{Error, Result};

/// The longest code of a currency or coin.
const LENGTH: usize = 10;

/// The signs of currencies that are written with one.
const SIGNS: [(&str, &str); 8] = [
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("JPY", "¥"),
    ("INR", "₹"),
    ("KRW", "₩"),
    ("BRL", "R$"),
    ("ILS", "₪"),
];

/// The currencies without a smaller unit that is in use.
const WHOLE: [&str; 9] = ["JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XAF", "XOF"];

/// The coins of which a user has fractions.
const COINS: [&str; 8] = ["BTC", "XBT", "XXBT", "ETH", "XETH", "BNB", "SOL", "LTC"];

/// The currency of amounts, by its code of up to ten letters and digits.
///
/// ```
/// use tidegauge_report::{Currency, Format};
///
/// let euro: Currency = "eur".parse()?;
/// assert_eq!(euro.code(), "EUR");
/// assert_eq!(Format::of(euro).show(1_234.6), "€1,235");
/// assert_eq!(Format::of("CHF".parse()?).show(-2.5), "−CHF\u{a0}2.50");
/// assert_eq!(Currency::default().code(), "USD");
/// # Ok::<(), tidegauge_report::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    code: [u8; LENGTH],
}

impl Currency {
    /// US dollars, in which amounts of several currencies are valued.
    pub const USD: Self = Self { code: *b"USD\0\0\0\0\0\0\0" };

    /// Returns the code in upper case: `EUR`.
    pub fn code(&self) -> &str {
        let length = self.code.iter().position(|byte| *byte == 0).unwrap_or(LENGTH);
        std::str::from_utf8(&self.code[..length]).unwrap_or_default()
    }

    /// Returns the name of the unit: `US dollars`, or the code.
    pub fn name(&self) -> &str {
        if *self == Self::USD { "US dollars" } else { self.code() }
    }

    /// Writes an amount: with cents below a thousand, else rounded, with separators. Zero has no
    /// sign.
    pub(crate) fn show(&self, amount: f64) -> String {
        let code = self.code();
        let digits = match amount.abs() {
            size if COINS.contains(&code) && size < 1_000.0 => {
                if size < 1.0 {
                    6
                } else {
                    4
                }
            }
            size if size >= 1_000.0 || WHOLE.contains(&code) => 0,
            _ => 2,
        };
        let text = format!("{:.digits$}", amount.abs());
        let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
        let point = if cents.is_empty() { "" } else { "." };
        let is_nothing = text.bytes().all(|digit| matches!(digit, b'0' | b'.'));
        let minus = if amount < 0.0 && !is_nothing { "−" } else { "" };
        let sign = SIGNS.iter().find(|(known, _)| *known == code);
        let sign = sign.map_or_else(|| format!("{code}\u{a0}"), |(_, sign)| (*sign).to_owned());
        format!("{minus}{sign}{}{point}{cents}", grouped(whole))
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self::USD
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = Error;

    /// Parses a code, in upper or lower case.
    ///
    /// # Errors
    /// [`Error::InvalidCurrency`] if it is not two to ten letters and digits.
    fn from_str(text: &str) -> Result<Self> {
        let is_code = (2..=LENGTH).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_code {
            return Err(Error::InvalidCurrency { code: text.into() });
        }
        let mut code = [0; LENGTH];
        for (place, byte) in code.iter_mut().zip(text.bytes()) {
            *place = byte.to_ascii_uppercase();
        }
        Ok(Self { code })
    }
}

impl TryFrom<String> for Currency {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_sign_or_the_code_of_their_currency() {
        let show = |code: &str, amount| code.parse::<Currency>().unwrap().show(amount);
        assert_eq!(show("USD", 1_234_567.8), "$1,234,568");
        assert_eq!(show("USD", -0.001), "$0.00");
        assert_eq!(show("EUR", 52.1), "€52.10");
        assert_eq!(show("JPY", 980.0), "¥980");
        assert_eq!(show("SEK", -12.0), "−SEK\u{a0}12.00");
        assert_eq!(show("btc", 0.0125), "BTC\u{a0}0.012500");
        for wrong in ["", "€", "E", "EU R", "ELEVENCHARS"] {
            let error = wrong.parse::<Currency>().unwrap_err().to_string();
            assert!(error.contains("as EUR is one"), "{error}");
        }
        let json = serde_json::to_string(&"chf".parse::<Currency>().unwrap()).unwrap();
        assert_eq!(json, "\"CHF\"");
        assert!(serde_json::from_str::<Currency>("\"C\"").is_err());
    }
}
