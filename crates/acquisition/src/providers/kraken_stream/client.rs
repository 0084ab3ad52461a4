//! Kraken's WebSocket API, version 2: what it is asked, and what its answers mean to us.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use tidegauge_core::tables::{Candle, MarketTrade, Quote};

use super::decode::{self, Bar, Message, Row, Rows, Ticker, Trade};
use super::{Channel, Config, NAME};
use crate::error::cut;
use crate::instruments::ListedInstrument;
use crate::live::{Event, Protocol, ServerMessage};
use crate::{Error, Interval, Result};

/// What is asked of Kraken.
#[derive(Debug)]
pub(super) struct Kraken {
    asks: Vec<Ask>,
    instruments: Vec<ListedInstrument>,
}

/// A request: one channel, and all instruments. Its number is its place, and the series of its
/// instruments stand one after the other.
#[derive(Debug, Clone, Copy)]
struct Ask {
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
            sizes(&channel).into_iter().map(move |size| Ask { channel, size })
        };
        Self { asks: config.channels.iter().flat_map(of).collect(), instruments }
    }

    /// The instrument that Kraken calls `symbol`.
    fn instrument(&self, symbol: &str) -> Option<(usize, &ListedInstrument)> {
        self.instruments.iter().enumerate().find(|(_, it)| it.id == symbol)
    }

    /// The places of the series that an answer is about; without a request, all.
    fn series(&self, request: Option<u64>, symbol: Option<&str>) -> Vec<usize> {
        let request = request.and_then(|request| usize::try_from(request).ok());
        let count = self.instruments.len();
        let asks = (0..self.asks.len()).filter(|at| request.is_none_or(|request| request == *at));
        let places = asks.flat_map(|ask| (0..count).map(move |it| (ask * count + it, it)));
        let about = |it: usize| symbol.is_none_or(|symbol| self.instruments[it].id == symbol);
        places.filter(|(_, it)| about(*it)).map(|(at, _)| at).collect()
    }

    /// What the rows of a channel mean; those of instruments that we did not ask for mean nothing.
    fn events<T>(
        &self,
        Rows { snapshot, rows }: Rows<'_, T>,
        table: &'static str,
        channel: Channel,
        about: impl Fn(&T) -> (&str, Option<i64>),
        event: impl Fn(T, &ListedInstrument, String) -> Event,
    ) -> Vec<ServerMessage> {
        let count = self.instruments.len();
        let place = |minutes: Option<i64>, it: usize| {
            let asked = |ask: &Ask| {
                let size = ask.size.map(Interval::minutes);
                ask.channel == channel && minutes.is_none_or(|minutes| size == Some(minutes))
            };
            self.asks.iter().position(asked).map(|ask| ask * count + it)
        };
        let said = |row: Row<'_, T>| match row.row {
            Ok(row) => {
                let (symbol, minutes) = about(&row);
                let Some((it, listed)) = self.instrument(symbol) else {
                    tracing::debug!(symbol = cut(symbol, 40), "not asked for, left out");
                    return None;
                };
                let series = place(minutes, it)?;
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
        let name = |ask: &Ask, symbol: &str| match (ask.channel, ask.size) {
            (Channel::Ticker, _) => format!("quotes {symbol}"),
            (Channel::Trade, _) => format!("trades {symbol}"),
            (Channel::Ohlc, size) => {
                format!("candles {symbol} {}", size.map_or("", Interval::name))
            }
        };
        let all = |ask| self.instruments.iter().map(move |it| name(ask, &it.symbol));
        self.asks.iter().flat_map(all).collect()
    }

    fn subscribe(&self) -> Vec<String> {
        let symbols: Vec<_> = self.instruments.iter().map(|it| it.id.as_str()).collect();
        let ask = |(number, ask): (usize, &Ask)| {
            let mut params = json!({
                "channel": ask.channel.name(), "symbol": symbols, "snapshot": true,
            });
            if let Some(size) = ask.size {
                params["interval"] = size.minutes().into();
            }
            json!({"method": "subscribe", "params": params, "req_id": number}).to_string()
        };
        self.asks.iter().enumerate().map(ask).collect()
    }

    fn heartbeat(&self) -> Option<(Duration, &'static str)> {
        None // Kraken's heart beats once a second by itself
    }

    fn read(&self, text: &str, now: DateTime<Utc>) -> Result<Vec<ServerMessage>> {
        Ok(match decode::message(text)? {
            Message::Life => Vec::new(),
            Message::Status { system, connection_id } => {
                tracing::debug!(system, connection_id, "kraken's greeting");
                Vec::new()
            }
            Message::Unknown(what) => {
                tracing::debug!(what, "a channel that we do not know, ignored");
                Vec::new()
            }
            Message::Complaint(reason) => vec![ServerMessage::Complaint(reason)],
            Message::Subscribed { request, symbol, warnings } => {
                for warning in warnings {
                    tracing::debug!(symbol, warning, "kraken warns");
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
                |it: &Ticker| (&it.symbol, None),
                |it, listed, currency| {
                    Event::Quote(Quote {
                        source: NAME.into(),
                        symbol: listed.symbol.clone(),
                        at: it.at.unwrap_or(now),
                        price: it.last,
                        currency,
                        bid: it.bid,
                        ask: it.ask,
                        base_volume: it.volume,
                    })
                },
            ),
            Message::Trades(rows) => self.events(
                rows,
                "market_trades",
                Channel::Trade,
                |it: &Trade| (&it.symbol, None),
                |it, listed, currency| {
                    Event::Trade(MarketTrade {
                        source: NAME.into(),
                        symbol: listed.symbol.clone(),
                        trade_id: it.trade_id,
                        at: it.at,
                        side: it.side,
                        price: it.price,
                        base_amount: it.quantity,
                        currency,
                    })
                },
            ),
            Message::Bars(rows) => {
                let length = |minutes: i64| chrono::TimeDelta::minutes(minutes);
                let name = |minutes: i64| {
                    let asked = self.asks.iter().filter_map(|ask| ask.size);
                    asked.into_iter().find(|it| it.minutes() == minutes).map_or("", Interval::name)
                };
                self.events(
                    rows,
                    "candles",
                    Channel::Ohlc,
                    |it: &Bar| (&it.symbol, Some(it.minutes)),
                    |it, listed, currency| {
                        let candle = Candle {
                            source: NAME.into(),
                            symbol: listed.symbol.clone(),
                            interval: name(it.minutes).into(),
                            open_at: it.open_at,
                            open: it.open,
                            high: it.high,
                            low: it.low,
                            close: it.close,
                            volume: None,
                            base_volume: it.volume,
                            currency,
                        };
                        Event::Bar(candle, length(it.minutes))
                    },
                )
            }
        })
    }
}

/// That every instrument has a name which this API takes.
pub(super) fn check(instruments: &[ListedInstrument]) -> Result<()> {
    match instruments.iter().find(|it| !it.id.contains('/')) {
        None => Ok(()),
        Some(it) => Err(Error::NoInstrument {
            service: NAME,
            symbol: it.symbol.clone(),
            known: format!("pairs as in `BTC/USD`, which `{}` is not", it.id),
        }),
    }
}
