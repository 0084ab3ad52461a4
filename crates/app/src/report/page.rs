//! The page itself.

use askama::Template;
use tidegauge_analytics::acquisition::{AcquisitionTable, Economics};
use tidegauge_analytics::churn::ChurnTable;
use tidegauge_analytics::ltv::LtvTable;
use tidegauge_analytics::retention::RetentionTable;
use tidegauge_analytics::volume::VolumeTable;

use super::charts::{self, Chart};
use super::format::{UNKNOWN, count, dollars, known, label, percent, ratio, share};
use super::{Basis, Report};
use crate::Result;

/// More periods than this do not fit a page.
const PERIODS: usize = 14;

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
}

struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

struct Heatmap {
    title: String,
    note: &'static str,
    head: Vec<String>,
    rows: Vec<HeatRow>,
}

struct HeatRow {
    label: String,
    users: String,
    cells: Vec<HeatCell>,
}

struct HeatCell {
    text: String,
    /// 0 (nobody) to 10 (everybody); none where the period is not over.
    level: Option<u8>,
    title: String,
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
            heatmap("By week of signup, weeks since", &report.weekly),
            heatmap("By month of signup, months since", &report.monthly),
            heatmap("By month of the first trade, months since", &report.traders),
        ],
        volume: report.volume.iter().map(|(name, table)| volume(name, table)).collect(),
        churn: report.churn.iter().map(|(name, table)| churn(name, table)).collect(),
        value: vec![
            acquisition("Channels", &report.channels, true),
            acquisition("Campaigns", &report.campaigns, false),
            aged("Revenue per user by channel, those who have reached the age", &report.channels),
            ltv("Revenue per user by month of signup, whole cohorts", &report.ltv_by_month),
        ],
        prices: prices(&report.basis),
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
        tile("CAC", known(paid.cac_usd, dollars), "per paid user".into()),
        tile(
            "ROAS",
            known(paid.roas, ratio),
            known(paid.payback_days, |days| format!("paid back after {days} days")),
        ),
    ]
}

fn heatmap(title: &str, table: &RetentionTable) -> Heatmap {
    let widest = table.cohorts.iter().map(|it| it.cells.len()).max().unwrap_or(0).min(PERIODS);
    let cell = |active: u64, of: u64, rate: Option<f64>| HeatCell {
        text: known(rate, |rate| format!("{:.0}", rate * 100.0)),
        level: rate.map(level),
        title: format!("{} of {} users", count(active), count(of)),
    };
    let blank = || HeatCell { text: String::new(), level: None, title: "not over yet".into() };
    let mut rows: Vec<_> = table
        .cohorts
        .iter()
        .map(|cohort| HeatRow {
            label: cohort.start.to_string(),
            users: count(cohort.users),
            cells: (0..widest)
                .map(|at| match cohort.cells.get(at) {
                    Some(Some(it)) => cell(it.active, cohort.users, it.rate),
                    _ => blank(),
                })
                .collect(),
        })
        .collect();
    rows.push(HeatRow {
        label: "All".into(),
        users: count(table.cohorts.iter().map(|it| it.users).sum::<u64>()),
        cells: (0..widest)
            .map(|at| match table.pooled.get(at) {
                Some(Some(it)) => cell(it.active, it.eligible, it.rate),
                _ => blank(),
            })
            .collect(),
    });
    Heatmap {
        title: title.into(),
        note: "Percent of the cohort that traded or bought in that period. Blank: the period is \
               not over for the whole cohort.",
        head: (0..widest).map(|at| at.to_string()).collect(),
        rows,
    }
}

/// Eleven steps of colour.
fn level(rate: f64) -> u8 {
    let step = (rate * 10.0).round().clamp(0.0, 10.0);
    (0..=10u8).find(|level| f64::from(*level) >= step).unwrap_or(10)
}

fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn volume(name: &str, table: &VolumeTable) -> Table {
    Table {
        title: format!("Volume by {}", name.to_lowercase()),
        head: head(&[name, "Users", "High-volume (95 % interval)", "Volume", "Mean per user"]),
        rows: table
            .cohorts
            .iter()
            .map(|it| {
                vec![
                    label(it.cohort.as_deref()),
                    count(it.users),
                    share(&it.high_volume),
                    dollars(it.volume_usd),
                    dollars(it.mean_usd),
                ]
            })
            .collect(),
    }
}

fn churn(name: &str, table: &ChurnTable) -> Table {
    Table {
        title: format!("Churn by {}", name.to_lowercase()),
        head: head(&[name, "Users", "Never active", "Too new to tell", "Churned (95 % interval)"]),
        rows: table
            .cohorts
            .iter()
            .map(|it| {
                vec![
                    label(it.cohort.as_deref()),
                    count(it.users),
                    count(it.never_active),
                    count(it.undetermined),
                    share(&it.churned),
                ]
            })
            .collect(),
    }
}

fn acquisition(title: &str, table: &AcquisitionTable, totals: bool) -> Table {
    let names = ["", "Users", "Spend", "CAC", "Revenue", "LTV so far", "ROAS so far", "Payback"];
    let row = |name: String, it: &Economics| {
        vec![
            name,
            count(it.users),
            if it.spend_usd > 0.0 { dollars(it.spend_usd) } else { UNKNOWN.into() },
            known(it.cac_usd, dollars),
            dollars(it.revenue_usd),
            known(it.ltv_usd, dollars),
            known(it.roas, ratio),
            known(it.payback_days, |days| format!("{days} days")),
        ]
    };
    let mut rows: Vec<_> = table
        .channels
        .iter()
        .filter(|it| totals || it.campaign.is_some())
        .map(|it| row(label(it.campaign.as_deref().or(it.channel.as_deref())), &it.economics))
        .collect();
    if totals {
        rows.push(row("All paid".into(), &table.paid));
        rows.push(row("All users".into(), &table.blended));
    }
    Table { title: title.into(), head: head(&names), rows }
}

fn aged(title: &str, table: &AcquisitionTable) -> Table {
    let ages = table.params.ages.iter().map(|age| format!("Day {age}"));
    Table {
        title: title.into(),
        head: head(&["", "Users"]).into_iter().chain(ages).collect(),
        rows: table
            .channels
            .iter()
            .map(|it| {
                let mut row = vec![label(it.channel.as_deref()), count(it.economics.users)];
                let values = it.economics.roas_by_age.iter().map(super::revenue_per_user);
                row.extend(values.map(|value| known(value, dollars)));
                row
            })
            .collect(),
    }
}

fn ltv(title: &str, table: &LtvTable) -> Table {
    let ages = table.ages.iter().map(|age| format!("Day {age}"));
    Table {
        title: title.into(),
        head: head(&["", "Users"]).into_iter().chain(ages).collect(),
        rows: table
            .cohorts
            .iter()
            .map(|it| {
                let mut row = vec![label(it.cohort.as_deref()), count(it.users)];
                row.extend(it.by_age.iter().map(|value| known(*value, dollars)));
                row
            })
            .collect(),
    }
}

fn prices(basis: &Basis) -> Table {
    Table {
        title: "Prices and exchange rates".into(),
        head: head(&["Source", "Table", "Rows", "First day", "Last day"]),
        rows: basis
            .prices
            .iter()
            .map(|it| {
                vec![
                    it.source.clone(),
                    it.table.clone(),
                    count(it.rows),
                    it.first.to_string(),
                    it.last.to_string(),
                ]
            })
            .collect(),
    }
}
