//! Linear scales from values to positions, with round ticks.

/// A linear scale from values to positions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// The minimum and the maximum value.
    values: (f64, f64),
    /// The positions of the two.
    positions: (f64, f64),
}

impl Scale {
    /// Creates a scale that maps `values` to `positions`. An empty range is treated as one of
    /// length 1.
    pub(super) fn new(values: (f64, f64), positions: (f64, f64)) -> Self {
        let (low, high) = values;
        let high = if high > low { high } else { low + 1.0 };
        Self { values: (low, high), positions }
    }

    /// Returns the position of a value.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value - self.values.0) / (self.values.1 - self.values.0);
        self.positions.0 + share * (self.positions.1 - self.positions.0)
    }
}

/// Returns about five round values that cover the range from `low` to `high`: multiples of 1, 2 or
/// 5 times a power of ten.
pub(crate) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let extent = if high > low { high - low } else { 1.0 };
    let rough = extent / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let (first, last) = ((low / step).floor(), (high.max(low + extent) / step).ceil());
    let mut ticks = Vec::new();
    let mut at = first;
    while at <= last && ticks.len() < 20 {
        ticks.push(at * step);
        at += 1.0;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_range() {
        assert_eq!(ticks(0.0, 173.0), [0.0, 50.0, 100.0, 150.0, 200.0]);
        assert_eq!(ticks(0.0, 3.0), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(ticks(-12.0, 30.0), [-20.0, -10.0, 0.0, 10.0, 20.0, 30.0]);
        let same = ticks(0.0, 0.0);
        assert!(same.len() > 2 && same[0] == 0.0, "{same:?}");
    }

    #[test]
    fn a_scale_without_extent_is_one_of_length_one() {
        assert_eq!(Scale::new((0.0, 4.0), (0.0, 100.0)).at(1.0), 25.0);
        assert_eq!(Scale::new((2.0, 2.0), (10.0, 0.0)).at(2.0), 10.0);
    }
}
