//! The tables behind the answers.

use tidegauge_analytics::acquisition::{AcquisitionTable, Economics, Payback};
use tidegauge_analytics::churn::ChurnTable;
use tidegauge_analytics::ltv::LtvTable;
use tidegauge_analytics::stats::{ENOUGH, Interval, Share};
use tidegauge_analytics::volume::VolumeTable;

use super::Basis;
use super::format::{UNKNOWN, count, dollars, known, label, percent, range, ratio};

/// A table; the first cell of a row is its name.
pub(super) struct Table {
    pub(super) title: String,
    pub(super) head: Vec<Cell>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A number, or the name of a column, and in small letters what it stands within.
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) within: Option<String>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, within: None }
    }
}

fn head(names: &[&str]) -> Vec<Cell> {
    let cell = |name: &&str| match name.strip_suffix(" ±") {
        Some(name) => Cell { text: name.into(), within: Some("95\u{a0}%".into()) },
        None => Cell::from((*name).to_owned()),
    };
    names.iter().map(cell).collect()
}

fn estimate(value: Option<f64>, interval: Option<Interval>, show: fn(f64) -> String) -> Cell {
    Cell { text: known(value, show), within: interval.map(|it| range(&it, show)) }
}

fn rate(share: &Share) -> Cell {
    estimate(share.rate, share.interval, percent)
}

pub(super) fn volume(name: &str, volume: &VolumeTable) -> Table {
    let title = format!("Volume by {}", name.to_lowercase());
    let names = [name, "Users", "High-volume ±", "Volume", "Mean per user"];
    let rows = volume.cohorts.iter().map(|it| {
        vec![
            label(it.cohort.as_deref(), name).into(),
            count(it.users).into(),
            rate(&it.high_volume),
            dollars(it.volume_usd).into(),
            dollars(it.mean_usd).into(),
        ]
    });
    Table { title, head: head(&names), rows: rows.collect() }
}

pub(super) fn churn(name: &str, churn: &ChurnTable) -> Table {
    let title = format!("Churn by {}", name.to_lowercase());
    let names = [name, "Users", "Churned ±", "Never active", "Too new to tell"];
    let rows = churn.cohorts.iter().map(|it| {
        vec![
            label(it.cohort.as_deref(), name).into(),
            count(it.users).into(),
            rate(&it.churned),
            count(it.never_active).into(),
            count(it.undetermined).into(),
        ]
    });
    Table { title, head: head(&names), rows: rows.collect() }
}

/// What decides comes first: a narrow page shows only the first columns at once.
pub(super) fn acquisition(title: &str, table: &AcquisitionTable, totals: bool) -> Table {
    let names =
        ["", "Users", "ROAS so far ±", "Payback ±", "CAC ±", "LTV so far ±", "Spend", "Revenue"];
    let row = |name: String, it: &Economics| {
        vec![
            name.into(),
            count(it.users).into(),
            estimate(it.roas, it.roas_interval, ratio),
            payback(it),
            estimate(it.cac_usd, it.cac_interval, dollars),
            estimate(it.ltv_usd, it.ltv_interval, dollars),
            if it.spend_usd > 0.0 { dollars(it.spend_usd) } else { UNKNOWN.into() }.into(),
            dollars(it.revenue_usd).into(),
        ]
    };
    let mut rows: Vec<_> = table
        .channels
        .iter()
        .filter(|it| totals || it.campaign.is_some())
        .map(|it| match &it.campaign {
            Some(campaign) => row(label(Some(campaign), "campaign"), &it.economics),
            None => row(label(it.channel.as_deref(), "channel"), &it.economics),
        })
        .collect();
    if totals {
        rows.push(row("All paid".into(), &table.paid));
        rows.push(row("All users".into(), &table.blended));
    }
    Table { title: title.into(), head: head(&names), rows }
}

fn payback(economics: &Economics) -> Cell {
    let text = known(economics.payback_days, |days| format!("{days} days"));
    let within =
        economics.payback_interval.map(|Payback { low_days, high_days }| match high_days {
            Some(high_days) => format!("{low_days}–{high_days}"),
            None => format!("{low_days} or later"),
        });
    Cell { text, within }
}

fn with_ages<'a>(ages: impl IntoIterator<Item = &'a u32>) -> Vec<Cell> {
    let ages = ages.into_iter().map(|age| format!("Day {age}").into());
    head(&["", "Users"]).into_iter().chain(ages).collect()
}

pub(super) fn aged(title: &str, table: &AcquisitionTable) -> Table {
    let row = |name: String, it: &Economics| {
        let values = it.by_age.iter().map(|it| estimate(it.ltv_usd, it.ltv_interval, dollars));
        [Cell::from(name), count(it.users).into()].into_iter().chain(values).collect()
    };
    let channels = table.channels.iter();
    let mut rows: Vec<Vec<Cell>> =
        channels.map(|it| row(label(it.channel.as_deref(), "channel"), &it.economics)).collect();
    rows.push(row("All users".into(), &table.blended));
    Table { title: title.into(), head: with_ages(&table.params.ages), rows }
}

pub(super) fn ltv(title: &str, table: &LtvTable) -> Table {
    let cohorts = table.cohorts.iter().map(|it| {
        let values = it.by_age.iter().map(|value| known(*value, dollars).into());
        let name = label(it.cohort.as_deref(), "cohort");
        [Cell::from(name), count(it.users).into()].into_iter().chain(values).collect()
    });
    let mut rows: Vec<Vec<Cell>> = cohorts.collect();
    let pooled = table
        .pooled
        .iter()
        .map(|it| estimate(it.ltv_usd.filter(|_| it.users >= ENOUGH), it.interval, dollars));
    let users = table.cohorts.iter().map(|it| it.users).sum::<u64>();
    let all = [Cell::from("All (95\u{a0}%)".to_owned()), count(users).into()];
    rows.push(all.into_iter().chain(pooled).collect());
    Table { title: title.into(), head: with_ages(&table.ages), rows }
}

pub(super) fn prices(basis: &Basis) -> Table {
    let names = ["Source", "Table", "Rows", "First day", "Last day"];
    let rows = basis.prices.iter().map(|it| {
        vec![
            it.source.clone().into(),
            it.table.clone().into(),
            count(it.rows).into(),
            it.first.to_string().into(),
            it.last.to_string().into(),
        ]
    });
    Table { title: "Prices and exchange rates".into(), head: head(&names), rows: rows.collect() }
}
