//! Shares of users, and differences of shares.

use super::types::{Estimate, Interval, Method};
use crate::math::normal::quantile;

/// Returns the share `count / total` with Wilson's score interval.
///
/// ```text
/// (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
/// ```
///
/// A total of 0, or a count above the total, determines no share.
///
/// Source: E. B. Wilson (1927), Journal of the American Statistical Association 22.
///
/// ```
/// use tidegauge_models::estimate::wilson;
///
/// let share = wilson(81, 263, 0.95);
/// let interval = share.interval.ok_or("no interval")?;
/// assert!((interval.low - 0.2553).abs() < 5e-5 && (interval.high - 0.3662).abs() < 5e-5);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn wilson(count: u64, total: u64, level: f64) -> Estimate {
    if total == 0 || count > total {
        return Estimate::undetermined(total);
    }
    let n = total as f64;
    let share = count as f64 / n;
    let z = quantile(f64::midpoint(level, 1.0));
    let middle = share + z * z / (2.0 * n);
    let reach = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    // Of none and of all, the bound is exact; the formula leaves a rounding error.
    let low = if count == 0 { 0.0 } else { (middle - reach) / whole };
    let high = if count == total { 1.0 } else { (middle + reach) / whole };
    Estimate::new(share, Interval::new(low, high, level, Method::Wilson), total)
}

/// Returns the difference of two independent shares, `a − b`, each `(count, total)`, with
/// Newcombe's interval.
///
/// With Wilson's bounds (l, u) of each share p:
///
/// ```text
/// low  = d − √((pₐ − lₐ)² + (u_b − p_b)²)
/// high = d + √((uₐ − pₐ)² + (p_b − l_b)²)
/// ```
///
/// `n` is the sum of the totals. Source: R. G. Newcombe (1998), Statistics in Medicine 17,
/// 873–890, method 10.
///
/// ```
/// use tidegauge_models::estimate::newcombe;
///
/// let difference = newcombe((56, 70), (48, 80), 0.95);
/// let interval = difference.interval.ok_or("no interval")?;
/// assert!((interval.low - 0.0524).abs() < 5e-5 && (interval.high - 0.3339).abs() < 5e-5);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn newcombe(a: (u64, u64), b: (u64, u64), level: f64) -> Estimate {
    let n = a.1.saturating_add(b.1);
    let sides = (wilson(a.0, a.1, level), wilson(b.0, b.1, level));
    let (Some((a, low_a, high_a)), Some((b, low_b, high_b))) = (sides.0.bounds(), sides.1.bounds())
    else {
        let value = sides.0.value.zip(sides.1.value).map_or(f64::NAN, |(a, b)| a - b);
        return Estimate::new(value, None, n);
    };
    let low = a - b - (a - low_a).hypot(high_b - b);
    let high = a - b + (high_a - a).hypot(b - low_b);
    let interval = Interval::new(low.max(-1.0), high.min(1.0), level, Method::Newcombe);
    Estimate::new(a - b, interval, n)
}
