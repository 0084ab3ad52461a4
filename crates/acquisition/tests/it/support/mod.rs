//! Helpers of several test files.
#![allow(unreachable_pub)] // a test program has no public surface
#![cfg_attr(not(feature = "all"), allow(dead_code, unused_imports))] // each source uses its own part

pub mod fixings;
#[cfg(all(feature = "_live", feature = "recorded"))]
pub mod live;
pub mod log;
pub mod services;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tidegauge_acquisition::Context;
#[cfg(feature = "_http")]
use tidegauge_acquisition::http::{HttpConfig, PerMinute, Retry};
use tidegauge_core::{
    Batch, Cell, Clock, Cursor, DataType, FixedClock, Page, Source, format_units,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::{Request, ResponseTemplate};

/// Returns the content of a recording of this folder.
pub fn recording(name: &str) -> Vec<u8> {
    let path = format!("tests/recordings/{name}");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn clock(text: &str) -> Arc<dyn Clock> {
    Arc::new(FixedClock(at(text)))
}

/// Returns the context of a source at a fixed time.
pub fn context(text: &str) -> Context {
    Context::new(clock(text))
}

/// Returns a configuration with short timeouts: three attempts, a few milliseconds apart.
#[cfg(feature = "_http")]
pub fn hurried(base_url: &str) -> HttpConfig {
    HttpConfig {
        base_url: Some(base_url.parse().unwrap()),
        per_minute: PerMinute::new(600_000),
        per_day: None,
        per_month: None,
        connect_timeout: Duration::from_secs(2),
        read_timeout: Duration::from_millis(300),
        attempt_timeout: Duration::from_secs(1),
        max_body: 512 * 1024,
        retry: Retry {
            attempts: 3,
            first_pause: Duration::from_millis(2),
            longest_pause: Duration::from_millis(10),
            throttled_pause: Some(Duration::from_millis(5)),
            budget: Duration::from_secs(5),
        },
    }
}

/// The server's action on a connection once it has read the request.
#[derive(Debug, Clone)]
pub enum Act {
    /// Writes these bytes, and closes.
    Say(Vec<u8>),
    /// Writes these bytes, then nothing, and keeps the connection open.
    Stall(Vec<u8>),
}

impl Act {
    pub fn reply(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Say(
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}")
                .into_bytes(),
        )
    }

    pub fn ok(body: &str) -> Self {
        Self::reply("200 OK", "", body)
    }
}

/// A local server that follows a script, one action per connection; the last one repeats.
#[derive(Debug)]
pub struct Scripted {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            let mut open = Vec::new();
            for turn in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut bytes = [0; 4096];
                    match stream.read(&mut bytes).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&bytes[..read]),
                    }
                }
                seen.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                match acts.get(turn).or(acts.last()).unwrap() {
                    Act::Say(bytes) => {
                        let _ = stream.write_all(bytes).await;
                        let _ = stream.shutdown().await;
                    }
                    Act::Stall(bytes) => {
                        let _ = stream.write_all(bytes).await;
                        open.push(stream);
                    }
                }
            }
        });
        Self { url, requests }
    }

    /// Returns the requests so far, as received.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Returns an error and all its causes, in the formats `Display` and `Debug`.
pub fn everything_said(error: &dyn std::error::Error) -> String {
    let mut message = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    message
}

/// A clock that the test sets.
#[derive(Debug)]
pub struct Turned(Mutex<DateTime<Utc>>);

impl Turned {
    pub fn new(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(at(text))))
    }
    pub fn on(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Turned {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub fn query(request: &Request, name: &str) -> String {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub fn json(body: String) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

/// Fetches pages until one is `done`. Returns them, and the last cursor.
pub async fn round(source: &dyn Source, mut cursor: Option<Cursor>) -> (Vec<Page>, Cursor) {
    let mut pages = Vec::new();
    for _ in 0..50 {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        let done = page.done;
        cursor = Some(page.cursor.clone());
        pages.push(page);
        if done {
            return (pages, cursor.unwrap());
        }
    }
    panic!("it never ends");
}

pub fn batches<'a>(pages: &'a [Page], table: &str) -> Vec<&'a Batch> {
    let batches = pages.iter().flat_map(|page| &page.batches);
    batches.filter(|batch| batch.table().name == table).collect()
}

pub fn rows(pages: &[Page], table: &str) -> usize {
    batches(pages, table).iter().map(|batch| batch.rows()).sum()
}

/// Returns the days and quotes of rates, in order.
pub fn rate_keys(pages: &[Page]) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    for batch in batches(pages, "fx_rates") {
        let (days, quotes) = (shown(batch, "rate_date"), shown(batch, "quote"));
        keys.extend(days.into_iter().zip(quotes));
    }
    keys
}

/// Returns the values of a column as text, over all batches of the table.
pub fn texts(pages: &[Page], table: &str, column: &str) -> Vec<String> {
    batches(pages, table).iter().flat_map(|batch| shown(batch, column)).collect()
}

/// Returns the values of a column in readable form.
pub fn shown(batch: &Batch, column: &str) -> Vec<String> {
    let view = batch.column(column).unwrap();
    let dtype = batch.table().column(column).unwrap().dtype;
    let value = |row| match view.cell(row) {
        Cell::Null => "null".into(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Text(text) => text.to_owned(),
        Cell::Date(days) => NaiveDate::from_epoch_days(days).unwrap().to_string(),
        Cell::Timestamp(micros) => {
            let time = DateTime::from_timestamp_micros(micros).unwrap();
            time.format("%Y-%m-%d %H:%M:%S%.f").to_string()
        }
        Cell::Decimal(units) => {
            let DataType::Decimal { scale, .. } = dtype else { panic!("{column} is {dtype}") };
            format_units(units, scale.into())
        }
    };
    (0..batch.rows()).map(value).collect()
}

/// Returns the value of a column in the first row.
pub fn first<'b>(batch: &'b Batch, column: &str) -> Cell<'b> {
    batch.column(column).unwrap().cell(0)
}
