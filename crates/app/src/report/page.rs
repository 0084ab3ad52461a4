//! The page itself.

use askama::Template;
use tidegauge_analytics::stats::ENOUGH;

use super::charts::{self, Chart};
use super::format::{count, dollars, known, percent, range, ratio};
use super::heatmap::Heatmap;
use super::tables::{self, Table};
use super::{Basis, Report};
use crate::Result;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    css: &'static str,
    script: &'static str,
    echarts: &'static str,
    basis: &'a Basis,
    end: String,
    scale: String,
    tiles: Vec<Tile>,
    answers: [String; 3],
    charts: Vec<Chart>,
    heatmaps: Vec<Heatmap>,
    volume: Vec<Table>,
    churn: Vec<Table>,
    value: Vec<Table>,
    prices: Table,
    /// Fewer users than this are not judged.
    enough: u64,
}

struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

pub(super) fn render(report: &Report) -> Result<String> {
    let page = Page {
        css: include_str!("../../assets/report.css"),
        script: include_str!("../../assets/report.js"),
        echarts: include_str!("../../assets/echarts.common.min.js"),
        basis: &report.basis,
        end: report.basis.end.map(|end| end.format("%Y-%m-%d").to_string()).unwrap_or_default(),
        scale: format!(
            "{} users, {} orders, {} trades and {} ramp purchases",
            count(report.basis.users),
            count(report.basis.orders),
            count(report.basis.trades),
            count(report.basis.ramp),
        ),
        tiles: tiles(report),
        answers: report.answers(),
        charts: charts::all(report),
        heatmaps: vec![
            Heatmap::new("By week of signup, weeks since", &report.weekly),
            Heatmap::new("By month of signup, months since", &report.monthly),
            Heatmap::new("By month of the first trade, months since", &report.traders),
        ],
        volume: report.volume.iter().map(|(name, table)| tables::volume(name, table)).collect(),
        churn: report.churn.iter().map(|(name, table)| tables::churn(name, table)).collect(),
        value: vec![
            tables::acquisition("Channels", &report.channels, true),
            tables::acquisition("Campaigns", &report.campaigns, false),
            tables::aged(
                "Revenue per user by channel, day by day of age, with 95\u{a0}% intervals",
                &report.channels,
            ),
            tables::ltv("Revenue per user by month of signup, whole cohorts", &report.ltv_by_month),
        ],
        prices: tables::prices(&report.basis),
        enough: ENOUGH,
    };
    Ok(page.render()?)
}

fn tiles(report: &Report) -> Vec<Tile> {
    let all = &report.channels.blended;
    let paid = &report.channels.paid;
    let (high, of) = report.volume.first().map_or((0, 0), |(_, table)| {
        table
            .cohorts
            .iter()
            .fold((0, 0), |(high, of), it| (high + it.high_volume.count, of + it.high_volume.of))
    });
    let churned = report.churn.first().map(|(_, table)| &table.overall.churned);
    let tile = |name, value: String, note: String| Tile { name, value, note };
    vec![
        tile("Users", count(report.basis.users), "signed up".into()),
        tile("High-volume traders", count(high), format!("of {} users", count(of))),
        tile(
            "Churned",
            known(churned.and_then(|it| it.rate), percent),
            known(churned, |it| format!("of {} once active", count(it.of))),
        ),
        tile(
            "Revenue",
            dollars(all.revenue_usd),
            known(all.ltv_usd, |it| format!("{} a user", dollars(it))),
        ),
        tile(
            "CAC",
            known(paid.cac_usd, dollars),
            known(paid.cac_interval, |it| format!("95\u{a0}%: {}", range(&it, dollars))),
        ),
        tile(
            "ROAS",
            known(paid.roas, ratio),
            match (paid.roas, paid.roas_interval, paid.payback_days) {
                (None, ..) => "no spend".into(),
                (_, Some(it), _) => format!("95\u{a0}%: {}", range(&it, ratio)),
                (_, _, Some(days)) => format!("paid back after {days} days"),
                _ => "not paid back yet".into(),
            },
        ),
    ]
}
