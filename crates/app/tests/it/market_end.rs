//! A simulation that reaches the end of its prices, and one whose prices are continued.

use std::sync::Arc;

use tidegauge::core::FixedClock;
use tidegauge::pipeline::Silent;
use tidegauge::{Config, Preset, Tidegauge};

use crate::common::{house, house_at};

/// Returns the last day of the simulation in the warehouse, by its cursor.
async fn simulated_to(house: &Tidegauge) -> String {
    let cursor = house.warehouse().cursor("simulation").await.unwrap().unwrap().to_string();
    let day = |name: &str| cursor.split_once(name).map(|(_, rest)| rest[..10].to_owned());
    day("\"day\":\"").or_else(|| day("\"from\":\"")).unwrap_or(cursor)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_prices_end_there_is_no_more_and_no_error() {
    for preset in [Preset::Classic, Preset::Exchange] {
        let dir = tempfile::tempdir().unwrap();
        let house = house(dir.path(), |config| {
            config.simulation.preset = preset;
            config.simulation.users = 50;
            config.simulation.start_day = "2021-02-20".parse().unwrap();
        });
        let summary = house.run("2021-02-27".parse().ok(), &Silent).await.unwrap();
        assert_eq!(summary.notes, []);
        // The next day is the last one, the one after has no price.
        house.run(None, &Silent).await.unwrap();
        for until in [None, "2021-04-01".parse().ok()] {
            let before = simulated_to(&house).await;
            let summary = house.run(until, &Silent).await.unwrap();
            let note = &summary.notes[0];
            assert_eq!(note.source, "simulation");
            assert!(note.text.contains("end before 2021-02-28") && note.text.contains("no more"));
            assert_eq!(simulated_to(&house).await, before, "{preset:?}");
        }
        assert!(house.verify().await.unwrap().passed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_day_behind_the_end_of_the_prices_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let start = "2021-05-01".parse().unwrap();
    let house = house(dir.path(), |config| config.simulation.start_day = start);
    let error = house.run(None, &Silent).await.unwrap_err().to_string();
    assert!(error.contains("no price of") && error.contains("2021-02-2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synthetic_market_goes_on_to_yesterday_and_the_report_says_that_it_is_made_up() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock("2023-06-15T10:00:00Z".parse().unwrap()));
    let change = |config: &mut Config| {
        config.sources = ["recorded", "synthetic_market", "simulation"].map(Into::into).into();
        config.simulation.preset = Preset::Exchange;
        (config.simulation.users, config.simulation.days) = (200, 800);
        config.simulation.start_day = "2021-01-01".parse().unwrap();
    };
    let house = house_at(dir.path(), change, clock);
    let summary = house.run("2023-06-15".parse().ok(), &Silent).await.unwrap();
    assert_eq!(summary.notes, []);
    assert!(house.verify().await.unwrap().passed());
    let provenance = house.report().await.unwrap().provenance;
    let said = provenance.attributions.join("\n");
    assert!(said.contains("made up") && said.contains("Source: ECB"), "{said}");
    let last = provenance.prices.iter().filter(|span| span.source == "synthetic_market");
    let last: Vec<_> = last.map(|span| format!("{:?}", span.last)).collect();
    assert!(!last.is_empty() && last.iter().all(|day| day.contains("2023-06-14")), "{last:?}");
    // The day after tomorrow has no price yet.
    let summary = house.run("2023-06-17".parse().ok(), &Silent).await.unwrap();
    assert!(summary.notes[0].text.contains("end before 2023-06-15"), "{:?}", summary.notes);
}
