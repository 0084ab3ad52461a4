//! Customers drawn from the models by an independent generator, which shares no code with the simulator.

use super::bgnbd;
use super::gamma_gamma::{self, Spend};

/// The SplitMix64 generator (Steele, Lea and Flood, 2014, <https://doi.org/10.1145/2714064.2660195>).
#[derive(Debug)]
pub(crate) struct TestRng(pub(crate) u64);

impl TestRng {
    /// Returns a number that is uniform in (0, 1].
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + f64::EPSILON / 4.0
    }

    /// Returns a standard exponential number.
    fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform())
    }

    /// Returns a gamma-distributed number of scale 1: by algorithm GS for shapes below 1 (Ahrens and Dieter,
    /// 1974, <https://doi.org/10.1007/BF02293108>), otherwise as a sum of such a number and exponentials.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape >= 1.0 {
            return self.exponential() + self.gamma(shape - 1.0);
        }
        if shape == 0.0 {
            return 0.0;
        }
        let split = 1.0 + shape / std::f64::consts::E;
        loop {
            let at = split * self.uniform();
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

    /// Returns a beta-distributed number.
    fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (one, other) = (self.gamma(a), self.gamma(b));
        one / (one + other)
    }

    /// Returns the times of a new customer's repeats, in time since the first transaction, up to `end`.
    pub(crate) fn repeats(&mut self, &[r, alpha, a, b]: &bgnbd::Theta, end: f64) -> Vec<f64> {
        let rate = self.gamma(r) / alpha;
        let dropout = self.beta(a, b);
        let (mut at, mut repeats) = (0.0, Vec::new());
        loop {
            at += self.exponential() / rate;
            if at > end {
                return repeats;
            }
            repeats.push(at);
            if self.uniform() < dropout {
                return repeats;
            }
        }
    }

    /// Draws the values of a new customer's `n` transactions.
    pub(crate) fn spend(&mut self, &[p, q, gamma]: &gamma_gamma::Theta, n: u32) -> Spend {
        let scale = gamma / self.gamma(q);
        let total: f64 = (0..n).map(|_| scale * self.gamma(p)).sum();
        Spend { n, mean: total / f64::from(n) }
    }
}
