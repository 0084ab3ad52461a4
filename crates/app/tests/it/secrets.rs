//! Secrets: keys appear neither in the output of the command, nor in its log, nor in its errors.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use crate::common;
use crate::common::{command_in, output_of};

/// The key that must never appear.
const KEY: &str = "CG-canary0123456789abcdef";

/// Checks that keys in wrong places are not repeated.
#[test]
fn misplaced_key_is_not_leaked() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [("TIDEGAUGE_COINGECKO", KEY), ("TIDEGAUGE_COINGECKO__PLAN", KEY)] {
        let output = output_of(command_in(dir.path()).env(name, value).arg("status"));
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(
            output.err.to_lowercase().contains("coingecko") && !output.err.contains("canary"),
            "{output:?}"
        );
    }
    for line in [format!("TIDEGAUGE_COINGECKO_KEY={KEY} and more"), KEY.to_owned()] {
        fs::write(dir.path().join(".env"), line).unwrap();
        let output = output_of(command_in(dir.path()).arg("status"));
        assert_eq!(output.code, Some(2), "{output:?}");
        assert!(output.err.contains(".env") && !output.err.contains("canary"), "{output:?}");
    }
}

/// Loads from a CoinGecko at `port` of this machine, with the log at its most verbose level. The
/// command must end with `code`.
fn with_key(dir: &Path, port: u16, code: i32) -> common::CommandOutput {
    let mut command = command_in(dir);
    command
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("TIDEGAUGE_COINGECKO_KEY", KEY)
        .env("TIDEGAUGE_COINGECKO__PLAN", "demo")
        .env("TIDEGAUGE_COINGECKO__HTTP__BASE_URL", format!("http://127.0.0.1:{port}"));
    let output = output_of(command.args(["run", "--source", "coingecko"]));
    assert_eq!(output.code, Some(code), "{output:?}");
    assert!(output.err.contains("TRACE") && output.err.contains("coingecko"), "{output:?}");
    assert!(!format!("{}{}", output.out, output.err).contains("canary"), "{output:?}");
    output
}

#[test]
fn key_is_not_leaked_by_an_unreachable_service() {
    let dir = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = with_key(dir.path(), closed, 8);
    assert!(output.err.contains("error: "), "{output:?}");
}

#[test]
fn key_is_not_leaked_by_a_reply_that_repeats_it() {
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
    let output = with_key(dir.path(), port, 5);
    assert!(output.err.contains("bad key"), "{output:?}");
    let request = server.join().unwrap();
    assert!(request.contains(KEY), "the key was in play: {request}");
    assert!(!request.lines().next().unwrap().contains(KEY), "not in the address: {request}");
}
