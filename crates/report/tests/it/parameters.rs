//! Tests of the parameters of the metrics, with the values of `support::facts` worked out by hand.

use tidegauge_analytics::retention::{RetentionKind, Windows};
use tidegauge_analytics::{Cohort, Period, Revenue};
use tidegauge_report::{Anchor, Answer, Dataset, End, Page, Panel, Parameters, Question, answer};

use crate::support::{facts, provenance, report};

fn asked(page: &str, pairs: &[(&str, &str)]) -> Answer {
    let (facts, provenance) = (facts(), provenance());
    let question = Question::from_query(page, pairs.iter().copied()).unwrap();
    answer(Dataset { facts: &facts, provenance: &provenance }, &question).unwrap()
}

/// Returns the first panel of the page of retention by day.
fn by_day(pairs: &[(&str, &str)]) -> Panel {
    let pairs = [pairs, &[("period", "day")]].concat();
    asked("retention", &pairs).panels.into_iter().next().unwrap()
}

fn number(panel: &Panel, row: &str, column: &str) -> Option<f64> {
    panel.table.number(row, column)
}

#[test]
fn texts_of_parameters_are_canonical() {
    let mut parameters = Parameters::default();
    for (name, text) in [
        ("ages", "30, 7,30"),
        ("anchor", "first_bank_transfer"),
        ("cohort", "channel"),
        ("cohort", "country*device"),
        ("end", "2024-05-01T02:00:00+02:00"),
        ("horizons", "90,30"),
        ("inactive_days", "45"),
        ("level", "0.950"),
        ("margin", "0.25"),
        ("period", "week"),
        ("periods", "52"),
        ("retention", "brackets:0, 1,3"),
        ("revenue", "gross"),
        ("threshold_usd", "1e4"),
        ("week_start", "sunday"),
        ("windows", "relative"),
        ("zone", "Europe/Madrid"),
    ] {
        parameters.set(name, text).unwrap();
    }
    assert_eq!(parameters.anchor, Some(Anchor::first("bank_transfer")));
    assert_eq!(parameters.retention, Some(RetentionKind::Brackets(vec![0, 1, 3])));
    assert_eq!(parameters.end, Some(End::Time("2024-05-01T00:00:00Z".parse().unwrap())));
    assert_eq!(
        (parameters.period, parameters.windows),
        (Some(Period::Week), Some(Windows::Relative))
    );
    assert_eq!(parameters.revenue, Some(Revenue::Gross));
    let cohorts = [Cohort::dimension("channel"), Cohort::cross("country", "device")];
    assert_eq!(parameters.cohorts.as_deref(), Some(&cohorts[..]));
    let pairs = parameters.pairs();
    let texts: Vec<&str> = pairs.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "7,30",
            "first_bank_transfer",
            "channel",
            "country*device",
            "2024-05-01T00:00:00Z",
            "30,90",
            "45",
            "0.95",
            "0.25",
            "week",
            "52",
            "brackets:0,1,3",
            "gross",
            "10000",
            "Sun",
            "relative",
            "Europe/Madrid",
        ]
    );
    let mut again = Parameters::default();
    pairs.iter().try_for_each(|(name, text)| again.set(name, text)).unwrap();
    assert_eq!(again, parameters);
    let json = serde_json::to_string(&parameters).unwrap();
    assert_eq!(serde_json::from_str::<Parameters>(&json).unwrap(), parameters);
    // Every name is one of a pair, and each page keeps exactly its own.
    let mut names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
    names.dedup();
    assert_eq!(names, Parameters::NAMES);
    for page in Page::ALL {
        let mut kept: Vec<&str> =
            parameters.for_page(page).pairs().iter().map(|(name, _)| *name).collect();
        kept.dedup();
        assert_eq!(kept, page.parameters(), "{page}");
    }
    assert_eq!(Parameters::default().or(&parameters), parameters);
    assert_eq!(parameters.clone().or(&Parameters::default()), parameters);
}

#[test]
fn wrong_values_name_the_parameter_the_value_and_what_is_allowed() {
    for (name, text, says) in [
        ("ages", "0,7", "at least 1"),
        ("anchor", "first_", "first_deposit"),
        ("anchor", "login", "signup, verified"),
        ("cohort", "signup:year", "signup:month"),
        ("end", "soon", "2024-01-31"),
        ("horizons", "", "numbers of days"),
        ("inactive_days", "40000", "1 to 36500"),
        ("level", "90", "between 0 and 1"),
        ("level", "NaN", "between 0 and 1"),
        ("margin", "1.5", "at most 1"),
        ("periods", "0", "1 to 1000"),
        ("retention", "within:0", "within:DAYS"),
        ("retention", "brackets:3,1", "ascending"),
        ("revenue", "both", "net or gross"),
        ("threshold_usd", "inf", "above 0"),
        ("week_start", "day", "monday"),
        ("windows", "24h", "calendar or relative"),
        ("zone", "Mars", "Europe/Madrid"),
    ] {
        let error = Parameters::default().set(name, text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{name}` cannot be `{text}`: ")), "{error}");
        assert!(error.contains(says), "{error}");
    }
    let error = Parameters::default().set("colour", "red").unwrap_err().to_string();
    assert!(error.contains("no parameter `colour`; there are ages, anchor"), "{error}");
}

/// Of the users of 1 January four of five trade, on the 7th and the 27th day after signup.
#[test]
fn retention_is_that_of_the_parameters() {
    let first = "2026-01-01";
    let on = by_day(&[]);
    assert_eq!(on.title, "By day of signup, days since");
    assert_eq!((number(&on, first, "day_7"), number(&on, first, "day_8")), (Some(0.8), Some(0.0)));
    assert_eq!(number(&on, first, "day_14"), None, "fourteen periods are shown");

    let wide = by_day(&[("periods", "40")]);
    assert_eq!(number(&wide, first, "day_27"), Some(0.8));
    assert_eq!(by_day(&[("periods", "3")]).table.columns().len(), 2 + 3);

    let rolling = by_day(&[("retention", "on_or_after")]);
    assert_eq!(rolling.title, "By day of signup, days since, active then or later");
    assert_eq!(number(&rolling, first, "day_8"), Some(0.8));

    let within = by_day(&[("retention", "within:7")]);
    assert_eq!(
        (number(&within, first, "day_0"), number(&within, first, "day_1")),
        (Some(0.0), Some(0.8))
    );

    let brackets = by_day(&[("retention", "brackets:0,1,7,8,30")]);
    let values = ["day_0", "day_1_to_6", "day_7", "day_8_to_29"];
    assert_eq!(
        values.map(|column| number(&brackets, first, column)),
        [0.0, 0.0, 0.8, 0.8].map(Some)
    );
    assert_eq!(brackets.table.columns()[3].title, "1–6");

    let relative = by_day(&[("windows", "relative")]);
    assert_eq!(relative.title, "By day of signup, days since of 24 hours from each user's own");
    assert_eq!(number(&relative, first, "day_7"), Some(0.8));

    // Counted from the first trade all are active on day 0, and again twenty days later.
    let trades = by_day(&[("anchor", "first_trade"), ("periods", "30")]);
    assert_eq!(trades.title, "By day of the first trade, days since");
    let of_trades =
        ["day_0", "day_1", "day_20"].map(|column| number(&trades, "2026-01-08", column));
    assert_eq!(of_trades, [Some(1.0), Some(0.0), Some(1.0)]);
    let ids = asked("retention", &[("anchor", "first_trade")]).panels;
    assert_eq!(ids[0].id, "retention-by-week-of-first-trade");
    assert_eq!(ids[1].id, "retention-by-month-of-first-trade");
}

#[test]
fn cohorts_horizons_and_levels_are_those_of_the_parameters() {
    let pairs = [
        ("cohort", "country"),
        ("cohort", "channel*country"),
        ("horizons", "7,20,40"),
        ("threshold_usd", "500"),
    ];
    let page = asked("acquisition", &pairs);
    let ids: Vec<&str> = page.panels.iter().map(|panel| panel.id.as_str()).collect();
    assert_eq!(ids[..2], ["high-volume", "high-volume-by-channel-country"]);
    assert_eq!(ids[2..4], ["time-to-high-volume", "time-to-high-volume-by-channel-country"]);
    let panel = &page.panels[2];
    let computation = panel.computation.as_ref().unwrap();
    let setting = |name: &str| {
        let mut settings = computation.settings.iter();
        settings.find(|setting| setting.name == name).map(|setting| setting.value.as_str())
    };
    assert_eq!(setting("Horizons"), Some("7, 20, 40 days"));
    assert_eq!(setting("Compared within"), Some("7, 20, 40 days"));
    assert_eq!(setting("Threshold"), Some("$500.00"));
    // Users 5 and 6 of seven trade for $500 or more on day 7, which is the eighth day.
    assert_eq!(number(panel, "US", "within_7"), Some(0.0));
    // All 67 users have been observed for 20 days.
    let us = (0..200).filter(|user| user % 3 == 0);
    let high = us.clone().filter(|user| user % 7 >= 5).count() as f64 / us.count() as f64;
    let found = number(panel, "US", "within_20").unwrap();
    assert!((found - high).abs() < 1e-9, "{found}, not {high}");
    assert_eq!(number(&page.panels[1], "organic × DE", "users"), Some(34.0));

    let wide = asked("acquisition", &[("cohort", "everyone"), ("level", "0.99")]).panels;
    let narrow = asked("acquisition", &[("cohort", "everyone"), ("level", "0.5")]).panels;
    let interval = |panels: &[Panel]| {
        panels[0].table.rows()[0].cells[2].as_number().unwrap().interval.unwrap()
    };
    assert!((interval(&wide).level - 0.99).abs() < 1e-12);
    assert!(interval(&wide).high > interval(&narrow).high);
    assert_eq!(narrow[0].table.columns()[2].note.as_deref(), Some("50\u{a0}%"));
}

#[test]
fn margin_and_revenue_are_in_the_values_and_in_the_headings() {
    let plain = asked("monetization", &[("cohort", "everyone")]);
    let margin =
        asked("monetization", &[("cohort", "everyone"), ("margin", "0.5"), ("revenue", "gross")]);
    let ltv = |answer: &Answer| number(answer.panels.last().unwrap(), "all", "day_30").unwrap();
    assert!((ltv(&margin) * 2.0 - ltv(&plain)).abs() < 1e-9);
    assert!(margin.panels.last().unwrap().title.starts_with("Margin per user by"));
    assert!(margin.panels[2].title.starts_with("Gross revenue per user by channel"));
}

#[test]
fn weeks_and_days_are_those_of_the_calendar() {
    // 2026-01-01 is a Thursday.
    let monday = asked("retention", &[("period", "week")]).panels;
    let sunday = asked("retention", &[("period", "week"), ("week_start", "sun")]).panels;
    assert_eq!(number(&monday[0], "2025-12-29", "users"), Some(20.0));
    assert_eq!(number(&sunday[0], "2025-12-28", "users"), Some(15.0));
    // Midnight in London is the evening before in New York.
    let new_york = by_day(&[("zone", "America/New_York")]);
    assert_eq!(number(&new_york, "2025-12-31", "users"), Some(5.0));
}

#[test]
fn facts_that_end_elsewhere_are_refused() {
    let (facts, provenance) = (facts(), provenance());
    let dataset = Dataset { facts: &facts, provenance: &provenance };
    let ask =
        |end: &str| answer(dataset, &Question::from_query("overview", [("end", end)]).unwrap());
    ask("2026-03-01").unwrap();
    let error = ask("2026-02-01").unwrap_err().to_string();
    assert!(error.contains("2026-03-01") && error.contains("2026-02-01"), "{error}");
}

#[test]
fn the_report_states_its_parameters() {
    let panel = report().panel("parameters").unwrap().clone();
    let value = |name: &str| {
        let csv = panel.to_csv();
        let line =
            csv.lines().find(|line| line.starts_with(&format!("{name},"))).unwrap().to_owned();
        line[name.len() + 1..].to_owned()
    };
    assert!(value("ages").starts_with("\"7,14,30,45,60,75,90\","));
    assert!(value("anchor").starts_with("\"signup, first_trade\","), "{}", value("anchor"));
    assert!(
        value("cohort").starts_with("\"channel, entry_product, country, campaign, signup:month\",")
    );
    assert!(value("end").starts_with("2026-03-01T00:00:00Z,"));
    assert!(value("level").starts_with("0.9,") && value("threshold_usd").starts_with("10000,"));
    assert!(
        value("period").starts_with("\"week, month\",") && value("retention").starts_with("on,")
    );
    assert!(value("week_start").starts_with("Mon,") && value("zone").starts_with("UTC,"));
}
