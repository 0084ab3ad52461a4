//! `crypto_metrics`: the changes of the prices in `market_prices`.

use std::collections::HashMap;

use tidegauge_core::tables::CryptoMetric;
use tidegauge_core::{Batch, BatchBuilder, Cell, Crypto, Fiat};

use super::observations::Observations;
use super::precedence::rank;
use super::raw_columns::RawColumns;
use super::{BUCKET, MINUTE};
use crate::Result;

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The spans of the price changes, in the order of the columns.
const CHANGES: [i64; 4] = [BUCKET, 3 * BUCKET, HOUR, DAY];

/// The minimum number of returns for a volatility.
const MIN_RETURNS: usize = 12;

/// Returns the tolerance of the age of the price before a span: a twelfth of the span, and at least
/// five minutes.
fn tolerance(span: i64) -> i64 {
    (span / 12).max(BUCKET)
}

/// Computes the metrics of every price of `market_prices`, by coin and time: a batch of
/// `crypto_metrics`.
///
/// `prices` are rows of `market_prices`, one per coin and time, in any order; `observations` has the
/// volumes. The volume is the winning source's, else that of the first of `precedence` (as in
/// [`PriceParams`](super::PriceParams::precedence)) that has one.
///
/// # Errors
/// When a batch lacks a column, or has one of another type or with nulls; when a price is not above
/// zero.
pub fn crypto_metrics(
    prices: &[Batch],
    observations: &Observations,
    precedence: &[String],
) -> Result<Batch> {
    let mut rows = read(prices)?;
    rows.sort_unstable();
    let mut volumes = Volumes::from_observations(observations, precedence);
    let mut metrics = BatchBuilder::new(CryptoMetric::table());
    for series in rows.chunk_by(|a, b| a.symbol == b.symbol) {
        append_series(&mut metrics, series, &mut volumes)?;
    }
    Ok(metrics.finish()?)
}

/// A row of `market_prices`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Price<'f> {
    symbol: &'f str,
    at: i64,
    /// US dollars, in units of prices.
    units: i128,
    source: &'f str,
}

fn read(batches: &[Batch]) -> Result<Vec<Price<'_>>> {
    let table = RawColumns { table: "market_prices", batches };
    let rows = table.non_null_strings("symbol")?.zip(table.non_null_times("at")?);
    let rows = rows.zip(table.non_null_prices("price_usd")?).zip(table.non_null_strings("source")?);
    let price = |(((symbol, at), units), source)| match units {
        1.. => Ok(Price { symbol, at, units, source }),
        _ => Err(table.invalid_rows(format!("a price of `{symbol}` is not above zero"))),
    };
    rows.map(price).collect()
}

/// Appends the metrics of one coin, whose prices are in order of time.
///
/// Every window is computed separately and not carried on from the one before: so a late price
/// changes the metrics of its own day, and not the last digits of all that follow.
fn append_series(
    metrics: &mut BatchBuilder,
    series: &[Price<'_>],
    volumes: &mut Volumes<'_>,
) -> Result<()> {
    let returns = log_returns(series);
    // The starts of the windows only ever move forward.
    let (mut held, mut hour, mut day) = ([0; CHANGES.len()], 0, 0);
    for (row, price) in series.iter().enumerate() {
        metrics.push(Cell::Text(price.symbol))?;
        metrics.push(Cell::Timestamp(price.at))?;
        for (held, span) in held.iter_mut().zip(CHANGES) {
            let then = price.at.saturating_sub(span);
            *held = advance(series, *held, |earlier| earlier.at <= then);
            let before = held.checked_sub(1).map(|last| series[last]);
            let before = before.filter(|earlier| then - earlier.at <= tolerance(span));
            metrics.push(before.map_or(Cell::Null, |before| Cell::Float(change(before, price))))?;
        }
        // The bucket that ends at `at − 1 h` lies before the hour.
        hour = advance(series, hour, |earlier| earlier.at <= price.at.saturating_sub(HOUR));
        for statistic in price_statistics(&series[hour..=row]) {
            metrics.push(Cell::Float(statistic))?;
        }
        day = advance(series, day, |earlier| earlier.at < price.at.saturating_sub(DAY));
        metrics
            .push(standard_deviation(&returns[day + 1..=row]).map_or(Cell::Null, Cell::Float))?;
        metrics.push(volumes.at(price).map_or(Cell::Null, Cell::Float))?;
    }
    Ok(())
}

/// Returns the index of the first row, from `from` on, that is not `before` any more.
fn advance(series: &[Price<'_>], from: usize, before: impl Fn(&Price<'_>) -> bool) -> usize {
    from + series[from..].iter().take_while(|price| before(price)).count()
}

/// Returns the relative change of the price: the difference is exact, and rounded once.
fn change(before: Price<'_>, price: &Price<'_>) -> f64 {
    Crypto::from_units(price.units - before.units).ratio(Crypto::from_units(before.units))
}

/// Returns the logarithm of each price over the one before it; 0 for the first.
///
/// Uses `libm`: stored values must not depend on the last digit of a machine's own logarithm.
fn log_returns(series: &[Price<'_>]) -> Vec<f64> {
    let pairs = series.windows(2).map(|pair| {
        let [before, after] = [pair[0], pair[1]].map(|price| Crypto::from_units(price.units));
        libm::log(after.ratio(before))
    });
    std::iter::once(0.0).chain(pairs).collect()
}

/// Returns mean, minimum and maximum of some prices, in US dollars.
fn price_statistics(prices: &[Price<'_>]) -> [f64; 3] {
    let units = || prices.iter().map(|price| price.units);
    let dollars = |units: i128| Crypto::from_units(units).to_f64();
    let mean = match units().try_fold(0i128, i128::checked_add) {
        Some(sum) => Crypto::from_units(sum).mean_of(prices.len()),
        None => units().map(dollars).sum::<f64>() / prices.len() as f64,
    };
    let (min, max) = (units().min().unwrap_or_default(), units().max().unwrap_or_default());
    [mean, dollars(min), dollars(max)]
}

/// Returns the sample standard deviation, or `None` for fewer than [`MIN_RETURNS`] returns.
fn standard_deviation(returns: &[f64]) -> Option<f64> {
    if returns.len() < MIN_RETURNS {
        return None;
    }
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((squares / (count - 1.0)).sqrt())
}

/// The volumes of 24 hours, as sources reported them.
struct Volumes<'f> {
    /// The sources of each coin, in order of precedence.
    by_symbol: HashMap<&'f str, Vec<SourceVolumes<'f>>>,
}

/// The volumes of one coin that one source reported, in order of time.
struct SourceVolumes<'f> {
    source: &'f str,
    /// The time and the volume in cents of each report.
    volumes: Vec<(i64, i128)>,
    /// The number of reports before the price of the last call.
    before: usize,
}

impl<'f> Volumes<'f> {
    fn from_observations(observations: &'f Observations, precedence: &[String]) -> Self {
        let mut by_source: HashMap<(usize, usize), Vec<(i64, i128)>> = HashMap::new();
        for ((symbol, source, _), volume) in &observations.volumes {
            by_source.entry((*symbol, *source)).or_default().push(*volume);
        }
        let mut by_symbol: HashMap<&str, Vec<SourceVolumes<'_>>> = HashMap::new();
        for ((symbol, source), mut volumes) in by_source {
            volumes.sort_unstable();
            let (symbol, source) =
                (observations.symbols.get(symbol), observations.sources.get(source));
            by_symbol.entry(symbol).or_default().push(SourceVolumes { source, volumes, before: 0 });
        }
        for sources in by_symbol.values_mut() {
            sources.sort_unstable_by_key(|source| (rank(precedence, source.source), source.source));
        }
        Self { by_symbol }
    }

    /// Returns the latest volume before the time of `price` in US dollars, if it is no older than a
    /// price may be for a change over 24 hours. Prices of a coin must be passed in order of time.
    fn at(&mut self, price: &Price<'_>) -> Option<f64> {
        let sources = self.by_symbol.get_mut(price.symbol)?;
        for source in sources.iter_mut() {
            let later = &source.volumes[source.before..];
            source.before += later.iter().take_while(|(at, _)| *at < price.at).count();
        }
        let known = |source: &SourceVolumes<'_>| {
            let (at, cents) = *source.volumes.get(source.before.checked_sub(1)?)?;
            (price.at - at <= tolerance(DAY)).then(|| Fiat::from_units(cents).to_f64())
        };
        let winner = sources.iter().find(|source| source.source == price.source);
        winner.and_then(known).or_else(|| sources.iter().find_map(known))
    }
}
