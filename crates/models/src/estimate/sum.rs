//! Sums that do not depend on the order of their terms.

/// A sum in twice the precision of `f64` (Knuth's two-sum), so that it rounds to the same `f64` in
/// any order of addition, up to rare ties.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    /// Adds a number.
    pub(crate) fn add(&mut self, number: f64) {
        let total = self.high + number;
        let part = total - self.high;
        let lost = (self.high - (total - part)) + (number - part);
        self.normalise(total, self.low + lost);
    }

    /// Adds the square of a number.
    pub(crate) fn add_square(&mut self, number: f64) {
        let square = number * number;
        // The rounding error of the product, exactly (Dekker 1971), without a fused operation that
        // machines may lack: the upper half of the digits, and the rest.
        let split = 134_217_729.0 * number;
        let high = split - (split - number);
        let low = number - high;
        let lost = ((high * high - square) + 2.0 * high * low) + low * low;
        self.add(square);
        if lost.is_finite() {
            self.add(lost);
        }
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: Self) {
        self.add(other.high);
        self.add(other.low);
    }

    /// Returns the sum, rounded.
    pub(crate) fn value(self) -> f64 {
        self.high + self.low
    }

    /// Splits a total and its correction into parts that do not overlap.
    fn normalise(&mut self, total: f64, correction: f64) {
        let high = total + correction;
        self.low = if high.is_finite() { correction - (high - total) } else { 0.0 };
        self.high = high;
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
