//! ExchangeRate-API's replies as plain rows. Pure functions of the bytes.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use tidegauge_core::Crypto;

use crate::exact::{self, Object};
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
/// When a rate is not above zero, or the reply is of another shape.
pub fn latest(body: &[u8]) -> Result<Latest> {
    let fields = Object::parse("latest", body)?;
    let result = fields.text("result")?;
    if result != "success" {
        return Err(Error::value("latest", "result", &result, "which is not `success`"));
    }
    let base = fields.text("base_code")?;
    let fields = fields.about(base.clone());
    let rates = match fields.find("conversion_rates") {
        Some(rates) => rates,
        None => fields.get("rates")?,
    };
    let rates = Object::parse(&base, rates.get().as_bytes())?.entries();
    let rate = |(quote, raw): (String, &RawValue)| {
        let rate = exact::price(&base, &quote, raw)?;
        Ok((quote, rate))
    };
    // One unit of the base is one unit of the base: not worth a row.
    let rates = rates.filter(|(quote, _)| *quote != base).map(rate).collect::<Result<_>>()?;
    Ok(Latest {
        last_update: fields.seconds("time_last_update_unix")?,
        next_update: fields.seconds("time_next_update_unix")?,
        rates,
        base,
    })
}

/// Finds the refusal in a reply: `result` says it, whatever the status.
pub fn refusal(body: &[u8]) -> Option<Refusal> {
    let fields = Object::parse("latest", body).ok()?;
    if fields.text("result").ok()? == "success" {
        return None;
    }
    let code = fields.text("error-type").ok();
    let (kind, advice) = match code.as_deref() {
        Some("invalid-key" | "inactive-account" | "plan-upgrade-required") => {
            (RefusalKind::Auth, "check the key and the plan")
        }
        Some("quota-reached") => (RefusalKind::Throttled, ""),
        Some("unsupported-code") => (RefusalKind::Other, "check the currency's ISO 4217 code"),
        _ => (RefusalKind::Other, ""),
    };
    let message = code.clone().unwrap_or_else(|| "it names no reason".into());
    Some(Refusal { code, message, kind, advice })
}
