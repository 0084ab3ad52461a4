//! Whether data follow a process whose parameters are known.

use super::optimise::fit;

/// Of a standard normal variable: beyond with probability 7e-6.
const MOST_Z: f64 = 4.5;

/// Of χ² with that many degrees of freedom: beyond with probability 1e-4.
const MOST_LR: [f64; 5] = [0.0, 15.14, 18.42, 21.11, 23.51];

/// What the data say of the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judgement<const N: usize> {
    pub(crate) truth: [f64; N],
    /// The most likely parameters…
    pub(crate) found: [f64; N],
    /// …and by how many standard errors they lie off the truth, in logarithms.
    pub(crate) z: [f64; N],
    /// Twice the log of how much likelier they are: χ² with N degrees of freedom if the truth is true.
    pub(crate) lr: f64,
}

impl<const N: usize> Judgement<N> {
    pub(crate) fn holds(&self) -> bool {
        // A likelihood below the truth's would be a fitter that fails.
        self.z.iter().all(|z| z.abs() < MOST_Z) && (-1e-6..MOST_LR[N]).contains(&self.lr)
    }
}

/// Sets `truth` against the parameters that are most likely.
pub(crate) fn judge<const N: usize>(
    truth: [f64; N],
    log_likelihood: impl Fn(&[f64; N]) -> f64,
) -> Judgement<N> {
    let at = |ln_theta: &[f64; N]| log_likelihood(&ln_theta.map(libm::exp));
    let start = truth.map(libm::log);
    let fit = fit(at, start).expect("enough customers for a likelihood with a maximum");
    let z = std::array::from_fn(|i| (fit.ln_theta[i] - start[i]) / fit.se[i]);
    Judgement { truth, found: fit.theta(), z, lr: 2.0 * (fit.log_likelihood - at(&start)) }
}

/// What was expected of many customers, and what came true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Forecast {
    pub(crate) expected: f64,
    pub(crate) realised: f64,
    /// By how many standard deviations more came true than was expected.
    pub(crate) z: f64,
}

impl Forecast {
    /// Sums up what was expected and what came true of each customer.
    pub(crate) fn of(each: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (mut expected, mut realised, mut squares) = (0.0, 0.0, 0.0);
        for (wanted, came) in each {
            expected += wanted;
            realised += came;
            // Customers are independent: the squares of their surprises add up to the variance of the sum.
            squares += (came - wanted) * (came - wanted);
        }
        Self { expected, realised, z: (realised - expected) / f64::sqrt(squares) }
    }

    /// Expected for each one that came true.
    pub(crate) fn ratio(&self) -> f64 {
        self.expected / self.realised
    }

    pub(crate) fn holds(&self) -> bool {
        self.z.abs() < MOST_Z
    }
}
