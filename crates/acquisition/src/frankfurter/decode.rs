//! Frankfurter's replies as plain rows. Pure functions of the bytes.

use chrono::NaiveDate;
use serde_json::value::RawValue;
use tidegauge_core::Crypto;

use crate::bad_rows::Sieve;
use crate::exact::{self, Object};
use crate::http::{Refusal, RefusalKind};
pub use crate::rates::Rate;
use crate::{Error, Result};

/// `/v1/{from}..{to}`.
///
/// # Errors
/// When the sieve lets a bad rate fail the page, the reply is of more than one unit, or of another
/// shape.
pub fn range(body: &[u8], sieve: &mut Sieve) -> Result<Vec<Rate>> {
    let (base, fields) = of_one_unit(body)?;
    let days = Object::parse(&base, fields.get("rates")?.get().as_bytes())?;
    let mut rates = Vec::new();
    for (day, raw) in days.entries() {
        of_day(exact::date(&base, "rates", &day)?, &base, raw, sieve, &mut rates)?;
    }
    Ok(rates)
}

/// `/v1/{day}` and `/v1/latest`.
///
/// # Errors
/// As for [`range`].
pub fn day(body: &[u8], sieve: &mut Sieve) -> Result<Vec<Rate>> {
    let (base, fields) = of_one_unit(body)?;
    let mut rates = Vec::new();
    of_day(fields.date("date")?, &base, fields.get("rates")?, sieve, &mut rates)?;
    Ok(rates)
}

/// `/v2/rates`, without the row that says that a currency is worth itself.
///
/// # Errors
/// When the sieve lets a bad row fail the page, or the reply is of another shape.
pub fn rates_v2(body: &[u8], sieve: &mut Sieve) -> Result<Vec<Rate>> {
    let rows: Vec<&RawValue> = exact::parse("v2/rates", "the whole", body)?;
    let mut rates = Vec::with_capacity(rows.len());
    for raw in rows {
        let place = || place_v2(raw).unwrap_or_else(|| raw.get().into());
        let rate = sieve.pass(rate_v2(raw), place, || raw.get().into())?;
        rates.extend(rate.filter(|rate| rate.base != rate.quote));
    }
    Ok(rates)
}

fn rate_v2(raw: &RawValue) -> Result<Rate> {
    let fields = Object::parse("v2/rates", raw.get().as_bytes())?;
    let quote = fields.text("quote")?;
    let fields = fields.about(quote.clone());
    Ok(Rate {
        date: fields.date("date")?,
        base: fields.text("base")?,
        rate: fields.price("rate")?,
        quote,
    })
}

/// Where a bad row stands, if that much of it can be read.
fn place_v2(raw: &RawValue) -> Option<String> {
    let fields = Object::parse("v2/rates", raw.get().as_bytes()).ok()?;
    Some(format!("{} {}", fields.text("date").ok()?, fields.text("quote").ok()?))
}

/// The base of a reply of version 1, which must be about one unit of it.
fn of_one_unit(body: &[u8]) -> Result<(String, Object<'_>)> {
    let fields = Object::parse("v1", body)?;
    let base = fields.text("base")?;
    let fields = fields.about(base.clone());
    let amount: Crypto = fields.price("amount")?;
    if amount.units() != 100_000_000 {
        let reason = "which is not the one unit asked for";
        return Err(Error::value(base, "amount", &amount.to_string(), reason));
    }
    Ok((base, fields))
}

fn of_day(
    date: NaiveDate,
    base: &str,
    raw: &RawValue,
    sieve: &mut Sieve,
    rates: &mut Vec<Rate>,
) -> Result<()> {
    for (quote, raw) in Object::parse(base, raw.get().as_bytes())?.entries() {
        let rate = exact::price(&quote, "rate", raw);
        let rate = sieve.pass(rate, || format!("{date} {quote}"), || raw.get().into())?;
        rates.extend(rate.map(|rate| Rate { date, base: base.into(), quote, rate }));
    }
    Ok(())
}

/// Finds the refusal in a reply: a `message`, in version 2 beside the status.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let message = Object::parse("error", body).ok()?.text("message").ok()?;
    let advice = match message.as_str() {
        NOT_FOUND => "check the currencies and the days asked for",
        _ => "",
    };
    Some(Refusal { code: None, message, kind: RefusalKind::Other, advice })
}

/// What it says, with the status 404, where it has no rates.
pub(super) const NOT_FOUND: &str = "not found";
