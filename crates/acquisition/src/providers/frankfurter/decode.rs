//! The decoder of Frankfurter's replies to plain rows: pure functions of the bytes.

use chrono::NaiveDate;
use tidegauge_core::Crypto;

use crate::bad_rows::RowFilter;
use crate::decode::json;
use crate::decode::json_object::Object;
use crate::decode::parse;
pub use crate::decode::rates::Rate;
use crate::http::RefusalKind;
use crate::http::classify::Refusal;
use crate::text::cut;
use crate::{Error, Result};

/// Decodes `/v1/{from}..{to}`.
///
/// # Errors
/// When `row_filter` fails on a bad rate, the amount is not one unit, or the reply has another shape.
pub fn range(body: &[u8], row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
    let (base, fields) = one_unit_rates(body)?;
    let mut rates = Vec::new();
    for (day, of_day) in fields.object("rates")?.sorted().entries() {
        let date = parse::date(&base, "rates", &day)?;
        add_rates(date, &base, Object::parse(&base, of_day.as_bytes())?, row_filter, &mut rates)?;
    }
    Ok(rates)
}

/// Decodes `/v1/{day}` and `/v1/latest`.
///
/// # Errors
/// As for [`range`].
pub fn day(body: &[u8], row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
    let (base, fields) = one_unit_rates(body)?;
    let mut rates = Vec::new();
    add_rates(fields.date("date")?, &base, fields.object("rates")?, row_filter, &mut rates)?;
    Ok(rates)
}

/// Decodes `/v2/rates`, without the row of the base in itself.
///
/// # Errors
/// When `row_filter` fails on a bad row, or the reply has another shape.
pub fn rates_v2(body: &[u8], row_filter: &mut RowFilter) -> Result<Vec<Rate>> {
    let mut rates = Vec::new();
    for (at, row) in json::elements("v2/rates", body)?.into_iter().enumerate() {
        let place = || place_v2(row).unwrap_or_else(|| format!("row {at}"));
        let rate = row_filter.pass(rate_v2(row), place, || row.to_owned())?;
        rates.extend(rate.filter(|rate| rate.base != rate.quote));
    }
    Ok(rates)
}

fn rate_v2(row: &str) -> Result<Rate> {
    let fields = Object::parse("v2/rates", row.as_bytes())?;
    let quote = fields.text("quote")?;
    let fields = fields.with_subject(quote.clone());
    Ok(Rate {
        date: fields.date("date")?,
        base: fields.text("base")?,
        rate: fields.price("rate")?,
        quote,
    })
}

/// Returns the place of a bad row, if its date and quote can be read.
fn place_v2(row: &str) -> Option<String> {
    let fields = Object::parse("v2/rates", row.as_bytes()).ok()?;
    Some(format!("{} {}", fields.text("date").ok()?, cut(&fields.text("quote").ok()?, 40)))
}

/// Returns the base and the fields of a reply of version 1, whose amount must be one unit.
fn one_unit_rates(body: &[u8]) -> Result<(String, Object<'_>)> {
    let fields = Object::parse("v1", body)?;
    let base = fields.text("base")?;
    let fields = fields.with_subject(base.clone());
    let amount: Crypto = fields.price("amount")?;
    if amount.units() != Crypto::ONE {
        let reason = "which is not the one unit asked for";
        return Err(Error::value(base, "amount", &amount.to_string(), reason));
    }
    Ok((base, fields))
}

fn add_rates(
    date: NaiveDate,
    base: &str,
    of_day: Object<'_>,
    row_filter: &mut RowFilter,
    rates: &mut Vec<Rate>,
) -> Result<()> {
    for (quote, value) in of_day.sorted().entries() {
        let rate = parse::price(&quote, "rate", value);
        let place = || format!("{date} {}", cut(&quote, 40));
        let rate = row_filter.pass(rate, place, || value.to_owned())?;
        rates.extend(rate.map(|rate| Rate { date, base: base.into(), quote, rate }));
    }
    Ok(())
}

/// Returns the refusal in a reply, if there is one: a `message`, in version 2 beside the status.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let message = Object::parse("error", body).ok()?.text("message").ok()?;
    let advice = match message.as_str() {
        NOT_FOUND => "check the currencies and the days asked for",
        _ => "",
    };
    Some(Refusal { code: None, message, kind: RefusalKind::Other, advice })
}

/// The message of the service, with the status 404, if it has no rates.
pub(super) const NOT_FOUND: &str = "not found";
