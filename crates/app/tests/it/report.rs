//! The HTML report.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{open_demo, url};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tidegauge::acquisition::{self, Opening, Provider, SourceHandle, SourceSpec};
use tidegauge::core::tables::{self, Coverage, MarketingSpend, User};
use tidegauge::core::{Batch, Column, Cursor, DataType, Load, TableRef};
use tidegauge::pipeline::Silent;
use tidegauge::report::{Page, Question};

const CHARTS: [&str; 18] = [
    "revenue-mix",
    "funnel",
    "funnel-by-channel",
    "users-over-time",
    "active-users",
    "growth",
    "volume-over-time",
    "revenue-over-time",
    "high-volume",
    "time-to-high-volume",
    "deciles",
    "lorenz",
    "churned",
    "retention-curve",
    "survival",
    "ltv",
    "roas",
    "ltv-by-month",
];

/// Returns the page of the demo job.
async fn page(dir: &Path) -> String {
    let tidegauge = open_demo(dir, |_| {});
    tidegauge.run(None, &Silent).await.unwrap();
    tidegauge.report().await.unwrap().to_html().unwrap()
}

/// Returns the texts between each `open` and the next `close`.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().unwrap()).collect()
}

/// Returns the page without its two scripts, the report's and the chart library's.
fn without_programs(page: &str) -> String {
    let programs = between(page, "<script>", "</script>");
    assert_eq!(programs.len(), 2);
    programs.iter().fold(page.to_owned(), |page, program| page.replacen(program, "", 1))
}

/// Returns the options of each chart, by its name.
fn charts(page: &str) -> Vec<(String, Value)> {
    let chart = |script: &&str| {
        let (id, json) = script.split_once("\">").unwrap();
        (id.to_owned(), serde_json::from_str(json).unwrap_or_else(|error| panic!("{id}: {error}")))
    };
    let open = "<script type=\"application/json\" id=\"chart-";
    between(page, open, "</script>").iter().map(chart).collect()
}

/// Returns the values of the attributes of the page by which resources are fetched.
fn fetched(page: &str) -> Vec<String> {
    let mut fetched = Vec::new();
    for tag in between(page, "<", ">") {
        for name in
            [" src=", " href=", " srcset=", " action=", " poster=", " data=", " background="]
        {
            if let Some((_, value)) = tag.split_once(name) {
                fetched.push(value.trim_matches('"').to_owned());
            }
        }
    }
    fetched
}

#[tokio::test(flavor = "multi_thread")]
async fn page_is_self_contained() {
    let dir = tempfile::tempdir().unwrap();
    let page = page(dir.path()).await;
    let text = without_programs(&page);
    assert_eq!(fetched(&text), ["data:,"], "the icon, which is empty");
    for word in
        ["@import", "url(", "<iframe", "<object", "<embed", "<img", "<base", "http-equiv=\"refresh"]
    {
        assert!(!text.contains(word), "{word}");
    }
    // Only the attribution of the prices may contain an address, and even that is not a link.
    let attribution = tidegauge::acquisition::recorded::ATTRIBUTION;
    let ours = text.replace("sqlite://", "").replace(attribution, "");
    assert!(!ours.contains("://"), "{:?}", between(&ours, "://", " "));
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"")[0];
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("http"), "{policy}");
    // The chart library fetches nothing, and contains addresses as names only.
    let library = between(&page, "<script>", "</script>")[0];
    for word in ["XMLHttpRequest", "fetch(", "sendBeacon", "WebSocket", "import(", "eval("] {
        assert!(!library.contains(word), "{word}");
    }
    let addresses = ["http://", "https://"].map(|scheme| between(library, scheme, "\""));
    for address in addresses.iter().flatten() {
        let known = ["www.w3.org/", "www.apache.org/licenses/", "github.com/ecomfe/zrender/blob/"];
        assert!(known.iter().any(|known| address.starts_with(known)), "{address:.60}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_chart_has_data() {
    let dir = tempfile::tempdir().unwrap();
    let page = page(dir.path()).await;
    let charts = charts(&page);
    assert!(charts.iter().map(|(id, _)| id.as_str()).eq(CHARTS), "{charts:?}");
    for (id, option) in charts {
        let series = option["series"].as_array().unwrap();
        assert!(!series.is_empty(), "{id} has no series");
        // Bands have no notes: their lines do.
        for one in series.iter().filter(|one| one["silent"] != true) {
            let points = one["data"].as_array().unwrap();
            let known = |point: &&Value| match point["value"].as_array() {
                Some(pair) => pair.iter().all(Value::is_number),
                None => point["value"].is_number(),
            };
            let known = points.iter().filter(known).count();
            assert!(known >= 2, "{id}: {known} of {} points are known", points.len());
            let values = points.iter().filter_map(|point| point["value"][1].as_f64());
            let values: Vec<_> = values.collect();
            let is_cumulative = ["ltv", "roas", "time-to-high-volume", "lorenz"].contains(&&*id);
            assert!(!is_cumulative || values.is_sorted(), "{id}: value by age falls, {values:?}");
            let of_users =
                !["over-time", "active-users", "growth"].iter().any(|end| id.ends_with(end))
                    && one["name"] != "Predicted";
            for point in points {
                let note = point["note"].as_str().unwrap();
                let missing = point["value"][1].is_null() && note == "–";
                assert!(note.ends_with(" users") || missing || !of_users, "{id}: {point}");
                if let Some(text) = point["label"]["formatter"].as_str() {
                    let (_, tenths) = text.split_once('.').unwrap();
                    assert_eq!(tenths.trim_end_matches("\u{a0}%").len(), 1, "{id}: {text}");
                }
            }
        }
        assert!(page.contains(&format!("data-chart=\"{id}\"")), "{id} has no place");
    }
    for words in ["seed 42", "Wilson", "ECB", "1,000 users"] {
        assert!(page.contains(words), "{words}");
    }
}

/// Returns the relative luminance of a color `#rrggbb`, from 0 to 1 (WCAG 2).
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let part = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[test]
fn every_heatmap_step_has_readable_contrast() {
    let css = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../report/assets/report.css"));
    let contrast = |one: f64, other: f64| (one.max(other) + 0.05) / (one.min(other) + 0.05);
    for level in 0..=10 {
        let rules = between(css, &format!(".l{level} {{"), "}");
        // On light pages, and on dark ones.
        for (rule, usual) in rules.iter().zip(["#0f172a", "#f1f5f9"]) {
            let paper = luminance(between(rule, "background: ", ";")[0]);
            let ink = rule.split(" color: ").nth(1).map(|color| color.trim_end_matches([';', ' ']));
            let ink = ink.map_or(usual, |color| if color == "#fff" { "#ffffff" } else { color });
            let contrast = contrast(paper, luminance(ink));
            assert!(contrast >= 4.5, "level {level}: {contrast:.2} of {ink}");
        }
        assert_eq!(rules.len(), 2, "level {level}");
    }
    let (light, dark) = css.split_once("prefers-color-scheme: dark").unwrap();
    for (css, scheme) in [(light, "light"), (dark, "dark")] {
        let color = |name: &str| match between(css, &format!("{name}: "), ";")[0] {
            "#fff" => 1.0,
            color => luminance(color),
        };
        for ink in ["--ink", "--soft", "--tide"] {
            for paper in ["--page", "--card", "--tint"] {
                let contrast = contrast(color(ink), color(paper));
                assert!(contrast >= 4.5, "{scheme}: {ink} on {paper}: {contrast:.2}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_is_deterministic() {
    let dir = tempfile::tempdir().unwrap();
    let first = page(dir.path()).await;
    let again = open_demo(dir.path(), |_| {}).report().await.unwrap().to_html().unwrap();
    assert!(first == again);
}

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&";

#[tokio::test(flavor = "multi_thread")]
async fn data_is_escaped_in_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = open_demo(dir.path(), |config| {
        config.warehouse = url("sqlite", dir.path(), "<b>&\"'.db").into();
    });
    tidegauge.run(None, &Silent).await.unwrap();
    let users = (5_000..5_040).map(|user_id| User {
        user_id,
        email: Some(format!("{user_id}@example.com")),
        country: Some("<i>".into()),
        kyc_status: Some("verified".into()),
        kyc_verified_at: "2020-08-02T00:00:00Z".parse().ok(),
        account_tier: Some("<u>".into()),
        is_active: Some(true),
        signup_at: "2020-08-01T00:00:00Z".parse().unwrap(),
        acquisition_channel: Some(HOSTILE.into()),
        campaign: Some(format!("<!--{HOSTILE}")),
        name: None,
        phone: None,
        address: None,
        device: None,
        referred_by: None,
        balances: None,
        external_id: None,
    });
    let spend = MarketingSpend {
        day: "2020-08-01".parse().unwrap(),
        channel: HOSTILE.into(),
        campaign: format!("<!--{HOSTILE}"),
        currency: "USD".into(),
        spend: "100".parse().unwrap(),
    };
    let batches = [
        Batch::from_rows(User::table(), users).unwrap(),
        Batch::from_rows(MarketingSpend::table(), [spend]).unwrap(),
    ];
    let after = Cursor::new("1");
    let load = Load::new("hostile", &batches, None, &after);
    tidegauge.warehouse().load(load).await.unwrap();

    let page = tidegauge.report().await.unwrap().to_html().unwrap();
    for markup in ["<img", "<i>", "<u>", "<b>", "<!--"] {
        assert!(!without_programs(&page).contains(markup), "{markup}");
    }
    assert!(page.contains("onerror=alert(1)"), "it is shown, as text");
    let charts = charts(&page);
    assert_eq!(charts.len(), CHARTS.len());
    let chart = |id: &str| &charts.iter().find(|(name, _)| name == id).unwrap().1;
    let high = chart("high-volume")["yAxis"]["data"].as_array().unwrap();
    assert!(high.iter().any(|name| name == HOSTILE), "{high:?}");
    let roas = chart("roas")["series"].as_array().unwrap();
    assert!(roas.iter().any(|series| series["name"] == HOSTILE), "{roas:?}");

    // A browser must render the page in the same way.
    let Some(chromium) = chromium() else { return };
    let file = dir.path().join("report.html");
    fs::write(&file, &page).unwrap();
    let seen = Browser::new(chromium).open(&file, 1280);
    assert_eq!(seen.console, [""; 0]);
    assert!(!without_programs(&seen.dom).contains("<img"));
    for id in CHARTS {
        assert!(drawn(&seen.dom, id), "{id} is not drawn");
    }
}

/// A source of another program that requires an attribution.
struct Tickets;

impl Provider for Tickets {
    type Settings = acquisition::NoSettings;
    const SPEC: SourceSpec =
        SourceSpec::new("tickets", "support tickets").attribution("Tickets by Example Ltd");
    fn open(_: &Self::Settings, _: Opening<'_>) -> acquisition::Result<SourceHandle> {
        panic!("it is not run here")
    }
}

/// Returns a row of a table whose strings are all `source` and whose numbers are all `number`.
fn row_of(table: &TableRef, source: &str, number: i64) -> Batch {
    let value = |column: &Column| match column.dtype {
        DataType::Bool => json!(true),
        DataType::Int64 => json!(number),
        DataType::Float64 => json!(1.0),
        DataType::Text => json!(source),
        DataType::Date => json!("2020-08-01"),
        DataType::Timestamp => json!("2020-08-01T00:00:00Z"),
        DataType::Decimal { .. } => json!("1.5"),
    };
    let columns = table.columns.iter();
    let row: Map<_, _> = columns.map(|column| (column.name.to_string(), value(column))).collect();
    Batch::from_rows(table, [row]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_with_rows_is_attributed() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = open_demo(dir.path(), |config| {
        config.providers = config.providers.clone().with::<Tickets>();
    });
    tidegauge.run(None, &Silent).await.unwrap();
    let owed = tidegauge.config().providers.specs();
    let owed = owed.filter_map(|spec| Some((spec.name, spec.attribution?)));
    let owed: Vec<(&str, &str)> = owed.collect();
    assert_eq!(owed.len(), acquisition::SOURCES.len() + 1, "each wants something shown");
    let shown = tidegauge.report().await.unwrap().provenance.attributions;
    assert_eq!(shown, [acquisition::recorded::ATTRIBUTION]);
    let load = async |name: &str, batches: &[Batch]| {
        let after = Cursor::new("1");
        let load = Load::new(name, batches, None, &after);
        tidegauge.warehouse().load(load).await.unwrap();
    };

    // A span that failed has brought no rows.
    for (at, (name, _)) in owed.iter().enumerate() {
        load(&format!("failed-{at}"), &[row_of(Coverage::table(), name, 0)]).await;
    }
    let shown = tidegauge.report().await.unwrap().provenance.attributions;
    assert_eq!(shown, [acquisition::recorded::ATTRIBUTION]);

    // Each source fills another table, so that every table that names the sources of its rows is
    // covered.
    let names_sources = |table: &TableRef| table.column("source").is_ok();
    let tables: Vec<_> = tables::all().into_iter().filter(names_sources).collect();
    assert!((8..=owed.len()).contains(&tables.len()), "{}", tables.len());
    for (at, (name, _)) in owed.iter().enumerate() {
        load(&format!("loaded-{at}"), &[row_of(&tables[at % tables.len()], name, 1)]).await;
    }
    let report = tidegauge.report().await.unwrap();
    let page = report.to_html().unwrap();
    for (at, (name, text)) in owed.iter().enumerate() {
        let table = &tables[at % tables.len()].name;
        assert!(
            report.provenance.attributions.iter().any(|shown| shown == text),
            "{name}: {table}"
        );
        let shown = text.replace('"', "&#34;");
        let shown = format!("<p class=\"note\">{shown}</p>");
        assert_eq!(page.matches(&shown).count(), 1, "{name}: {table}");
    }
    // Prices and rates are listed by table and source, with their days.
    let mut listed: Vec<_> =
        report.provenance.prices.iter().map(|span| span.table.as_str()).collect();
    listed.dedup();
    let prices = ["candles", "quotes", "market_trades", "raw_crypto_market_data", "fx_rates"];
    assert_eq!(listed, prices);
    for span in &report.provenance.prices {
        let (rows, first, last) = match (span.source.as_str(), span.table.as_str()) {
            ("recorded", "candles") => ("1,292", "2020-04-11", "2021-02-27"),
            ("recorded", "raw_crypto_market_data") => ("1,293", "2020-04-11", "2021-02-27"),
            ("recorded", "fx_rates") => ("702", "2020-04-01", "2021-03-01"),
            _ => ("1", "2020-08-01", "2020-08-01"),
        };
        let row = format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{rows}</td><td>{first}</td><td>{last}</td></tr>",
            span.source, span.table
        );
        assert!(page.contains(&row), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn single_panel_can_be_requested() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = open_demo(dir.path(), |_| {});
    tidegauge.run(None, &Silent).await.unwrap();
    let report = tidegauge.report().await.unwrap();
    let question = Question::new(Page::Monetization).with_panel("roas");
    let answer = tidegauge.answer(&question).await.unwrap();
    assert_eq!(answer.panels, [report.panel("roas").unwrap().clone()]);
    let question = Question::new(Page::Monetization).with_panel("roi");
    let error = tidegauge.answer(&question).await.unwrap_err().to_string();
    assert!(error.contains("no panel `roi`") && error.contains("roas"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_uses_configured_thresholds_by_default() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = open_demo(dir.path(), |config| {
        config.analytics.high_volume_usd = 500.0;
        config.analytics.inactive_days = 10;
    });
    tidegauge.run(None, &Silent).await.unwrap();
    let report = tidegauge.report().await.unwrap();
    for (page, id) in [(Page::Acquisition, "high-volume"), (Page::Retention, "churned")] {
        let question = Question::new(page).with_panel(id);
        let answer = tidegauge.answer(&question).await.unwrap();
        assert_eq!(answer.panels, [report.panel(id).unwrap().clone()], "{id}");
    }
    let question = Question::from_query("acquisition", [("threshold_usd", "1000000000")]).unwrap();
    let answer = tidegauge.answer(&question).await.unwrap();
    assert_ne!(answer.panel("high-volume"), report.panel("high-volume"));
}

/// Returns the path of Chromium, or `None` if it is not on the `PATH`.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("chromium"))
        .find(|program| program.is_file());
    if found.is_none() {
        let required = std::env::var_os("TIDEGAUGE_REQUIRE_SERVERS") == Some(OsString::from("1"));
        assert!(!required, "TIDEGAUGE_REQUIRE_SERVERS=1, and there is no chromium on the path");
        // Written to the raw stream, since the harness captures the output of tests that pass.
        let skipped = "SKIPPED: no chromium on the path, so no browser has opened the report\n";
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    }
    found
}

struct Browser {
    program: PathBuf,
    profile: TempDir,
}

struct Seen {
    dom: String,
    /// The messages on the console, of the page and of the browser.
    console: Vec<String>,
}

impl Browser {
    fn new(program: PathBuf) -> Self {
        Self { program, profile: TempDir::new().unwrap() }
    }

    fn open(&self, file: &Path, width: u32) -> Seen {
        let output = Command::new(&self.program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"])
            .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000"])
            .arg(format!("--user-data-dir={}", self.profile.path().display()))
            .arg(format!("--window-size={width},900"))
            .arg("--dump-dom")
            .arg(format!("file://{}", file.display()))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let dom = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && dom.contains("</html>"), "{stderr}");
        let console = stderr.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned);
        Seen { dom, console: console.collect() }
    }
}

/// Returns `true` if the element of the chart holds a drawing.
fn drawn(dom: &str, id: &str) -> bool {
    let Some((_, rest)) = dom.split_once(&format!("data-chart=\"{id}\"")) else { return false };
    let element = rest.split("<script type=\"application/json\"").next().unwrap();
    let drawing = between(element, "<svg", "</svg>");
    drawing.len() == 1 && drawing[0].contains("<path")
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_renders_every_chart_without_errors() {
    let Some(chromium) = chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    let page = page(dir.path()).await;
    let file = dir.path().join("report.html");
    fs::write(&file, &page).unwrap();
    let browser = Browser::new(chromium);
    for width in [1280, 500] {
        let seen = browser.open(&file, width);
        assert_eq!(seen.console, [""; 0], "{width}");
        for id in CHARTS {
            assert!(drawn(&seen.dom, id), "{id} is not drawn at {width}");
        }
    }

    // The console is captured: messages of a page do arrive.
    let (head, tail) = page.rsplit_once("</body>").unwrap();
    let loud = "<script>console.log('here')</script><img src=\"https://tidegauge.invalid/x.png\">";
    fs::write(&file, format!("{head}{loud}</body>{tail}")).unwrap();
    let console = browser.open(&file, 1280).console.join("\n");
    assert!(console.contains("here") && console.contains("Content Security Policy"), "{console}");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_fits_wide_and_narrow_windows() {
    let Some(chromium) = chromium() else { return };
    let dir = tempfile::tempdir().unwrap();
    let page = page(dir.path()).await;
    let (head, tail) = page.rsplit_once("</body>").unwrap();
    // A browser window has a minimum width, a frame has none: the page in the frame reports its
    // own. The columns up to payback, the fourth, must be visible without scrolling.
    let measure = "<script>{ const root = document.documentElement;
        const payback = document.querySelector('#monetization .numbers th:nth-child(4)');
        const edge = Math.ceil(payback.getBoundingClientRect().right);
        const sizes = [innerWidth, root.clientWidth, root.scrollWidth, edge];
        parent.postMessage(sizes.join(' ') + ' ' + payback.textContent, '*'); }</script>";
    fs::write(dir.path().join("page.html"), format!("{head}{measure}</body>{tail}")).unwrap();
    let browser = Browser::new(chromium);
    for width in [1280, 400] {
        let frame = format!(
            "<!doctype html><html><title></title><body><script>
             onmessage = (message) => {{ document.title = message.data; }};</script>
             <iframe src=\"page.html\" style=\"width:{width}px;height:900px;border:0\"></iframe></body></html>"
        );
        let file = dir.path().join("frame.html");
        fs::write(&file, frame).unwrap();
        let seen = browser.open(&file, 1400);
        assert_eq!(seen.console, [""; 0]);
        let title = between(&seen.dom, "<title>", "</title>")[0];
        let sizes: Vec<u32> = title.split(' ').filter_map(|size| size.parse().ok()).collect();
        let [inner, client, scroll, edge, ..] = sizes[..] else { panic!("{title}") };
        assert_eq!(inner, width);
        assert!(title.contains("Payback") && edge < width, "{title}");
        assert!(scroll <= client, "the page is {scroll} wide in a window of {width} ({client})");
    }
}
