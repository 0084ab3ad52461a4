//! Moments and ranks of values without gaps.

/// Returns the mean, or `None` of no values.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Returns the standard deviation (n − 1), or `None` of fewer than two values.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// Returns the median, or `None` of no values. Sorts the values.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    let lower = if values.len().is_multiple_of(2) { values[middle - 1] } else { upper };
    Some(f64::midpoint(lower, upper))
}

/// Sums of squares and products about the means of paired values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Products {
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Products {
    /// Computes the sums over pairs.
    pub(super) fn of(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (mut n, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
        for (x, y) in pairs.clone() {
            n += 1.0;
            sum_x += x;
            sum_y += y;
        }
        let (mean_x, mean_y) = (sum_x / n, sum_y / n);
        let mut products = Self { xx: 0.0, yy: 0.0, xy: 0.0 };
        for (x, y) in pairs {
            let (x, y) = (x - mean_x, y - mean_y);
            products.xx += x * x;
            products.yy += y * y;
            products.xy += x * y;
        }
        products
    }

    /// Returns Pearson's correlation, or `None` if one side does not vary.
    pub(super) fn correlation(&self) -> Option<f64> {
        let scale = self.xx.sqrt() * self.yy.sqrt();
        (scale > 0.0).then(|| (self.xy / scale).clamp(-1.0, 1.0))
    }

    /// Returns the slope of y on x, or `None` if x does not vary.
    pub(super) fn slope(&self) -> Option<f64> {
        (self.xx > 0.0).then(|| self.xy / self.xx)
    }
}

/// Returns the position of each value among the distinct values in ascending order.
pub(super) fn positions(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut positions = vec![0; values.len()];
    let mut position = 0;
    for pair in order.windows(2) {
        position += usize::from(values[pair[0]] != values[pair[1]]);
        positions[pair[1]] = position;
    }
    positions
}

/// Returns the middle rank of each position, counted over the positions themselves, in O(n).
pub(super) fn middle_ranks(positions: &[usize]) -> Vec<f64> {
    let mut counts = vec![0_usize; positions.iter().max().map_or(0, |most| most + 1)];
    for position in positions {
        counts[*position] += 1;
    }
    let mut below = 0;
    let ranks: Vec<f64> = counts
        .iter()
        .map(|count| {
            let rank = below as f64 + (*count as f64 + 1.0) / 2.0;
            below += count;
            rank
        })
        .collect();
    positions.iter().map(|position| ranks[*position]).collect()
}
