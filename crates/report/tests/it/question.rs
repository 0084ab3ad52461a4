//! Tests of questions for one page or one panel.

use tidegauge_analytics::{Cohort, Period};
use tidegauge_report::{Answer, Dataset, Error, Page, Question, answer};

use crate::support::{facts, provenance, report};

fn ask(question: &Question) -> Result<Answer, Error> {
    let (facts, provenance) = (facts(), provenance());
    answer(Dataset { facts: &facts, provenance: &provenance }, question)
}

fn asked(page: &str, pairs: &[(&str, &str)]) -> Answer {
    ask(&Question::from_query(page, pairs.iter().copied()).unwrap()).unwrap()
}

fn refused(page: &str, pairs: &[(&str, &str)]) -> String {
    let question = Question::from_query(page, pairs.iter().copied());
    question.and_then(|question| ask(&question)).unwrap_err().to_string()
}

#[test]
fn the_report_consists_of_the_answers_to_all_pages() {
    let report = report();
    assert_eq!(report.answers.len(), Page::ALL.len());
    for (page, found) in Page::ALL.into_iter().zip(&report.answers) {
        assert_eq!(ask(&Question::new(page)).unwrap(), *found, "{page}");
        for panel in &found.panels {
            let one = ask(&Question::new(page).with_panel(&panel.id)).unwrap();
            assert_eq!(one.panels, std::slice::from_ref(panel), "{page}: {}", panel.id);
            assert!(one.insights.is_empty() && one.tiles.is_empty());
        }
    }
}

#[test]
fn each_page_has_its_panels() {
    let report = report();
    let ids = |page| {
        let panels = report.answer(page).unwrap().panels.iter();
        panels.map(|panel| panel.id.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        ids(Page::Overview),
        [
            "kpis",
            "take-rates",
            "revenue-mix",
            "funnel",
            "funnel-by-channel",
            "users-over-time",
            "active-users",
            "growth",
            "volume-over-time",
            "revenue-over-time",
        ]
    );
    assert_eq!(
        ids(Page::Acquisition),
        [
            "high-volume",
            "high-volume-by-entry-product",
            "high-volume-by-country",
            "high-volume-by-campaign",
            "high-volume-by-month",
            "time-to-high-volume",
            "time-to-high-volume-by-entry-product",
            "time-to-high-volume-by-country",
            "time-to-high-volume-by-campaign",
            "time-to-high-volume-by-month",
            "deciles",
            "concentration",
            "lorenz",
            "prediction",
            "prediction-effects",
            "prediction-calibration",
        ]
    );
    assert_eq!(
        ids(Page::Retention),
        [
            "retention-by-week",
            "retention-by-month",
            "retention-by-month-of-first-trade",
            "churned",
            "churned-by-entry-product",
            "churned-by-country",
            "churned-by-campaign",
            "churned-by-month",
            "retention-curve",
            "survival",
        ]
    );
    assert_eq!(ids(Page::Monetization), ["channels", "campaigns", "ltv", "roas", "ltv-by-month"]);
    assert_eq!(ids(Page::Basis), ["prices", "parameters"]);
    assert_eq!(report.answer(Page::Overview).unwrap().tiles.len(), 16);
    assert_eq!(report.insights().len(), 3);
}

#[test]
fn errors_for_unknown_names_list_the_known_ones() {
    assert_eq!(
        refused("market", &[]),
        "there is no page `market`; there are overview, acquisition, retention, monetization, basis"
    );
    assert_eq!(
        refused("monetization", &[("panel", "roi")]),
        "page `monetization` has no panel `roi`; it has channels, campaigns, ltv, roas, ltv-by-month"
    );
    assert_eq!(
        refused("acquisition", &[("country", "DE")]),
        "page `acquisition` has no parameter or filter `country`; it has cohort, end, \
         horizons, level, threshold_usd, week_start, zone"
    );
    assert_eq!(
        refused("retention", &[("period", "year")]),
        "`period` cannot be `year`: it must be day, week or month"
    );
    assert!(refused("retention", &[("period", "day"), ("period", "day")]).contains("given twice"));
    assert!(refused("monetization", &[("ages", "7,x")]).contains("numbers of days"));
    let error = refused("acquisition", &[("cohort", "planet")]);
    assert!(error.contains("`planet`") && error.contains("channel, country"), "{error}");
    assert!(refused("monetization", &[("ages", "0")]).contains("at least 1"));
    assert!(refused("acquisition", &[("threshold_usd", "-1")]).contains("must be above 0"));
}

#[test]
fn typed_questions_are_checked_like_queries() {
    let mut question = Question::new(Page::Acquisition);
    question.parameters.period = Some(Period::Week);
    let error = ask(&question).unwrap_err();
    assert!(matches!(error, Error::UnknownParameter { page: Page::Acquisition, .. }), "{error}");
}

#[test]
fn parameters_change_the_computation() {
    let page = asked("acquisition", &[("cohort", "country"), ("threshold_usd", "1000")]);
    let ids: Vec<_> = page.panels.iter().map(|panel| panel.id.as_str()).collect();
    assert_eq!(ids[..3], ["high-volume", "time-to-high-volume", "deciles"]);
    let panel = &page.panels[0];
    assert_eq!(panel.title, "Volume by country");
    // Users 0, 3, 6 … are in the US; in each group of seven, users 5 and 6 trade for $500 or more.
    // From user 160 on the second trade lies beyond the end.
    let us = (0..160).step_by(3).filter(|user| user % 7 >= 5).count();
    let rate = panel.table.number("US", "high_volume").unwrap();
    assert!((rate - us as f64 / 67.0).abs() < 1e-12, "{rate}");
    assert!(page.insights[0].contains("country US most often pass"), "{:?}", page.insights);
    assert!(page.insights[0].contains("$1,000 of volume"), "{:?}", page.insights);

    let page =
        asked("retention", &[("period", "day"), ("inactive_days", "20"), ("cohort", "everyone")]);
    let ids: Vec<_> = page.panels.iter().map(|panel| panel.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "retention-by-day",
            "retention-by-day-of-first-trade",
            "churned",
            "retention-curve",
            "survival",
        ]
    );
    assert_eq!(page.panels[0].table.number("2026-01-01", "day_7"), Some(0.8));
    let churned = &page.panels[2];
    assert_eq!(churned.table.number("all", "users"), Some(200.0));
    // All signed up at least 20 days before the end, and 134 traded. Users 0 to 59 signed up in the
    // first twelve days, so their second trade is more than 20 days before the end.
    let rate = (0..60).filter(|user| user % 3 != 2).count() as f64 / 134.0;
    let found = churned.table.number("all", "churned").unwrap();
    assert!((found - rate).abs() < 1e-12, "{found}, not {rate}");
    assert!(churned.chart.as_ref().unwrap().title().contains("last 20 days"));

    let page = asked("monetization", &[("ages", "30,8,8"), ("cohort", "signup:week")]);
    let columns: Vec<_> =
        page.panels[2].table.columns().iter().map(|column| &column.name).collect();
    assert_eq!(columns, ["channel", "users", "day_8", "day_30"]);
    assert_eq!(
        page.panels[4].title,
        "Revenue per user by week of signup, with 90\u{a0}% intervals"
    );
}

#[test]
fn questions_round_trip_as_query_and_as_json() {
    let mut question = Question::new(Page::Retention).with_panel("churned");
    question.parameters.inactive_days = Some(45);
    question.parameters.period = Some(Period::Month);
    for cohorts in [
        vec![Cohort::Everyone],
        vec![Cohort::Signup(Period::Week)],
        vec![Cohort::dimension("tier"), Cohort::dimension("a, b"), Cohort::Everyone],
        vec![Cohort::dimension("everyone")],
        vec![Cohort::dimension("utm:source")],
        vec![Cohort::dimension("a*b")],
        vec![Cohort::cross("channel", "entry_product")],
    ] {
        question.parameters.cohorts = Some(cohorts);
        let pairs = question.to_query();
        assert!(pairs.is_sorted_by_key(|(name, _)| *name), "{pairs:?}");
        let read = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(Question::from_query("retention", read).unwrap(), question);
        let json = serde_json::to_string(&question).unwrap();
        assert_eq!(serde_json::from_str::<Question>(&json).unwrap(), question);
    }
    let plain: Question = serde_json::from_str(r#"{"page":"overview"}"#).unwrap();
    assert_eq!(plain, Question::new(Page::Overview));
    assert_eq!(plain.to_query(), []);
    for (json, says) in [
        (r#"{"page":"market"}"#, "expected one of `overview`"),
        (r#"{"page":"basis","filters":{"country":"DE"}}"#, "unknown field `country`"),
        (r#"{"page":"basis","parameters":{"colour":1}}"#, "expected one of `ages`"),
        (r#"{"page":"basis","zoom":1}"#, "expected one of `page`"),
    ] {
        let error = serde_json::from_str::<Question>(json).unwrap_err().to_string();
        assert!(error.contains(says), "{json}: {error}");
    }
}
