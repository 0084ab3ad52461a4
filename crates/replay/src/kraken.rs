//! Messages of Kraken's WebSocket API.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use crate::market::Candle;
use crate::{Market, Script, Tick};

/// The first message of a connection. Its connection id exceeds the range of a signed 64-bit integer, as Kraken's do.
pub(crate) const STATUS_MESSAGE: &str = r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":18125794168470749634,"upcoming_maintenance":[],"emergency":[]}]}"#;

pub(crate) const HEARTBEAT: &str = r#"{"channel":"heartbeat"}"#;

/// The number of trades in a snapshot.
const SNAPSHOT_TRADES: usize = 50;

/// A subscription to one channel and pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    channel: String,
    pair: String,
    minutes: u32,
}

impl Subscription {
    fn symbol(&self) -> &str {
        self.pair.split('/').next().unwrap_or_default()
    }
}

/// Returns the responses to a request, and the new subscriptions.
pub(crate) fn respond(script: &Script, request: &Value) -> (Vec<String>, Vec<Subscription>) {
    let request_id = request.get("req_id").map_or(String::new(), |id| format!(r#","req_id":{id}"#));
    let time =
        r#""time_in":"2026-01-01T00:00:00.000000Z","time_out":"2026-01-01T00:00:00.000050Z""#;
    if request["method"] == "ping" {
        return (vec![format!(r#"{{"method":"pong",{time}{request_id}}}"#)], Vec::new());
    }
    let params = &request["params"];
    let channel = params["channel"].as_str().unwrap_or_default();
    let minutes =
        params["interval"].as_u64().and_then(|interval| u32::try_from(interval).ok()).unwrap_or(1);
    let (mut responses, mut subscribed) = (Vec::new(), Vec::new());
    for pair in params["symbol"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let known = script.market.trades(pair.split('/').next().unwrap_or_default());
        let unknown = (!known).then(|| format!("Currency pair not supported {pair}"));
        let refused = script
            .refused
            .iter()
            .find(|(refused_pair, _)| refused_pair == pair)
            .map(|(_, why)| why.clone());
        if let Some(reason) = refused.or(unknown) {
            responses.push(format!(
                r#"{{"error":"{reason}","method":"subscribe","success":false,"symbol":"{pair}",{time}{request_id}}}"#
            ));
            continue;
        }
        let interval =
            if channel == "ohlc" { format!(r#""interval":{minutes},"#) } else { String::new() };
        responses.push(format!(
            r#"{{"method":"subscribe","result":{{"channel":"{channel}",{interval}"snapshot":true,"symbol":"{pair}"}},"success":true,{time}{request_id}}}"#
        ));
        let (channel, pair) = (channel.into(), pair.into());
        let subscription = Subscription { channel, pair, minutes };
        responses.extend(snapshot(&script.market, &subscription));
        subscribed.push(subscription);
    }
    (responses, subscribed)
}

fn snapshot(market: &Market, subscription: &Subscription) -> Option<String> {
    let ticks = market.ticks(subscription.symbol());
    let rows: Vec<_> = match subscription.channel.as_str() {
        "ticker" => ticks.last().map(|tick| ticker(&subscription.pair, tick)).into_iter().collect(),
        "trade" => {
            let last = &ticks[ticks.len().saturating_sub(SNAPSHOT_TRADES)..];
            last.iter().map(|tick| trade(&subscription.pair, tick)).collect()
        }
        _ => {
            let candles = market.candles(subscription.symbol(), subscription.minutes);
            candles.iter().map(|candle| ohlc(subscription, candle)).collect()
        }
    };
    (!rows.is_empty()).then(|| message(&subscription.channel, "snapshot", &rows))
}

/// Returns the update message for a tick, or `None` if there is no candle yet.
pub(crate) fn update(market: &Market, subscription: &Subscription, tick: &Tick) -> Option<String> {
    let row = match subscription.channel.as_str() {
        "ticker" => ticker(&subscription.pair, tick),
        "trade" => trade(&subscription.pair, tick),
        _ => {
            ohlc(subscription, market.candles(subscription.symbol(), subscription.minutes).last()?)
        }
    };
    Some(message(&subscription.channel, "update", &[row]))
}

/// Returns the ticks of the subscription's instrument.
pub(crate) fn ticks<'a>(market: &'a Market, subscription: &Subscription) -> &'a [Tick] {
    market.ticks(subscription.symbol())
}

fn message(channel: &str, kind: &str, rows: &[String]) -> String {
    format!(r#"{{"channel":"{channel}","type":"{kind}","data":[{}]}}"#, rows.join(","))
}

fn ticker(pair: &str, tick: &Tick) -> String {
    let (last, bid, ask, at) = (tick.price, tick.bid(), tick.ask(), micros(tick.at));
    format!(
        r#"{{"symbol":"{pair}","bid":{bid},"bid_qty":0.5,"ask":{ask},"ask_qty":0.5,"last":{last},"volume":3156.84782110,"vwap":{last},"low":{bid},"high":{ask},"change":-4.3,"change_pct":-0.51,"trades":135262,"timestamp":"{at}"}}"#
    )
}

fn trade(pair: &str, tick: &Tick) -> String {
    let side = if tick.is_buy { "buy" } else { "sell" };
    let (id, at, price, quantity) = (tick.id, micros(tick.at), tick.price, tick.quantity);
    format!(
        r#"{{"symbol":"{pair}","side":"{side}","price":{price},"qty":{quantity},"ord_type":"limit","trade_id":{id},"timestamp":"{at}"}}"#
    )
}

fn ohlc(subscription: &Subscription, candle: &Candle) -> String {
    let (pair, minutes) = (&subscription.pair, subscription.minutes);
    let Candle { begin, open, high, low, close, volume, trades } = candle;
    let end = micros(*begin + TimeDelta::minutes(minutes.into()));
    let begin = begin.to_rfc3339_opts(SecondsFormat::Nanos, true);
    format!(
        r#"{{"symbol":"{pair}","open":{open},"high":{high},"low":{low},"close":{close},"trades":{trades},"volume":{volume},"vwap":{close},"interval_begin":"{begin}","interval":{minutes},"timestamp":"{end}"}}"#
    )
}

fn micros(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
