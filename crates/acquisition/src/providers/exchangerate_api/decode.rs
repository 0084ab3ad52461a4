//! ExchangeRate-API's replies as plain rows. Pure functions of the bytes.

use chrono::{DateTime, Utc};
use tidegauge_core::Crypto;

use crate::bad_rows::RowFilter;
use crate::decode::json::Object;
use crate::decode::parse;
use crate::decode::rates;
use crate::error::cut;
use crate::http::{Refusal, RefusalKind};
use crate::{Error, Result};

/// The latest rates of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The currency priced.
    pub base: String,
    /// When the rates were fixed.
    pub last_update: DateTime<Utc>,
    /// When they will be fixed next.
    pub next_update: DateTime<Utc>,
    /// What one unit of the base is worth in each other currency.
    pub rates: Vec<(String, Crypto)>,
}

/// `/latest/{base}`, of the open endpoint (`rates`) or the one with a key (`conversion_rates`).
///
/// # Errors
/// When the sieve lets a bad rate fail the page, or the reply is of another shape.
pub fn latest(body: &[u8], sieve: &mut RowFilter) -> Result<Latest> {
    let fields = Object::parse("latest", body)?;
    let result = fields.text("result")?;
    if result != "success" {
        return Err(Error::value("latest", "result", &result, "which is not `success`"));
    }
    let base = fields.text("base_code")?;
    let fields = fields.about(base.clone());
    let last_update = fields.seconds("time_last_update_unix")?;
    let of_base = match fields.find("conversion_rates") {
        Some(_) => fields.object("conversion_rates")?,
        None => fields.object("rates")?,
    };
    let mut rates = Vec::new();
    for (quote, value) in of_base.sorted().entries() {
        // One unit of the base is one unit of the base: not worth a row.
        if quote != base {
            let rate =
                rates::check_code(&base, &quote).and_then(|()| parse::price(&base, &quote, value));
            let place = || format!("{} {}", last_update.date_naive(), cut(&quote, 40));
            let rate = sieve.pass(rate, place, || value.to_owned())?;
            rates.extend(rate.map(|rate| (quote, rate)));
        }
    }
    let next_update = fields.seconds("time_next_update_unix")?;
    Ok(Latest { base, last_update, next_update, rates })
}

/// Finds the refusal in a reply: `result` says it, whatever the status, and `error-type` why.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let fields = Object::parse("latest", body).ok()?;
    if fields.text("result").ok()? == "success" {
        return None;
    }
    let code = fields.text("error-type").ok();
    let (kind, advice) = match code.as_deref() {
        Some("invalid-key") => (RefusalKind::Auth, "check the key"),
        Some("inactive-account") => {
            (RefusalKind::Auth, "confirm the account's address with the service")
        }
        Some("plan-upgrade-required") => (RefusalKind::Auth, "take a plan that has it"),
        Some("quota-reached") => (RefusalKind::Throttled, ""),
        Some("unsupported-code") => (RefusalKind::Other, "check the currency's ISO 4217 code"),
        _ => (RefusalKind::Other, ""),
    };
    let message = match code.as_deref() {
        Some("quota-reached") => "quota-reached, the plan's requests of the month are gone".into(),
        Some(code) => code.to_owned(),
        None => "it names no reason".into(),
    };
    Some(Refusal { code, message, kind, advice })
}
