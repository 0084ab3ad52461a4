//! The monetization page: what users are worth and cost.

use tidegauge_analytics::unit_economics::{Breakdown, EconomicsAtAge, UnitEconomics};
use tidegauge_analytics::{Cohort, Estimate};

use super::panel_spec::PanelSpec;
use crate::chart::{Lines, Point};
use crate::metrics::Metrics;
use crate::{Cell, Chart, Column, Computation, Format, Interval, Panel, Result, Table, cohort};

pub(super) fn panels(metrics: &Metrics<'_>) -> Vec<PanelSpec> {
    let mut panels = vec![
        PanelSpec::new("channels", |metrics, id| economics(metrics, id, Breakdown::Channel)),
        PanelSpec::new("campaigns", |metrics, id| economics(metrics, id, Breakdown::Campaign)),
        PanelSpec::new("ltv", ltv),
    ];
    if metrics.has_spend() {
        panels.push(PanelSpec::new("roas", roas));
    }
    panels.extend(metrics.ltv_cohorts().into_iter().map(|by| {
        let id = format!("ltv-by-{}", cohort::id(&by));
        PanelSpec::new(id, move |metrics, id| ltv_of_cohorts(metrics, id, &by))
    }));
    panels
}

/// Builds the panel of cost and revenue by channel or campaign. The decisive columns come first,
/// because a narrow page shows only the first ones without scrolling.
fn economics(metrics: &Metrics<'_>, id: &str, by: Breakdown) -> Result<Panel> {
    let found = metrics.unit_economics(by)?;
    let (name, title) = match by {
        Breakdown::Channel => ("channel", "Channels"),
        Breakdown::Campaign => ("campaign", "Campaigns"),
    };
    let has_spend = metrics.has_spend();
    let mut table = Table::new(economics_columns(name, metrics))?;
    for channel in &found.channels {
        let name = match (by, &channel.campaign) {
            (Breakdown::Channel, _) => Cell::name(channel.channel.as_deref()),
            (Breakdown::Campaign, Some(campaign)) => Cell::text(campaign),
            // Users of a channel without a campaign are counted in the table of channels.
            (Breakdown::Campaign, None) => continue,
        };
        table.push(economics_row(name, &channel.economics, metrics.level_value(), has_spend))?;
    }
    if by == Breakdown::Channel {
        let level = metrics.level_value();
        if has_spend {
            table.push_total(economics_row(Cell::text("All paid"), &found.paid, level, true))?;
        }
        let all = Cell::text(metrics.words().say("All users"));
        table.push_total(economics_row(all, &found.blended, level, has_spend))?;
    }
    let definition = match has_spend {
        true => {
            "CAC is spend over users. LTV so far is the fees of a user to date, and ROAS their sum over \
             the spend: the newest users count, who have had little time. Payback is the first day of \
             age by which revenue covers spend, and is given only if that still holds at the oldest \
             age judged. Intervals: hybrid bootstrap-t of LTV and ROAS; of CAC, that of spending the \
             same again."
        }
        false => {
            "LTV so far is the fees of a user to date: the newest users count, who have had little \
             time. Intervals: hybrid bootstrap-t."
        }
    };
    let computation = metrics.computation(definition, "docs/metrics/acquisition.md");
    let computation = metrics
        .with_value(computation)
        .with("Users of an age", format!("at least {}", found.params.min_users));
    Ok(Panel::new(id, title, Format::Dollars.unit(), table).with_computation(computation))
}

/// Returns the columns of cost and revenue; without spend those of revenue.
fn economics_columns(name: &str, metrics: &Metrics<'_>) -> Vec<Column> {
    let estimate = |name: &str, title: &str, format| {
        Column::new(name, title, format).with_interval().with_note(metrics.level())
    };
    let users = [Column::new(name, "", Format::Name), Column::new("users", "Users", Format::Count)];
    let ltv = estimate("ltv_usd", "LTV so far", Format::Dollars);
    let revenue = Column::new("revenue_usd", "Revenue", Format::Dollars);
    if !metrics.has_spend() {
        return users.into_iter().chain([ltv, revenue]).collect();
    }
    let costs = [
        estimate("roas", "ROAS so far", Format::Ratio),
        estimate("payback_days", "Payback", Format::Days),
        estimate("cac_usd", "CAC", Format::Dollars),
        ltv,
        Column::new("spend_usd", "Spend", Format::Dollars),
        revenue,
    ];
    users.into_iter().chain(costs).collect()
}

fn economics_row(name: Cell, row: &UnitEconomics, level: f64, has_spend: bool) -> Vec<Cell> {
    let estimate = |estimate: &Estimate| {
        Cell::estimate(estimate.value, estimate.interval.map(Interval::from), None)
    };
    let payback = row.payback_interval.map(|payback| Interval {
        low: payback.low_days.into(),
        high: payback.high_days.map(f64::from),
        level,
    });
    if !has_spend {
        let revenue = Cell::number(row.revenue_usd);
        return vec![name, Cell::count(row.users), estimate(&row.ltv), revenue];
    }
    vec![
        name,
        Cell::count(row.users),
        estimate(&row.roas),
        Cell::estimate(row.payback_days.map(f64::from), payback, None),
        estimate(&row.cac),
        estimate(&row.ltv),
        Cell::number(Some(row.spend_usd).filter(|spend| *spend > 0.0)),
        Cell::number(row.revenue_usd),
    ]
}

/// Builds the panel of revenue per user by channel and age.
fn ltv(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let cell = |aged: &EconomicsAtAge| Cell::of(&aged.ltv);
    let level = metrics.level();
    let what = metrics.revenue();
    let title = format!("{what} per user by channel, day by day of age, with {level} intervals");
    let table = by_age(metrics, Format::Dollars, cell)?;
    let caption = format!("{what} per user by days since signup, US dollars");
    let chart = lines(metrics, &caption, None);
    let definition = "The mean fees of a user by age. Each day of age is judged by the users who are old \
                      enough to have lived through it, and the days are added up, so that no line falls \
                      merely because other users have come in.";
    let computation = aged(metrics, definition, "docs/metrics/ltv.md");
    Panel::new(id, title, "US dollars per user", table)
        .with_computation(computation.with("Revenue", metrics.reversals()))
        .with_chart(chart)
}

/// Builds the panel of revenue over spend by channel and age.
fn roas(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let cell = |aged: &EconomicsAtAge| Cell::of(&aged.roas);
    let level = metrics.level();
    let title = format!("Revenue over spend by channel, day by day of age, with {level} intervals");
    let table = by_age(metrics, Format::Ratio, cell)?;
    let chart = lines(metrics, "Revenue over spend by days since signup", Some(1.0));
    let definition = "Revenue per user by age over the spend per user: a ratio of sums. At 1, the \
                      dashed line, revenue has covered the spend.";
    Panel::new(id, title, Format::Ratio.unit(), table)
        .with_computation(metrics.with_value(aged(
            metrics,
            definition,
            "docs/metrics/acquisition.md",
        )))
        .with_chart(chart)
}

/// Returns the computation of values by age.
fn aged(metrics: &Metrics<'_>, definition: &str, docs: &str) -> Computation {
    let ages: Vec<String> = metrics.ages().iter().map(u32::to_string).collect();
    let ages = format!("{} days since signup", ages.join(", "));
    metrics.computation(definition, docs).with("Ages", ages)
}

/// Returns a table with one row per channel and one column per age.
fn by_age(
    metrics: &Metrics<'_>,
    format: Format,
    cell: impl Fn(&EconomicsAtAge) -> Cell,
) -> Result<Table> {
    let channels = metrics.unit_economics(Breakdown::Channel)?;
    let ages = metrics.ages();
    let columns = ages.iter().map(|age| age_column(*age, format).with_interval().with_n());
    let mut table = Table::new(first_columns("channel").into_iter().chain(columns))?;
    let row = |name: Cell, row: &UnitEconomics| {
        let cells = row.by_age.iter().map(&cell);
        [name, Cell::count(row.users)].into_iter().chain(cells).collect::<Vec<_>>()
    };
    for channel in &channels.channels {
        table.push(row(Cell::name(channel.channel.as_deref()), &channel.economics))?;
    }
    table.push_total(row(Cell::text(metrics.words().say("All users")), &channels.blended))?;
    Ok(table)
}

fn first_columns(name: &str) -> [Column; 2] {
    [Column::new(name, "", Format::Name), Column::new("users", "Users", Format::Count)]
}

fn age_column(age: u32, format: Format) -> Column {
    Column::new(format!("day_{age}"), format!("Day {age}"), format)
}

/// Returns a line chart over the ages, with one line per channel.
fn lines(metrics: &Metrics<'_>, title: &str, mark: Option<f64>) -> Chart {
    lines_by(metrics, "channel".into(), title, mark)
}

/// Returns a line chart over the ages, with one line per row that the column `labels` names.
fn lines_by(metrics: &Metrics<'_>, labels: String, title: &str, mark: Option<f64>) -> Chart {
    let point = |at: u32| Point { at, column: format!("day_{at}") };
    Chart::Lines(Lines {
        title: title.into(),
        labels,
        points: metrics.ages().into_iter().map(point).collect(),
        unit: "day".into(),
        mark,
    })
}

/// Builds the panel of revenue per user by cohort and age.
fn ltv_of_cohorts(metrics: &Metrics<'_>, id: &str, by: &Cohort) -> Result<Panel> {
    let found = metrics.ltv(by)?;
    let columns = (found.params.ages.iter())
        .map(|age| age_column(*age, Format::Dollars).with_interval().with_n());
    let name = cohort::column(by);
    let mut table = Table::new(first_columns(&name).into_iter().chain(columns))?;
    for row in &found.cohorts {
        let cells = row.by_age.iter().map(|aged| Cell::of(&aged.ltv));
        let name = Cell::name(row.cohort.as_deref());
        table.push([name, Cell::count(row.users)].into_iter().chain(cells))?;
    }
    let overall = found.overall.by_age.iter().map(|aged| Cell::of(&aged.ltv));
    let all = [Cell::text("All"), Cell::count(found.overall.users)];
    table.push_total(all.into_iter().chain(overall))?;
    let (phrase, level) = (cohort::phrase(by), metrics.level());
    let what = metrics.value();
    let title = format!("{what} per user by {phrase}, with {level} intervals");
    let definition = "The mean fees of a user by age and cohort. No value: fewer users than needed have \
                      reached the age.";
    let computation = metrics.with_value(aged(metrics, definition, "docs/metrics/ltv.md"));
    let caption = format!("{what} per user by days since signup and cohort, US dollars");
    let chart = lines_by(metrics, name, &caption, None);
    Panel::new(id, title, "US dollars per user", table)
        .with_computation(computation)
        .with_chart(chart)
}
