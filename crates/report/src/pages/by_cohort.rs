//! Panels by cohort: their ids and their bar charts.

use tidegauge_analytics::Cohort;

use crate::chart::{Bars, Chart, Direction};
use crate::cohort;
use crate::metrics::Metrics;

/// Returns a bar chart of a share by cohort: signup periods in their order, other cohorts in
/// descending order.
pub(super) fn bar_chart(by: &Cohort, title: String, values: &str) -> Chart {
    let (title, direction) = match by {
        Cohort::Signup(_) => (format!("{title}, percent"), Direction::Up),
        Cohort::Everyone | Cohort::Dimension(_) | Cohort::Cross(..) => (title, Direction::Right),
    };
    Chart::Bars(Bars { title, labels: cohort::column(by), values: values.into(), direction })
}

/// Returns the id of a panel by cohort: `id` itself for the leading cohort, with a suffix for
/// others.
pub(super) fn panel_id(id: &str, cohort: &Cohort, metrics: &Metrics<'_>) -> String {
    if *cohort == metrics.leading() {
        return id.into();
    }
    format!("{id}-by-{}", cohort::id(cohort))
}
