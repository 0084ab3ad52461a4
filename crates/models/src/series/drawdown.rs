//! Falls of a price from its highest so far.

/// The largest fall of a price from a peak.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Drawdown {
    /// The fall as a share of the peak, between 0 and 1.
    pub depth: f64,
    /// The position of the peak.
    pub peak: usize,
    /// The position of the lowest price after it.
    pub trough: usize,
    /// The position at which the price is at the peak again; `None` if it has not been since.
    pub recovered: Option<usize>,
}

/// Returns the largest fall of the price from its highest so far, the first of equal ones; `None`
/// if the price never falls. Prices that are missing or not positive are left out.
///
/// ```
/// use tidegauge_models::series::max_drawdown;
///
/// let fall = max_drawdown(&[Some(80.0), Some(100.0), None, Some(60.0), Some(90.0)]).unwrap();
/// assert_eq!((fall.depth, fall.peak, fall.trough, fall.recovered), (0.4, 1, 3, None));
/// ```
#[must_use]
pub fn max_drawdown(prices: &[Option<f64>]) -> Option<Drawdown> {
    let mut deepest: Option<Drawdown> = None;
    let mut peak: Option<(usize, f64)> = None;
    for (at, price) in positive(prices) {
        match peak {
            Some((_, highest)) if price >= highest => {
                let open = deepest.as_mut().filter(|fall| fall.recovered.is_none());
                if let Some(fall) = open {
                    fall.recovered = Some(at);
                }
                peak = Some((at, price));
            }
            Some((peak, highest)) => {
                let depth = 1.0 - price / highest;
                if deepest.is_none_or(|fall| depth > fall.depth) {
                    deepest = Some(Drawdown { depth, peak, trough: at, recovered: None });
                }
            }
            None => peak = Some((at, price)),
        }
    }
    deepest
}

/// Returns the fall of the price from its highest so far at each position, as a share; `None` where
/// the price is missing or not positive.
///
/// ```
/// use tidegauge_models::series::drawdowns;
///
/// let falls = drawdowns(&[Some(100.0), Some(75.0), None, Some(120.0)]);
/// assert_eq!(falls, [Some(0.0), Some(0.25), None, Some(0.0)]);
/// ```
#[must_use]
pub fn drawdowns(prices: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut falls = vec![None; prices.len()];
    let mut highest = 0.0_f64;
    for (at, price) in positive(prices) {
        highest = highest.max(price);
        falls[at] = Some(1.0 - price / highest);
    }
    falls
}

/// Returns position and price of the prices that are there and positive.
fn positive(prices: &[Option<f64>]) -> impl Iterator<Item = (usize, f64)> {
    let there = prices.iter().enumerate().filter_map(|(at, price)| price.map(|price| (at, price)));
    there.filter(|(_, price)| *price > 0.0)
}
