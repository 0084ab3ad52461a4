//! Frankfurter's replies as plain rows. Pure functions of the bytes.

use chrono::NaiveDate;
use serde_json::value::RawValue;
use tidegauge_core::Crypto;

use crate::exact::{self, Object};
use crate::http::{Refusal, RefusalKind};
use crate::{Error, Result};

/// What one unit of a currency was worth in another on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The day that the rate is of, which need not be the day asked for.
    pub date: NaiveDate,
    /// The currency priced.
    pub base: String,
    /// The currency that it is priced in.
    pub quote: String,
    /// Units of the quote for one of the base.
    pub rate: Crypto,
}

/// `/v1/{from}..{to}`.
///
/// # Errors
/// When a rate is not above zero, is of more than one unit, or the reply is of another shape.
pub fn range(body: &[u8]) -> Result<Vec<Rate>> {
    let (base, fields) = of_one_unit(body)?;
    let days = Object::parse(&base, fields.get("rates")?.get().as_bytes())?;
    let mut rates = Vec::new();
    for (day, raw) in days.entries() {
        rates.extend(of_day(exact::date(&base, "rates", &day)?, &base, raw)?);
    }
    Ok(rates)
}

/// `/v1/{day}` and `/v1/latest`.
///
/// # Errors
/// As for [`range`].
pub fn day(body: &[u8]) -> Result<Vec<Rate>> {
    let (base, fields) = of_one_unit(body)?;
    of_day(fields.date("date")?, &base, fields.get("rates")?)
}

/// `/v2/rates`, without the row that says that a currency is worth itself.
///
/// # Errors
/// As for [`range`].
pub fn rates_v2(body: &[u8]) -> Result<Vec<Rate>> {
    let rows: Vec<&RawValue> = exact::parse("v2/rates", "the whole", body)?;
    let rates = rows.into_iter().map(rate_v2).collect::<Result<Vec<_>>>()?;
    Ok(rates.into_iter().filter(|rate| rate.base != rate.quote).collect())
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

fn of_day(date: NaiveDate, base: &str, raw: &RawValue) -> Result<Vec<Rate>> {
    let rate = |(quote, raw): (String, &RawValue)| {
        let rate = exact::price(&quote, "rate", raw)?;
        Ok(Rate { date, base: base.into(), quote, rate })
    };
    Object::parse(base, raw.get().as_bytes())?.entries().map(rate).collect()
}

/// Finds the refusal in a reply: a `message`, in version 2 beside the status.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let message = Object::parse("error", body).ok()?.text("message").ok()?;
    let advice = match message.as_str() {
        "not found" => "check the currencies and the days asked for",
        _ => "",
    };
    Some(Refusal { code: None, message, kind: RefusalKind::Other, advice })
}
