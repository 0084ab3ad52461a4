//! Customers drawn from the models, to try the fitter on: a generator of its own, so that it shares no mistake
//! with the simulator.

use super::bgnbd;
use super::gamma_gamma::{self, Spend};

/// SplitMix64 (Steele, Lea and Flood, 2014, <https://doi.org/10.1145/2714064.2660195>).
#[derive(Debug)]
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    /// Uniform in (0, 1].
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + f64::EPSILON / 4.0
    }

    fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Of scale 1: below a shape of 1 by algorithm GS (Ahrens and Dieter, 1974,
    /// <https://doi.org/10.1007/BF02293108>), above as the sum of such a one and of exponentials.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape >= 1.0 {
            return self.exponential() + self.gamma(shape - 1.0);
        }
        if shape == 0.0 {
            return 0.0;
        }
        let split = 1.0 + shape / std::f64::consts::E;
        loop {
            let at = split * self.unit();
            let (drawn, bound) = if at <= 1.0 {
                let drawn = libm::pow(at, 1.0 / shape);
                (drawn, drawn)
            } else {
                let drawn = -libm::log((split - at) / shape);
                (drawn, (1.0 - shape) * libm::log(drawn))
            };
            if self.exponential() >= bound {
                return drawn;
            }
        }
    }

    fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (one, other) = (self.gamma(a), self.gamma(b));
        one / (one + other)
    }

    /// When a new customer's repeats are, up to `end` after the first transaction.
    pub(crate) fn repeats(&mut self, &[r, alpha, a, b]: &bgnbd::Theta, end: f64) -> Vec<f64> {
        let rate = self.gamma(r) / alpha;
        let leaves = self.beta(a, b);
        let (mut at, mut repeats) = (0.0, Vec::new());
        loop {
            at += self.exponential() / rate;
            if at > end {
                return repeats;
            }
            repeats.push(at);
            if self.unit() < leaves {
                return repeats;
            }
        }
    }

    /// What a new customer's `n` transactions are worth.
    pub(crate) fn spend(&mut self, &[p, q, gamma]: &gamma_gamma::Theta, n: u32) -> Spend {
        let scale = gamma / self.gamma(q);
        let total: f64 = (0..n).map(|_| scale * self.gamma(p)).sum();
        Spend { n, mean: total / f64::from(n) }
    }
}
