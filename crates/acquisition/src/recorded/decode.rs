//! The recorded files as rows.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use csv::StringRecord;
use tidegauge_core::tables::{Candle, FxRate, RawCryptoMarketData};
use tidegauge_core::{Fixed, instruments};

use super::NAME;
use crate::{Error, Result, exact};

/// The lines of `file` below its header.
pub(super) fn lines(file: &str) -> usize {
    file.lines().count().saturating_sub(1)
}

/// At most `count` lines of daily prices, after the first `skip`: a candle, and the price observed
/// in the last second of the day.
///
/// # Errors
/// When a value cannot be read, or a symbol is not in the registry.
pub fn prices(file: &str, skip: usize, count: usize) -> Result<Vec<(Candle, RawCryptoMarketData)>> {
    records(file, skip).take(count).map(|line| price(&line?)).collect()
}

fn price(line: &StringRecord) -> Result<(Candle, RawCryptoMarketData)> {
    let [date, symbol, open, high, low, close, volume, cap] = cells(line, "daily prices")?;
    let day = exact::date(symbol, "date", date)?;
    let instrument = instruments::by_symbol(symbol).ok_or_else(|| Error::NoInstrument {
        service: NAME,
        symbol: symbol.into(),
        known: "in the registry of instruments".into(),
    })?;
    let price = |field, text| above_zero(symbol, field, text);
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
    };
    let cap: Fixed<2> = amount(symbol, "market_cap_usd", cap)?;
    let observed = RawCryptoMarketData {
        symbol: symbol.into(),
        observed_at: midnight(day + Days::new(1)) - TimeDelta::seconds(1),
        source: NAME.into(),
        name: instrument.name.into(),
        price_usd: close,
        volume_24h_usd: Some(amount(symbol, "volume_usd", volume)?),
        market_cap_usd: (cap.units() != 0).then_some(cap), // 0.0 says that it is not known
    };
    Ok((candle, observed))
}

/// The rates of at most `count` lines of the ECB's file, after the first `skip`, and the number of
/// lines read. `N/A` is no rate.
///
/// # Errors
/// When a value cannot be read.
pub fn rates(file: &str, skip: usize, count: usize) -> Result<(Vec<FxRate>, usize)> {
    let header = file.lines().next().unwrap_or_default();
    // The ECB ends each line in a comma: the last column has no name.
    let quotes: Vec<_> = header.split(',').map(str::trim).collect();
    let (mut rates, mut read) = (Vec::new(), 0);
    for line in records(file, skip).take(count) {
        let line = line?;
        if line.len() != quotes.len() {
            let reason = format!("it has {} cells, not {}", line.len(), quotes.len());
            return Err(Error::decode("euro rates", "a line", reason));
        }
        let day = exact::date("EUR", "Date", line.get(0).unwrap_or_default())?;
        for (quote, text) in quotes.iter().zip(&line).skip(1) {
            if quote.is_empty() || text == "N/A" {
                continue;
            }
            rates.push(FxRate {
                base: "EUR".into(),
                quote: (*quote).into(),
                rate_date: day,
                source: NAME.into(),
                rate: above_zero(quote, "rate", text)?,
            });
        }
        read += 1;
    }
    Ok((rates, read))
}

/// The lines of `file` below its header, after the first `skip`; no cell holds a line break.
fn records(file: &str, skip: usize) -> impl Iterator<Item = Result<StringRecord>> {
    let rest = file.splitn(skip.saturating_add(2), '\n').nth(skip.saturating_add(1));
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(rest.unwrap_or_default().as_bytes());
    let broken = |error: csv::Error| Error::decode("recorded data", "a line", error.to_string());
    reader.into_records().map(move |line| line.map_err(broken))
}

fn cells<'a, const N: usize>(line: &'a StringRecord, of: &str) -> Result<[&'a str; N]> {
    let cells: Vec<_> = line.iter().collect();
    cells.try_into().map_err(|cells: Vec<_>| {
        Error::decode(of, "a line", format!("it has {} cells, not {N}", cells.len()))
    })
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn above_zero(of: &str, field: &str, text: &str) -> Result<Fixed<8>> {
    let price: Fixed<8> = amount(of, field, text)?;
    if price.units() > 0 {
        return Ok(price);
    }
    Err(Error::value(of, field, text, "which is not above zero"))
}

fn amount<const SCALE: u32>(of: &str, field: &str, text: &str) -> Result<Fixed<SCALE>> {
    let wrong = |reason| Error::value(of, field, text, reason);
    let amount: Fixed<SCALE> =
        Fixed::rounded(text).map_err(|_| wrong("which is not a decimal number"))?;
    if amount.units() < 0 {
        return Err(wrong("which is negative"));
    }
    Ok(amount)
}
