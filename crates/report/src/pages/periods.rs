//! Tables and charts over the periods of the board.

use chrono::NaiveDate;
use tidegauge_analytics::Period;
use tidegauge_analytics::kpi::Metric;

use crate::chart::Series;
use crate::metrics::Metrics;
use crate::question::period_name;
use crate::{Cell, Chart, Column, Computation, Format, Panel, Result, Table, cohort};

/// The most recent days of active users that are shown.
const DAYS: usize = 92;

/// Writes a period by its first day: `2026-02`, `2026-02-16`.
pub(super) fn label(period: Period, start: NaiveDate) -> String {
    let format = if period == Period::Month { "%Y-%m" } else { "%Y-%m-%d" };
    start.format(format).to_string()
}

/// Returns a table with one row per complete period, and one of unknown values for the period that
/// is not over.
fn table(
    (metrics, period): (&Metrics<'_>, Period),
    starts: &[NaiveDate],
    columns: Vec<Column>,
    cells: impl Fn(NaiveDate) -> Vec<Cell>,
) -> Result<Table> {
    let width = columns.len();
    let first = Column::new("period", cohort::capitalized(period_name(period)), Format::Text);
    let mut table = Table::new([first].into_iter().chain(columns))?;
    for start in starts {
        table.push([Cell::text(label(period, *start))].into_iter().chain(cells(*start)))?;
    }
    if let Some(start) = metrics.unfinished(period).filter(|_| !starts.is_empty()) {
        let cells = std::iter::repeat_n(Cell::NOT_OVER, width);
        table.push([Cell::text(label(period, start))].into_iter().chain(cells))?;
    }
    Ok(table)
}

fn series(title: impl Into<String>, values: &[&str]) -> Chart {
    let values = values.iter().map(|name| (*name).to_owned()).collect();
    Chart::Series(Series { title: title.into(), labels: "period".into(), values })
}

fn computation(metrics: &Metrics<'_>, definition: &str, docs: &str, period: Period) -> Computation {
    let unfinished = "A period that is not over has no value, and the first one may have begun \
                      before the data.";
    let definition = format!("{definition} {unfinished}");
    metrics.computation(definition, docs).with("Periods", format!("{}s", period_name(period)))
}

/// Builds the panel of users: signups, newly funded accounts and transacting users.
pub(super) fn users(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let definition = "The users who signed up, those whose first deposit or on-ramp purchase it was, \
                      and those with a transaction. They are counts, without an interval.";
    let mut columns = vec![(Metric::Signups, "Signups")];
    if metrics.words().has_trades() {
        columns.push((Metric::NewFundedAccounts, "New funded accounts"));
    }
    columns.push((Metric::TransactingUsers, "Transacting users"));
    by_metric(metrics, id, "Users", Format::Count, &columns, definition)
}

/// Builds the panel of volume.
pub(super) fn volume(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let definition = "The volume of all transactions before reversals.";
    let columns = [(Metric::Volume, "Volume")];
    by_metric(metrics, id, "Volume", Format::Dollars, &columns, definition)
}

fn by_metric(
    metrics: &Metrics<'_>,
    id: &str,
    what: &str,
    format: Format,
    shown: &[(Metric, &str)],
    definition: &str,
) -> Result<Panel> {
    let board = metrics.board()?;
    let period = board.params.period;
    let columns = shown.iter().map(|(metric, title)| Column::new(metric.name(), *title, format));
    let cells = |start: NaiveDate| {
        let cell = |(metric, _): &(Metric, &str)| {
            Cell::number(board.get(start, *metric).and_then(|kpi| kpi.value.value))
        };
        shown.iter().map(cell).collect()
    };
    let table = table((metrics, period), &board.periods, columns.collect(), cells)?;
    let title = format!("{what} by {}", period_name(period));
    let names: Vec<&str> = shown.iter().map(|(metric, _)| metric.name()).collect();
    Panel::new(id, &title, format.unit(), table)
        .with_computation(computation(metrics, definition, "docs/metrics/kpi.md", period))
        .with_chart(series(format!("{title}, {}", unit(format)), &names))
}

fn unit(format: Format) -> String {
    match format {
        Format::Count => "number".into(),
        other => other.unit(),
    }
}

/// Builds the panel of money: gross and net revenue, and spend if the data hold any.
pub(super) fn revenue(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let board = metrics.board()?;
    let period = board.params.period;
    let spend = metrics.spend(period)?;
    let mut columns = vec![
        Column::new("gross_revenue", "Gross revenue", Format::Dollars),
        Column::new("net_revenue", "Net revenue", Format::Dollars),
    ];
    let mut names = vec!["gross_revenue", "net_revenue"];
    if spend.is_some() {
        columns.push(Column::new("spend_usd", "Spend", Format::Dollars));
        names.push("spend_usd");
    }
    let value = |start: NaiveDate, metric: Metric| {
        Cell::number(board.get(start, metric).and_then(|kpi| kpi.value.value))
    };
    let cells = |start: NaiveDate| {
        let mut cells = vec![value(start, Metric::GrossRevenue), value(start, Metric::NetRevenue)];
        if let Some(spend) = &spend {
            cells.push(Cell::number(spend.get(&start).copied().unwrap_or_default()));
        }
        cells
    };
    let table = table((metrics, period), &board.periods, columns, cells)?;
    let what = if spend.is_some() { "Revenue and spend" } else { "Revenue" };
    let title = format!("{what} by {}", period_name(period));
    let definition = "The fees of all events before and after reversals, and what was spent on \
                      acquisition, if it is known. A purchase that was charged back lowers the net \
                      revenue of its own period.";
    Panel::new(id, &title, Format::Dollars.unit(), table)
        .with_computation(computation(metrics, definition, "docs/metrics/kpi.md", period))
        .with_chart(series(format!("{title}, US dollars"), &names))
}

/// Builds the panel of growth accounting: where the active users come from, and where they went.
pub(super) fn growth(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let growth = metrics.growth()?;
    let (period, found) = (growth.params.period, &growth.overall.periods);
    let name = period_name(period);
    let count = |name: &str, title: &str| Column::new(name, title, Format::Count);
    let level = metrics.level();
    let columns = vec![
        count("active", "Active"),
        count("new", "New"),
        count("retained", "Retained"),
        count("resurrected", "Resurrected"),
        count("churned", "Churned"),
        Column::new("quick_ratio", "Quick ratio", Format::Ratio)
            .with_interval()
            .with_n()
            .with_note(&level),
        Column::new("churn_rate", format!("Churned of the {name} before"), Format::Percent)
            .with_interval()
            .with_n()
            .with_note(&level),
    ];
    let starts: Vec<NaiveDate> = found.iter().map(|period| period.start).collect();
    let cells = |start: NaiveDate| {
        let period = found.iter().find(|period| period.start == start);
        period.map_or_else(Vec::new, |period| {
            let counts =
                [period.active, period.new, period.retained, period.resurrected, period.churned];
            let cells = counts.map(Cell::count).into_iter();
            cells.chain([Cell::of(&period.quick_ratio), Cell::of(&period.churn_rate)]).collect()
        })
    };
    let table = table((metrics, period), &starts, columns, cells)?;
    let title = format!("Where the active users of a {name} come from");
    let definition = format!(
        "Active users are new, retained from the {name} before, or resurrected from an earlier one; \
         churned are those of the {name} before who are not active in this one. The quick ratio is \
         (new + resurrected) / churned: above 1, active users grow."
    );
    Panel::new(id, title, "number of users", table)
        .with_computation(computation(metrics, &definition, "docs/metrics/growth.md", period))
        .with_chart(series(
            format!("New, retained, resurrected and churned users by {name}"),
            &["new", "retained", "resurrected", "churned"],
        ))
}

/// Builds the panel of daily, weekly and monthly active users.
pub(super) fn active_users(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let found = metrics.active_users()?;
    let days = &found.overall.days;
    let mut table = Table::new([
        Column::new("period", "Day", Format::Text),
        Column::new("dau", "Daily", Format::Count),
        Column::new("wau", "Weekly", Format::Count),
        Column::new("mau", "Monthly", Format::Count),
        Column::new("stickiness", "Stickiness", Format::Percent)
            .with_interval()
            .with_n()
            .with_note(metrics.level()),
    ])?;
    for day in &days[days.len().saturating_sub(DAYS)..] {
        table.push([
            Cell::text(day.day.to_string()),
            Cell::count(day.dau),
            Cell::count(day.wau),
            Cell::count(day.mau),
            Cell::of(&day.stickiness),
        ])?;
    }
    let definition = "The users with a transaction on the day (DAU), in the 7 days that end with it \
                      (WAU) and in the 30 days (MAU). Stickiness is DAU / MAU. The first 29 days look \
                      too low if the data begin later than the exchange.";
    let computation = metrics.computation(definition, "docs/metrics/growth.md");
    let shown = format!("the last {} complete days", days.len().min(DAYS));
    Panel::new(id, "Daily, weekly and monthly active users", "number of users", table)
        .with_computation(computation.with("Days", shown))
        .with_chart(series("Daily, weekly and monthly active users", &["dau", "wau", "mau"]))
}
