//! Tests of the overview: the figures of the last complete period, computed by hand from the small
//! exchange, and how their changes are told.

use tidegauge_report::{Cell, Missing, Page, Trend};

use crate::support::report;

#[test]
fn the_last_complete_month_is_compared_with_the_one_before() {
    let report = report();
    let table = &report.panel("kpis").unwrap().table;
    // Five users a day sign up from 1 January to 9 February: 155 in January, 45 in February.
    assert_eq!(table.number("2026-01", "signups"), Some(155.0));
    assert_eq!(table.number("2026-02", "signups"), Some(45.0));
    // January is compared at the 28 days of February.
    let change = table.number("Change", "signups").unwrap();
    assert!((change - (45.0 - 155.0 * 28.0 / 31.0)).abs() < 1e-9, "{change}");
    // Fees are a tenth of all volume.
    let rate = table.number("2026-02", "take_rate").unwrap();
    assert!((rate - 0.1).abs() < 1e-12, "{rate}");

    let tiles = &report.answer(Page::Overview).unwrap().tiles;
    let tile = |name: &str| tiles.iter().find(|tile| tile.name == name).unwrap();
    let signups = tile("Signups");
    assert_eq!((signups.value.as_str(), signups.trend), ("45", Some(Trend::Down)));
    assert!(signups.note.starts_with("−95, −67.9\u{a0}%"), "{}", signups.note);
    assert!(signups.note.ends_with(": more than noise"), "{}", signups.note);
    let period = signups.computation.settings.iter().find(|setting| setting.name == "Period");
    assert_eq!(period.unwrap().value, "month 2026-02, against 2026-01");
    // A rate that does not change has no error to compare with.
    assert_eq!(tile("Take rate").trend, Some(Trend::Unknown));
    assert!(tiles.iter().all(|tile| tile.name != "New funded accounts"), "no user is funded");
}

#[test]
fn a_period_that_is_not_over_has_no_value() {
    let page = crate::support::report_until("2026-02-20");
    let table = &page.panel("users-over-time").unwrap().table;
    let rows: Vec<_> = table.rows().iter().map(|row| row.cells[0].clone()).collect();
    // January alone is complete, which is no comparison, so that the periods are weeks.
    assert_eq!(rows.first(), Some(&Cell::text("2025-12-29")));
    assert_eq!(rows.last(), Some(&Cell::text("2026-02-16")));
    let last = &table.rows().last().unwrap().cells[1..];
    assert!(last.iter().all(|cell| *cell == Cell::Missing(Missing::NotOver)), "{last:?}");
}

#[test]
fn spend_and_revenue_are_of_their_month() {
    let report = report();
    let table = &report.panel("revenue-over-time").unwrap().table;
    // $80 a day for 40 days from 1 January on.
    assert_eq!(table.number("2026-01", "spend_usd"), Some(31.0 * 80.0));
    assert_eq!(table.number("2026-02", "spend_usd"), Some(9.0 * 80.0));
    let growth = &report.panel("growth").unwrap().table;
    let number = |month: &str, column: &str| growth.number(month, column).unwrap();
    let january = number("2026-01", "active");
    assert_eq!(january, number("2026-02", "retained") + number("2026-02", "churned"));
}

#[test]
fn the_tier_is_no_cohort() {
    let report = report();
    assert!(report.panel("high-volume-by-tier").is_none());
    assert!(report.panel("churned-by-tier").is_none());
    let rates = &report.panel("take-rates").unwrap().table;
    assert!(rates.number("starter", "value").is_some(), "{}", rates.to_csv());
    let definition = &report.panel("take-rates").unwrap().computation.clone().unwrap().definition;
    assert!(definition.contains("it is an outcome"), "{definition}");
}
