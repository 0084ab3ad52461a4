//! A simulation that reaches the end of its prices, and one whose prices are continued.

use std::sync::Arc;

use tidegauge::core::FixedClock;
use tidegauge::pipeline::Silent;
use tidegauge::{Config, Preset, Tidegauge};

use crate::common::{open_demo, open_demo_at};

/// Returns the last day of the simulation in the warehouse, by its cursor.
async fn simulated_to(tidegauge: &Tidegauge) -> String {
    let cursor = tidegauge.warehouse().cursor("simulation").await.unwrap().unwrap().to_string();
    let day = |name: &str| cursor.split_once(name).map(|(_, rest)| rest[..10].to_owned());
    day("\"day\":\"").or_else(|| day("\"from\":\"")).unwrap_or(cursor)
}

#[tokio::test(flavor = "multi_thread")]
async fn simulation_ends_with_the_prices_without_an_error() {
    for preset in [Preset::Classic, Preset::Exchange] {
        let dir = tempfile::tempdir().unwrap();
        let tidegauge = open_demo(dir.path(), |config| {
            config.simulation.preset = preset;
            config.simulation.users = 50;
            config.simulation.start_day = "2021-02-20".parse().unwrap();
        });
        let summary = tidegauge.run("2021-02-27".parse().ok(), &Silent).await.unwrap();
        assert_eq!(summary.notes, []);
        // The next day is the last one, the one after has no price.
        tidegauge.run(None, &Silent).await.unwrap();
        for until in [None, "2021-04-01".parse().ok()] {
            let before = simulated_to(&tidegauge).await;
            let summary = tidegauge.run(until, &Silent).await.unwrap();
            let note = &summary.notes[0];
            assert_eq!(note.source, "simulation");
            assert!(note.text.contains("end before 2021-02-28") && note.text.contains("no more"));
            assert_eq!(simulated_to(&tidegauge).await, before, "{preset:?}");
        }
        assert!(tidegauge.verify().await.unwrap().passed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn start_day_after_the_prices_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let start = "2021-05-01".parse().unwrap();
    let tidegauge = open_demo(dir.path(), |config| config.simulation.start_day = start);
    let error = tidegauge.run(None, &Silent).await.unwrap_err().to_string();
    assert!(error.contains("no price of") && error.contains("2021-02-2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn synthetic_market_continues_to_yesterday_and_is_disclosed() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock("2023-06-15T10:00:00Z".parse().unwrap()));
    let change = |config: &mut Config| {
        config.sources = ["recorded", "synthetic_market", "simulation"].map(Into::into).into();
        config.simulation.preset = Preset::Exchange;
        (config.simulation.users, config.simulation.days) = (200, 800);
        config.simulation.start_day = "2021-01-01".parse().unwrap();
    };
    let tidegauge = open_demo_at(dir.path(), change, clock);
    let summary = tidegauge.run("2023-06-15".parse().ok(), &Silent).await.unwrap();
    assert_eq!(summary.notes, []);
    assert!(tidegauge.verify().await.unwrap().passed());
    let provenance = tidegauge.report().await.unwrap().provenance;
    let output = provenance.attributions.join("\n");
    assert!(output.contains("made up") && output.contains("Source: ECB"), "{output}");
    let last = provenance.prices.iter().filter(|span| span.source == "synthetic_market");
    let last: Vec<_> = last.map(|span| format!("{:?}", span.last)).collect();
    assert!(!last.is_empty() && last.iter().all(|day| day.contains("2023-06-14")), "{last:?}");
    // The day after tomorrow has no price yet.
    let summary = tidegauge.run("2023-06-17".parse().ok(), &Silent).await.unwrap();
    assert!(summary.notes[0].text.contains("end before 2023-06-15"), "{:?}", summary.notes);
}
