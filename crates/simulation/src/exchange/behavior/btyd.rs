//! Buy-till-you-die models of trading: BG/NBD for timing and gamma–gamma for value.

use crate::rng::RandomStream;

/// Parameters of a channel's users: BG/NBD for the timing of trades (Fader, Hardie and Lee, 2005,
/// <https://doi.org/10.1287/mksc.1040.0098>) and gamma–gamma for their value (Fader and Hardie, 2013,
/// <http://www.brucehardie.com/notes/025/gamma_gamma.pdf>). Times are in days, values in US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BtydParams {
    /// Shape of the gamma distribution of trading rates.
    pub(crate) r: f64,
    /// Rate parameter (inverse scale) of that distribution, in days.
    pub(crate) alpha: f64,
    /// Parameters of the beta distribution of the dropout probability.
    pub(crate) a: f64,
    pub(crate) b: f64,
    /// Shape of the gamma distribution of one user's trade values.
    pub(crate) p: f64,
    /// Shape of the gamma distribution of the inverse scale of those values.
    pub(crate) q: f64,
    /// Rate parameter (inverse scale) of that distribution, in US dollars.
    pub(crate) gamma: f64,
}

/// The true parameters of one user, constant over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Customer {
    /// Trades per day until the user churns.
    pub(crate) rate: f64,
    /// Probability of churning after each repeat trade.
    pub(crate) dropout: f64,
    /// Total number of trades until churn, counting the first; at least 2.
    pub(crate) lifetime_trades: i64,
    /// Gamma shape of the trade values, and their scale in US dollars.
    pub(crate) shape: f64,
    pub(crate) scale: f64,
}

impl BtydParams {
    /// Draws the parameters of one user.
    pub(crate) fn draw(&self, rng: &mut RandomStream) -> Customer {
        let rate = rng.gamma(self.r) / self.alpha;
        let dropout = rng.beta(self.a, self.b);
        // BG/NBD allows dropout only after a repeat, never after the first trade.
        let lifetime_trades = rng.geometric(dropout).saturating_add(1);
        let scale = self.gamma / rng.gamma(self.q);
        Customer { rate, dropout, lifetime_trades, shape: self.p, scale }
    }

    /// Returns the mean trade value over users, in US dollars.
    pub(crate) fn mean_value(&self) -> f64 {
        self.p * self.gamma / (self.q - 1.0)
    }

    /// Returns the expected number of trades within `days` of the first one, which is included: equation 9 of
    /// the BG/NBD paper plus one.
    pub(crate) fn expected_trades(&self, days: f64) -> f64 {
        1.0 + super::bg_nbd::expected_repeats(self.r, self.alpha, self.a, self.b, days)
    }
}

impl Customer {
    /// Returns the mean value of the user's trades, in US dollars.
    pub(crate) fn mean_value(&self) -> f64 {
        self.shape * self.scale
    }

    /// Returns the expected total trade value within `days` of the first trade, which is included, in US
    /// dollars.
    pub(crate) fn expected_value(&self, days: f64) -> f64 {
        let more = -libm::expm1(-self.rate * self.dropout * days) / self.dropout;
        (1.0 + more) * self.mean_value()
    }

    /// Draws the value of one trade, in US dollars.
    pub(crate) fn value(&self, rng: &mut RandomStream) -> f64 {
        self.scale * rng.gamma(self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamId;

    const PARAMS: BtydParams =
        BtydParams { r: 0.6, alpha: 8.0, a: 0.8, b: 2.5, p: 2.0, q: 3.5, gamma: 400.0 };

    fn many() -> Vec<Customer> {
        let draw = |user| PARAMS.draw(&mut RandomStream::new(1, StreamId::User, user));
        (0..200_000).map(draw).collect()
    }

    #[test]
    fn customers_have_the_expected_means() {
        let customers = many();
        let mean = |of: &dyn Fn(&Customer) -> f64| {
            let values: Vec<f64> = customers.iter().map(of).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            (mean, (spread / values.len() as f64 / values.len() as f64).sqrt())
        };
        let BtydParams { r, alpha, a, b, .. } = PARAMS;
        for (found, wanted) in [
            (mean(&|customer| customer.rate), r / alpha),
            (mean(&|customer| customer.dropout), a / (a + b)),
            (mean(&|customer| customer.mean_value()), PARAMS.mean_value()),
            // The mean of the users' conditional expectations equals the paper's unconditional one.
            (
                mean(&|customer| customer.expected_value(90.0) / customer.mean_value()),
                PARAMS.expected_trades(90.0),
            ),
            (
                mean(&|customer| customer.expected_value(365.0) / customer.mean_value()),
                PARAMS.expected_trades(365.0),
            ),
        ] {
            let (found, error) = found;
            assert!((found - wanted).abs() < 4.5 * error, "{found} ± {error}, not {wanted}");
        }
    }

    #[test]
    fn churn_happens_after_the_second_trade_at_the_earliest() {
        let customers = many();
        assert!(customers.iter().all(|customer| customer.lifetime_trades >= 2));
        let leaves =
            customers.iter().filter(|customer| customer.lifetime_trades == 2).count() as f64;
        let wanted = customers.iter().map(|customer| customer.dropout).sum::<f64>();
        assert!((leaves - wanted).abs() < 4.5 * wanted.sqrt(), "{leaves}, not {wanted}");
    }
}
