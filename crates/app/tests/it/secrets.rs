//! Secrets: keys appear neither in the output of the command, nor in its log, nor in its errors.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use crate::common;
use crate::common::{says, tidegauge};

/// The key that must never appear.
const KEY: &str = "CG-canary0123456789abcdef";

/// Checks that keys in wrong places are not repeated.
#[test]
fn a_misplaced_key_is_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [("TIDEGAUGE_COINGECKO", KEY), ("TIDEGAUGE_COINGECKO__PLAN", KEY)] {
        let said = says(tidegauge(dir.path()).env(name, value).arg("status"));
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(
            said.err.to_lowercase().contains("coingecko") && !said.err.contains("canary"),
            "{said:?}"
        );
    }
    for line in [format!("TIDEGAUGE_COINGECKO_KEY={KEY} and more"), KEY.to_owned()] {
        fs::write(dir.path().join(".env"), line).unwrap();
        let said = says(tidegauge(dir.path()).arg("status"));
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(".env") && !said.err.contains("canary"), "{said:?}");
    }
}

/// Loads from a CoinGecko at `port` of this machine, with the log at its most verbose level. The
/// command must end with `code`.
fn with_key(dir: &Path, port: u16, code: i32) -> common::Said {
    let mut command = tidegauge(dir);
    command
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("TIDEGAUGE_COINGECKO_KEY", KEY)
        .env("TIDEGAUGE_COINGECKO__PLAN", "demo")
        .env("TIDEGAUGE_COINGECKO__HTTP__BASE_URL", format!("http://127.0.0.1:{port}"));
    let said = says(command.args(["run", "--source", "coingecko"]));
    assert_eq!(said.code, Some(code), "{said:?}");
    assert!(said.err.contains("TRACE") && said.err.contains("coingecko"), "{said:?}");
    assert!(!format!("{}{}", said.out, said.err).contains("canary"), "{said:?}");
    said
}

#[test]
fn a_key_is_never_shown_where_nobody_answers() {
    let dir = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = with_key(dir.path(), closed, 8);
    assert!(said.err.contains("error: "), "{said:?}");
}

#[test]
fn a_key_is_never_shown_where_the_answer_repeats_it() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut chunk).unwrap();
            request.extend_from_slice(&chunk[..read]);
        }
        let body =
            format!("{{\"status\":{{\"error_code\":10002,\"error_message\":\"bad key {KEY}\"}}}}");
        let head =
            "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nconnection: close";
        write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        String::from_utf8(request).unwrap()
    });
    let said = with_key(dir.path(), port, 5);
    assert!(said.err.contains("bad key"), "{said:?}");
    let request = server.join().unwrap();
    assert!(request.contains(KEY), "the key was in play: {request}");
    assert!(!request.lines().next().unwrap().contains(KEY), "not in the address: {request}");
}
