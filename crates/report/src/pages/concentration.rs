//! The concentration of volume over users.

use tidegauge_analytics::Estimate;
use tidegauge_analytics::volume::Concentration;

use crate::chart::{Lines, Point};
use crate::metrics::Metrics;
use crate::{Cell, Chart, Column, Computation, Format, Panel, Result, Table};

fn computation(metrics: &Metrics<'_>, definition: &str) -> Computation {
    metrics
        .computation(definition, "docs/metrics/volume.md")
        .with("Volume", "all to date, of all users, net of reversals")
}

/// Builds the panel of the Gini coefficient and the shares of the top users.
pub(super) fn concentration(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let spread = metrics.concentration()?;
    let Concentration { gini, top_1, top_10, .. } = &*spread;
    let level = metrics.level();
    let estimate = |name: &str, title: &str, format| {
        Column::new(name, title, format).with_interval().with_n().with_note(&level)
    };
    let mut table = Table::new([
        Column::new("users", "", Format::Text),
        estimate("gini", "Gini coefficient", Format::Ratio),
        estimate("top_1", "Top 1\u{a0}%", Format::Percent),
        estimate("top_10", "Top 10\u{a0}%", Format::Percent),
    ])?;
    if gini.value.is_some() {
        table.push([Cell::text("All users"), Cell::of(gini), Cell::of(top_1), Cell::of(top_10)])?;
    }
    let definition = "The Gini coefficient is 0 if all users have the same volume and 1 if one has \
                      everything. The others are the shares of volume of the top 1 and 10\u{a0}% of \
                      users, where the user at the boundary counts in part; they have an interval \
                      from 20 users in the top on.";
    let computation = computation(metrics, definition);
    let title = "How concentrated volume is";
    Ok(Panel::new(id, title, Format::Ratio.unit(), table).with_computation(computation))
}

/// Builds the panel of the Lorenz curve.
pub(super) fn lorenz(metrics: &Metrics<'_>, id: &str) -> Result<Panel> {
    let spread = metrics.concentration()?;
    let curve: Vec<(u32, &Estimate)> = spread
        .lorenz
        .iter()
        .filter_map(|point| {
            let percent = (1..100)
                .find(|percent| (point.users * 100.0 - f64::from(*percent)).abs() < 1e-6)?;
            Some((percent, &point.volume))
        })
        .collect();
    let columns = curve.iter().map(|(percent, _)| {
        Column::new(
            format!("lowest_{percent}"),
            format!("Lowest {percent}\u{a0}%"),
            Format::Percent,
        )
        .with_interval()
        .with_n()
        .with_note(metrics.level())
    });
    let mut table =
        Table::new([Column::new("users", "", Format::Text)].into_iter().chain(columns))?;
    if curve.iter().any(|(_, share)| share.value.is_some()) {
        let cells = curve.iter().map(|(_, share)| Cell::of(share));
        table.push([Cell::text("All users")].into_iter().chain(cells))?;
    }
    let point = |(at, _): &(u32, &Estimate)| Point { at: *at, column: format!("lowest_{at}") };
    let chart = Chart::Lines(Lines {
        title: "Percent of volume by percent of users, those with the least first".into(),
        labels: "users".into(),
        points: curve.iter().map(point).collect(),
        unit: String::new(),
        mark: None,
    });
    let definition = "Points of the Lorenz curve: the share of all volume that the given share of \
                      users, those with the least, have. If all had the same, the two would be equal.";
    let title = "Volume of the users with the least (Lorenz curve)";
    Panel::new(id, title, "percent of volume", table)
        .with_computation(computation(metrics, definition))
        .with_chart(chart)
}
