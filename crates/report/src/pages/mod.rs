//! The pages: the panels, key figures and insights of each, with one function per panel.

mod acquisition;
mod basis;
mod monetization;
mod overview;
mod retention;

use tidegauge_analytics::Cohort;
use tidegauge_analytics::acquisition::Breakdown;

use crate::answer::Tile;
use crate::chart::{Bars, Chart, Direction};
use crate::metrics::Metrics;
use crate::{Page, Panel, Result, cohort, insights};

/// A panel that can be built.
pub(crate) struct Spec {
    /// The id of the panel.
    pub(crate) id: String,
    builder: Builder,
}

type Builder = Box<dyn Fn(&Metrics<'_>, &str) -> Result<Panel>>;

impl Spec {
    fn new(
        id: impl Into<String>,
        builder: impl Fn(&Metrics<'_>, &str) -> Result<Panel> + 'static,
    ) -> Self {
        Self { id: id.into(), builder: Box::new(builder) }
    }

    /// Builds the panel, computing its metrics.
    pub(crate) fn build(&self, metrics: &Metrics<'_>) -> Result<Panel> {
        (self.builder)(metrics, &self.id)
    }
}

/// Returns the panels of a page, in order, without computing them.
pub(crate) fn panels(page: Page, metrics: &Metrics<'_>) -> Vec<Spec> {
    match page {
        Page::Overview => Vec::new(),
        Page::Acquisition => acquisition::panels(metrics),
        Page::Retention => retention::panels(metrics),
        Page::Monetization => monetization::panels(metrics),
        Page::Basis => vec![Spec::new("prices", basis::prices)],
    }
}

/// Returns the key figures of a page.
pub(crate) fn tiles(page: Page, metrics: &Metrics<'_>) -> Result<Vec<Tile>> {
    match page {
        Page::Overview => overview::tiles(metrics),
        _ => Ok(Vec::new()),
    }
}

/// Returns the insights of a page, as sentences.
pub(crate) fn insights(page: Page, metrics: &Metrics<'_>) -> Result<Vec<String>> {
    let leading = metrics.leading();
    Ok(match page {
        Page::Overview | Page::Basis => Vec::new(),
        Page::Acquisition => vec![insights::acquisition(&leading, &*metrics.volume(&leading)?)],
        Page::Retention => {
            let monthly = metrics.retention(tidegauge_analytics::Period::Month, false)?;
            vec![insights::retention(&leading, &*metrics.churn(&leading)?, &monthly)]
        }
        Page::Monetization => {
            vec![insights::monetization(&*metrics.acquisition(Breakdown::Channel)?)]
        }
    })
}

/// Returns a bar chart of a share by cohort: signup periods in their order, other cohorts in
/// descending order.
fn shares(by: &Cohort, title: String, values: &str) -> Chart {
    let (title, direction) = match by {
        Cohort::Signup(_) => (format!("{title}, percent"), Direction::Up),
        Cohort::Everyone | Cohort::Dimension(_) => (title, Direction::Right),
    };
    Chart::Bars(Bars { title, labels: cohort::column(by), values: values.into(), direction })
}

/// Returns the id of a panel by cohort: `id` itself for the leading cohort, with a suffix for
/// others.
fn by_cohort(id: &str, cohort: &Cohort, metrics: &Metrics<'_>) -> String {
    if *cohort == metrics.leading() {
        return id.into();
    }
    format!("{id}-by-{}", cohort::id(cohort))
}
