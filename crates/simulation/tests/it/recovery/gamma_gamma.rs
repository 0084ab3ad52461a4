//! The gamma–gamma model of transaction values (Fader and Hardie, 2013,
//! <http://www.brucehardie.com/notes/025/gamma_gamma.pdf>).
//!
//! Values of one user are gamma with shape p and rate ν, and ν is gamma with shape q and rate γ.

/// The parameters p, q, γ.
pub(crate) type Theta = [f64; 3];

/// The transactions of one user.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spend {
    /// Number of transactions, at least 1.
    pub(crate) n: u32,
    /// Mean transaction value, above 0.
    pub(crate) mean: f64,
}

/// Returns the logarithm of the note's equation 1a, summed over the customers.
pub(crate) fn log_likelihood(&[p, q, gamma]: &Theta, customers: &[Spend]) -> f64 {
    let most = customers.iter().map(|customer| customer.n).max().unwrap_or(0);
    let ln_betas: Vec<f64> = (0..=most).map(|n| ln_beta(p * f64::from(n), q)).collect();
    let ln_likelihood = |customer: &Spend| {
        let (n, total) = (f64::from(customer.n), f64::from(customer.n) * customer.mean);
        let ln_power = p * n * libm::log1p(gamma / total) + q * libm::log1p(total / gamma);
        -ln_betas[customer.n as usize] - ln_power - libm::log(customer.mean)
    };
    customers.iter().map(ln_likelihood).sum()
}

fn ln_beta(one: f64, other: f64) -> f64 {
    libm::lgamma(one) + libm::lgamma(other) - libm::lgamma(one + other)
}
