//! WebSockets, opened by the same HTTP client as every request.
//!
//! The opening handshake is an HTTP request like the others, with TLS, proxy, rate limit and typed errors.
//! Only the messages after it use another protocol.

use std::fmt;

use futures_util::{FutureExt, SinkExt, StreamExt};
use reqwest::header::{CONNECTION, HeaderMap, UPGRADE};
use reqwest::{Client, Response, Upgraded, redirect};
use secrecy::SecretString;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use url::Url;

use super::classify::{Failure, Reply, RetryDecision};
use super::client::{Http, check_key};
use super::config::HttpConfig;
use super::quota::Budget;
use super::retry;
use super::service::Service;
use crate::redact::Redactor;
use crate::refusal::{Endpoint, RefusalKind};
use crate::text::cut;
use crate::{Context, Error, Result};

/// A key in the query of the URL, for services that accept it nowhere else.
#[derive(Debug, Clone)]
pub struct QueryKey {
    /// The parameter's name.
    pub parameter: &'static str,
    /// The key.
    pub value: SecretString,
}

/// A factory of WebSockets at one service. `https` in its base URL means `wss`, and `http` (on this machine
/// alone) means `ws`.
#[derive(Debug)]
pub struct Sockets {
    http: Http,
    parameter: &'static str,
}

/// An open WebSocket.
pub struct Socket {
    stream: WebSocketStream<Upgraded>,
    endpoint: Endpoint,
    limit: usize,
    redactor: Redactor,
}

/// A message received over a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketMessage {
    /// A text message, as it was received.
    Text(String),
    /// The size in bytes of a message that is not text.
    Binary(usize),
    /// A control frame without content, such as a ping or a pong.
    Control,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Sockets {
    /// Returns the key to redact from messages.
    pub(crate) fn redactor(&self) -> &Redactor {
        self.http.redactor()
    }

    /// Creates a factory of WebSockets at `service`. Of `config`, the maximum body size limits a message, and
    /// the requests per minute limit the attempts to connect; nothing is retried here.
    ///
    /// # Errors
    /// When the base URL or the key cannot be used, or TLS cannot be set up.
    pub fn new(
        service: Service,
        config: &HttpConfig,
        key: Option<QueryKey>,
        context: &Context,
    ) -> Result<Self> {
        let parameter = key.as_ref().map_or("", |key| key.parameter);
        let key = key.map(|key| key.value);
        if let Some(key) = &key {
            check_key(key)?;
        }
        // HTTP/2 has no upgrade, and a redirect would pass the query with the key on.
        let builder = Client::builder().http1_only().redirect(redirect::Policy::none());
        Ok(Self { http: Http::build(builder, service, config, key, context)?, parameter })
    }

    /// Returns the quota of connection attempts and what is left of it.
    ///
    /// # Errors
    /// When the record of requests cannot be read.
    pub fn budget(&self) -> Result<Budget> {
        self.http.budget()
    }

    /// Opens a WebSocket at `path` below the base URL when the rate limit allows it; this costs no credits.
    ///
    /// # Errors
    /// The error of the attempt; if the service refuses with a message, that message is reported, whatever
    /// its status.
    pub async fn open(&self, path: &[&str]) -> Result<Socket> {
        let http = &self.http;
        let mut url = http.base.join(path, &[]);
        let endpoint = Endpoint::of(&url);
        if let Some(key) = http.redactor.key() {
            url.query_pairs_mut().append_pair(self.parameter, key);
        }
        http.acquire(0, &endpoint).await?;
        http.usage.count(http.service.name, |traffic| traffic.requests += 1);
        match self.handshake(url, &endpoint).await {
            Ok(stream) => {
                tracing::debug!(service = http.service.name, %endpoint, "connected");
                let (limit, redactor) = (http.config.max_body, http.redactor.clone());
                Ok(Socket { stream, endpoint, limit, redactor })
            }
            Err(failure) => {
                if let RetryDecision::After(retry_after) = failure.decision {
                    http.rate_limiter.pause_for(retry_after)?;
                }
                Err(*failure.error)
            }
        }
    }

    async fn handshake(
        &self,
        url: Url,
        endpoint: &Endpoint,
    ) -> Result<WebSocketStream<Upgraded>, Failure> {
        let http = &self.http;
        let challenge = generate_key();
        let request = http
            .client
            .get(url.clone())
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", &challenge)
            .timeout(http.config.attempt_timeout);
        let sent = request.send().await;
        let response = sent.map_err(|error| Failure::transport(error, endpoint))?;
        if response.status() != 101 {
            return Err(self.refused(response, &url, endpoint).await);
        }
        let wrong = |reason: &str| {
            let error = Error::Interrupted { endpoint: endpoint.clone(), reason: reason.into() };
            Failure::new(error, RetryDecision::Backoff)
        };
        if !accepts(response.headers(), &challenge) {
            return Err(wrong("it does not answer as a WebSocket: a proxy may stand in between"));
        }
        let upgraded = response.upgrade().await.map_err(|_| wrong("the upgrade failed"))?;
        let cap = Some(http.config.max_body);
        let config = WebSocketConfig::default().max_message_size(cap).max_frame_size(cap);
        Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
    }

    /// Returns the failure for a reply that does not open a WebSocket.
    async fn refused(&self, response: Response, url: &Url, endpoint: &Endpoint) -> Failure {
        let http = &self.http;
        let status = response.status().as_u16();
        let headers = response.headers();
        let redirect = headers.get("location").map(|to| http.redirect_host(url, to));
        let retry_after = retry::retry_after(headers, http.clock.now());
        let throttled = http.config.retry.throttled_pause.unwrap_or(http.service.throttled_pause);
        // That the request was refused matters more than the message of the refusal.
        let body = http.body(response, endpoint).await.unwrap_or_default();
        let reply = Reply { endpoint, status, json: true, redirect, retry_after, throttled, body };
        match reply.classify(http.service.refusal) {
            Err(failure) => failure.redacted(&http.redactor),
            Ok(body) => {
                let message = cut(&http.redactor.text(&String::from_utf8_lossy(&body)), 200);
                let advice = "a WebSocket was asked for: check the base URL";
                let (endpoint, kind, code) = (endpoint.clone(), RefusalKind::Other, None);
                let error = Error::Status { endpoint, status, kind, code, message, advice };
                Failure::new(error, RetryDecision::Never)
            }
        }
    }
}

/// Returns `true` if the answer is that of a WebSocket server that processed `challenge`.
fn accepts(headers: &HeaderMap, challenge: &str) -> bool {
    let is = |name: &str, wanted: &str| {
        headers
            .get(name)
            .is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(wanted.as_bytes()))
    };
    let accept = derive_accept_key(challenge.as_bytes());
    is("upgrade", "websocket")
        && headers.get("sec-websocket-accept").is_some_and(|found| found == accept.as_str())
}

impl Socket {
    /// Sends a text message.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, text: String) -> Result<()> {
        let sent = self.stream.send(Message::text(text)).await;
        sent.map_err(|error| self.broken(error))
    }

    /// Waits for the next message and returns it. Cancel-safe: no message is lost.
    ///
    /// # Errors
    /// When the service closes the connection, the connection breaks, or a message exceeds the maximum size.
    pub async fn receive(&mut self) -> Result<SocketMessage> {
        match self.stream.next().await {
            None => Err(self.interrupted("the line ended".into())),
            Some(Err(error)) => Err(self.broken(error)),
            Some(Ok(Message::Text(text))) => Ok(SocketMessage::Text(text.as_str().to_owned())),
            Some(Ok(Message::Binary(bytes))) => Ok(SocketMessage::Binary(bytes.len())),
            Some(Ok(Message::Close(frame))) => {
                let reason = frame.map_or_else(
                    || "it closed without a reason".into(),
                    |frame| {
                        let said = cut(&self.redactor.text(frame.reason.as_str()), 120);
                        format!("it closed with code {}: {said}", u16::from(frame.code))
                    },
                );
                Err(self.interrupted(reason))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                Ok(SocketMessage::Control)
            }
        }
    }

    /// Returns the next message that has already arrived, or `None` if there is none.
    ///
    /// # Errors
    /// As for [`Self::receive`].
    pub fn try_receive(&mut self) -> Option<Result<SocketMessage>> {
        // Tokio's cooperative budget must not report an empty connection where messages are waiting.
        tokio::task::unconstrained(self.receive()).now_or_never()
    }

    /// Closes the connection, waiting at most 200 ms for the other side.
    pub async fn close(mut self) {
        let max_wait = std::time::Duration::from_millis(200);
        let _ = timeout(max_wait, self.stream.close(None)).await;
    }

    /// Returns the endpoint of the connection.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn interrupted(&self, reason: String) -> Error {
        Error::Interrupted { endpoint: self.endpoint.clone(), reason }
    }

    fn broken(&self, error: tungstenite::Error) -> Error {
        match error {
            tungstenite::Error::Capacity(_) => {
                Error::TooLarge { endpoint: self.endpoint.clone(), limit: self.limit }
            }
            // The message is that of the protocol and the machine; it contains no text of the service.
            error => self.interrupted(cut(&error.to_string(), 120)),
        }
    }
}
