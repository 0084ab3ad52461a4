//! Simulates an exchange twice, once with a marketing channel switched off, to show what the
//! channel contributed; writes the three answers of both runs side by side to one page.
//!
//!     cargo run --release --example what_if -- [CHANNEL] [USERS] [FILE]
//!
//! All other users do exactly the same in both runs, so every difference is due to the channel. It
//! needs no key and no network.

#![allow(clippy::print_stdout)] // an example prints its results

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use tidegauge::core::SystemClock;
use tidegauge::pipeline::Silent;
use tidegauge::report::{self, Cell, Report, Table};
use tidegauge::simulation::Scenario;
use tidegauge::{Config, Preset, Secrets, Tidegauge};

const QUESTIONS: [&str; 3] =
    ["Who becomes a high-volume trader?", "Who leaves?", "What are they worth?"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let channel = args.next().unwrap_or_else(|| "paid_social".into());
    let users = args.next().map_or(Ok(20_000), |users| users.parse())?;
    let file: PathBuf = args.next().unwrap_or_else(|| "what_if.html".into()).into();
    let folder = tempfile::tempdir()?;

    // 1. Two configurations that differ only in the scenario.
    let mut config = Config::demo();
    config.simulation.preset = Preset::Exchange;
    config.simulation.users = users;
    config.warehouse = format!("sqlite://{}", folder.path().join("as_it_was.db").display()).into();
    let mut without = config.clone();
    let from = config.simulation.start_day - chrono::Days::new(90);
    let off = Scenario::ChannelOff { channel: channel.clone(), from, days: None };
    without.simulation.scenarios = vec![off];
    without.warehouse = format!("sqlite://{}", folder.path().join("without.db").display()).into();

    // 2. The answers of each run, after its audit has passed.
    let (before, after) = (answers(config).await?, answers(without).await?);

    // 3. The page with both side by side.
    report::write(&file, &page(&channel, &before, &after)?)?;
    for (question, (before, after)) in
        QUESTIONS.iter().zip(before.insights().iter().zip(after.insights()))
    {
        println!("{question}\n  as it was    {before}\n  without it   {after}\n");
    }
    println!("{}", file.display());
    Ok(())
}

/// Simulates an exchange until the end of January, verifies that it is consistent, and returns its
/// report.
async fn answers(config: Config) -> Result<Report, Box<dyn std::error::Error>> {
    let tidegauge = Tidegauge::open(config, Secrets::default(), Arc::new(SystemClock))?;
    tidegauge.run("2021-02-01".parse().ok(), &Silent).await?;
    let audit = tidegauge.verify().await?;
    if let Some(rule) = audit.violated().next() {
        return Err(format!("{}: {} of {}", rule.description, rule.violations, rule.checked).into());
    }
    Ok(tidegauge.report().await?)
}

/// Renders one page: the answers in words, then the table by channel.
fn page(
    channel: &str,
    before: &Report,
    after: &Report,
) -> Result<String, Box<dyn std::error::Error>> {
    let channel = &escaped(channel).replace('_', " ");
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Without {channel}</title><style>\
         body{{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1b2733}}\
         h1{{font-size:1.6rem}}h2{{font-size:1.1rem;margin-top:2rem}}p.lead{{color:#51606e}}\
         .pair{{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem}}.pair h3{{font-size:.85rem;\
         color:#51606e;margin:0}}table{{border-collapse:collapse;width:100%;margin-top:1rem}}\
         td,th{{padding:.3rem .6rem;border-bottom:1px solid #d8dee4;text-align:right;\
         font-variant-numeric:tabular-nums}}td:first-child,th:first-child{{text-align:left}}\
         tr.off td{{color:#9aa5b1}}.all td{{font-weight:600}}\
         @media(max-width:40rem){{.pair{{grid-template-columns:1fr}}}}</style>\
         <h1>What if nothing had been spent on {channel}?</h1>"
    );
    let (was, is) = (table(before, "channels")?, table(after, "channels")?);
    let fewer = |column: &str| {
        let all = |table: &Table| table.number("All users", column).unwrap_or_default();
        all(was) - all(is)
    };
    let (spent, earned) = (fewer("spend_usd"), fewer("revenue_usd"));
    let verdict = if spent > earned { "not earned back yet" } else { "earned back" };
    let _ = write!(
        page,
        "<p class=lead>The same simulated exchange twice; all other users did the same in \
         both. Without {channel} there would be {} users fewer, ${} less spent and ${} \
         less earned by {}: what was spent there is {verdict}.</p>",
        whole(fewer("users")),
        whole(spent),
        whole(earned),
        before.provenance.end.map(|end| end.date_naive().to_string()).unwrap_or_default(),
    );
    for (question, (before, after)) in
        QUESTIONS.iter().zip(before.insights().iter().zip(after.insights()))
    {
        let (before, after) = (escaped(before), escaped(after));
        let _ = write!(
            page,
            "<h2>{question}</h2><div class=pair><div><h3>As it was</h3><p>{before}</p></div>\
             <div><h3>Without {channel}</h3><p>{after}</p></div></div>"
        );
    }
    page.push_str(
        "<h2>By channel</h2><table><tr><th>Channel<th>Users<th>High volume<th>Left<th>Spent<th>Earned\
         <th>ROAS</tr>",
    );
    let (high, left) = (table(before, "high-volume")?, table(before, "churned")?);
    let share =
        |rate: Option<f64>| rate.map_or("–".into(), |rate| format!("{:.1} %", rate * 100.0));
    let numbers = |table: &Table, row: &str| {
        let number = |column| table.number(row, column);
        let dollars = |column| whole(number(column).unwrap_or_default());
        let roas = number("roas").map_or("–".into(), |roas| format!("{roas:.2}"));
        (
            whole(number("users").unwrap_or_default()),
            dollars("spend_usd"),
            dollars("revenue_usd"),
            roas,
        )
    };
    for row in was.rows().iter().filter(|row| !row.is_total) {
        let Cell::Text(name) = &row.cells[0] else { continue };
        let is_off = is.number(name, "users").is_none();
        let class = if is_off { " class=off" } else { "" };
        let (users, spent, earned, roas) = numbers(was, name);
        let _ = write!(
            page,
            "<tr{class}><td>{}<td>{users}<td>{}<td>{}<td>${spent}<td>${earned}<td>{roas}</tr>",
            escaped(name).replace('_', " "),
            share(high.number(name, "high_volume")),
            share(left.number(name, "churned")),
        );
    }
    for (name, table) in [("All, as it was", was), ("All, without it", is)] {
        let (users, spent, earned, roas) = numbers(table, "All users");
        let _ = write!(
            page,
            "<tr class=all><td>{name}<td>{users}<td><td><td>${spent}<td>${earned}<td>{roas}</tr>",
        );
    }
    page.push_str("</table></html>\n");
    Ok(page)
}

/// Returns the table of a panel of the report.
fn table<'a>(report: &'a Report, panel: &str) -> Result<&'a Table, String> {
    let found = report.panel(panel).ok_or_else(|| format!("the report has no panel `{panel}`"))?;
    Ok(&found.table)
}

/// Formats an integer with thousands separators.
fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
