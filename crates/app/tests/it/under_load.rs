//! Audits and reports during a load: their results are of one state of the warehouse, or say that
//! it was being loaded. A rule is never reported as violated because pages are still to come.
//!
//! Every run performs a few of them; `TIDEGAUGE_AUDITS=100 cargo test -p tidegauge --all-features
//! --test it under_load -- --nocapture --test-threads 1` performs that many, with a line about each
//! store.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tidegauge::core::{FixedClock, SetAsideReason};
use tidegauge::pipeline::{RunEvent, Silent};
use tidegauge::{CancellationToken, Config, Error, Preset};
use tidegauge_testkit::Postgres;

use crate::common::{Ticking, open_demo, open_demo_at, url};

/// The variable that sets the number of audits, and its default.
const AUDITS: &str = "TIDEGAUGE_AUDITS";
const FEW: u32 = 4;

/// The pause after each page, and after each tenth: some audits fall between two pages, others span
/// several.
const PAUSE: Duration = Duration::from_millis(50);
const LONG_PAUSE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn every_store_sqlite_passes_verify_during_a_load() {
    let dir = tempfile::tempdir().unwrap();
    beside_a_load(dir.path(), &url("sqlite", dir.path(), "loaded.db")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_store_parquet_passes_verify_during_a_load() {
    let dir = tempfile::tempdir().unwrap();
    beside_a_load(dir.path(), &url("parquet", dir.path(), "loaded")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_passes_verify_during_a_load() {
    if let Some(server) = Postgres::shared() {
        let dir = tempfile::tempdir().unwrap();
        beside_a_load(dir.path(), &format!("{}?schema=under_load", server.url())).await;
    }
}

/// Plays an exchange of few users in small pages, day by day, and audits the warehouse meanwhile.
#[allow(clippy::print_stdout)] // figures, to be read with `--nocapture`
async fn beside_a_load(dir: &Path, warehouse: &str) {
    let audits = std::env::var(AUDITS).ok().and_then(|audits| audits.parse().ok()).unwrap_or(FEW);
    // The days with prices must last as long as the audits.
    let page_rows = if audits > FEW { 20 } else { 60 };
    let small = |config: &mut Config| {
        config.warehouse = warehouse.into();
        config.market.derive = false;
        config.simulation.preset = Preset::Exchange;
        (config.simulation.users, config.simulation.days) = (150, 60);
        config.simulation.page_rows = Some(page_rows);
    };
    let loader = open_demo(dir, small);
    let judge = open_demo(dir, small);
    let ended = Arc::new(AtomicBool::new(false));
    let over = ended.clone();
    let load = tokio::spawn(async move {
        let pages = AtomicU32::new(0);
        let slow = |event: &RunEvent| {
            if matches!(event, RunEvent::PageCommitted { .. }) {
                let tenth = pages.fetch_add(1, Ordering::Relaxed) % 10 == 9;
                let until = Instant::now() + if tenth { LONG_PAUSE } else { PAUSE };
                while !over.load(Ordering::Relaxed) && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        };
        let mut until = "2020-10-01".parse::<chrono::NaiveDate>().unwrap();
        // The last day with prices.
        let last = "2021-02-27".parse().unwrap();
        while !over.load(Ordering::Relaxed) && until <= last {
            loader.run(Some(until), &slow).await.unwrap();
            until = until.succ_opt().unwrap();
        }
    });
    let judging = async {
        let begun = Instant::now();
        let (mut judged, mut under_way, mut reported, mut empty, mut beside) = (0, 0, 0, 0, 0);
        while judged + under_way < audits {
            match judge.verify().await {
                Ok(report) => {
                    let broken: Vec<_> = report.violated().collect();
                    assert!(broken.is_empty(), "{broken:#?}");
                    judged += 1;
                }
                Err(Error::LoadInProgress { .. }) => under_way += 1,
                // The audit came before the first row.
                Err(Error::EmptyWarehouse { .. }) => {
                    empty += 1;
                    assert!(empty < 1_000, "the warehouse was never more than empty");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => panic!("{error}"),
            }
            beside += u32::from(!load.is_finished());
            match judge.report().await {
                Ok(report) => {
                    // Rows of days that are not complete yet are left out, and no others.
                    let mut aside = report.provenance.set_aside.iter();
                    assert!(aside.all(|aside| aside.reason == SetAsideReason::AfterEnd));
                    reported += 1;
                }
                Err(Error::LoadInProgress { .. } | Error::EmptyWarehouse { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        ended.store(true, Ordering::Relaxed);
        let scheme = warehouse.split(':').next().unwrap();
        println!(
            "{scheme}: {audits} audits in {:.0} s, {beside} of them beside a load, {judged} passed, {under_way} told that the load was \
             under way, 0 called broken; {reported} of {audits} reports written",
            begun.elapsed().as_secs_f64()
        );
        assert!(judged > 0, "no audit was between two pages");
        assert!(2 * beside > audits, "the load had ended too early: {beside} audits of {audits}");
    };
    judging.await;
    load.await.unwrap();
    assert!(judge.verify().await.unwrap().passed(), "when the load has ended");
    assert!(judge.report().await.unwrap().provenance.notes.is_empty());
}

/// Checks an interrupted load, which leaves orders whose trades are still to come.
#[tokio::test(flavor = "multi_thread")]
async fn interrupted_load_is_noted_and_is_not_a_violation() {
    let dir = tempfile::tempdir().unwrap();
    let small = |config: &mut Config| config.simulation.page_rows = Some(1_000);
    // The last run is determined by its time.
    let start = "2021-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap().timestamp();
    let tidegauge = open_demo_at(dir.path(), small, Arc::new(Ticking(start.into())));
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
            Ok(report) => assert!(report.passed(), "{:#?}", report.violated().collect::<Vec<_>>()),
            Err(error @ Error::LoadInProgress { .. }) => {
                let output = error.to_string();
                assert!(output.contains("is being loaded (simulation)"), "{output}");
                under_way += 1;
                // No run resumes it: after a day it is not waited for any more.
                let later = Arc::new(FixedClock("2021-03-03T00:00:00Z".parse().unwrap()));
                let report = open_demo_at(dir.path(), small, later).verify().await.unwrap();
                assert!(!report.passed());
                let note = report.notes.join(" ");
                assert!(note.contains("simulation was broken off more than a day ago"), "{note}");
            }
            Err(error) => panic!("{error}"),
        }
        let notes = tidegauge.report().await.unwrap().provenance.notes;
        assert!(!notes.is_empty() || ended, "a cancelled run is told");
        // The order books are complete: days of purchases follow, which do not refer to each other.
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
