//! The decoder of the recorded files.

use chrono::{Days, TimeDelta};
use csv::StringRecord;
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Crypto, Fixed, instruments};

use super::name::NAME;
use crate::decode::parse;
use crate::decode::rates::midnight;
use crate::{Error, Result};

/// Returns the number of lines of `file` below its header.
pub(super) fn lines(file: &str) -> usize {
    data_lines(file).count()
}

/// Decodes at most `count` lines of daily prices after the `skip` oldest, which come first in the file. Each
/// line has a candle, and the price observed in the last second of the day.
///
/// # Errors
/// When a value cannot be read, or a symbol is not in the registry.
pub fn prices(file: &str, skip: usize, count: usize) -> Result<Vec<(Candle, RawCryptoMarketData)>> {
    let lines = data_lines(file).skip(skip).take(count);
    records(&lines.collect::<Vec<_>>()).map(|line| price(&line?)).collect()
}

fn price(line: &StringRecord) -> Result<(Candle, RawCryptoMarketData)> {
    let [date, symbol, open, high, low, close, volume, cap] = cells(line, "daily prices")?;
    let day = parse::date(symbol, "date", date)?;
    let instrument = instruments::by_symbol(symbol).ok_or_else(|| Error::NoInstrument {
        service: NAME,
        symbol: symbol.into(),
        known: "in the registry of instruments".into(),
    })?;
    let price = |field, text| positive(symbol, field, text);
    let close = price("close", close)?;
    let candle = Candle {
        source: NAME.into(),
        symbol: symbol.into(),
        interval: "1d".into(),
        open_at: midnight(day),
        open: price("open", open)?,
        high: price("high", high)?,
        low: price("low", low)?,
        close,
        volume: Some(amount(symbol, "volume_usd", volume)?),
        base_volume: None,
        currency: "USD".into(),
    };
    let cap: Fixed<2> = amount(symbol, "market_cap_usd", cap)?;
    let observed = RawCryptoMarketData {
        symbol: symbol.into(),
        observed_at: midnight(day + Days::new(1)) - TimeDelta::seconds(1),
        source: NAME.into(),
        name: instrument.name.to_string(),
        price_usd: close,
        volume_24h_usd: Some(amount(symbol, "volume_usd", volume)?),
        market_cap_usd: (cap.units() != 0).then_some(cap), // 0.0: unknown
    };
    Ok((candle, observed))
}

/// Decodes at most `count` lines of the ECB's file after the `skip` oldest. Returns the rates and the number
/// of lines read; `N/A` is no rate.
///
/// The ECB lists the newest day first. Lines are numbered from the bottom up, so that the numbers of lines
/// that have been read do not change when days are added.
///
/// # Errors
/// When a value cannot be read.
pub fn rates(file: &str, skip: usize, count: usize) -> Result<(Vec<FxRate>, usize)> {
    let header = file.lines().next().unwrap_or_default();
    // Every line ends with a comma, so that the last column has no name.
    let quotes: Vec<_> = header.split(',').map(str::trim).collect();
    let newest_first: Vec<_> = data_lines(file).collect();
    let lines: Vec<_> = newest_first.into_iter().rev().skip(skip).take(count).collect();
    let mut rates = Vec::new();
    for line in records(&lines) {
        let line = line?;
        if line.len() != quotes.len() {
            let reason = format!("it has {} cells, not {}", line.len(), quotes.len());
            return Err(Error::decode("euro rates", "a line", reason));
        }
        let day = parse::date("EUR", "Date", line.get(0).unwrap_or_default())?;
        for (quote, text) in quotes.iter().zip(&line).skip(1) {
            if quote.is_empty() || text == "N/A" {
                continue;
            }
            rates.push(FxRate {
                base: "EUR".into(),
                quote: (*quote).into(),
                rate_date: day,
                source: NAME.into(),
                rate: positive(quote, "rate", text)?,
            });
        }
    }
    Ok((rates, lines.len()))
}

/// Returns the lines of `file` below its header, without empty ones; no cell contains a line break.
fn data_lines(file: &str) -> impl Iterator<Item = &str> {
    file.lines().skip(1).filter(|line| !line.trim().is_empty())
}

fn records(lines: &[&str]) -> impl Iterator<Item = Result<StringRecord>> {
    let text = std::io::Cursor::new(lines.join("\n"));
    let reader =
        csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text);
    let broken = |error: csv::Error| Error::decode("recorded data", "a line", error.to_string());
    reader.into_records().map(move |line| line.map_err(broken))
}

fn cells<'a, const N: usize>(line: &'a StringRecord, of: &str) -> Result<[&'a str; N]> {
    let cells: Vec<_> = line.iter().collect();
    cells.try_into().map_err(|cells: Vec<_>| {
        Error::decode(of, "a line", format!("it has {} cells, not {N}", cells.len()))
    })
}

fn positive(of: &str, field: &str, text: &str) -> Result<Crypto> {
    let price: Crypto = amount(of, field, text)?;
    if price.units() > 0 {
        return Ok(price);
    }
    Err(Error::value(of, field, text, "which is not above zero"))
}

fn amount<const SCALE: u32>(of: &str, field: &str, text: &str) -> Result<Fixed<SCALE>> {
    let wrong = |reason| Error::value(of, field, text, reason);
    // Cents are rounded, because the volumes and market caps of the file have more places. Prices are exact.
    let read = if SCALE == 2 { Fixed::rounded(text) } else { text.parse() };
    let amount: Fixed<SCALE> =
        read.map_err(|_| wrong("which is not a decimal number that fits"))?;
    if amount.units() < 0 {
        return Err(wrong("which is negative"));
    }
    Ok(amount)
}
