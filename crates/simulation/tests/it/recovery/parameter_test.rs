//! Tests of data against a model with known parameters.

use super::optimise::fit;

/// Two-sided bound of a standard normal variable, exceeded with probability 7e-6.
const MAX_Z: f64 = 4.5;

/// Bounds of χ² by degrees of freedom, exceeded with probability 1e-4.
const MAX_LR: [f64; 5] = [0.0, 15.14, 18.42, 21.11, 23.51];

/// A comparison of estimated and true parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ParameterTest<const N: usize> {
    pub(crate) truth: [f64; N],
    /// Maximum-likelihood estimates.
    pub(crate) found: [f64; N],
    /// Differences of the logarithms, in standard errors.
    pub(crate) z: [f64; N],
    /// Likelihood-ratio statistic: χ² with N degrees of freedom under the true parameters.
    pub(crate) lr: f64,
}

impl<const N: usize> ParameterTest<N> {
    /// Returns `true` if the data are consistent with the true parameters.
    pub(crate) fn holds(&self) -> bool {
        // A likelihood below that of the true parameters would be a failure of the optimizer.
        self.z.iter().all(|z| z.abs() < MAX_Z) && (-1e-6..MAX_LR[N]).contains(&self.lr)
    }
}

/// Compares `truth` with the maximum-likelihood estimates.
pub(crate) fn test_parameters<const N: usize>(
    truth: [f64; N],
    log_likelihood: impl Fn(&[f64; N]) -> f64,
) -> ParameterTest<N> {
    let at = |ln_theta: &[f64; N]| log_likelihood(&ln_theta.map(libm::exp));
    let start = truth.map(libm::log);
    let fit = fit(at, start).expect("enough customers for a likelihood with a maximum");
    let z = std::array::from_fn(|i| (fit.ln_theta[i] - start[i]) / fit.se[i]);
    ParameterTest { truth, found: fit.theta(), z, lr: 2.0 * (fit.log_likelihood - at(&start)) }
}

/// A comparison of expected and realized totals over many customers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Forecast {
    pub(crate) expected: f64,
    pub(crate) realised: f64,
    /// Difference between realized and expected total, in standard deviations.
    pub(crate) z: f64,
}

impl Forecast {
    /// Sums pairs of expected and realized values.
    pub(crate) fn of(each: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (mut expected, mut realised, mut squares) = (0.0, 0.0, 0.0);
        for (wanted, came) in each {
            expected += wanted;
            realised += came;
            // Customers are independent, so squared differences sum to the variance of the total.
            squares += (came - wanted) * (came - wanted);
        }
        Self { expected, realised, z: (realised - expected) / f64::sqrt(squares) }
    }

    /// Returns expected divided by realized.
    pub(crate) fn ratio(&self) -> f64 {
        self.expected / self.realised
    }

    /// Returns `true` if the difference is within chance.
    pub(crate) fn holds(&self) -> bool {
        self.z.abs() < MAX_Z
    }
}
