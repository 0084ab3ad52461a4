//! The hybrid interval without shortcuts: each payer of each resample drawn, in plain code.

use crate::coverage_draw::Draw;

/// Returns the bounds of the mean by the rule as published, with B resamples.
pub(crate) fn exact_mean(x: &[f64], level: f64, resamples: usize, draw: &mut Draw) -> (f64, f64) {
    let n = x.len() as f64;
    let paid: Vec<f64> = x.iter().copied().filter(|amount| *amount > 0.0).collect();
    let k = paid.len() as f64;
    let (m, e) = mean_and_error(x.iter().copied(), n);
    let mut logs: Vec<f64> = paid.iter().map(|amount| amount.ln()).collect();
    logs.sort_by(f64::total_cmp);
    let median = f64::midpoint(logs[(logs.len() - 1) / 2], logs[logs.len() / 2]);
    let above: Vec<f64> = logs.iter().map(|log| log - median).filter(|gap| *gap > 0.0).collect();
    let degrees = above.len() as f64;
    let s = (above.iter().map(|gap| gap * gap).sum::<f64>() / degrees).sqrt();
    let (mut t, mut u) = (Vec::new(), Vec::new());
    for _ in 0..resamples {
        let users = (0..x.len()).filter(|_| draw.happens(k / n)).count().max(2);
        let drawn: Vec<f64> = (0..users).map(|_| paid[draw.below(paid.len())]).collect();
        let (mean, error) = mean_and_error(drawn.iter().copied(), n);
        t.push((mean / m).ln() / (error / mean));
        let users = (0..x.len()).filter(|_| draw.happens(k / n)).count().max(2);
        let sigma = s * (degrees / (2.0 * draw.gamma(degrees / 2.0))).sqrt();
        let drawn: Vec<f64> = (0..users).map(|_| (sigma * draw.normal()).exp()).collect();
        let (mean, error) = mean_and_error(drawn.iter().copied(), n);
        u.push(((mean * n / k).ln() - sigma * sigma / 2.0) / (error / mean));
    }
    let (low, high) = ((1.0 - level) / 2.0, f64::midpoint(1.0, level));
    let upper = quantile(&mut t, low).min(quantile(&mut u, low));
    (m * (-quantile(&mut t, high) * e / m).exp(), m * (-upper * e / m).exp())
}

/// Returns mean and standard error over `n` users; those not given have 0.
fn mean_and_error(amounts: impl Iterator<Item = f64>, n: f64) -> (f64, f64) {
    let (sum, squares) = amounts
        .fold((0.0, 0.0), |(sum, squares), amount| (sum + amount, squares + amount * amount));
    (sum / n, ((squares - sum * sum / n) / (n - 1.0) / n).sqrt())
}

/// Returns a quantile, interpolated linearly.
fn quantile(numbers: &mut [f64], p: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let at = p * (numbers.len() - 1) as f64;
    let below = (0..numbers.len()).rev().find(|index| *index as f64 <= at).unwrap();
    let above = (below + 1).min(numbers.len() - 1);
    numbers[below] + (numbers[above] - numbers[below]) * (at - below as f64)
}
