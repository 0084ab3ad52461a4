//! The settings of the derived market tables.

use serde::{Deserialize, Serialize};
use tidegauge_analytics::market::PriceParams;

use crate::{Error, Result};

/// The settings of the tables derived from raw market data: `market_prices`, `crypto_metrics` and
/// `fx_daily`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MarketConfig {
    /// Whether a run computes them.
    pub derive: bool,
    /// The sources whose prices take precedence, the best one first; a name includes its family,
    /// as `kraken` for `kraken_stream`. Other sources follow, by name.
    pub precedence: Vec<String>,
    /// The relative difference to another source's price above which a price is disputed.
    pub disputed_above: f64,
    /// The quote currency of the daily exchange rates.
    pub fx_quote: String,
}

impl Default for MarketConfig {
    fn default() -> Self {
        let PriceParams { precedence, disputed_above } = PriceParams::default();
        Self { derive: true, precedence, disputed_above, fx_quote: "USD".into() }
    }
}

impl MarketConfig {
    /// Validates the settings.
    ///
    /// # Errors
    /// The first invalid setting, with the valid values.
    pub(super) fn check(&self) -> Result<()> {
        let invalid =
            |setting: &'static str, reason: String| Err(Error::Setting { setting, reason });
        for (at, name) in self.precedence.iter().enumerate() {
            if name.trim().is_empty() || self.precedence[..at].contains(name) {
                let reason = format!("`{name}` is empty, or there twice; name each source once");
                return invalid("market.precedence", reason);
            }
        }
        let share = self.disputed_above;
        if !share.is_finite() || share <= 0.0 {
            return invalid("market.disputed_above", format!("{share} is not a share above zero"));
        }
        let code = self.fx_quote.as_bytes();
        if code.len() != 3 || !code.iter().all(u8::is_ascii_uppercase) {
            let reason = format!("`{}` is not a currency's code, as in USD", self.fx_quote);
            return invalid("market.fx_quote", reason);
        }
        Ok(())
    }

    pub(crate) fn price_params(&self) -> PriceParams {
        PriceParams { precedence: self.precedence.clone(), disputed_above: self.disputed_above }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut MarketConfig);

    #[test]
    fn invalid_settings_are_named() {
        assert!(MarketConfig::default().check().is_ok());
        let wrong: [(Change, &str); 7] = [
            (
                |config| config.precedence = vec!["a".into(), "b".into(), "a".into()],
                "market.precedence: `a`",
            ),
            (|config| config.precedence = vec![" ".into()], "market.precedence: ` `"),
            (|config| config.disputed_above = 0.0, "market.disputed_above: 0 is not"),
            (|config| config.disputed_above = f64::NAN, "market.disputed_above: NaN is not"),
            (|config| config.fx_quote = "usd".into(), "market.fx_quote: `usd`"),
            (|config| config.fx_quote = String::new(), "market.fx_quote: ``"),
            (|config| config.fx_quote = "\u{20ac}".into(), "market.fx_quote: `\u{20ac}`"),
        ];
        for (change, says) in wrong {
            let mut config = MarketConfig::default();
            change(&mut config);
            let error = config.check().unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
        // Without a list every source ranks by its name.
        assert!(MarketConfig { precedence: Vec::new(), ..MarketConfig::default() }.check().is_ok());
    }
}
