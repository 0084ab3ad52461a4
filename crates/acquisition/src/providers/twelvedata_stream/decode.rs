//! The decoder of Twelve Data's messages, independent of a connection.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tidegauge_core::Crypto;

use super::name::NAME;
use crate::decode::json;
use crate::decode::json_object::{self, Object};
use crate::{Error, Result};

/// A message of the service.
#[derive(Debug)]
pub enum Message {
    /// The result of a subscription.
    Subscribed {
        /// The accepted instruments.
        accepted: Vec<Listing>,
        /// The refused instruments, with the reasons.
        refused: Vec<(Listing, String)>,
        /// Errors about the request as a whole.
        errors: Vec<String>,
    },
    /// A heartbeat.
    Heartbeat,
    /// A price, or the reason for which it is invalid.
    Price(Result<Price>),
    /// An unknown event.
    Unknown(String),
}

/// An instrument as the service names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listing {
    /// The symbol.
    pub symbol: String,
    /// The exchange, if the message names it.
    #[serde(default)]
    pub exchange: Option<String>,
    /// The exchange's ISO 10383 code, if the message names it.
    #[serde(default)]
    pub mic_code: Option<String>,
}

impl Listing {
    /// Returns `true` if `id`, as in `AAPL`, `RY:TSX`, `EUR/USD`, names this instrument.
    pub fn is(&self, id: &str) -> bool {
        let is_at = |index: &str| {
            let at = |code: &Option<String>| code.as_deref() == Some(index);
            at(&self.exchange) || at(&self.mic_code)
        };
        self.symbol == id
            || id.split_once(':').is_some_and(|(symbol, index)| {
                // A refusal does not repeat the exchange.
                let silent = self.exchange.is_none() && self.mic_code.is_none();
                self.symbol == symbol && (silent || is_at(index))
            })
    }
}

/// The price of an instrument at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// The instrument.
    pub listing: Listing,
    /// The quote currency.
    pub currency: String,
    /// The time, to the second.
    pub at: DateTime<Utc>,
    /// The price.
    pub price: Crypto,
    /// The bid.
    pub bid: Option<Crypto>,
    /// The ask.
    pub ask: Option<Crypto>,
    /// The volume of the day, in units of the instrument.
    pub day_volume: Option<Crypto>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    success: Option<Vec<Listing>>,
    #[serde(default)]
    fails: Option<Vec<RefusedListing>>,
    #[serde(default)]
    messages: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RefusedListing {
    #[serde(flatten)]
    listing: Listing,
    #[serde(default)]
    message: Option<String>,
}

/// Decodes a message of the service.
///
/// # Errors
/// When the text is not JSON, or a message lacks a required field. The error of an invalid price is in
/// [`Message::Price`].
pub fn message(text: &str) -> Result<Message> {
    let object = json_object::message(NAME, text)?;
    let event = object.text("event")?;
    match event.as_str() {
        "price" => Ok(Message::Price(price(object, text))),
        "heartbeat" => Ok(Message::Heartbeat),
        "subscribe-status" => {
            let status: Status = json::deserialize(NAME, "subscribe-status", text.as_bytes())?;
            let refused = |fail: RefusedListing| {
                let reason = fail.message.unwrap_or_else(|| "it does not say why".into());
                (fail.listing, reason)
            };
            Ok(Message::Subscribed {
                accepted: status.success.unwrap_or_default(),
                refused: status.fails.unwrap_or_default().into_iter().map(refused).collect(),
                errors: status.messages.unwrap_or_default(),
            })
        }
        _ => Ok(Message::Unknown(event)),
    }
}

fn price(object: Object<'_>, text: &str) -> Result<Price> {
    let symbol = object.text("symbol")?;
    let row = object.with_subject(symbol.clone());
    let listing: Listing = json::deserialize(&symbol, "the whole", text.as_bytes())?;
    // `currency_quote` is the name of a currency, not its code.
    let currency = match (row.find("currency"), symbol.split_once('/')) {
        (Some(_), _) => row.text("currency")?,
        (None, Some((_, quote))) => quote.into(),
        (None, None) => return Err(Error::decode(symbol, "currency", "it is missing")),
    };
    Ok(Price {
        listing,
        currency,
        at: row.seconds("timestamp")?,
        price: row.price("price")?,
        bid: row.amount("bid")?,
        ask: row.amount("ask")?,
        day_volume: row.amount("day_volume")?,
    })
}
