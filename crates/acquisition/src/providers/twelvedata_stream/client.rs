//! The protocol of Twelve Data's WebSocket: its requests and the meaning of its messages.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use tidegauge_core::tables::Quote;

use super::decode::{self, Listing, Message};
use super::name::NAME;
use crate::Result;
use crate::instruments::ListedInstrument;
use crate::live::{Event, Protocol, ServerMessage};

/// The protocol of Twelve Data; the series are those of the instruments, in their order.
#[derive(Debug)]
pub(super) struct TwelveData {
    instruments: Vec<ListedInstrument>,
    heartbeat: Duration,
}

impl TwelveData {
    pub(super) fn new(instruments: Vec<ListedInstrument>, heartbeat: Duration) -> Self {
        Self { instruments, heartbeat }
    }

    fn index(&self, listing: &Listing) -> Option<usize> {
        self.instruments.iter().position(|listed| listing.is(&listed.id))
    }
}

impl Protocol for TwelveData {
    fn name(&self) -> &'static str {
        NAME
    }

    fn path(&self) -> &'static [&'static str] {
        &["quotes", "price"]
    }

    fn series(&self) -> Vec<String> {
        self.instruments.iter().map(|listed| format!("quotes {}", listed.symbol)).collect()
    }

    fn subscribe(&self) -> Vec<String> {
        let symbols: Vec<_> = self.instruments.iter().map(|listed| listed.id.as_str()).collect();
        let params = json!({"symbols": symbols.join(",")});
        vec![json!({"action": "subscribe", "params": params}).to_string()]
    }

    fn heartbeat(&self) -> Option<(Duration, &'static str)> {
        Some((self.heartbeat, r#"{"action":"heartbeat"}"#))
    }

    fn read(&self, text: &str, _now: DateTime<Utc>) -> Result<Vec<ServerMessage>> {
        Ok(match decode::message(text)? {
            Message::Heartbeat => Vec::new(),
            // The name is not logged, because a reply may repeat the key.
            Message::Unknown(_) => {
                tracing::debug!("unknown event, ignored");
                Vec::new()
            }
            Message::Subscribed { accepted, refused, errors } => {
                let accepted = accepted
                    .iter()
                    .filter_map(|listing| self.index(listing))
                    .map(ServerMessage::Accepted);
                let refused = refused.into_iter().filter_map(|(listing, reason)| {
                    Some(ServerMessage::Refused(self.index(&listing)?, reason))
                });
                let all: Vec<_> = accepted.chain(refused).collect();
                if all.is_empty() && !errors.is_empty() {
                    let reason = errors.join("; ");
                    let places = 0..self.instruments.len();
                    return Ok(places
                        .map(|at| ServerMessage::Refused(at, reason.clone()))
                        .collect());
                }
                all
            }
            Message::Price(Err(error)) => {
                vec![ServerMessage::Bad { table: "quotes", content: text.into(), error }]
            }
            Message::Price(Ok(price)) => {
                let Some(series) = self.index(&price.listing) else {
                    tracing::debug!("price of an unrequested symbol, skipped");
                    return Ok(Vec::new());
                };
                let quote = Quote {
                    source: NAME.into(),
                    symbol: self.instruments[series].symbol.clone(),
                    at: price.at,
                    price: price.price,
                    currency: price.currency,
                    bid: price.bid,
                    ask: price.ask,
                    base_volume: price.day_volume,
                };
                vec![ServerMessage::Event { series, event: Event::Quote(quote), snapshot: false }]
            }
        })
    }
}
