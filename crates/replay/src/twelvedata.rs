//! Messages of Twelve Data's WebSocket API.

use serde_json::{Value, json};

use crate::{Script, Tick};

/// The response to a wrong API key.
pub(crate) const INVALID_KEY_BODY: &str = r#"{"code":401,"message":"**apikey** parameter is incorrect or not specified.","status":"error"}"#;

const HEARTBEAT: &str = r#"{"event":"heartbeat","status":"ok"}"#;

/// Returns the responses to a request, and the newly subscribed instruments.
pub(crate) fn respond(script: &Script, request: &Value) -> (Vec<String>, Vec<String>) {
    match request["action"].as_str() {
        Some("heartbeat") => (vec![HEARTBEAT.into()], Vec::new()),
        Some("subscribe") => subscribe(script, request),
        _ => {
            let messages = ["Cant parse message"];
            let status =
                json!({"event": "subscribe-status", "status": "error", "messages": messages});
            (vec![status.to_string()], Vec::new())
        }
    }
}

fn subscribe(script: &Script, request: &Value) -> (Vec<String>, Vec<String>) {
    let symbols = request["params"]["symbols"].as_str().unwrap_or_default();
    let (mut success, mut fails, mut subscribed) = (Vec::new(), Vec::new(), Vec::new());
    for symbol in symbols.split(',') {
        match script.refused.iter().find(|(refused, _)| refused == symbol) {
            Some((_, why)) if why.is_empty() => fails.push(json!({"symbol": symbol})),
            Some((_, why)) => fails.push(json!({"symbol": symbol, "message": why})),
            None if !script.market.trades(market_symbol(symbol)) => {
                fails.push(json!({"symbol": symbol}))
            }
            None => {
                success.push(json!({"symbol": symbol, "exchange": "Coinbase Pro"}));
                subscribed.push(symbol.to_owned());
            }
        }
    }
    let status = match (success.is_empty(), fails.is_empty()) {
        (_, true) => "ok",
        (false, false) => "warning",
        (true, false) => "error",
    };
    let success = if success.is_empty() { Value::Null } else { success.into() };
    let response = json!({
        "event": "subscribe-status", "status": status, "success": success, "fails": fails,
    });
    (vec![response.to_string()], subscribed)
}

/// Returns the market's symbol for Twelve Data's `symbol`.
pub(crate) fn market_symbol(symbol: &str) -> &str {
    symbol.split('/').next().unwrap_or_default()
}

/// Returns the price message for a tick.
pub(crate) fn update(symbol: &str, tick: &Tick) -> String {
    let (seconds, price, bid, ask) = (tick.at.timestamp(), tick.price, tick.bid(), tick.ask());
    let currency = if symbol.contains('/') { "" } else { r#""currency":"USD","# };
    format!(
        r#"{{"event":"price","symbol":"{symbol}",{currency}"exchange":"Coinbase Pro","type":"Digital Currency","timestamp":{seconds},"price":{price},"bid":{bid},"ask":{ask},"day_volume":28306}}"#
    )
}
