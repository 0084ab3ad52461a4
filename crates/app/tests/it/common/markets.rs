//! A server on this machine for CoinGecko, Kraken and Twelve Data, with every kind of fault.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// A request, with its time.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) path: String,
    /// The fault of its answer.
    pub(crate) trouble: Option<Trouble>,
}

/// A fault of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    TooMany,
    Down,
    Truncated,
    Corrupt,
    WebPage,
    Slow,
    Dropped,
    Shuffled,
}

/// The faults; about every third answer has one.
const TROUBLES: [Trouble; 8] = [
    Trouble::TooMany,
    Trouble::Down,
    Trouble::Truncated,
    Trouble::Corrupt,
    Trouble::WebPage,
    Trouble::Slow,
    Trouble::Dropped,
    Trouble::Shuffled,
];

/// A service on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    asked: Vec<Asked>,
    /// The percentage of answers with a fault.
    trouble_percent: u64,
    /// `true` once the key is revoked.
    revoked: bool,
    chance: u64,
}

impl Market {
    /// Starts the server, which runs until the test ends.
    pub(crate) fn open(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = State { asked: Vec::new(), trouble_percent: 0, revoked: false, chance: seed };
        let market = Self { url, state: Arc::new(Mutex::new(state)) };
        let server = market.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        market
    }

    pub(crate) fn trouble(&self, percent: u64) {
        self.state.lock().unwrap().trouble_percent = percent;
    }

    pub(crate) fn revoke(&self) {
        self.state.lock().unwrap().revoked = true;
    }

    /// Returns the requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?);
        let mut stream = stream;
        loop {
            let mut request = String::new();
            lines.read_line(&mut request).ok().filter(|read| *read > 0)?;
            let mut line = String::new();
            while lines.read_line(&mut line).ok()? > 2 {
                line.clear();
            }
            let path = request.split(' ').nth(1)?.to_owned();
            let (trouble, revoked) = self.note(&path);
            let body = if revoked { REVOKED.into() } else { answer(&path) };
            say(&mut stream, trouble, &body)?;
        }
    }

    fn note(&self, path: &str) -> (Option<Trouble>, bool) {
        let mut state = self.state.lock().unwrap();
        let mut draw = |below: u64| {
            state.chance ^= state.chance << 13;
            state.chance ^= state.chance >> 7;
            state.chance ^= state.chance << 17;
            state.chance % below
        };
        let (lot, which) = (draw(100), draw(TROUBLES.len() as u64));
        let trouble =
            (lot < state.trouble_percent).then(|| TROUBLES[usize::try_from(which).unwrap()]);
        state.asked.push(Asked { at: Instant::now(), path: path.into(), trouble });
        (trouble, state.revoked)
    }
}

const REVOKED: &str =
    r#"{"code":401,"message":"**apikey** parameter is incorrect","status":"error"}"#;

const LISTED: &str = r#"[
    {"id":"dogecoin","symbol":"doge","name":"Dogecoin"},
    {"id":"dog-go-to-the-moon","symbol":"dog","name":"Dog (Bitcoin)"},
    {"id":"bitcoin","symbol":"btc","name":"Bitcoin"}]"#;

const PAIRS: &str = r#"{"error":[],"result":{
    "XDGUSD":{"wsname":"XDG/USD","status":"online"},
    "XDGEUR":{"wsname":"XDG/EUR","status":"online"},
    "XXBTZUSD":{"wsname":"XBT/USD","status":"online"}}}"#;

fn say(stream: &mut TcpStream, trouble: Option<Trouble>, body: &str) -> Option<()> {
    let head = |status: &str, more: &str, length: usize| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n"
        )
    };
    let whole = |stream: &mut TcpStream, status: &str, more: &str, body: &str| {
        let text = head(status, more, body.len()) + body;
        stream.write_all(text.as_bytes()).ok()
    };
    match trouble {
        None => whole(stream, "200 OK", "", body),
        Some(Trouble::TooMany) => {
            whole(stream, "429 Too Many Requests", "retry-after: 0\r\n", "Throttled")
        }
        Some(Trouble::Down) => whole(stream, "503 Service Unavailable", "", ""),
        Some(Trouble::Truncated) => {
            let text = head("200 OK", "", body.len()) + &body[..body.len() / 2];
            stream.write_all(text.as_bytes()).ok()?;
            None // and hangs up
        }
        Some(Trouble::Corrupt) => whole(stream, "200 OK", "", &body.replacen(':', ";", 1)),
        Some(Trouble::WebPage) => {
            whole(stream, "200 OK", "", "<!DOCTYPE html><title>Just a moment...</title>")
        }
        Some(Trouble::Slow) => {
            stream.write_all(head("200 OK", "", body.len()).as_bytes()).ok()?;
            for part in body.as_bytes().chunks(body.len().div_ceil(4).max(1)) {
                thread::sleep(Duration::from_millis(40));
                stream.write_all(part).ok()?;
            }
            Some(())
        }
        Some(Trouble::Dropped) => None,
        Some(Trouble::Shuffled) => whole(stream, "200 OK", "", &shuffled(body)),
    }
}

/// Returns the bars of a series newest first, with one of them twice.
fn shuffled(body: &str) -> String {
    let Some((head, rest)) = body.split_once("\"values\":[") else { return body.into() };
    let Some((bars, tail)) = rest.rsplit_once(']') else { return body.into() };
    let mut bars: Vec<_> = bars.split("},").map(|bar| bar.trim_end_matches('}')).collect();
    bars.reverse();
    bars.push(bars[0]);
    let bars: Vec<_> =
        bars.iter().filter(|bar| !bar.is_empty()).map(|bar| format!("{bar}}}")).collect();
    format!("{head}\"values\":[{}]{tail}", bars.join(","))
}

/// Returns the price in cents at a second since 1970: all services here agree on it.
pub(crate) fn cents(second: i64) -> i64 {
    1_000_000 + second.div_euclid(60) % 977 * 100
}

/// The seconds between two trades, which are numbered from 1970 on.
pub(crate) const TRADE_EVERY: i64 = 40;

fn answer(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let asked = |name: &str| {
        let of = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        of.unwrap_or_default()
            .replace("%2F", "/")
            .replace("%3A", ":")
            .replace(['+'], " ")
            .replace("%20", " ")
    };
    match path {
        "/time_series" => series(&asked("start_date"), &asked("end_date"), &asked("interval")),
        "/Trades" => trades(asked("since").parse().unwrap()),
        "/OHLC" => ohlc(asked("interval").parse().unwrap(), asked("since").parse().unwrap()),
        "/Ticker" => ticker(),
        "/SystemStatus" => r#"{"error":[],"result":{"status":"online"}}"#.into(),
        "/Time" => format!(r#"{{"error":[],"result":{{"unixtime":{}}}}}"#, now().timestamp()),
        "/ping" => r#"{"gecko_says":"(V3) To the Moon!"}"#.into(),
        "/api_usage" => r#"{"timestamp":"2026-08-20 20:27:45","current_usage":1,"plan_limit":8,"plan_category":"basic"}"#.into(),
        "/coins/markets" => markets(&asked("ids")),
        "/coins/list" => LISTED.into(),
        "/AssetPairs" => PAIRS.into(),
        _ if path.ends_with("/range") => {
            chart(asked("from").parse().unwrap(), asked("to").parse().unwrap())
        }
        _ if path.ends_with("/ohlc") => "[]".into(),
        _ => panic!("nobody answers {target}"),
    }
}

#[allow(clippy::disallowed_methods)] // the command that is tested lives in the present, too
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn price(second: i64) -> String {
    format!("{}.{:02}", cents(second) / 100, cents(second) % 100)
}

fn series(from: &str, to: &str, interval: &str) -> String {
    let second = |text: &str| {
        let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
        let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok().or_else(day);
        time.unwrap_or_else(|| panic!("`{text}` is no time")).and_utc().timestamp()
    };
    let step = match interval {
        "1min" => 60,
        "1h" => 3_600,
        "1day" => 86_400,
        other => panic!("no {other} here"),
    };
    let first =
        second(from).div_euclid(step) * step + if second(from) % step == 0 { 0 } else { step };
    // The newest bar is still open, which nothing marks.
    let last = second(to).min(now().timestamp());
    let mut bars = String::new();
    for (count, at) in (first..=last).step_by(usize::try_from(step).unwrap()).enumerate() {
        assert!(count < 5_000, "more than 5,000 bars were asked for");
        let time = DateTime::from_timestamp(at, 0).unwrap();
        let form = if step == 86_400 { "%F" } else { "%F %T" };
        let (time, price) = (time.format(form), price(at));
        let comma = if count == 0 { "" } else { "," };
        let _ = write!(
            bars,
            r#"{comma}{{"datetime":"{time}","open":"{price}","high":"{price}","low":"{price}","close":"{price}"}}"#
        );
    }
    if bars.is_empty() {
        return r#"{"code":400,"message":"No data is available on the specified dates. Try setting different start/end dates.","status":"error"}"#.into();
    }
    format!(r#"{{"meta":{{"interval":"{interval}"}},"values":[{bars}],"status":"ok"}}"#)
}

fn trades(since: i64) -> String {
    let first = since.div_euclid(1_000_000_000 * TRADE_EVERY) + 1;
    let last = now().timestamp() / TRADE_EVERY;
    let mut rows = Vec::new();
    for id in (first..=last).take(1_000) {
        let at = id * TRADE_EVERY;
        rows.push(format!(r#"["{}","0.5",{at}.0,"b","m","",{id}]"#, price(at)));
    }
    let end = first + i64::try_from(rows.len()).unwrap() - 1;
    let end = if rows.is_empty() { since } else { end * TRADE_EVERY * 1_000_000_000 };
    format!(r#"{{"error":[],"result":{{"XXBTZUSD":[{}],"last":"{end}"}}}}"#, rows.join(","))
}

fn ohlc(minutes: i64, since: i64) -> String {
    let step = minutes * 60;
    let first = (since / step + 1).max(now().timestamp() / step - 720);
    let rows: Vec<_> = (first..=now().timestamp() / step)
        .map(|bar| {
            let (at, price) = (bar * step, price(bar * step));
            format!(r#"[{at},"{price}","{price}","{price}","{price}","{price}","1.5",7]"#)
        })
        .collect();
    let last = (now().timestamp() / step - 1) * step;
    format!(r#"{{"error":[],"result":{{"XXBTZUSD":[{}],"last":{last}}}}}"#, rows.join(","))
}

fn ticker() -> String {
    let price = price(now().timestamp());
    format!(
        r#"{{"error":[],"result":{{"XXBTZUSD":{{"a":["{price}","1","1"],"b":["{price}","1","1"],"c":["{price}","1"],"v":["1","2"]}}}}}}"#
    )
}

fn chart(from: i64, to: i64) -> String {
    let hours: Vec<_> =
        (from.div_euclid(3_600) + 1..=to.div_euclid(3_600)).map(|hour| hour * 3_600).collect();
    let points = |value: fn(i64) -> String| {
        let points: Vec<_> =
            hours.iter().map(|at| format!("[{},{}]", at * 1_000, value(*at))).collect();
        points.join(",")
    };
    let none = |_: i64| "null".to_owned();
    format!(
        r#"{{"prices":[{}],"market_caps":[{}],"total_volumes":[{}]}}"#,
        points(price),
        points(none),
        points(none)
    )
}

fn markets(ids: &str) -> String {
    let at = now().format("%FT%T.000Z");
    let market = |id: &str| {
        let price = price(now().timestamp());
        format!(
            r#"{{"id":"{id}","symbol":"{id}","name":"{id}","current_price":{price},"market_cap":null,"total_volume":null,"last_updated":"{at}"}}"#
        )
    };
    let markets: Vec<_> = ids.split("%2C").flat_map(|ids| ids.split(',')).map(market).collect();
    format!("[{}]", markets.join(","))
}

/// Writes settings in `dir` for these services, with `per_minute` as the limit and short pauses.
pub(crate) fn settings(dir: &Path, markets: &[(&str, &Market)], per_minute: u32, more: &str) {
    let mut text = String::from(more);
    for (name, market) in markets {
        let _ = write!(
            text,
            "\n[{name}.http]\nbase_url = \"{}\"\nper_minute = {per_minute}\nread_timeout = \"2s\"\n\
             [{name}.http.retry]\nfirst_pause = \"20ms\"\nlongest_pause = \"200ms\"\n",
            market.url
        );
    }
    std::fs::write(dir.join("tidegauge.toml"), text).unwrap();
}

/// Checks that no period holds more requests than the rate limit allows, plus one for its ends.
pub(crate) fn assert_polite(market: &Market, per_minute: u32) {
    let asked = market.asked();
    for length in [2, 6, 30, 60] {
        let most = f64::from(per_minute) * f64::from(length) / 60.0 + 1.0;
        let length = Duration::from_secs(u64::try_from(length).unwrap());
        for (at, first) in asked.iter().enumerate() {
            let within =
                asked[at..].iter().take_while(|other| other.at - first.at < length).count();
            assert!(within as f64 <= most, "{within} requests within {length:?}");
        }
    }
}
