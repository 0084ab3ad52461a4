//! Servers start on separate ports, and are gone after they are dropped.

use std::net::TcpStream;

use tidegauge_testkit::{BigQuery, MariaDb, Postgres};

fn address(url: &str) -> String {
    url.split(['@', '/']).nth(3).unwrap().to_owned()
}

fn accepts_connections(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

#[test]
fn servers_have_separate_ports_and_end_when_dropped() {
    if let (Some(one), Some(two)) = (Postgres::start(), Postgres::start()) {
        let (first, second) = (address(&one.url()), address(&two.url()));
        assert!(first != second && accepts_connections(&first) && accepts_connections(&second));
        drop(one);
        assert!(!accepts_connections(&first) && accepts_connections(&second));
        drop(two);
        assert!(!accepts_connections(&second));
    }
    if let Some(server) = MariaDb::start() {
        let address = address(&server.url());
        assert!(accepts_connections(&address));
        drop(server);
        assert!(!accepts_connections(&address));
    }
    if let Some(server) = BigQuery::start() {
        let address = server.endpoint().replace("http://", "");
        assert!(accepts_connections(&address));
        drop(server);
        assert!(!accepts_connections(&address));
    }
}
