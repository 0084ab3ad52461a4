//! What users are like: the processes that analytics tries to find again.

use crate::draw::Draws;

/// How the users of a channel trade: BG/NBD (Fader, Hardie and Lee, 2005,
/// <https://doi.org/10.1287/mksc.1040.0098>) for when, gamma–gamma (Fader and Hardie, 2013,
/// <http://www.brucehardie.com/notes/025/gamma_gamma.pdf>) for how much. Days, and US dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Process {
    /// Rates are gamma with this shape…
    pub(super) r: f64,
    /// …and this many days as the inverse of their scale.
    pub(super) alpha: f64,
    /// The probability of leaving after a trade is beta.
    pub(super) a: f64,
    pub(super) b: f64,
    /// Values of one user are gamma with this shape…
    pub(super) p: f64,
    /// …and an inverse scale that is gamma with this shape…
    pub(super) q: f64,
    /// …and this inverse scale.
    pub(super) gamma: f64,
}

/// What one user is like, for good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nature {
    /// Trades a day, while the user stays.
    pub(super) rate: f64,
    /// The probability of leaving after each.
    pub(super) dropout: f64,
    /// The trade after which the user leaves: the first is number 1.
    pub(super) lasts: i64,
    /// The shape of the values of the trades, and their scale in US dollars.
    pub(super) shape: f64,
    pub(super) scale: f64,
}

impl Process {
    pub(super) fn draw(&self, draws: &mut Draws) -> Nature {
        let rate = draws.gamma(self.r) / self.alpha;
        let dropout = draws.beta(self.a, self.b);
        // The first trade is no chance to leave: BG/NBD counts from there.
        let lasts = draws.geometric(dropout).saturating_add(1);
        let scale = self.gamma / draws.gamma(self.q);
        Nature { rate, dropout, lasts, shape: self.p, scale }
    }

    /// The mean of what a trade is worth.
    pub(super) fn mean_value(&self) -> f64 {
        self.p * self.gamma / (self.q - 1.0)
    }

    /// Trades expected in `days` from the first one on, that one included: equation 9 of the paper on
    /// BG/NBD, by the mean over users.
    pub(super) fn expected(&self, days: f64) -> f64 {
        1.0 + super::expected::expected(self.r, self.alpha, self.a, self.b, days)
    }
}

impl Nature {
    pub(super) fn mean_value(&self) -> f64 {
        self.shape * self.scale
    }

    /// What this user is expected to trade for in `days` from the first trade on, that one included.
    pub(super) fn expected_value(&self, days: f64) -> f64 {
        let more = -libm::expm1(-self.rate * self.dropout * days) / self.dropout;
        (1.0 + more) * self.mean_value()
    }

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
            let spread = values.iter().map(|it| (it - mean).powi(2)).sum::<f64>();
            (mean, (spread / values.len() as f64 / values.len() as f64).sqrt())
        };
        let Process { r, alpha, a, b, .. } = PROCESS;
        for (found, wanted) in [
            (mean(&|it| it.rate), r / alpha),
            (mean(&|it| it.dropout), a / (a + b)),
            (mean(&|it| it.mean_value()), PROCESS.mean_value()),
            // The mean over users of what each is expected to do is what the paper says.
            (mean(&|it| it.expected_value(90.0) / it.mean_value()), PROCESS.expected(90.0)),
            (mean(&|it| it.expected_value(365.0) / it.mean_value()), PROCESS.expected(365.0)),
        ] {
            let (found, error) = found;
            assert!((found - wanted).abs() < 4.5 * error, "{found} ± {error}, not {wanted}");
        }
    }

    #[test]
    fn nobody_leaves_before_the_second_trade() {
        let natures = many();
        assert!(natures.iter().all(|it| it.lasts >= 2));
        let leaves = natures.iter().filter(|it| it.lasts == 2).count() as f64;
        let wanted = natures.iter().map(|it| it.dropout).sum::<f64>();
        assert!((leaves - wanted).abs() < 4.5 * wanted.sqrt(), "{leaves}, not {wanted}");
    }
}
