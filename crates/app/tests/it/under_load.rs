//! Audits and reports beside a load: what they say is of one state of the warehouse, or that it was being
//! loaded. A rule is never called broken because pages are still to come.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tidegauge::pipeline::{RunEvent, Silent};
use tidegauge::{CancellationToken, Config, Error, Preset};
use tidegauge_testkit::Postgres;

use crate::common::{Ticking, house, house_at, url};

/// How often the warehouse is judged, and for how long at most.
const TIMES: u32 = 100;
const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn every_store_sqlite_is_never_called_broken_beside_a_load() {
    let dir = tempfile::tempdir().unwrap();
    beside_a_load(dir.path(), &url("sqlite", dir.path(), "loaded.db")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_store_parquet_is_never_called_broken_beside_a_load() {
    let dir = tempfile::tempdir().unwrap();
    beside_a_load(dir.path(), &url("parquet", dir.path(), "loaded")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_never_called_broken_beside_a_load() {
    if let Some(server) = Postgres::shared() {
        let dir = tempfile::tempdir().unwrap();
        beside_a_load(dir.path(), &format!("{}?schema=under_load", server.url())).await;
    }
}

/// Plays an exchange of few users in small pages, day by day, and judges the warehouse all the while.
async fn beside_a_load(dir: &Path, warehouse: &str) {
    let small = |config: &mut Config| {
        config.warehouse = warehouse.into();
        config.market.derive = false;
        config.simulation.preset = Preset::Exchange;
        (config.simulation.users, config.simulation.days) = (150, 60);
        config.simulation.page_rows = Some(300);
    };
    let loader = house(dir, small);
    let judge = house(dir, small);
    let ended = Arc::new(AtomicBool::new(false));
    let over = ended.clone();
    let load = tokio::spawn(async move {
        // A page takes its time, so that some audits are between two of them.
        let slow = |event: &RunEvent| {
            if matches!(event, RunEvent::PageCommitted { .. }) && !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        let mut until = "2020-10-01".parse::<chrono::NaiveDate>().unwrap();
        while !over.load(Ordering::Relaxed) {
            loader.run(Some(until), &slow).await.unwrap();
            until = until.succ_opt().unwrap();
        }
    });
    let judging = async {
        let begun = Instant::now();
        let (mut judged, mut under_way, mut reported) = (0, 0, 0);
        for _ in 0..TIMES {
            match judge.verify().await {
                Ok(report) => {
                    let broken: Vec<_> = report.broken().collect();
                    assert!(broken.is_empty(), "{broken:#?}");
                    judged += 1;
                }
                Err(Error::LoadUnderWay { .. }) => under_way += 1,
                // Before the first row.
                Err(Error::Nothing { .. }) => {}
                Err(error) => panic!("{error}"),
            }
            match judge.report().await {
                Ok(report) => {
                    assert_eq!(report.provenance.set_aside, []);
                    reported += 1;
                }
                Err(Error::LoadUnderWay { .. }) => under_way += 1,
                Err(Error::Nothing { .. }) => {}
                Err(error) => panic!("{error}"),
            }
            if begun.elapsed() > PATIENCE {
                break;
            }
        }
        ended.store(true, Ordering::Relaxed);
        let seen = judged + reported + under_way;
        assert!(seen > 0, "the warehouse was never more than empty");
    };
    judging.await;
    load.await.unwrap();
    assert!(judge.verify().await.unwrap().passed(), "when the load has ended");
    assert!(judge.report().await.unwrap().provenance.notes.is_empty());
}

/// A load that was broken off amid its days leaves orders whose trades are still to come.
#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_was_broken_off_is_said_and_not_called_broken() {
    let dir = tempfile::tempdir().unwrap();
    let small = |config: &mut Config| config.simulation.page_rows = Some(1_000);
    // Which run is the last one is told by the time.
    let start = "2021-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap().timestamp();
    let tidegauge = house_at(dir.path(), small, Arc::new(Ticking(start.into())));
    let (mut under_way, mut pages) = (0, 0);
    loop {
        let token = CancellationToken::new();
        let stop = |event: &RunEvent| {
            if matches!(event, RunEvent::PageCommitted { source, .. } if source == "simulation") {
                token.cancel();
            }
        };
        let run = tidegauge.clone().cancelled_by(token.clone());
        let ended = run.run("2020-10-01".parse().ok(), &stop).await.is_ok();
        pages += 1;
        match tidegauge.verify().await {
            Ok(report) => assert!(report.passed(), "{:#?}", report.broken().collect::<Vec<_>>()),
            Err(error @ Error::LoadUnderWay { .. }) => {
                let said = error.to_string();
                assert!(said.contains("is being loaded (simulation)"), "{said}");
                under_way += 1;
            }
            Err(error) => panic!("{error}"),
        }
        let notes = tidegauge.report().await.unwrap().provenance.notes;
        assert!(!notes.is_empty() || ended, "a cancelled run is told");
        // The books are there: days of purchases follow, of which none refers to another.
        if ended || pages == 9 {
            break;
        }
    }
    assert!(under_way > 0, "no order was ahead of its trades in {pages} pages");
    tidegauge.run(None, &Silent).await.unwrap();
    assert!(tidegauge.verify().await.unwrap().passed());
    let notes = tidegauge.report().await.unwrap().provenance.notes;
    assert!(notes.is_empty(), "{notes:?}");
}
