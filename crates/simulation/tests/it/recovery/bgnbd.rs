//! BG/NBD: when users trade, and when they leave (Fader, Hardie and Lee, 2005,
//! <https://doi.org/10.1287/mksc.1040.0098>).
//!
//! Only repeats count, which are the transactions after the first; after each of them, and not after the first,
//! a user may leave.

/// r, α, a, b.
pub(crate) type Theta = [f64; 4];

/// What one user did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Customer {
    /// The number of repeats.
    pub(crate) x: u32,
    /// The time from the first transaction to the last repeat; 0 without repeats.
    pub(crate) t_x: f64,
    /// The time from the first transaction to the end of the observation.
    pub(crate) t: f64,
}

impl Customer {
    /// Somebody whose `repeats`, in order and in time since the first transaction, are observed until `t`.
    pub(crate) fn observed(repeats: &[f64], t: f64) -> Self {
        let seen = &repeats[..repeats.partition_point(|at| *at <= t)];
        let x = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        Self { x, t_x: seen.last().copied().unwrap_or(0.0), t }
    }
}

/// The logarithm of equation 6, summed over the customers.
pub(crate) fn log_likelihood(theta: &Theta, customers: &[Customer]) -> f64 {
    let [r, alpha, a, b] = *theta;
    // Γ(r + x) / Γ(r) and its like are products, so that a table needs one logarithm for each x.
    let most = customers.iter().map(|it| it.x).max().unwrap_or(0);
    let mut products = vec![0.0];
    let mut product = 0.0;
    for x in (0..most).map(f64::from) {
        product += libm::log((r + x) * (b + x) / (a + b + x));
        products.push(product);
    }
    let mut sum = customers.len() as f64 * r * libm::log(alpha);
    for it in customers {
        let stayed = -(r + f64::from(it.x)) * libm::log(alpha + it.t);
        sum += products[it.x as usize] + stayed + softplus(ln_odds_of_having_left(theta, it));
    }
    sum
}

/// The probability that a customer has not left by the end of the observation.
pub(crate) fn p_alive(theta: &Theta, customer: &Customer) -> f64 {
    1.0 / (1.0 + libm::exp(ln_odds_of_having_left(theta, customer)))
}

/// The number of repeats expected of a new customer within `time` of the first transaction: equation 9.
///
/// Without leaving, the number would be N, negative binomial; the n-th of them is made by whoever stayed after
/// each of the n − 1 before it. So it is the mean over N of Σ E\[(1 − p)ᵏ\], k < N: a series of which all terms
/// are positive and none is special at a = 1. It takes about 40 time / α terms.
pub(crate) fn expected(theta: &Theta, time: f64) -> f64 {
    let [r, alpha, a, b] = *theta;
    let z = time / (alpha + time);
    // Weights are the probabilities of N times a constant, which the division in the end removes.
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
        // Beyond the peak, all that remains is about the next term / (1 − z).
        if ratio < 1.0 && weight * repeats <= 1e-17 * (1.0 - z) * sum {
            break;
        }
        if weight > 1e200 {
            (weight, weights, sum) = (weight * 1e-200, weights * 1e-200, sum * 1e-200);
        }
    }
    sum / weights
}

/// The number of repeats expected of a customer within `time` of the end of the observation: equation 10, as
/// what is expected of somebody new with the parameters that are left after the observation.
pub(crate) fn conditional_expected(theta: &Theta, customer: &Customer, time: f64) -> f64 {
    let ([r, alpha, a, b], x) = (*theta, f64::from(customer.x));
    p_alive(theta, customer) * expected(&[r + x, alpha + customer.t, a, b + x], time)
}

/// What equation 10 adds to 1 in its denominator, as a logarithm; nobody can have left before the first repeat.
fn ln_odds_of_having_left(&[r, alpha, a, b]: &Theta, customer: &Customer) -> f64 {
    if customer.x == 0 {
        return f64::NEG_INFINITY;
    }
    let x = f64::from(customer.x);
    let silence = libm::log((alpha + customer.t) / (alpha + customer.t_x));
    libm::log(a / (b + x - 1.0)) + (r + x) * silence
}

/// ln (1 + eˣ).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}
