//! What Kraken says.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use crate::market::Bar;
use crate::{Market, Script, Tick};

/// A connection's number is larger than what fits a signed one.
pub(crate) const GREETING: &str = r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":18125794168470749634,"upcoming_maintenance":[],"emergency":[]}]}"#;

pub(crate) const HEARTBEAT: &str = r#"{"channel":"heartbeat"}"#;

/// So many trades are in a snapshot.
const SNAPSHOT: usize = 50;

/// What was subscribed to.
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

/// The answers to a request, and what is subscribed to by it.
pub(crate) fn answer(script: &Script, request: &Value) -> (Vec<String>, Vec<Subscription>) {
    let number = request.get("req_id").map_or(String::new(), |id| format!(r#","req_id":{id}"#));
    let time =
        r#""time_in":"2026-01-01T00:00:00.000000Z","time_out":"2026-01-01T00:00:00.000050Z""#;
    if request["method"] == "ping" {
        return (vec![format!(r#"{{"method":"pong",{time}{number}}}"#)], Vec::new());
    }
    let params = &request["params"];
    let channel = params["channel"].as_str().unwrap_or_default();
    let minutes = params["interval"].as_u64().and_then(|it| u32::try_from(it).ok()).unwrap_or(1);
    let (mut answers, mut subscribed) = (Vec::new(), Vec::new());
    for pair in params["symbol"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let known = script.market.has(pair.split('/').next().unwrap_or_default());
        let unknown = (!known).then(|| format!("Currency pair not supported {pair}"));
        let refused = script.refused.iter().find(|(it, _)| it == pair).map(|(_, why)| why.clone());
        if let Some(reason) = refused.or(unknown) {
            answers.push(format!(
                r#"{{"error":"{reason}","method":"subscribe","success":false,"symbol":"{pair}",{time}{number}}}"#
            ));
            continue;
        }
        let interval =
            if channel == "ohlc" { format!(r#""interval":{minutes},"#) } else { String::new() };
        answers.push(format!(
            r#"{{"method":"subscribe","result":{{"channel":"{channel}",{interval}"snapshot":true,"symbol":"{pair}"}},"success":true,{time}{number}}}"#
        ));
        let (channel, pair) = (channel.into(), pair.into());
        let subscription = Subscription { channel, pair, minutes };
        answers.extend(snapshot(&script.market, &subscription));
        subscribed.push(subscription);
    }
    (answers, subscribed)
}

fn snapshot(market: &Market, it: &Subscription) -> Option<String> {
    let ticks = market.ticks(it.symbol());
    let rows: Vec<_> = match it.channel.as_str() {
        "ticker" => ticks.last().map(|tick| ticker(&it.pair, tick)).into_iter().collect(),
        "trade" => {
            let last = &ticks[ticks.len().saturating_sub(SNAPSHOT)..];
            last.iter().map(|tick| trade(&it.pair, tick)).collect()
        }
        _ => {
            let bars = market.bars(it.symbol(), it.minutes);
            bars.iter().map(|bar| ohlc(it, bar)).collect()
        }
    };
    (!rows.is_empty()).then(|| told(&it.channel, "snapshot", &rows))
}

/// What is told of a tick.
pub(crate) fn update(market: &Market, it: &Subscription, tick: &Tick) -> Option<String> {
    let row = match it.channel.as_str() {
        "ticker" => ticker(&it.pair, tick),
        "trade" => trade(&it.pair, tick),
        _ => ohlc(it, market.bars(it.symbol(), it.minutes).last()?),
    };
    Some(told(&it.channel, "update", &[row]))
}

/// The ticks of what is subscribed to.
pub(crate) fn ticks<'a>(market: &'a Market, it: &Subscription) -> &'a [Tick] {
    market.ticks(it.symbol())
}

fn told(channel: &str, kind: &str, rows: &[String]) -> String {
    format!(r#"{{"channel":"{channel}","type":"{kind}","data":[{}]}}"#, rows.join(","))
}

fn ticker(pair: &str, tick: &Tick) -> String {
    let (last, bid, ask, at) = (tick.price, tick.bid(), tick.ask(), micros(tick.at));
    format!(
        r#"{{"symbol":"{pair}","bid":{bid},"bid_qty":0.5,"ask":{ask},"ask_qty":0.5,"last":{last},"volume":3156.84782110,"vwap":{last},"low":{bid},"high":{ask},"change":-4.3,"change_pct":-0.51,"trades":135262,"timestamp":"{at}"}}"#
    )
}

fn trade(pair: &str, tick: &Tick) -> String {
    let side = if tick.buy { "buy" } else { "sell" };
    let (id, at, price, quantity) = (tick.id, micros(tick.at), tick.price, tick.quantity);
    format!(
        r#"{{"symbol":"{pair}","side":"{side}","price":{price},"qty":{quantity},"ord_type":"limit","trade_id":{id},"timestamp":"{at}"}}"#
    )
}

fn ohlc(it: &Subscription, bar: &Bar) -> String {
    let (pair, minutes) = (&it.pair, it.minutes);
    let Bar { begin, open, high, low, close, volume, trades } = bar;
    let end = micros(*begin + TimeDelta::minutes(minutes.into()));
    let begin = begin.to_rfc3339_opts(SecondsFormat::Nanos, true);
    format!(
        r#"{{"symbol":"{pair}","open":{open},"high":{high},"low":{low},"close":{close},"trades":{trades},"volume":{volume},"vwap":{close},"interval_begin":"{begin}","interval":{minutes},"timestamp":"{end}"}}"#
    )
}

fn micros(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
