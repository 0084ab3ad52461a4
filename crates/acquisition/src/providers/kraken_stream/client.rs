//! The protocol of Kraken's WebSocket API, version 2: its requests and the meaning of its messages.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use tidegauge_core::tables::{Candle, MarketTrade, Quote};

use super::config::{Channel, Config};
use super::decode::{self, CandleUpdate, Message, MessageRow, MessageRows, Ticker, Trade};
use super::name::NAME;
use crate::instruments::ListedInstrument;
use crate::live::{Event, Protocol, ServerMessage};
use crate::text::cut;
use crate::{Error, Interval, Result};

/// The protocol of Kraken: the subscriptions to make.
#[derive(Debug)]
pub(super) struct Kraken {
    subscriptions: Vec<Subscription>,
    instruments: Vec<ListedInstrument>,
}

/// A subscription request for one channel and all instruments. Its id is its index, and the series of its
/// instruments are consecutive.
#[derive(Debug, Clone, Copy)]
struct Subscription {
    channel: Channel,
    size: Option<Interval>,
}

impl Kraken {
    pub(super) fn new(config: &Config, instruments: Vec<ListedInstrument>) -> Self {
        let sizes = |channel: &Channel| match channel {
            Channel::Ohlc => config.intervals.iter().copied().map(Some).collect(),
            _ => vec![None],
        };
        let of = |channel: &Channel| {
            let channel = *channel;
            sizes(&channel).into_iter().map(move |size| Subscription { channel, size })
        };
        Self { subscriptions: config.channels.iter().flat_map(of).collect(), instruments }
    }

    /// Returns the instrument that Kraken calls `symbol`, with its index.
    fn instrument(&self, symbol: &str) -> Option<(usize, &ListedInstrument)> {
        self.instruments.iter().enumerate().find(|(_, listed)| listed.id == symbol)
    }

    /// Returns the indices of the series that an answer is about; of all requests if `request` is `None`.
    fn series(&self, request: Option<u64>, symbol: Option<&str>) -> Vec<usize> {
        let request = request.and_then(|request| usize::try_from(request).ok());
        let count = self.instruments.len();
        let subscriptions =
            (0..self.subscriptions.len()).filter(|at| request.is_none_or(|request| request == *at));
        let places = subscriptions.flat_map(|subscription| {
            (0..count).map(move |instrument| (subscription * count + instrument, instrument))
        });
        let about = |instrument: usize| {
            symbol.is_none_or(|symbol| self.instruments[instrument].id == symbol)
        };
        places.filter(|(_, instrument)| about(*instrument)).map(|(at, _)| at).collect()
    }

    /// Converts the rows of a channel to messages; those of instruments that were not requested are ignored.
    fn events<T>(
        &self,
        MessageRows { snapshot, rows }: MessageRows<'_, T>,
        table: &'static str,
        channel: Channel,
        about: impl Fn(&T) -> (&str, Option<i64>),
        event: impl Fn(T, &ListedInstrument, String) -> Event,
    ) -> Vec<ServerMessage> {
        let count = self.instruments.len();
        let place = |minutes: Option<i64>, instrument: usize| {
            let asked = |subscription: &Subscription| {
                let size = subscription.size.map(Interval::minutes);
                subscription.channel == channel
                    && minutes.is_none_or(|minutes| size == Some(minutes))
            };
            self.subscriptions
                .iter()
                .position(asked)
                .map(|subscription| subscription * count + instrument)
        };
        let said = |row: MessageRow<'_, T>| match row.row {
            Ok(row) => {
                let (symbol, minutes) = about(&row);
                let Some((instrument, listed)) = self.instrument(symbol) else {
                    tracing::debug!(
                        symbol = cut(symbol, 40),
                        "row of an unrequested symbol, skipped"
                    );
                    return None;
                };
                let series = place(minutes, instrument)?;
                let currency = symbol.split_once('/').map_or("", |(_, quote)| quote).to_owned();
                Some(ServerMessage::Event { series, event: event(row, listed, currency), snapshot })
            }
            Err(error) => Some(ServerMessage::Bad { table, content: row.content.into(), error }),
        };
        rows.into_iter().filter_map(said).collect()
    }
}

impl Protocol for Kraken {
    fn name(&self) -> &'static str {
        NAME
    }

    fn path(&self) -> &'static [&'static str] {
        &["v2"]
    }

    fn series(&self) -> Vec<String> {
        let name = |subscription: &Subscription, symbol: &str| match (
            subscription.channel,
            subscription.size,
        ) {
            (Channel::Ticker, _) => format!("quotes {symbol}"),
            (Channel::Trade, _) => format!("trades {symbol}"),
            (Channel::Ohlc, size) => {
                format!("candles {symbol} {}", size.map_or("", Interval::name))
            }
        };
        let all = |subscription| {
            self.instruments.iter().map(move |listed| name(subscription, &listed.symbol))
        };
        self.subscriptions.iter().flat_map(all).collect()
    }

    fn subscribe(&self) -> Vec<String> {
        let symbols: Vec<_> = self.instruments.iter().map(|listed| listed.id.as_str()).collect();
        let subscription = |(number, subscription): (usize, &Subscription)| {
            let mut params = json!({
                "channel": subscription.channel.name(), "symbol": symbols, "snapshot": true,
            });
            if let Some(size) = subscription.size {
                params["interval"] = size.minutes().into();
            }
            json!({"method": "subscribe", "params": params, "req_id": number}).to_string()
        };
        self.subscriptions.iter().enumerate().map(subscription).collect()
    }

    fn heartbeat(&self) -> Option<(Duration, &'static str)> {
        None // Kraken sends a heartbeat every second by itself
    }

    fn read(&self, text: &str, now: DateTime<Utc>) -> Result<Vec<ServerMessage>> {
        Ok(match decode::message(text)? {
            Message::Heartbeat => Vec::new(),
            Message::Status { system, connection_id } => {
                tracing::debug!(system, connection_id, "exchange status received");
                Vec::new()
            }
            Message::Unknown(what) => {
                tracing::debug!(what, "unknown channel, ignored");
                Vec::new()
            }
            Message::Error(reason) => vec![ServerMessage::ConnectionError(reason)],
            Message::Subscribed { request, symbol, warnings } => {
                for warning in warnings {
                    tracing::debug!(symbol, warning, "subscription accepted with a warning");
                }
                self.series(request, Some(&symbol))
                    .into_iter()
                    .map(ServerMessage::Accepted)
                    .collect()
            }
            Message::Refused { request, symbol, reason } => {
                let series = self.series(request, symbol.as_deref());
                series.into_iter().map(|at| ServerMessage::Refused(at, reason.clone())).collect()
            }
            Message::Tickers(rows) => self.events(
                rows,
                "quotes",
                Channel::Ticker,
                |ticker: &Ticker| (&ticker.symbol, None),
                |ticker, listed, currency| {
                    Event::Quote(Quote {
                        source: NAME.into(),
                        symbol: listed.symbol.clone(),
                        at: ticker.at.unwrap_or(now),
                        price: ticker.last,
                        currency,
                        bid: ticker.bid,
                        ask: ticker.ask,
                        base_volume: ticker.volume,
                    })
                },
            ),
            Message::Trades(rows) => self.events(
                rows,
                "market_trades",
                Channel::Trade,
                |trade: &Trade| (&trade.symbol, None),
                |trade, listed, currency| {
                    Event::Trade(MarketTrade {
                        source: NAME.into(),
                        symbol: listed.symbol.clone(),
                        trade_id: trade.trade_id,
                        at: trade.at,
                        side: trade.side,
                        price: trade.price,
                        base_amount: trade.quantity,
                        currency,
                    })
                },
            ),
            Message::Candles(rows) => {
                let length = |minutes: i64| chrono::TimeDelta::minutes(minutes);
                let name = |minutes: i64| {
                    let asked =
                        self.subscriptions.iter().filter_map(|subscription| subscription.size);
                    asked
                        .into_iter()
                        .find(|interval| interval.minutes() == minutes)
                        .map_or("", Interval::name)
                };
                self.events(
                    rows,
                    "candles",
                    Channel::Ohlc,
                    |update: &CandleUpdate| (&update.symbol, Some(update.minutes)),
                    |update, listed, currency| {
                        let candle = Candle {
                            source: NAME.into(),
                            symbol: listed.symbol.clone(),
                            interval: name(update.minutes).into(),
                            open_at: update.open_at,
                            open: update.open,
                            high: update.high,
                            low: update.low,
                            close: update.close,
                            volume: None,
                            base_volume: update.volume,
                            currency,
                        };
                        Event::Candle(candle, length(update.minutes))
                    },
                )
            }
        })
    }
}

/// Checks that every instrument has a pair name, which this API requires.
pub(super) fn check(instruments: &[ListedInstrument]) -> Result<()> {
    match instruments.iter().find(|listed| !listed.id.contains('/')) {
        None => Ok(()),
        Some(listed) => Err(Error::NoInstrument {
            service: NAME,
            symbol: listed.symbol.clone(),
            known: format!("pairs as in `BTC/USD`, which `{}` is not", listed.id),
        }),
    }
}
