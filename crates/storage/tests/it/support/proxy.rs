//! The line to a server, which can be bad.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// It arrives.
    Whole,
    /// It arrives late.
    Slow,
    /// Half of it arrives, and the connection is closed.
    Truncated,
    /// The connection is closed.
    Dropped,
}

/// A way to a server through a line that can be changed.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    line: Arc<Mutex<Line>>,
}

impl Proxy {
    /// One that leads to `port` of this machine, and arrives whole at first.
    pub(crate) fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            line: Arc::new(Mutex::new(Line::Whole)),
        };
        let line = proxy.line.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let line = line.clone();
                    thread::spawn(move || {
                        pass(&from, &to, &line);
                        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                    });
                }
            }
        });
        proxy
    }

    pub(crate) fn set(&self, line: Line) {
        *self.line.lock().unwrap() = line;
    }
}

/// Passes on what comes, until somebody closes, or the line does.
fn pass(mut from: &TcpStream, mut to: &TcpStream, line: &Mutex<Line>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let whole = &buffer[..count];
        let (sent, goes_on) = match *line.lock().unwrap() {
            Line::Whole | Line::Slow => (whole, true),
            Line::Truncated => (&whole[..count / 2], false),
            Line::Dropped => (&whole[..0], false),
        };
        if *line.lock().unwrap() == Line::Slow {
            thread::sleep(Duration::from_millis(30));
        }
        if to.write_all(sent).is_err() || !goes_on {
            return;
        }
    }
}
