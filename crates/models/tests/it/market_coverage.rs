//! Shares of simulated series whose intervals hold the truth, at nominal 90 %.

use tidegauge_models::series::{
    BlockBootstrap, beta, correlation, cross_correlation, realized_volatility, spearman,
};

use crate::support::{Coverage, Draws};

/// Returns two autoregressive series of innovations with correlation `rho`.
fn series(draws: &mut Draws, n: usize, phi: f64, rho: f64) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let (mut x, mut y) = (0.0, 0.0);
    let mut next = || {
        let (shared, own) = (draws.normal(), draws.normal());
        x = phi * x + shared;
        y = phi * y + rho * shared + (1.0 - rho * rho).sqrt() * own;
        (Some(x), Some(y))
    };
    for _ in 0..50 {
        next();
    }
    (0..n).map(|_| next()).unzip()
}

#[test]
fn intervals_of_associations_hold_their_level() {
    let rho = 0.3_f64;
    for (n, phi, low) in
        [(90, 0.0, 87.0), (90, 0.5, 84.0), (365, 0.0, 87.0), (365, 0.5, 86.0), (365, 0.8, 84.0)]
    {
        let mut draws = Draws::new(31);
        let [mut pearson, mut ranks, mut slope] = <[Coverage; 3]>::default();
        for seed in 0..600 {
            let (x, y) = series(&mut draws, n, phi, rho);
            let bootstrap = BlockBootstrap { replicates: 199, seed, block: None };
            pearson.add(&correlation(&x, &y, 0.9, bootstrap).unwrap(), rho);
            // Of normal pairs, Spearman's is 6/π · asin(ρ/2).
            let truth = 6.0 / std::f64::consts::PI * (rho / 2.0).asin();
            ranks.add(&spearman(&x, &y, 0.9, bootstrap).unwrap(), truth);
            slope.add(&beta(&y, &x, 0.9, bootstrap).unwrap(), rho);
        }
        pearson.assert_within(&format!("correlation, n {n}, φ {phi}"), low, 94.0);
        ranks.assert_within(&format!("Spearman, n {n}, φ {phi}"), low - 1.0, 94.0);
        slope.assert_within(&format!("beta, n {n}, φ {phi}"), low, 94.0);
    }
}

#[test]
fn intervals_of_volatility_hold_their_level() {
    // Volatility that clusters: its logarithm is autoregressive; E σ² is known.
    for n in [90, 365] {
        let mut draws = Draws::new(37);
        let (mut coverage, mut open) = (Coverage::default(), 0);
        for seed in 0..2_000 {
            let mut log = 0.0;
            let returns: Vec<Option<f64>> = (0..n + 30)
                .map(|_| {
                    log = 0.8 * log + 0.2 * draws.normal();
                    Some(f64::exp(log) * draws.normal())
                })
                .skip(30)
                .collect();
            let bootstrap = BlockBootstrap { replicates: 199, seed, block: None };
            let truth = (2.0 * 0.04 / 0.36_f64 / 2.0).exp();
            let estimate = realized_volatility(&returns, 1.0, 0.9, bootstrap);
            if estimate.interval.is_some() {
                coverage.add(&estimate, truth);
            } else {
                open += 1;
            }
        }
        assert!(open < 40, "{open} of 2,000 without interval");
        coverage.assert_within(&format!("volatility, n {n}, {open} open"), 84.0, 94.0);
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "`--nocapture` shows the table")]
fn unrelated_series_seldom_lead() {
    let mut draws = Draws::new(41);
    let (mut alone, mut lags, mut any) = (0, 0, 0);
    for seed in 0..200 {
        let (x, y) = series(&mut draws, 365, 0.5, 0.0);
        let bootstrap = BlockBootstrap { replicates: 199, seed, block: None };
        let result = cross_correlation(&x, &y, 7, 0.9, bootstrap).unwrap();
        alone += result.iter().filter(|lag| lag.p_value.unwrap() < 0.1).count();
        lags += result.len();
        any += usize::from(result.iter().any(|lag| lag.adjusted.unwrap() < 0.1));
    }
    let (alone, any) = (100.0 * alone as f64 / lags as f64, any as f64 / 2.0);
    println!("unrelated series: {alone:.1} % of lags alone, {any:.1} % of pairs after adjustment");
    // 10 % of single lags, and of pairs of series with any lag, would be nominal.
    assert!((8.0..=14.0).contains(&alone), "{alone} % of lags alone");
    assert!(any <= 16.0, "{any} % of pairs of series");
}
