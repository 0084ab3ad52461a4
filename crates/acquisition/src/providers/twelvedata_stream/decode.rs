//! Twelve Data's messages as plain values. Nothing here knows a connection.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tidegauge_core::Crypto;

use super::NAME;
use crate::decode::json::{self, Object};
use crate::{Error, Result};

/// A message of the service.
#[derive(Debug)]
pub enum Message {
    /// What became of a subscription.
    Subscribed {
        /// What is accepted.
        accepted: Vec<Listing>,
        /// What is not, and why.
        refused: Vec<(Listing, String)>,
        /// Complaints about the request as a whole.
        complaints: Vec<String>,
    },
    /// A sign of life.
    Life,
    /// A price, if it makes sense.
    Price(Result<Price>),
    /// An event that we do not know.
    Unknown(String),
}

/// An instrument as the service names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Listing {
    /// Its symbol.
    pub symbol: String,
    /// The exchange, where it says so.
    #[serde(default)]
    pub exchange: Option<String>,
    /// The exchange's ISO 10383 code, where it says so.
    #[serde(default)]
    pub mic_code: Option<String>,
}

impl Listing {
    /// Whether `id`, as in `AAPL`, `RY:TSX`, `EUR/USD`, names this.
    pub fn is(&self, id: &str) -> bool {
        let here = |place: &str| {
            let at = |it: &Option<String>| it.as_deref() == Some(place);
            at(&self.exchange) || at(&self.mic_code)
        };
        self.symbol == id
            || id.split_once(':').is_some_and(|(symbol, place)| {
                // A refusal does not repeat the place.
                let silent = self.exchange.is_none() && self.mic_code.is_none();
                self.symbol == symbol && (silent || here(place))
            })
    }
}

/// The price of an instrument at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// The instrument.
    pub listing: Listing,
    /// What the prices are in.
    pub currency: String,
    /// When, to the second.
    pub at: DateTime<Utc>,
    /// The price.
    pub price: Crypto,
    /// What buyers offered.
    pub bid: Option<Crypto>,
    /// What sellers asked.
    pub ask: Option<Crypto>,
    /// Traded this day, in the instrument's own units.
    pub day_volume: Option<Crypto>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    success: Option<Vec<Listing>>,
    #[serde(default)]
    fails: Option<Vec<Fail>>,
    #[serde(default)]
    messages: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Fail {
    #[serde(flatten)]
    listing: Listing,
    #[serde(default)]
    message: Option<String>,
}

/// What a text of the service says.
///
/// # Errors
/// When it is not JSON, or one of the messages above lacks what makes it one. A price that makes no
/// sense is an error in its own place.
pub fn message(text: &str) -> Result<Message> {
    let object = json::message(NAME, text)?;
    let event = object.text("event")?;
    match event.as_str() {
        "price" => Ok(Message::Price(price(object, text))),
        "heartbeat" => Ok(Message::Life),
        "subscribe-status" => {
            let status: Status = json::typed(NAME, "subscribe-status", text.as_bytes())?;
            let refused = |fail: Fail| {
                let reason = fail.message.unwrap_or_else(|| "it does not say why".into());
                (fail.listing, reason)
            };
            Ok(Message::Subscribed {
                accepted: status.success.unwrap_or_default(),
                refused: status.fails.unwrap_or_default().into_iter().map(refused).collect(),
                complaints: status.messages.unwrap_or_default(),
            })
        }
        _ => Ok(Message::Unknown(event)),
    }
}

fn price(object: Object<'_>, text: &str) -> Result<Price> {
    let symbol = object.text("symbol")?;
    let row = object.about(symbol.clone());
    let listing: Listing = json::typed(&symbol, "the whole", text.as_bytes())?;
    // The words of `currency_quote` are a name, not a code.
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
