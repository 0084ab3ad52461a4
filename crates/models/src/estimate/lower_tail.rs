//! Fast draws from the lower tail of the standard normal distribution.

use crate::math::normal::quantile;
use crate::random::Random;

/// The number of cells of equal probability, as a power of two, and of those next to the end in
/// which the quantile is computed.
const CELL_BITS: u32 = 10;
const COMPUTED: usize = 16;

/// The part of the standard normal distribution below the quantile of a share: its quantile
/// function, interpolated linearly within 1,024 cells except next to the end. Off by less than
/// 2e-4.
#[derive(Debug)]
pub(crate) struct LowerTail {
    share: f64,
    edges: Vec<f64>,
}

impl LowerTail {
    /// Creates the tail that has a share of the distribution.
    pub(crate) fn new(share: f64) -> Self {
        let cells = 1_u32 << CELL_BITS;
        let edge = |cell: u32| quantile(share * f64::from(cell) / f64::from(cells));
        Self { share, edges: (0..=cells).map(edge).collect() }
    }

    /// Returns the share of the distribution.
    pub(crate) fn share(&self) -> f64 {
        self.share
    }

    /// Returns a draw from the tail.
    pub(crate) fn draw(&self, random: &mut Random) -> f64 {
        self.at(random.bits(), random)
    }

    /// Returns a draw from the whole distribution, if this is its half.
    pub(crate) fn normal(&self, random: &mut Random) -> f64 {
        let bits = random.bits();
        let size = self.at(bits >> 1, random);
        if bits & 1 == 0 { size } else { -size }
    }

    /// Returns the number at a position given by the 31 lower bits.
    fn at(&self, bits: u32, random: &mut Random) -> f64 {
        let bits = bits & (u32::MAX >> 1);
        let cell = (bits >> (31 - CELL_BITS)) as usize;
        if cell < COMPUTED {
            let within = f64::from(bits) + random.unit();
            return quantile(self.share * within / f64::from(1_u32 << 31));
        }
        let width = f64::from(1_u32 << (31 - CELL_BITS));
        let within = f64::from(bits & ((1 << (31 - CELL_BITS)) - 1)) / width;
        let (low, high) = (self.edges[cell], self.edges[cell + 1]);
        low + (high - low) * within
    }
}
