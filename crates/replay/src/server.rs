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

use crate::handshake::{Request, away};
use crate::{Act, Line, Script, Service, Tick, kraken, twelvedata};

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
    heard: Mutex<Vec<String>>,
    opened: Mutex<Vec<String>>,
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
            heard: Mutex::default(),
            opened: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, shared.clone()));
        Ok(Self { url, shared, task })
    }

    /// Returns the server's URL without a path: `http://127.0.0.1:…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Advances the market by this many ticks without sending them.
    pub fn pass(&self, ticks: usize) {
        (0..ticks).for_each(|_| self.shared.pass());
    }

    /// Returns the ticks so far, oldest first.
    pub fn ticks(&self, symbol: &str) -> Vec<Tick> {
        lock(&self.shared.script).market.ticks(symbol).to_vec()
    }

    /// Returns the messages received from clients, in order.
    pub fn heard(&self) -> Vec<String> {
        lock(&self.shared.heard).clone()
    }

    /// Returns the requests to open a connection, each as method, path and query.
    pub fn opened(&self) -> Vec<String> {
        lock(&self.shared.opened).clone()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn pass(&self) {
        let script = &mut *lock(&self.script);
        script.market.pass(&script.time);
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // The connections are aborted together with the server.
    let mut lines = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        lines.spawn(async move {
            if let Err(error) = answer(stream, &shared).await {
                tracing::debug!(%error, "the line ended");
            }
        });
        while lines.try_join_next().is_some() {}
    }
}

/// Handles a connection as scripted, until its end.
async fn answer(mut stream: TcpStream, shared: &Shared) -> Result<(), tungstenite::Error> {
    stream.set_nodelay(true)?;
    let request = Request::read(&mut stream).await?;
    let turn = {
        let mut opened = lock(&shared.opened);
        opened.push(request.line.clone());
        opened.len() - 1
    };
    let (line, key) = {
        let script = lock(&shared.script);
        let line = script.lines.get(turn).or(script.lines.last()).cloned();
        (line.unwrap_or(Line::Mute), script.key.clone())
    };
    if let Line::Away { status, body } = &line {
        return Ok(away(&mut stream, *status, body).await?);
    }
    if key.is_some_and(|key| !request.has_key(&key)) {
        return Ok(away(&mut stream, 401, twelvedata::BAD_KEY).await?);
    }
    let Some(socket) = request.open(stream).await? else { return Ok(()) };
    match line {
        Line::Talk(acts) => Talk::new(socket, shared, acts).follow().await,
        _ => {
            let mut socket = socket;
            while let Some(Ok(_)) = socket.next().await {}
            Ok(())
        }
    }
}

/// An open connection.
struct Talk<'a> {
    socket: WebSocketStream<TcpStream>,
    shared: &'a Shared,
    acts: VecDeque<Act>,
    kraken: Vec<kraken::Subscription>,
    twelvedata: Vec<String>,
}

impl<'a> Talk<'a> {
    fn new(socket: WebSocketStream<TcpStream>, shared: &'a Shared, acts: Vec<Act>) -> Self {
        let (kraken, twelvedata) = (Vec::new(), Vec::new());
        Self { socket, shared, acts: acts.into(), kraken, twelvedata }
    }

    async fn follow(mut self) -> Result<(), tungstenite::Error> {
        let (service, heartbeat) = {
            let script = lock(&self.shared.script);
            (script.service, script.heartbeat)
        };
        let has_heart = service == Service::Kraken;
        if has_heart {
            self.say(kraken::GREETING).await?;
        }
        let mut beat = interval(heartbeat);
        // The script continues once no subscription has arrived for a moment, since there may be
        // several.
        let mut next_act: Option<Instant> = None;
        loop {
            let act = async {
                match next_act {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                said = self.socket.next() => match said {
                    Some(Ok(Message::Text(text))) => {
                        if self.hear(text.as_str()).await? && next_act.is_none() {
                            next_act = Some(Instant::now() + heartbeat / 4);
                        }
                    }
                    Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return Ok(()),
                    Some(Ok(_)) => {}
                },
                () = act => match self.acts.pop_front() {
                    None => next_act = None,
                    Some(Act::Silence) => return self.endure().await,
                    Some(act) => match self.perform(act).await? {
                        Some(pause) => next_act = Some(Instant::now() + pause),
                        None => return Ok(()),
                    },
                },
                _ = beat.tick(), if has_heart => self.say(kraken::HEARTBEAT).await?,
            }
        }
    }

    /// Handles a message; returns `true` if it added a subscription.
    async fn hear(&mut self, text: &str) -> Result<bool, tungstenite::Error> {
        lock(&self.shared.heard).push(text.into());
        let request = serde_json::from_str(text).unwrap_or(Value::Null);
        let before = (self.kraken.len(), self.twelvedata.len());
        let answers = {
            let script = lock(&self.shared.script);
            match script.service {
                Service::Kraken => {
                    let (answers, subscribed) = kraken::answer(&script, &request);
                    self.kraken.extend(subscribed);
                    answers
                }
                Service::TwelveData => {
                    let (answers, subscribed) = twelvedata::answer(&script, &request);
                    self.twelvedata.extend(subscribed);
                    answers
                }
            }
        };
        for answer in answers {
            self.say(&answer).await?;
        }
        Ok(before != (self.kraken.len(), self.twelvedata.len()))
    }

    async fn say(&mut self, text: &str) -> Result<(), tungstenite::Error> {
        self.socket.send(Message::text(text)).await
    }

    /// Performs an action; returns the pause before the next one, or `None` if the connection has
    /// ended.
    async fn perform(
        &mut self,
        act: Act,
    ) -> Result<Option<std::time::Duration>, tungstenite::Error> {
        let mut pause = std::time::Duration::ZERO;
        match act {
            Act::Ticks(count) => {
                for _ in 0..count {
                    self.shared.pass();
                    self.tell(0).await?;
                }
            }
            Act::Every(length) => {
                self.shared.pass();
                self.tell(0).await?;
                self.acts.push_front(Act::Every(length));
                pause = length;
            }
            Act::Miss(count) => (0..count).for_each(|_| self.shared.pass()),
            Act::Again => self.tell(0).await?,
            Act::Swapped => {
                self.shared.pass();
                self.shared.pass();
                self.tell(0).await?;
                self.tell(1).await?;
            }
            Act::Say(text) => self.say(&text).await?,
            Act::Binary(count) => self.socket.send(Message::binary(vec![0xff; count])).await?,
            Act::Cut { ticks, bytes } => {
                let mut wire = Vec::new();
                for _ in 0..ticks {
                    self.shared.pass();
                    self.updates(0).iter().for_each(|text| wire.extend(frame(text)));
                }
                wire.truncate(bytes % wire.len().max(1));
                let stream = self.socket.get_mut();
                stream.write_all(&wire).await?;
                stream.shutdown().await?;
                return Ok(None);
            }
            Act::Wait(length) => pause = length,
            Act::Close(code, reason) => {
                let frame = CloseFrame { code: code.into(), reason: reason.into() };
                self.socket.send(Message::Close(Some(frame))).await?;
                return self.endure().await.map(|()| None);
            }
            Act::Drop | Act::Silence => return Ok(None),
        }
        Ok(Some(pause))
    }

    /// Reads without sending anything until the client disconnects.
    async fn endure(&mut self) -> Result<(), tungstenite::Error> {
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }

    /// Sends the subscribed updates of the tick that is `before` ticks older than the last one.
    async fn tell(&mut self, before: usize) -> Result<(), tungstenite::Error> {
        for text in self.updates(before) {
            self.say(&text).await?;
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
            let ticks = market.ticks(twelvedata::base(symbol));
            Some(twelvedata::update(symbol, ticks.iter().nth_back(before)?))
        });
        kraken.chain(twelvedata).collect()
    }
}

/// Encodes a complete text frame as a server sends it.
fn frame(text: &str) -> Vec<u8> {
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
