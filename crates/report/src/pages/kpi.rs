//! The board: the key figures of the last complete period beside those of the one before.

use chrono::NaiveDate;
use tidegauge_analytics::Period;
use tidegauge_analytics::kpi::{Board, Kpi, Metric};

use super::periods;
use crate::chart::{Bars, Direction};
use crate::format::{Format, decimals};
use crate::metrics::Metrics;
use crate::question::period_name;
use crate::{
    Cell, Chart, Column, Computation, Interval, Panel, Result, Table, Tile, Trend, cohort,
};

/// The page of the documentation.
const DOCS: &str = "docs/metrics/kpi.md";

/// The metrics of the board, in its order.
const METRICS: [Metric; 11] = [
    Metric::TransactingUsers,
    Metric::Volume,
    Metric::VolumePerUser,
    Metric::GrossRevenue,
    Metric::NetRevenue,
    Metric::TakeRate,
    Metric::Signups,
    Metric::NewFundedAccounts,
    Metric::Gini,
    Metric::Top1Percent,
    Metric::Top10Percent,
];

/// Returns the metrics that the business has: a shop takes no part of what others trade, and has
/// no accounts to fund.
fn metrics_of(metrics: &Metrics<'_>) -> Vec<Metric> {
    let has_trades = metrics.words().has_trades();
    let is_of_trades =
        |metric: &Metric| matches!(metric, Metric::TakeRate | Metric::NewFundedAccounts);
    METRICS.into_iter().filter(|metric| has_trades || !is_of_trades(metric)).collect()
}

/// Returns the name, the format and the definition of a metric, with amounts in the format `money`.
fn described(metric: Metric, money: Format) -> (&'static str, Format, &'static str) {
    match metric {
        Metric::TransactingUsers => (
            "Transacting users",
            Format::Count,
            "The users with a transaction in the period: any event but a deposit or a withdrawal.",
        ),
        Metric::Volume => ("Volume", money, "The volume of all transactions, before reversals."),
        Metric::VolumePerUser => ("Volume per user", money, "Volume over transacting users."),
        Metric::GrossRevenue => {
            ("Gross revenue", money, "The fees of all events, before reversals.")
        }
        Metric::NetRevenue => (
            "Net revenue",
            money,
            "The fees of all events, after reversals: a purchase that was charged back counts in its \
             own period, with the payment that was lost.",
        ),
        Metric::TakeRate => (
            "Take rate",
            Format::Rate,
            "The gross revenue of transactions over their volume, a ratio of sums.",
        ),
        Metric::RevenueShare => (
            "Share of revenue",
            Format::Percent,
            "The gross revenue of one kind of event over that of all.",
        ),
        Metric::Signups => (
            "Signups",
            Format::Count,
            "The users who signed up in the period. The interval of the change knows that daily \
             counts vary by more than chance.",
        ),
        Metric::NewFundedAccounts => (
            "New funded accounts",
            Format::Count,
            "The users whose first completed deposit or on-ramp purchase is in the period.",
        ),
        Metric::Gini => (
            "Gini of volume",
            Format::Ratio,
            "The Gini coefficient of the volumes of transacting users: 0 if all have the same, 1 if \
             one has everything.",
        ),
        Metric::Top1Percent => (
            "Top 1\u{a0}% of users",
            Format::Percent,
            "The share of volume of the transacting users with the most, one in a hundred.",
        ),
        Metric::Top10Percent => (
            "Top 10\u{a0}% of users",
            Format::Percent,
            "The share of volume of the transacting users with the most, one in ten.",
        ),
        _ => (metric.name(), Format::Ratio, ""),
    }
}

/// Writes the period that the board judges and the one before: `2026-02 against 2026-01`.
fn compared(board: &Board) -> Option<(NaiveDate, String)> {
    let period = board.params.period;
    let [.., last] = board.periods.as_slice() else { return None };
    let before = match board.periods.as_slice() {
        [.., before, _] => format!(", against {}", periods::label(period, *before)),
        _ => String::new(),
    };
    Some((*last, format!("{} {}{before}", period_name(period), periods::label(period, *last))))
}

fn computation(metrics: &Metrics<'_>, definition: &str, compared: &str) -> Computation {
    let changes = "A sum is compared at equal numbers of days. A change is noise if its interval \
                   contains 0; no interval knows of a shock to all users at once.";
    let definition = format!("{definition} {changes}");
    metrics.computation(definition, DOCS).with("Period", compared)
}

/// Returns the tiles of the board; none if no period is complete.
pub(super) fn tiles(metrics: &Metrics<'_>) -> Result<Vec<Tile>> {
    let board = metrics.board()?;
    let Some((last, compared)) = compared(&board) else { return Ok(Vec::new()) };
    let found = metrics_of(metrics).into_iter().filter_map(|metric| board.get(last, metric));
    let is_known = |kpi: &&Kpi| {
        kpi.value.value.is_some_and(|value| value != 0.0)
            || kpi.before.is_some_and(|before| before != 0.0)
    };
    Ok(found.filter(is_known).map(|kpi| tile(metrics, kpi, &compared)).collect())
}

fn tile(metrics: &Metrics<'_>, kpi: &Kpi, compared: &str) -> Tile {
    let (name, format, definition) = described(kpi.metric, metrics.money());
    let value = kpi.value.value.map_or_else(|| "–".to_owned(), |value| format.show(value));
    let trend = trend(kpi);
    let verdict = match trend {
        Trend::Up | Trend::Down => "more than noise",
        Trend::Noise => "noise",
        Trend::Unknown => "cannot be told from noise",
    };
    let note = match kpi.change.value.filter(|_| kpi.before.is_some()) {
        None => "nothing to compare with yet".to_owned(),
        Some(change) => {
            let bounds = kpi.change.interval.map(|interval| {
                let level = metrics.level();
                let (low, high) = (signed(format, interval.low), signed(format, interval.high));
                format!(" ({level}: {low} to {high})")
            });
            let relative = kpi.relative_change().filter(|_| !is_share(format)).map(|change| {
                format!(
                    ", {}\u{a0}%",
                    with_sign(change * 100.0, &decimals((change * 100.0).abs(), 1))
                )
            });
            let (bounds, relative) = (bounds.unwrap_or_default(), relative.unwrap_or_default());
            format!("{}{relative}{bounds}: {verdict}", signed(format, change))
        }
    };
    Tile {
        name: name.into(),
        value,
        note,
        trend: Some(trend),
        computation: computation(metrics, definition, compared),
    }
}

/// Returns what the change of a figure amounts to.
fn trend(kpi: &Kpi) -> Trend {
    match (kpi.is_noise, kpi.change.value) {
        (Some(true), _) => Trend::Noise,
        (Some(false), Some(change)) if change > 0.0 => Trend::Up,
        (Some(false), Some(_)) => Trend::Down,
        _ => Trend::Unknown,
    }
}

fn is_share(format: Format) -> bool {
    matches!(format, Format::Percent | Format::Rate)
}

/// Writes a change with its sign; that of a share in percentage points.
fn signed(format: Format, change: f64) -> String {
    let size = change.abs();
    let text = match format {
        Format::Percent => format!("{} points", decimals(size * 100.0, 1)),
        Format::Rate => format!("{} points", decimals(size * 100.0, 3)),
        Format::Ratio => decimals(size, 3),
        _ => format.show(size),
    };
    with_sign(change, &text)
}

fn with_sign(number: f64, size: &str) -> String {
    let sign = match number {
        number if number > 0.0 => "+",
        number if number < 0.0 => "−",
        _ => "",
    };
    format!("{sign}{size}")
}

/// Builds the panel of the board: the last complete period, the one before, and the change.
pub(super) fn board(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let board = metrics.board()?;
    let shown = metrics_of(metrics);
    let columns = shown.iter().map(|metric| {
        let (title, format, _) = described(*metric, metrics.money());
        Column::new(metric.name(), title, format).with_interval().with_n()
    });
    let period = period_name(board.params.period);
    let first = Column::new("period", cohort::capitalized(period), Format::Text);
    let mut table = Table::new([first].into_iter().chain(columns))?;
    let mut title = format!("Key figures by {period}");
    if let Some((last, compared)) = compared(&board) {
        title = format!("Key figures of the last complete {compared}");
        let row = |start: NaiveDate, name: String, cell: &dyn Fn(&Kpi) -> Cell| {
            let cells =
                shown.iter().map(|metric| board.get(start, *metric).map_or(Cell::UNKNOWN, cell));
            [Cell::text(name)].into_iter().chain(cells).collect::<Vec<_>>()
        };
        let places = board.periods.len();
        for start in &board.periods[places.saturating_sub(2)..] {
            let name = periods::label(board.params.period, *start);
            table.push(row(*start, name, &|kpi| Cell::of(&kpi.value)))?;
        }
        table.push_total(row(last, "Change".into(), &|kpi| match kpi.before {
            Some(_) => Cell::of(&kpi.change),
            None => Cell::UNKNOWN,
        }))?;
    }
    let definition = "Each figure of the last complete period beside that of the one before. Sums \
                      and numbers of users are facts and have no interval.";
    let compared = compared(&board).map_or_else(String::new, |(_, compared)| compared);
    let computation = computation(metrics, definition, &compared);
    Ok(Panel::new(id, title, "", table).with_computation(computation))
}

/// Builds the panel of take rates: in total, by kind of event, and by account tier.
pub(super) fn take_rates(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let panel = parts(metrics, id, Metric::TakeRate, "Take rate by kind of transaction and tier")?;
    let definition = "The gross revenue of transactions over their volume, in total, by kind, and \
                      by the account tier at the end. The tier follows from the volume of a user: it \
                      is an outcome, and no cause of a rate.";
    Ok(panel.with_computation(part_computation(metrics, definition)?))
}

/// Builds the panel of the revenue mix: the share of each kind of event.
pub(super) fn revenue_mix(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let panel = parts(metrics, id, Metric::RevenueShare, "Revenue by kind of event")?;
    let definition = "The gross revenue of one kind of event over that of all. A withdrawal's fee is \
                      revenue, but no part of the take rate.";
    let chart = Chart::Bars(Bars {
        title: "Share of gross revenue by kind of event".into(),
        labels: "part".into(),
        values: "value".into(),
        direction: Direction::Right,
    });
    panel.with_computation(part_computation(metrics, definition)?).with_chart(chart)
}

fn part_computation(metrics: &Metrics<'_>, definition: &str) -> Result<Computation> {
    let compared = compared(&*metrics.board()?).map_or_else(String::new, |(_, text)| text);
    Ok(computation(metrics, definition, &compared))
}

/// Builds a panel of one metric by its parts in the last complete period, and the change of each.
fn parts(metrics: &Metrics<'_>, id: &str, metric: Metric, title: &str) -> Result<Panel> {
    let board = metrics.board()?;
    let (name, format, _) = described(metric, metrics.money());
    let mut table = Table::new([
        Column::new("part", "", Format::Name),
        Column::new("by", "By", Format::Name),
        Column::new("value", name, format).with_interval().with_n().with_note(metrics.level()),
        Column::new("before", before_title(board.params.period), format),
        Column::new("change", "Change, points", format).with_interval().with_note(metrics.level()),
    ])?;
    let last = board.periods.last();
    for kpi in board.kpis.iter().filter(|kpi| kpi.metric == metric && Some(&kpi.start) == last) {
        if kpi.value.value.is_none_or(|value| value == 0.0)
            && kpi.before.is_none_or(|before| before == 0.0)
        {
            continue;
        }
        let change = kpi.change.interval.map(Interval::from);
        let change =
            Cell::estimate(kpi.change.value.filter(|_| kpi.before.is_some()), change, None);
        let cells = |part: Cell, by: Cell| {
            [part, by, Cell::of(&kpi.value), Cell::number(kpi.before), change.clone()]
        };
        match &kpi.dimension {
            None => table.push_total(cells(Cell::text("All"), Cell::text("total")))?,
            Some(by) => table.push(cells(Cell::name(kpi.label.as_deref()), Cell::text(by)))?,
        }
    }
    let title = match last {
        Some(last) => {
            let period = board.params.period;
            format!("{title}, {} {}", period_name(period), periods::label(period, *last))
        }
        None => title.to_owned(),
    };
    Ok(Panel::new(id, title, format.unit(), table))
}

fn before_title(period: Period) -> String {
    format!("The {} before", period_name(period))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_their_sign_and_unit() {
        assert_eq!(signed(Format::Dollars, -12.5), "−$12.50");
        assert_eq!(signed(Format::Count, 1_200.0), "+1,200");
        assert_eq!(signed(Format::Percent, 0.0123), "+1.2 points");
        assert_eq!(signed(Format::Rate, -0.000_05), "−0.005 points");
        assert_eq!(signed(Format::Ratio, 0.0), "0.000");
    }
}
