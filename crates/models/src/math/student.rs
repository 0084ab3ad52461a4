//! Student's t distribution.

use super::normal;

/// The most steps of the continued fraction.
const MOST_TERMS: u32 = 10_000;

/// Returns the probability that a variable of Student's t distribution with `degrees` > 0 exceeds
/// `t`; NaN outside. Of infinitely many degrees it is the normal distribution.
///
/// By the continued fraction of the incomplete beta function (Press et al. 2007, §6.4); the
/// relative error is below 1e-12 for degrees up to 100, and 1e-10 up to 10⁴.
///
/// ```
/// use tidegauge_models::math::student::tail;
///
/// // Of one degree of freedom, the Cauchy distribution.
/// assert!((tail(1.0, 1.0) - 0.25).abs() < 1e-14);
/// ```
#[must_use]
pub fn tail(t: f64, degrees: f64) -> f64 {
    if t.is_nan() || degrees.is_nan() || degrees <= 0.0 {
        return f64::NAN;
    }
    if degrees.is_infinite() {
        return normal::cdf(-t);
    }
    let square = t * t;
    let outer = 0.5 * incomplete_beta(degrees / 2.0, 0.5, degrees, square);
    if t >= 0.0 { outer } else { 1.0 - outer }
}

/// Returns the t that a variable of Student's t distribution with `degrees` > 0 is below with
/// probability `p`; infinite at 0 and 1, NaN outside.
///
/// ```
/// use tidegauge_models::math::student::quantile;
///
/// assert!((quantile(0.95, 10.0) - 1.812_461_122_811_676).abs() < 1e-12);
/// ```
#[must_use]
pub fn quantile(p: f64, degrees: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) || degrees.is_nan() || degrees <= 0.0 {
        return f64::NAN;
    }
    if p < 0.5 {
        return -quantile(1.0 - p, degrees);
    }
    let upper = 1.0 - p;
    if upper <= 0.0 {
        return f64::INFINITY;
    }
    // The tail falls in t: bracket the quantile, then halve.
    let (mut low, mut high) = (0.0, 1.0);
    while tail(high, degrees) > upper {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high || high - low < 1e-15 * high {
            return middle;
        }
        if tail(middle, degrees) > upper { low = middle } else { high = middle }
    }
}

/// Returns the regularised incomplete beta function I(a, b) at x = u/(u + v).
///
/// Both parts are given so that neither x nor 1 − x loses digits near its end.
fn incomplete_beta(a: f64, b: f64, u: f64, v: f64) -> f64 {
    if v == 0.0 {
        return 1.0;
    }
    if v.is_infinite() {
        return 0.0;
    }
    let (x, rest) = (u / (u + v), v / (u + v));
    let front = a * libm::log(x) + b * libm::log(rest) + libm::lgamma(a + b)
        - libm::lgamma(a)
        - libm::lgamma(b);
    if x < (a + 1.0) / (a + b + 2.0) {
        libm::exp(front) * fraction(a, b, x) / a
    } else {
        1.0 - libm::exp(front) * fraction(b, a, rest) / b
    }
}

/// Returns the continued fraction of the incomplete beta function by Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let away = |value: f64| if value.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..MOST_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / away(1.0 + numerator * d);
            c = away(1.0 + numerator / c);
            value *= d * c;
            change = d * c;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
#[allow(clippy::excessive_precision, reason = "reference values as printed")]
mod tests {
    use super::*;

    /// mpmath 1.3, 50 digits: t, degrees, tail.
    const TAILS: [(f64, f64, f64); 10] = [
        (0.5, 1.0, 0.3524163823495667258245989237752594740489),
        (-2.0, 1.0, 0.8524163823495667258245989237752594740489),
        (1.0, 2.5, 0.2020305136391367331809701153611873589083),
        (3.25, 5.0, 0.01134794290595779019455423555701258445605),
        (12.0, 3.0, 0.0006225079003946683689974428285045420886096),
        (0.001, 7.0, 0.4996150086224994218706295642799866273115),
        (2.0, 30.0, 0.0273125224814915519602590236290251332072),
        (6.0, 100.0, 1.586245751401428289785090395009566612767e-8),
        (1.5, 10000.0, 0.06682298591180980627755169792168551265624),
        (40.0, 9.0, 9.491499224669913235157000083558183780596e-12),
    ];

    #[test]
    fn agrees_with_high_precision() {
        for (t, degrees, expected) in TAILS {
            let got = tail(t, degrees);
            let tolerance = if degrees <= 100.0 { 1e-12 } else { 1e-10 };
            assert!(
                (got / expected - 1.0).abs() < tolerance,
                "{t}, {degrees}: {got}, not {expected}"
            );
            let back = quantile(1.0 - expected, degrees);
            assert!(expected < 1e-4 || (back - t).abs() < 1e-10 * t.abs().max(1.0), "{t}: {back}");
        }
    }

    #[test]
    fn edges_are_exact() {
        assert_eq!((tail(0.0, 4.0), tail(f64::INFINITY, 4.0)), (0.5, 0.0));
        assert_eq!((quantile(0.5, 4.0), quantile(1.0, 4.0)), (0.0, f64::INFINITY));
        let normal = normal::quantile(0.95);
        assert!((quantile(0.95, f64::INFINITY) - normal).abs() < 1e-14);
        assert!(tail(1.0, 0.0).is_nan() && quantile(1.5, 4.0).is_nan());
    }
}
