//! Maximum likelihood for positive parameters, by Newton's method in their logarithms.

/// Step of the finite differences. Rounding and curvature each cause an error of about 1e-7.
const STEP: f64 = 5e-4;

/// Gain of log-likelihood below which the iteration stops: 1e-5 standard errors.
const MIN_GAIN: f64 = 1e-10;

/// Maximum number of Newton iterations.
const MAX_ITERATIONS: usize = 200;

type Vector<const N: usize> = [f64; N];
type Matrix<const N: usize> = [[f64; N]; N];

/// A maximum of a likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit<const N: usize> {
    pub(crate) ln_theta: Vector<N>,
    pub(crate) log_likelihood: f64,
    /// Standard errors of `ln_theta`, from the curvature.
    pub(crate) se: Vector<N>,
}

impl<const N: usize> Fit<N> {
    /// Returns the estimated parameters.
    pub(crate) fn theta(&self) -> Vector<N> {
        self.ln_theta.map(libm::exp)
    }
}

/// Finds the maximum of `log_likelihood`, a function of the logarithms of the parameters, from `start` on.
///
/// Where the surface is not concave or a step overshoots, the step is damped (Levenberg–Marquardt). Returns
/// `None` if no maximum is found, as with too few customers.
pub(crate) fn fit<const N: usize>(
    log_likelihood: impl Fn(&Vector<N>) -> f64,
    start: Vector<N>,
) -> Option<Fit<N>> {
    let (mut at, mut height) = (start, log_likelihood(&start));
    let mut damping = 0.0;
    for _ in 0..MAX_ITERATIONS {
        let (gradient, curvature) = derivatives(&log_likelihood, &at, height);
        if let Some(covariance) = inverse(curvature) {
            // Half of the gain that the quadratic approximation predicts.
            let gain = 0.5 * dot(&gradient, &times(&covariance, &gradient));
            if gain < MIN_GAIN {
                let se = std::array::from_fn(|i| covariance[i][i].sqrt());
                return Some(Fit { ln_theta: at, log_likelihood: height, se });
            }
        }
        loop {
            let step =
                inverse(damped(curvature, damping)).map(|inverse| times(&inverse, &gradient));
            // The quadratic approximation is trusted up to a factor of e² per parameter.
            if let Some(step) = step.filter(|step| step.iter().all(|length| length.abs() <= 2.0)) {
                let next = std::array::from_fn(|i| at[i] + step[i]);
                let reached = log_likelihood(&next);
                if reached > height - 1e-13 * height.abs() {
                    (at, height) = (next, reached);
                    damping = if damping < 1e-4 { 0.0 } else { damping / 10.0 };
                    break;
                }
            }
            damping = f64::max(10.0 * damping, 1e-3);
            if damping > 1e12 {
                return None;
            }
        }
    }
    None
}

/// Returns the gradient of `f` and its negative Hessian, by central differences.
fn derivatives<const N: usize>(
    f: &impl Fn(&Vector<N>) -> f64,
    at: &Vector<N>,
    height: f64,
) -> (Vector<N>, Matrix<N>) {
    let moved = |i: usize, j: Option<usize>, by: f64| {
        let mut moved = *at;
        moved[i] += by;
        if let Some(j) = j {
            moved[j] += by;
        }
        f(&moved) - height
    };
    let ends: [_; N] = std::array::from_fn(|i| [moved(i, None, STEP), moved(i, None, -STEP)]);
    let gradient = ends.map(|[up, down]| (up - down) / (2.0 * STEP));
    let mut curvature = [[0.0; N]; N];
    for i in 0..N {
        let own = ends[i][0] + ends[i][1];
        curvature[i][i] = -own / (STEP * STEP);
        for j in 0..i {
            let both = moved(i, Some(j), STEP) + moved(i, Some(j), -STEP);
            let mixed = both - own - ends[j][0] - ends[j][1];
            curvature[i][j] = -mixed / (2.0 * STEP * STEP);
            curvature[j][i] = curvature[i][j];
        }
    }
    (gradient, curvature)
}

/// Returns a matrix whose diagonal is increased in proportion to itself.
fn damped<const N: usize>(mut matrix: Matrix<N>, damping: f64) -> Matrix<N> {
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += damping * row[i].abs().max(1e-9);
    }
    matrix
}

/// Returns the inverse of a symmetric matrix by Gauss–Jordan elimination, or `None` if the matrix is not
/// positive definite, that is, if a pivot is not positive.
fn inverse<const N: usize>(mut matrix: Matrix<N>) -> Option<Matrix<N>> {
    for k in 0..N {
        let pivot = std::mem::replace(&mut matrix[k][k], 1.0);
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        matrix[k] = matrix[k].map(|cell| cell / pivot);
        let pivots = matrix[k];
        for (_, row) in matrix.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            let factor = std::mem::replace(&mut row[k], 0.0);
            *row = std::array::from_fn(|j| row[j] - factor * pivots[j]);
        }
    }
    Some(matrix)
}

fn times<const N: usize>(matrix: &Matrix<N>, vector: &Vector<N>) -> Vector<N> {
    matrix.map(|row| dot(&row, vector))
}

fn dot<const N: usize>(one: &Vector<N>, other: &Vector<N>) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[test]
fn rosenbrock_maximum_is_found_from_afar() {
    // Rosenbrock's function, negated: its maximum is at (1, 1), where the inverse Hessian is known.
    let banana = |&[x, y]: &[f64; 2]| -(1.0 - x).powi(2) - 100.0 * (y - x * x).powi(2);
    let fit = fit(banana, [-1.2, 1.0]).expect("a maximum");
    assert!(fit.ln_theta.iter().all(|value| (value - 1.0).abs() < 1e-3), "{fit:?}");
    assert!((fit.se[0] - 0.5f64.sqrt()).abs() < 1e-2, "{fit:?}");
    assert!((fit.se[1] - 2.005f64.sqrt()).abs() < 1e-2, "{fit:?}");
}

#[test]
fn matrix_times_inverse_is_identity() {
    let matrix =
        [[4.0, 1.0, -0.5, 0.2], [1.0, 3.0, 0.7, 0.1], [-0.5, 0.7, 2.0, 0.3], [0.2, 0.1, 0.3, 1.0]];
    let inverted = inverse(matrix).expect("positive definite");
    for (i, row) in matrix.iter().enumerate() {
        for (j, product) in times(&inverted, row).into_iter().enumerate() {
            assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
        }
    }
    assert_eq!(inverse([[1.0, 2.0], [2.0, 1.0]]), None);
}
