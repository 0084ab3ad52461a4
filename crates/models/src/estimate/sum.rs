//! Sums that do not depend on the order of their terms.

/// A sum that keeps the rounding error of each addition (Knuth's two-sum; A. Neumaier 1974), so that
/// it rounds to the same `f64` in any order of addition, up to rare ties.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    high: f64,
    /// The sum of the rounding errors.
    low: f64,
}

impl Sum {
    /// Adds a number.
    #[inline]
    pub(crate) fn add(&mut self, number: f64) {
        let total = self.high + number;
        let part = total - self.high;
        self.low += (self.high - (total - part)) + (number - part);
        self.high = total;
    }

    /// Adds the square of a number.
    #[inline]
    pub(crate) fn add_square(&mut self, number: f64) {
        let square = number * number;
        // The rounding error of the product, exactly (T. J. Dekker 1971): the upper half of the
        // digits, and the rest. A fused operation would do, but not all machines have it.
        let split = 134_217_729.0 * number;
        let high = split - (split - number);
        let low = number - high;
        self.low += ((high * high - square) + 2.0 * high * low) + low * low;
        self.add(square);
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: Self) {
        self.low += other.low;
        self.add(other.high);
    }

    /// Returns the sum, rounded. Without the errors if they are not finite, such as of a sum that is
    /// infinite.
    pub(crate) fn value(self) -> f64 {
        if self.low.is_finite() { self.high + self.low } else { self.high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_beside_large_ones_survive() {
        let mut sum = Sum::default();
        for number in [1e16, 1.0, -1e16, 1.0] {
            sum.add(number);
        }
        assert_eq!(sum.value(), 2.0);
        let mut squares = Sum::default();
        squares.add_square(1e8 + 1.0);
        squares.add(-1e16);
        assert_eq!(squares.value(), 2e8 + 1.0);
    }
}
