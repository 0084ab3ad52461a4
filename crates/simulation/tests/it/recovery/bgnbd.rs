//! The BG/NBD model of repeat transactions and dropout (Fader, Hardie and Lee, 2005,
//! <https://doi.org/10.1287/mksc.1040.0098>).
//!
//! Only repeats count, which are the transactions after the first. A customer may drop out after each repeat,
//! but not after the first transaction.

/// The parameters r, α, a, b.
pub(crate) type Theta = [f64; 4];

/// The transactions of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Customer {
    /// Number of repeats.
    pub(crate) x: u32,
    /// Time from the first transaction to the last repeat; 0 without repeats.
    pub(crate) t_x: f64,
    /// Time from the first transaction to the end of the observation.
    pub(crate) t: f64,
}

impl Customer {
    /// Summarizes sorted `repeats`, in time since the first transaction, as observed until `t`.
    pub(crate) fn observed(repeats: &[f64], t: f64) -> Self {
        let seen = &repeats[..repeats.partition_point(|at| *at <= t)];
        let x = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        Self { x, t_x: seen.last().copied().unwrap_or(0.0), t }
    }
}

/// Returns the logarithm of equation 6, summed over the customers.
pub(crate) fn log_likelihood(theta: &Theta, customers: &[Customer]) -> f64 {
    let [r, alpha, a, b] = *theta;
    // Ratios such as Γ(r + x) / Γ(r) are products, so a table needs one logarithm for each x.
    let most = customers.iter().map(|customer| customer.x).max().unwrap_or(0);
    let mut products = vec![0.0];
    let mut product = 0.0;
    for x in (0..most).map(f64::from) {
        product += libm::log((r + x) * (b + x) / (a + b + x));
        products.push(product);
    }
    let mut sum = customers.len() as f64 * r * libm::log(alpha);
    for customer in customers {
        let stayed = -(r + f64::from(customer.x)) * libm::log(alpha + customer.t);
        sum += products[customer.x as usize]
            + stayed
            + softplus(ln_odds_of_having_left(theta, customer));
    }
    sum
}

/// Returns the probability that a customer is still active at the end of the observation.
pub(crate) fn p_alive(theta: &Theta, customer: &Customer) -> f64 {
    1.0 / (1.0 + libm::exp(ln_odds_of_having_left(theta, customer)))
}

/// Returns the expected number of repeats of a new customer within `time` of the first transaction: equation
/// 9.
///
/// Without dropout, the number N is negative binomial, and the n-th repeat happens if the customer stays
/// after each of the n − 1 before it. The expectation is the mean over N of Σ E\[(1 − p)ᵏ\], k < N: a series
/// of positive terms without a singularity at a = 1. It takes about 40 time / α terms.
pub(crate) fn expected(theta: &Theta, time: f64) -> f64 {
    let [r, alpha, a, b] = *theta;
    let z = time / (alpha + time);
    // Weights are probabilities of N up to a constant, which cancels in the end.
    let (mut weight, mut weights) = (1.0, 0.0);
    let (mut repeats, mut sum) = (0.0, 0.0);
    let mut stays = 1.0;
    for n in (0..u32::MAX).map(f64::from) {
        weights += weight;
        sum += weight * repeats;
        repeats += stays;
        stays *= (b + n) / (a + b + n);
        let ratio = (r + n) / (n + 1.0) * z;
        weight *= ratio;
        // Beyond the peak, the remainder is about the next term / (1 − z).
        if ratio < 1.0 && weight * repeats <= 1e-17 * (1.0 - z) * sum {
            break;
        }
        if weight > 1e200 {
            (weight, weights, sum) = (weight * 1e-200, weights * 1e-200, sum * 1e-200);
        }
    }
    sum / weights
}

/// Returns the expected number of repeats of a customer within `time` of the end of the observation: equation
/// 10, expressed as the expectation of a new customer with updated parameters.
pub(crate) fn conditional_expected(theta: &Theta, customer: &Customer, time: f64) -> f64 {
    let ([r, alpha, a, b], x) = (*theta, f64::from(customer.x));
    p_alive(theta, customer) * expected(&[r + x, alpha + customer.t, a, b + x], time)
}

/// Returns the logarithm of the odds that a customer has dropped out: the second term in the denominator of
/// equation 10. Dropout before the first repeat is impossible.
fn ln_odds_of_having_left(&[r, alpha, a, b]: &Theta, customer: &Customer) -> f64 {
    if customer.x == 0 {
        return f64::NEG_INFINITY;
    }
    let x = f64::from(customer.x);
    let silence = libm::log((alpha + customer.t) / (alpha + customer.t_x));
    libm::log(a / (b + x - 1.0)) + (r + x) * silence
}

/// Returns ln (1 + eˣ).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}
