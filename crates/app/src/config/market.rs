//! What is worked out from the raw market tables.

use serde::{Deserialize, Serialize};
use tidegauge_analytics::market::PriceParams;

use crate::{Error, Result};

/// What is worked out from the raw market tables: `market_prices`, `crypto_metrics`, `fx_daily`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MarketConfig {
    /// Whether a run works them out.
    pub derive: bool,
    /// The sources whose prices count first, the best one first; a name speaks for its family, as
    /// `kraken` for `kraken_stream`. Those that are not named come after them, by name.
    pub precedence: Vec<String>,
    /// A price is disputed when another source's is further away than this share of it.
    pub disputed_above: f64,
    /// The currency of the daily exchange rates.
    pub fx_quote: String,
}

impl Default for MarketConfig {
    fn default() -> Self {
        let PriceParams { precedence, disputed_above } = PriceParams::default();
        Self { derive: true, precedence, disputed_above, fx_quote: "USD".into() }
    }
}

impl MarketConfig {
    /// # Errors
    /// The first setting that makes no sense, and what would.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |setting: &'static str, reason: String| Err(Error::Setting { setting, reason });
        for (at, name) in self.precedence.iter().enumerate() {
            if name.trim().is_empty() || self.precedence[..at].contains(name) {
                let reason = format!("`{name}` is empty, or there twice; name each source once");
                return wrong("market.precedence", reason);
            }
        }
        let share = self.disputed_above;
        if !share.is_finite() || share <= 0.0 {
            return wrong("market.disputed_above", format!("{share} is not a share above zero"));
        }
        let code = self.fx_quote.as_bytes();
        if code.len() != 3 || !code.iter().all(u8::is_ascii_uppercase) {
            let reason = format!("`{}` is not a currency's code, as in USD", self.fx_quote);
            return wrong("market.fx_quote", reason);
        }
        Ok(())
    }

    pub(crate) fn prices(&self) -> PriceParams {
        PriceParams { precedence: self.precedence.clone(), disputed_above: self.disputed_above }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut MarketConfig);

    #[test]
    fn what_makes_no_sense_is_named() {
        assert!(MarketConfig::default().check().is_ok());
        let wrong: [(Change, &str); 7] = [
            (
                |it| it.precedence = vec!["a".into(), "b".into(), "a".into()],
                "market.precedence: `a`",
            ),
            (|it| it.precedence = vec![" ".into()], "market.precedence: ` `"),
            (|it| it.disputed_above = 0.0, "market.disputed_above: 0 is not"),
            (|it| it.disputed_above = f64::NAN, "market.disputed_above: NaN is not"),
            (|it| it.fx_quote = "usd".into(), "market.fx_quote: `usd`"),
            (|it| it.fx_quote = String::new(), "market.fx_quote: ``"),
            (|it| it.fx_quote = "\u{20ac}".into(), "market.fx_quote: `\u{20ac}`"),
        ];
        for (change, says) in wrong {
            let mut config = MarketConfig::default();
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
        // No list at all: every source by its name.
        assert!(MarketConfig { precedence: Vec::new(), ..MarketConfig::default() }.check().is_ok());
    }
}
