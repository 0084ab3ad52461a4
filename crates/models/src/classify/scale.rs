//! Standardised columns.

use super::features::Features;

/// Weighted mean and standard deviation of each column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) means: Vec<f64>,
    /// The deviations; 0 for a column that is constant but for rounding.
    pub(super) deviations: Vec<f64>,
}

impl Scale {
    /// Computes the scale of the columns.
    pub(super) fn of(features: &Features<'_>, weights: &[f64]) -> Self {
        let columns = features.columns();
        let total: f64 = weights.iter().sum();
        let average = |of: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; columns];
            for (row, weight) in features.rows().zip(weights) {
                for (column, (sum, value)) in sums.iter_mut().zip(row).enumerate() {
                    *sum += weight * of(column, *value);
                }
            }
            sums.into_iter().map(|sum| sum / total).collect::<Vec<f64>>()
        };
        let means = average(&|_, value| value);
        let deviations = average(&|column, value| (value - means[column]).powi(2))
            .into_iter()
            .zip(&means)
            .map(|(variance, mean)| {
                let deviation = variance.sqrt();
                if deviation > 1e-12 * mean.abs() { deviation } else { 0.0 }
            })
            .collect();
        Self { means, deviations }
    }

    /// Writes 1 and the standardised values of a row.
    pub(super) fn standardize(&self, row: &[f64], into: &mut [f64]) {
        into[0] = 1.0;
        let scale = self.means.iter().zip(&self.deviations);
        for ((into, value), (mean, deviation)) in into[1..].iter_mut().zip(row).zip(scale) {
            *into = if *deviation > 0.0 { (value - mean) / deviation } else { 0.0 };
        }
    }
}
