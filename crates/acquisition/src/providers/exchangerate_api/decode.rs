//! The decoder of ExchangeRate-API's replies to plain rows: pure functions of the bytes.

use chrono::{DateTime, Utc};
use tidegauge_core::Crypto;

use crate::bad_rows::RowFilter;
use crate::decode::json_object::Object;
use crate::decode::parse;
use crate::decode::rates;
use crate::http::RefusalKind;
use crate::http::classify::Refusal;
use crate::text::cut;
use crate::{Error, Result};

/// The latest rates of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The base currency.
    pub base: String,
    /// The time of the rates.
    pub last_update: DateTime<Utc>,
    /// The announced time of the next update.
    pub next_update: DateTime<Utc>,
    /// The rates: units of each quote currency per unit of the base currency.
    pub rates: Vec<(String, Crypto)>,
}

/// Decodes `/latest/{base}` of the open endpoint (`rates`) or of the one with a key (`conversion_rates`).
///
/// # Errors
/// When `row_filter` fails on a bad rate, or the reply has another shape.
pub fn latest(body: &[u8], row_filter: &mut RowFilter) -> Result<Latest> {
    let fields = Object::parse("latest", body)?;
    let result = fields.text("result")?;
    if result != "success" {
        return Err(Error::value("latest", "result", &result, "which is not `success`"));
    }
    let base = fields.text("base_code")?;
    let fields = fields.with_subject(base.clone());
    let last_update = fields.seconds("time_last_update_unix")?;
    let of_base = match fields.find("conversion_rates") {
        Some(_) => fields.object("conversion_rates")?,
        None => fields.object("rates")?,
    };
    let mut rates = Vec::new();
    for (quote, value) in of_base.sorted().entries() {
        // The rate of the base in itself is always 1 and is omitted.
        if quote != base {
            let rate =
                rates::check_code(&base, &quote).and_then(|()| parse::price(&base, &quote, value));
            let place = || format!("{} {}", last_update.date_naive(), cut(&quote, 40));
            let rate = row_filter.pass(rate, place, || value.to_owned())?;
            rates.extend(rate.map(|rate| (quote, rate)));
        }
    }
    let next_update = fields.seconds("time_next_update_unix")?;
    Ok(Latest { base, last_update, next_update, rates })
}

/// Returns the refusal in a reply, if there is one: `result` marks it, whatever the status, and `error-type`
/// is the reason.
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
