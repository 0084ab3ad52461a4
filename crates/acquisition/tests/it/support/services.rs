//! Fakes of services that answer the same to the same requests, at a fixed time.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use wiremock::{Request, Respond, ResponseTemplate};

use super::{at, json, query};

/// The time of all fakes.
pub const NOW: &str = "2026-05-18T12:34:56Z";

fn now() -> DateTime<Utc> {
    at(NOW)
}

fn joined(rows: impl Iterator<Item = String>) -> String {
    rows.collect::<Vec<_>>().join(",")
}

/// A fake of CoinGecko with a price for every hour and candles of every size, for any coin.
#[derive(Debug)]
pub struct CoinGecko;

impl Respond for CoinGecko {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        let number = |name: &str| query(request, name).parse::<i64>().unwrap();
        if path.ends_with("/range") {
            let hours = (number("from") + 3_599) / 3_600..=number("to") / 3_600;
            let of = |value: &str| {
                joined(hours.clone().map(|hour| format!("[{},{value}]", hour * 3_600_000)))
            };
            return json(format!(
                r#"{{"prices":[{}],"market_caps":[{}],"total_volumes":[{}]}}"#,
                of("50675.25"),
                of("0.0"),
                of("null")
            ));
        }
        if path.ends_with("/ohlc") {
            let (now, size) = (now().timestamp(), 4 * 3_600);
            let closes = (now - number("days") * 86_400) / size + 1..=now / size + 1;
            let candles = closes.map(|close| format!("[{},10,12,9,11]", close * size * 1_000));
            return json(format!("[{}]", joined(candles)));
        }
        let ids = query(request, "ids");
        json(format!(
            "[{}]",
            joined(ids.split(',').map(|id| format!(
                r#"{{"id":"{id}","symbol":"{id}","name":"{id}","current_price":77671,"market_cap":null,"total_volume":1.005,"last_updated":"{NOW}"}}"#
            )))
        ))
    }
}

/// A fake of Kraken with candles of the last 720 intervals, a trade every five minutes, and a
/// ticker.
#[derive(Debug)]
pub struct Kraken;

impl Respond for Kraken {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let since = || query(request, "since").parse::<i64>().unwrap();
        let now = now().timestamp();
        let result = match request.url.path() {
            "/OHLC" => {
                let step = query(request, "interval").parse::<i64>().unwrap() * 60;
                let first = (since() / step + 1).max(now / step - 720);
                let candles = (first..=now / step).map(|candle| {
                    format!(r#"[{},"10","12","9","11","11","1.5",7]"#, candle * step)
                });
                format!(r#""XXBTZUSD":[{}],"last":{}"#, joined(candles), (now / step - 1) * step)
            }
            "/Trades" => {
                let first = since().div_euclid(300_000_000_000) + 1;
                let ids: Vec<_> = (first..=now / 300).take(1_000).collect();
                let last = ids.last().map_or_else(since, |id| id * 300_000_000_000);
                let trades =
                    ids.iter().map(|id| format!(r#"["9","0.5",{}.0,"b","m","",{id}]"#, id * 300));
                format!(r#""XXBTZUSD":[{}],"last":"{last}""#, joined(trades))
            }
            "/Ticker" => {
                r#""XXBTZUSD":{"a":["9","1","1"],"b":["8","1","1"],"c":["9","1"],"v":["1","2"]}"#
                    .into()
            }
            path => panic!("nobody answers {path}"),
        };
        json(format!(r#"{{"error":[],"result":{{{result}}}}}"#))
    }
}

/// A fake of Twelve Data with a candle for every hour.
#[derive(Debug)]
pub struct TwelveData;

impl Respond for TwelveData {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        assert_eq!(request.url.path(), "/time_series");
        let second = |name: &str| {
            let time = NaiveDateTime::parse_from_str(&query(request, name), "%Y-%m-%d %H:%M:%S");
            time.unwrap().and_utc().timestamp()
        };
        let hours = (second("start_date") + 3_599) / 3_600..=second("end_date") / 3_600;
        let candle = |hour: i64| {
            let time = DateTime::from_timestamp(hour * 3_600, 0).unwrap().format("%F %T");
            format!(r#"{{"datetime":"{time}","open":"10","high":"12","low":"9","close":"11"}}"#)
        };
        let candles = joined(hours.map(candle));
        json(format!(
            r#"{{"meta":{{"symbol":"BTC/USD","interval":"1h"}},"values":[{candles}],"status":"ok"}}"#
        ))
    }
}

/// A fake of X with a post every ten minutes of the last day, and their counts.
#[derive(Debug)]
pub struct X;

impl Respond for X {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let time = |name: &str| {
            let text = query(request, name);
            (!text.is_empty()).then(|| at(&text))
        };
        let (start, end) = (time("start_time"), time("end_time"));
        let posts =
            (1..144).map(|number| (1_000 - number, at(NOW) - TimeDelta::minutes(number * 10)));
        let asked = |(_, at): &(i64, DateTime<Utc>)| {
            start.is_none_or(|start| *at >= start) && end.is_none_or(|end| *at < end)
        };
        if request.url.path().ends_with("/counts/recent") {
            let (start, end, posts) = (start.unwrap(), end.unwrap(), posts.filter(asked));
            let posts: Vec<_> = posts.map(|(_, at)| at).collect();
            let hours = (0..(end - start).num_hours()).map(|hour| start + TimeDelta::hours(hour));
            let buckets = hours.map(|from| {
                let to = from + TimeDelta::hours(1);
                let count = posts.iter().filter(|at| (from..to).contains(at)).count();
                let (from, to) = (from.to_rfc3339(), to.to_rfc3339());
                format!(r#"{{"end":"{to}","start":"{from}","tweet_count":{count}}}"#)
            });
            let (data, total) = (joined(buckets), posts.len());
            return json(format!(r#"{{"data":[{data}],"meta":{{"total_tweet_count":{total}}}}}"#));
        }
        let (since, token) = (query(request, "since_id"), query(request, "next_token"));
        let since = since.parse::<i64>().unwrap_or(0);
        let before = token.parse::<i64>().unwrap_or(i64::MAX);
        let found = posts.filter(asked).filter(|(id, _)| (since + 1..before).contains(id));
        let found: Vec<_> = found.collect();
        let page = &found[..found.len().min(100)];
        let (Some((newest, _)), Some((oldest, _))) = (page.first(), page.last()) else {
            return json(r#"{"meta":{"result_count":0}}"#.into());
        };
        let next =
            if found.len() > 100 { format!(r#","next_token":"{oldest}""#) } else { String::new() };
        let meta = format!(
            r#"{{"newest_id":"{newest}","oldest_id":"{oldest}","result_count":{}{next}}}"#,
            page.len()
        );
        let post = |(id, at): &(i64, DateTime<Utc>)| {
            let at = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            format!(
                r#"{{"id":"{id}","text":"a post","author_id":"42","created_at":"{at}","lang":"en","public_metrics":{{"retweet_count":1,"reply_count":2,"like_count":3,"quote_count":4}}}}"#
            )
        };
        json(format!(r#"{{"data":[{}],"meta":{meta}}}"#, joined(page.iter().map(post))))
    }
}
