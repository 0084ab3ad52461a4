//! The replay server.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::handshake::{Request, reject};
use crate::{Action, Connection, Script, Service, Tick, kraken, twelvedata};

/// A local server that follows a script. Dropping it stops the server and its connections.
#[derive(Debug)]
pub struct Replay {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    received: Mutex<Vec<String>>,
    requests: Mutex<Vec<String>>,
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Replay {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            received: Mutex::default(),
            requests: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Ok(Self { url, shared, task })
    }

    /// Returns the server's URL without a path: `http://127.0.0.1:…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Advances the market by this many ticks without sending them.
    pub fn advance(&self, ticks: usize) {
        (0..ticks).for_each(|_| self.shared.advance());
    }

    /// Returns the ticks so far, oldest first.
    pub fn ticks(&self, symbol: &str) -> Vec<Tick> {
        lock(&self.shared.script).market.ticks(symbol).to_vec()
    }

    /// Returns the messages received from clients, in order.
    pub fn received(&self) -> Vec<String> {
        lock(&self.shared.received).clone()
    }

    /// Returns the requests to open a connection, each as method, path and query.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shared.requests).clone()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn advance(&self) {
        let script = &mut *lock(&self.script);
        script.market.advance(&script.time);
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // The connections are aborted together with the server.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        connections.spawn(async move {
            if let Err(error) = handle(stream, &shared).await {
                tracing::debug!(%error, "connection ended with an error");
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Handles a connection as scripted, until its end.
async fn handle(mut stream: TcpStream, shared: &Shared) -> Result<(), tungstenite::Error> {
    stream.set_nodelay(true)?;
    let request = Request::read(&mut stream).await?;
    let index = {
        let mut requests = lock(&shared.requests);
        requests.push(request.line.clone());
        requests.len() - 1
    };
    let (connection, key) = {
        let script = lock(&shared.script);
        let connection = script.connections.get(index).or(script.connections.last()).cloned();
        (connection.unwrap_or(Connection::Silent), script.key.clone())
    };
    if let Connection::Reject { status, body } = &connection {
        return Ok(reject(&mut stream, *status, body).await?);
    }
    if key.is_some_and(|key| !request.has_key(&key)) {
        return Ok(reject(&mut stream, 401, twelvedata::INVALID_KEY_BODY).await?);
    }
    let Some(socket) = request.accept(stream).await? else { return Ok(()) };
    match connection {
        Connection::Serve(actions) => Session::new(socket, shared, actions).run().await,
        _ => {
            let mut socket = socket;
            while let Some(Ok(_)) = socket.next().await {}
            Ok(())
        }
    }
}

/// An open connection.
struct Session<'a> {
    socket: WebSocketStream<TcpStream>,
    shared: &'a Shared,
    actions: VecDeque<Action>,
    kraken: Vec<kraken::Subscription>,
    twelvedata: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(socket: WebSocketStream<TcpStream>, shared: &'a Shared, actions: Vec<Action>) -> Self {
        let (kraken, twelvedata) = (Vec::new(), Vec::new());
        Self { socket, shared, actions: actions.into(), kraken, twelvedata }
    }

    async fn run(mut self) -> Result<(), tungstenite::Error> {
        let (service, heartbeat) = {
            let script = lock(&self.shared.script);
            (script.service, script.heartbeat)
        };
        let sends_heartbeats = service == Service::Kraken;
        if sends_heartbeats {
            self.send_text(kraken::STATUS_MESSAGE).await?;
        }
        let mut heartbeats = interval(heartbeat);
        // The script continues once no subscription has arrived for a moment, since there may be
        // several.
        let mut next_action: Option<Instant> = None;
        loop {
            let action = async {
                match next_action {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if self.handle_message(text.as_str()).await? && next_action.is_none() {
                            next_action = Some(Instant::now() + heartbeat / 4);
                        }
                    }
                    Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return Ok(()),
                    Some(Ok(_)) => {}
                },
                () = action => match self.actions.pop_front() {
                    None => next_action = None,
                    Some(Action::Silence) => return self.read_until_closed().await,
                    Some(action) => match self.perform(action).await? {
                        Some(pause) => next_action = Some(Instant::now() + pause),
                        None => return Ok(()),
                    },
                },
                _ = heartbeats.tick(), if sends_heartbeats => self.send_text(kraken::HEARTBEAT).await?,
            }
        }
    }

    /// Handles a message; returns `true` if it added a subscription.
    async fn handle_message(&mut self, text: &str) -> Result<bool, tungstenite::Error> {
        lock(&self.shared.received).push(text.into());
        let request = serde_json::from_str(text).unwrap_or(Value::Null);
        let before = (self.kraken.len(), self.twelvedata.len());
        let responses = {
            let script = lock(&self.shared.script);
            match script.service {
                Service::Kraken => {
                    let (responses, subscribed) = kraken::respond(&script, &request);
                    self.kraken.extend(subscribed);
                    responses
                }
                Service::TwelveData => {
                    let (responses, subscribed) = twelvedata::respond(&script, &request);
                    self.twelvedata.extend(subscribed);
                    responses
                }
            }
        };
        for response in responses {
            self.send_text(&response).await?;
        }
        Ok(before != (self.kraken.len(), self.twelvedata.len()))
    }

    async fn send_text(&mut self, text: &str) -> Result<(), tungstenite::Error> {
        self.socket.send(Message::text(text)).await
    }

    /// Performs an action; returns the pause before the next one, or `None` if the connection has
    /// ended.
    async fn perform(
        &mut self,
        action: Action,
    ) -> Result<Option<std::time::Duration>, tungstenite::Error> {
        let mut pause = std::time::Duration::ZERO;
        match action {
            Action::Ticks(count) => {
                for _ in 0..count {
                    self.shared.advance();
                    self.send_updates(0).await?;
                }
            }
            Action::Every(length) => {
                self.shared.advance();
                self.send_updates(0).await?;
                self.actions.push_front(Action::Every(length));
                pause = length;
            }
            Action::Skip(count) => (0..count).for_each(|_| self.shared.advance()),
            Action::Duplicate => self.send_updates(0).await?,
            Action::OutOfOrder => {
                self.shared.advance();
                self.shared.advance();
                self.send_updates(0).await?;
                self.send_updates(1).await?;
            }
            Action::Text(text) => self.send_text(&text).await?,
            Action::Binary(count) => self.socket.send(Message::binary(vec![0xff; count])).await?,
            Action::Truncate { ticks, bytes } => {
                let mut wire = Vec::new();
                for _ in 0..ticks {
                    self.shared.advance();
                    self.updates(0).iter().for_each(|text| wire.extend(encode_frame(text)));
                }
                wire.truncate(bytes % wire.len().max(1));
                let stream = self.socket.get_mut();
                stream.write_all(&wire).await?;
                stream.shutdown().await?;
                return Ok(None);
            }
            Action::Wait(length) => pause = length,
            Action::Close(code, reason) => {
                let frame = CloseFrame { code: code.into(), reason: reason.into() };
                self.socket.send(Message::Close(Some(frame))).await?;
                return self.read_until_closed().await.map(|()| None);
            }
            Action::Drop | Action::Silence => return Ok(None),
        }
        Ok(Some(pause))
    }

    /// Reads without sending anything until the client disconnects.
    async fn read_until_closed(&mut self) -> Result<(), tungstenite::Error> {
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }

    /// Sends the subscribed updates of the tick that is `before` ticks older than the last one.
    async fn send_updates(&mut self, before: usize) -> Result<(), tungstenite::Error> {
        for text in self.updates(before) {
            self.send_text(&text).await?;
        }
        Ok(())
    }

    fn updates(&self, before: usize) -> Vec<String> {
        let market = &lock(&self.shared.script).market;
        let kraken = self.kraken.iter().filter_map(|subscription| {
            kraken::update(
                market,
                subscription,
                kraken::ticks(market, subscription).iter().nth_back(before)?,
            )
        });
        let twelvedata = self.twelvedata.iter().filter_map(|symbol| {
            let ticks = market.ticks(twelvedata::market_symbol(symbol));
            Some(twelvedata::update(symbol, ticks.iter().nth_back(before)?))
        });
        kraken.chain(twelvedata).collect()
    }
}

/// Encodes a complete text frame as a server sends it.
fn encode_frame(text: &str) -> Vec<u8> {
    let length = text.len();
    let mut frame = vec![0x81];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => frame.push(short),
        (_, Ok(medium)) => {
            frame.push(126);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(text.as_bytes());
    frame
}
