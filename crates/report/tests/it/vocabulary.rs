//! Tests of reports of a shop, in its own words and currency.

use polars::prelude::*;
use tidegauge_analytics::Facts;
use tidegauge_report::{Business, Dataset, Format, Page, Parameters, Report};

use crate::support::{day, facts, provenance};

fn shop(facts: &Facts) -> Report {
    let mut provenance = provenance();
    provenance.world = None;
    provenance.currency = "EUR".parse().unwrap();
    provenance.business = Business::Shop;
    Report::new(Dataset { facts, provenance: &provenance }, &Parameters::default()).unwrap()
}

/// Returns the page without scripts, whose code has dollar signs.
fn text_of(html: &str) -> String {
    let mut parts = html.split("<script>");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text += part.split_once("</script>").map_or("", |(_, after)| after);
    }
    text
}

#[test]
fn amounts_of_a_shop_are_in_its_currency_everywhere() {
    let report = shop(&facts());
    let data = serde_json::to_string(&report.data()).unwrap();
    let html = text_of(&report.to_html().unwrap());
    for text in [&data, &html] {
        for wrong in ["$", "dollar", "Dollar", "_usd\"", "raders", "signup"] {
            // Names of parameters and of texts of the provenance stay.
            let text = text.replace("threshold_usd", "").replace("month_of_signup", "");
            let text = text.replace("signup:month", "").replace("signups", "");
            let text = text.replace("\"signup\"", "").replace(">signup<", "");
            let at = text.find(wrong);
            assert_eq!(at.map(|at| &text[at.saturating_sub(80)..text.len().min(at + 40)]), None);
        }
        assert!(text.contains('€') && text.contains("EUR"), "{text}");
    }
    let channels = report.panel("channels").unwrap();
    let cac = channels.table.columns().iter().find(|column| column.name == "cac_eur").unwrap();
    assert_eq!(
        (cac.format, cac.format.unit().as_str()),
        (Format::of("EUR".parse().unwrap()), "EUR")
    );
    assert_eq!(report.panel("ltv").unwrap().unit, "EUR per customer");
    let volume = report.panel("high-volume").unwrap();
    assert_eq!(volume.title, "Purchases by channel");
    assert_eq!(
        volume.chart.as_ref().unwrap().title(),
        "Customers who became high-value customers, by channel"
    );
    let tiles = &report.answer(Page::Overview).unwrap().tiles;
    assert_eq!(tiles[0].name, "Customers");
    assert!(tiles[3].value.starts_with('€'), "{tiles:?}");
    let insights = report.insights().join(" ");
    assert!(insights.contains("customers has passed €10,000 of purchases"), "{insights}");
    assert!(insights.contains("Too few customers were active for 30 days"), "{insights}");
    // Retention since a first trade is no question of a shop.
    assert!(report.panel("retention-by-month-of-first-trade").is_none());
}

#[test]
fn costs_are_absent_without_spend() {
    let days = [day("2026-01-05"), day("2026-01-14"), day("2026-01-06")];
    let purchases = df!("user" => ["ann", "ann", "bob"], "at" => days, "value" => [20.0, 5.0, 7.5]);
    let end = day("2026-02-19").and_time(chrono::NaiveTime::MIN).and_utc();
    let report = shop(&Facts::from_transactions(&purchases.unwrap(), end).unwrap());
    assert!(report.panel("roas").is_none());
    let columns: Vec<&str> = report
        .panel("channels")
        .unwrap()
        .table
        .columns()
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(columns, ["channel", "users", "ltv_eur", "revenue_eur"]);
    let tiles: Vec<&str> = report.answers[0].tiles.iter().map(|tile| tile.name.as_str()).collect();
    assert_eq!(tiles, ["Customers", "High-value customers", "Churned", "Revenue, all customers"]);
}

/// Definitions and headings are written for an exchange, and said in the words of a shop.
#[test]
fn no_word_of_an_exchange_is_left_in_a_shop() {
    let report = shop(&facts());
    let mut texts = Vec::new();
    for answer in &report.answers {
        let of_tiles = answer.tiles.iter().map(|tile| (&tile.name, Some(&tile.computation)));
        let of_panels =
            answer.panels.iter().map(|panel| (&panel.title, panel.computation.as_ref()));
        for (title, computation) in of_tiles.chain(of_panels) {
            let computation = computation.unwrap();
            texts.extend([title.clone(), computation.definition.clone()]);
            for setting in &computation.settings {
                texts.extend([setting.name.clone(), setting.value.clone()]);
            }
        }
        for panel in &answer.panels {
            texts.extend(panel.chart.iter().map(|chart| chart.title().to_owned()));
            texts.extend(panel.table.columns().iter().map(|column| column.title.clone()));
        }
    }
    texts.extend(report.insights().into_iter().map(ToOwned::to_owned));
    let wrong = ["trade", "trading", "volume", "deposit", "ramp", "the exchange", "user", "signup"];
    let is_wrong = |text: &&String| wrong.iter().any(|word| text.to_lowercase().contains(word));
    assert_eq!(texts.iter().filter(is_wrong).collect::<Vec<_>>(), Vec::<&String>::new());
}
