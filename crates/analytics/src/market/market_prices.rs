//! `market_prices`: one price per coin and five minutes, computed from the observations of all
//! sources.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use tidegauge_core::tables::MarketPrice;
use tidegauge_core::{Batch, BatchBuilder, Cell, Crypto};

use super::observations::Observations;
use super::precedence::rank;
use crate::{Error, Result};

/// The parameters of the winning source and of disputes.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceParams {
    /// The sources in order of precedence, the best one first. Others come after them, by name. A
    /// name stands for its family: `kraken` for `kraken_stream` as well.
    pub precedence: Vec<String>,
    /// The relative difference to another source's price above which a price is disputed.
    pub disputed_above: f64,
}

impl Default for PriceParams {
    fn default() -> Self {
        Self {
            precedence: ["coingecko", "kraken", "twelvedata", "recorded"].map(str::to_owned).into(),
            disputed_above: 0.02,
        }
    }
}

/// Computes one price per coin and five minutes that are over by `until`, by coin and time: a batch
/// of `market_prices`.
///
/// Of every source the last observation in `[at − 5 min, at)` is used: a raw observation or a quote
/// at the time of its observation, a trade at its time, a candle's close just before the candle
/// ends. Only prices of coins in US dollars are used, and no candle longer than a day. The source
/// that `params` ranks first wins; of one family the one with the later observation.
///
/// # Errors
/// When the threshold is not a number above zero.
pub fn market_prices(
    observations: &Observations,
    params: &PriceParams,
    until: DateTime<Utc>,
) -> Result<Batch> {
    if !params.disputed_above.is_finite() || params.disputed_above <= 0.0 {
        return Err(Error::Parameter { name: "disputed_above", reason: "must be above 0" });
    }
    let until = until.timestamp_micros();
    let Observations { symbols, sources, last, .. } = observations;
    let mut rows: Vec<SourcePrice> = last
        .iter()
        .filter(|((.., end), _)| *end <= until)
        .map(|((symbol, source, end), observed)| SourcePrice {
            symbol: *symbol,
            source: *source,
            end: *end,
            at: observed.at,
            price: observed.units,
        })
        .collect();

    let (symbol_ranks, source_names) = (symbols.alphabetical_ranks(), sources.alphabetical_ranks());
    let ranks: Vec<usize> =
        (0..sources.len()).map(|source| rank(&params.precedence, sources.get(source))).collect();
    let unnamed = params.precedence.len();
    // Of one coin and five minutes the first wins: by the list, within a family by time, else by
    // name.
    let order = |row: &SourcePrice| {
        let rank = ranks[row.source];
        (rank, (rank < unnamed).then_some(Reverse(row.at)), source_names[row.source])
    };
    rows.sort_unstable_by_key(|row| (symbol_ranks[row.symbol], row.end, order(row)));

    let mut prices = BatchBuilder::new(MarketPrice::table());
    for bucket in rows.chunk_by(|a, b| (a.symbol, a.end) == (b.symbol, b.end)) {
        let Some((winner, others)) = bucket.split_first() else { continue };
        let distance = |row: &SourcePrice| (row.price - winner.price).abs();
        // Of several that are equally far away, the first is taken.
        let other = others.iter().reduce(|a, b| if distance(b) > distance(a) { b } else { a });
        let won = Crypto::from_units(winner.price);
        let difference =
            other.map(|other| Crypto::from_units(other.price - winner.price).ratio(won));
        let is_disputed =
            difference.is_some_and(|difference| difference.abs() > params.disputed_above);
        for cell in [
            Cell::Text(symbols.get(winner.symbol)),
            Cell::Timestamp(winner.end),
            Cell::Decimal(winner.price),
            Cell::Text(sources.get(winner.source)),
            Cell::Int(bucket.len() as i128),
            other.map_or(Cell::Null, |other| Cell::Text(sources.get(other.source))),
            other.map_or(Cell::Null, |other| Cell::Decimal(other.price)),
            difference.map_or(Cell::Null, Cell::Float),
            Cell::Bool(is_disputed),
        ] {
            prices.push(cell)?;
        }
    }
    Ok(prices.finish()?)
}

/// The last price of a coin that a source observed in five minutes.
struct SourcePrice {
    symbol: usize,
    source: usize,
    end: i64,
    at: i64,
    price: i128,
}
