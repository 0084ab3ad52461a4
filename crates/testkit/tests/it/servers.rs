//! Servers start on separate ports, and are gone after they are dropped.

use std::net::TcpStream;

use tidegauge_testkit::{BigQuery, MariaDb, Postgres};

fn address(url: &str) -> String {
    url.split(['@', '/']).nth(3).unwrap().to_owned()
}

fn answers(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

#[test]
fn two_servers_do_not_meet_and_are_gone_when_they_are_dropped() {
    if let (Some(one), Some(two)) = (Postgres::start(), Postgres::start()) {
        let (first, second) = (address(&one.url()), address(&two.url()));
        assert!(first != second && answers(&first) && answers(&second));
        drop(one);
        assert!(!answers(&first) && answers(&second));
        drop(two);
        assert!(!answers(&second));
    }
    if let Some(server) = MariaDb::start() {
        let address = address(&server.url());
        assert!(answers(&address));
        drop(server);
        assert!(!answers(&address));
    }
    if let Some(server) = BigQuery::start() {
        let address = server.endpoint().replace("http://", "");
        assert!(answers(&address));
        drop(server);
        assert!(!answers(&address));
    }
}
