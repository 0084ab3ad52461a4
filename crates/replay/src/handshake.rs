//! The opening handshake of a connection.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// A request to open a connection.
#[derive(Debug)]
pub(crate) struct Request {
    /// The request line: method, path and query.
    pub(crate) line: String,
    websocket_key: Option<String>,
}

impl Request {
    /// Reads a request up to the end of its headers.
    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < 16 * 1024 {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
        };
        let line = head.lines().next().unwrap_or_default().to_owned();
        Ok(Self { line, websocket_key: head.lines().find_map(header) })
    }

    /// Returns `true` if the query has this API key.
    pub(crate) fn has_key(&self, key: &str) -> bool {
        let target = self.line.split(' ').nth(1).unwrap_or_default();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        query.split('&').any(|pair| pair.strip_prefix("apikey=") == Some(key))
    }

    /// Completes the WebSocket handshake; returns `None` if the client did not ask for a WebSocket.
    pub(crate) async fn accept(
        &self,
        mut stream: TcpStream,
    ) -> io::Result<Option<WebSocketStream<TcpStream>>> {
        let Some(websocket_key) = &self.websocket_key else {
            reject(&mut stream, 426, r#"{"error":"a WebSocket was expected"}"#).await?;
            return Ok(None);
        };
        let accept = derive_accept_key(websocket_key.as_bytes());
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(response.as_bytes()).await?;
        Ok(Some(WebSocketStream::from_raw_socket(stream, Role::Server, None).await))
    }
}

/// Rejects the connection with an HTTP status and a JSON body.
pub(crate) async fn reject(stream: &mut TcpStream, status: u16, body: &str) -> io::Result<()> {
    let length = body.len();
    let response = format!(
        "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}
