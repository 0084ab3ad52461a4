//! An S3-compatible server: moto, <https://pypi.org/project/moto/>.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::Duration;

use crate::python_with;
use crate::server::{RunningServer, ServerSpec};

/// The server's bucket, and a policy that allows every client everything in it.
const BUCKET: &str = "tidegauge";
const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::tidegauge/*"}]}"#;

/// The program of the server. It is single-threaded, because moto checks the condition of a write
/// and replaces the object in two steps, which must not interleave.
const SERVER_SCRIPT: &str = "import sys\n\
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app\n\
    from werkzeug.serving import run_simple\n\
    app = DomainDispatcherApplication(create_backend_app)\n\
    run_simple('127.0.0.1', int(sys.argv[1]), app, threaded=False)";

/// An S3-compatible server with an empty bucket. It keeps all objects in memory, and needs no
/// credentials.
#[derive(Debug)]
pub struct S3(pub(crate) RunningServer);

impl S3 {
    /// Starts a server, or returns `None` if it is not installed.
    pub fn start() -> Option<Self> {
        let python = python_with("moto")?;
        let spec = ServerSpec {
            name: "moto",
            user: "root",
            parent: None,
            disk: None,
            signal: "KILL",
            prepare: &|_| Vec::new(),
            command: &|_, port| {
                vec![
                    python.display().to_string(),
                    "-c".into(),
                    SERVER_SCRIPT.into(),
                    port.to_string(),
                ]
            },
            is_ready: &|port| {
                put(port, &format!("/{BUCKET}"), "").is_some_and(|status| status.starts_with('2'))
                    && put(port, &format!("/{BUCKET}?policy"), POLICY).is_some()
            },
        };
        Some(Self(RunningServer::start(&spec)))
    }

    /// Returns the server that all tests of a process share, or `None` if it is not installed.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<S3>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Returns the URL of a folder in the server's bucket.
    pub fn folder_url(&self, folder: &str) -> String {
        let endpoint = format!("http://127.0.0.1:{}", self.0.port);
        format!("s3://{BUCKET}/{folder}?endpoint={endpoint}&anonymous=true")
    }
}

/// Sends a PUT request and returns the HTTP status of the response.
fn put(port: u16, path: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let length = body.len();
    let head =
        format!("PUT {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n");
    let mut status = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
    stream.read_exact(&mut status).ok()?;
    Some(String::from_utf8_lossy(&status[9..]).into_owned())
}
