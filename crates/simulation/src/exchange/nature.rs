//! Buy-till-you-die models of trading: BG/NBD for timing and gamma–gamma for value.

use crate::draw::Draws;

/// Parameters of a channel's users: BG/NBD for the timing of trades (Fader, Hardie and Lee, 2005,
/// <https://doi.org/10.1287/mksc.1040.0098>) and gamma–gamma for their value (Fader and Hardie, 2013,
/// <http://www.brucehardie.com/notes/025/gamma_gamma.pdf>). Times are in days, values in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Process {
    /// Shape of the gamma distribution of trading rates.
    pub(super) r: f64,
    /// Rate parameter (inverse scale) of that distribution, in days.
    pub(super) alpha: f64,
    /// Parameters of the beta distribution of the dropout probability.
    pub(super) a: f64,
    pub(super) b: f64,
    /// Shape of the gamma distribution of one user's trade values.
    pub(super) p: f64,
    /// Shape of the gamma distribution of the inverse scale of those values.
    pub(super) q: f64,
    /// Rate parameter (inverse scale) of that distribution, in US dollars.
    pub(super) gamma: f64,
}

/// The true parameters of one user, constant over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nature {
    /// Trades per day until the user churns.
    pub(super) rate: f64,
    /// Probability of churning after each repeat trade.
    pub(super) dropout: f64,
    /// Total number of trades until churn, counting the first; at least 2.
    pub(super) lasts: i64,
    /// Gamma shape of the trade values, and their scale in US dollars.
    pub(super) shape: f64,
    pub(super) scale: f64,
}

impl Process {
    /// Draws the parameters of one user.
    pub(super) fn draw(&self, draws: &mut Draws) -> Nature {
        let rate = draws.gamma(self.r) / self.alpha;
        let dropout = draws.beta(self.a, self.b);
        // BG/NBD allows dropout only after a repeat, never after the first trade.
        let lasts = draws.geometric(dropout).saturating_add(1);
        let scale = self.gamma / draws.gamma(self.q);
        Nature { rate, dropout, lasts, shape: self.p, scale }
    }

    /// Returns the mean trade value over users, in US dollars.
    pub(super) fn mean_value(&self) -> f64 {
        self.p * self.gamma / (self.q - 1.0)
    }

    /// Returns the expected number of trades within `days` of the first one, which is included: equation 9 of
    /// the BG/NBD paper plus one.
    pub(super) fn expected(&self, days: f64) -> f64 {
        1.0 + super::expected::expected(self.r, self.alpha, self.a, self.b, days)
    }
}

impl Nature {
    /// Returns the mean value of the user's trades, in US dollars.
    pub(super) fn mean_value(&self) -> f64 {
        self.shape * self.scale
    }

    /// Returns the expected total trade value within `days` of the first trade, which is included, in US
    /// dollars.
    pub(super) fn expected_value(&self, days: f64) -> f64 {
        let more = -libm::expm1(-self.rate * self.dropout * days) / self.dropout;
        (1.0 + more) * self.mean_value()
    }

    /// Draws the value of one trade, in US dollars.
    pub(super) fn value(&self, draws: &mut Draws) -> f64 {
        self.scale * draws.gamma(self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Stream;

    const PROCESS: Process =
        Process { r: 0.6, alpha: 8.0, a: 0.8, b: 2.5, p: 2.0, q: 3.5, gamma: 400.0 };

    fn many() -> Vec<Nature> {
        let draw = |user| PROCESS.draw(&mut Draws::of(1, Stream::Life, user));
        (0..200_000).map(draw).collect()
    }

    #[test]
    fn natures_have_the_means_of_their_process() {
        let natures = many();
        let mean = |of: &dyn Fn(&Nature) -> f64| {
            let values: Vec<f64> = natures.iter().map(of).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            (mean, (spread / values.len() as f64 / values.len() as f64).sqrt())
        };
        let Process { r, alpha, a, b, .. } = PROCESS;
        for (found, wanted) in [
            (mean(&|customer| customer.rate), r / alpha),
            (mean(&|customer| customer.dropout), a / (a + b)),
            (mean(&|customer| customer.mean_value()), PROCESS.mean_value()),
            // The mean of the users' conditional expectations equals the paper's unconditional one.
            (
                mean(&|customer| customer.expected_value(90.0) / customer.mean_value()),
                PROCESS.expected(90.0),
            ),
            (
                mean(&|customer| customer.expected_value(365.0) / customer.mean_value()),
                PROCESS.expected(365.0),
            ),
        ] {
            let (found, error) = found;
            assert!((found - wanted).abs() < 4.5 * error, "{found} ± {error}, not {wanted}");
        }
    }

    #[test]
    fn nobody_leaves_before_the_second_trade() {
        let natures = many();
        assert!(natures.iter().all(|customer| customer.lasts >= 2));
        let leaves = natures.iter().filter(|customer| customer.lasts == 2).count() as f64;
        let wanted = natures.iter().map(|customer| customer.dropout).sum::<f64>();
        assert!((leaves - wanted).abs() < 4.5 * wanted.sqrt(), "{leaves}, not {wanted}");
    }
}
