//! A connection to a server with faults on demand.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The condition of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Data arrives unchanged.
    Whole,
    /// Data arrives late.
    Slow,
    /// Half of the data arrives, and the connection is closed.
    Truncated,
    /// No data arrives, and the connection is closed.
    Dropped,
}

/// A proxy of a server, whose connections can be disturbed.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    line: Arc<Mutex<Line>>,
}

impl Proxy {
    /// Starts a proxy of `port` of this machine, without faults at first.
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

/// Copies data until either side or the fault closes the connection.
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
