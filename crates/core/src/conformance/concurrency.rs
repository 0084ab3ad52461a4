//! Conformance of concurrent loads and of leases.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::Subject;
use super::rows::{batch, is_conflict, load, simple};
use crate::{Clock, Cursor, Lease, Load, WriteMode};

/// Checks that of loaders that race for the same cursor exactly one wins, and the others get a
/// conflict.
pub async fn of_loaders_that_race_exactly_one_wins(store: &dyn Subject) {
    let table = simple("t", WriteMode::Append);
    let racers = (0..8).map(|racer: i64| {
        let (sink, rows) = (store.sink(), batch(&table, &[(racer, "mine")]));
        async move { load(&*sink, None, &racer.to_string(), &[rows]).await }
    });
    let results = join_all(racers).await;
    let losers: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(losers.len(), 7);
    assert!(losers.iter().all(|error| is_conflict(error)), "{losers:?}");
    assert_eq!(store.rows(&table).await, 1);
}

/// Checks the same race without rows, where only the cursor moves, from an empty store and from one
/// with a cursor.
pub async fn of_racers_without_rows_exactly_one_wins(store: &dyn Subject) {
    for before in [None, Some("start")] {
        let another = store.another();
        if let Some(start) = before {
            load(&*another.sink(), None, start, &[]).await.unwrap();
        }
        let racers = (0..4).map(|racer| {
            let sink = another.sink();
            async move { load(&*sink, before, &format!("racer {racer}"), &[]).await }
        });
        let results = join_all(racers).await;
        let losers: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(losers.len(), 3, "{losers:?}");
        assert!(losers.iter().all(|error| is_conflict(error)), "{losers:?}");
        let winner = results.iter().position(Result::is_ok).unwrap();
        let cursor = another.sink().cursor("test").await.unwrap().unwrap();
        assert_eq!(cursor.as_str(), format!("racer {winner}"));
    }
}

/// Checks that a lease has one holder at a time: renewing keeps it, and silence for its TTL loses
/// it.
pub async fn a_lease_has_one_holder(store: &dyn Subject) {
    let clock = Arc::new(ManualClock::default());
    let ttl = Duration::from_secs(60);
    let contender = |holder: &str| Lease::new(store.sink(), "kraken", holder, ttl, clock.clone());
    let (mut one, mut two) = (contender("one"), contender("two"));
    assert!(!one.renew().await.unwrap() && !one.is_held());
    assert!(one.acquire().await.unwrap() && one.is_held());
    assert!(one.acquire().await.unwrap(), "it is held already");
    // Heartbeats keep the lease, and so do pages of the source.
    for beat in 0..4 {
        assert!(!two.acquire().await.unwrap());
        clock.advance(Duration::from_secs(59));
        assert!(!two.acquire().await.unwrap());
        if beat % 2 == 0 {
            assert!(one.renew().await.unwrap());
        } else {
            let page = |page: i32| Cursor::new(page.to_string());
            let before = (beat > 1).then(|| page(beat - 2));
            let (before, after) = (before.as_ref(), page(beat));
            let load = Load::new("kraken", &[], before, &after);
            store.sink().load(load).await.unwrap();
        }
        clock.advance(Duration::from_secs(2));
    }
    // Silence loses the lease, and its former holder learns of it on renewal.
    assert!(!two.acquire().await.unwrap());
    clock.advance(ttl);
    assert!(two.acquire().await.unwrap() && two.is_held());
    assert!(one.is_held(), "it has not looked");
    assert!(!one.renew().await.unwrap() && !one.is_held());
    one.release().await.unwrap();
    assert!(two.renew().await.unwrap());
    // A released lease is free at once.
    two.release().await.unwrap();
    assert!(!two.is_held() && !two.renew().await.unwrap());
    assert!(one.acquire().await.unwrap());
}

/// A clock that the test advances by hand.
#[derive(Debug, Default)]
struct ManualClock(std::sync::Mutex<Duration>);

impl ManualClock {
    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::UNIX_EPOCH + *self.0.lock().unwrap()
    }
}
