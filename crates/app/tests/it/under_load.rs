//! Audits and reports beside a load: what they say is of one state of the warehouse, or that it was being
//! loaded. A rule is never called broken because pages are still to come.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tidegauge::pipeline::Silent;
use tidegauge::{Config, Error};
use tidegauge_testkit::Postgres;

use crate::common::{house, url};

/// How often the warehouse is judged, and for how long at most.
const TIMES: u32 = 100;
const PATIENCE: Duration = Duration::from_secs(10);

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

/// Plays an exchange in small pages, day by day, and judges the warehouse all the while.
async fn beside_a_load(dir: &Path, warehouse: &str) {
    let small = |config: &mut Config| {
        config.warehouse = warehouse.into();
        config.simulation.page_rows = Some(1_500);
    };
    let loader = house(dir, small);
    let judge = house(dir, small);
    let ended = AtomicBool::new(false);
    let load = async {
        let mut until = "2020-10-01".parse::<chrono::NaiveDate>().unwrap();
        while !ended.load(Ordering::Relaxed) {
            loader.run(Some(until), &Silent).await.unwrap();
            until = until.succ_opt().unwrap();
        }
    };
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
        println!("{judged} audits, {reported} reports, {under_way} times a load was under way");
        assert!(judged + reported + under_way > 0, "the warehouse was never more than empty");
    };
    tokio::join!(load, judging);
    assert!(judge.verify().await.unwrap().passed(), "when the load has ended");
    assert!(judge.report().await.unwrap().provenance.notes.is_empty());
}
