//! The pages: the panels, key figures and insights of each, with one function per panel.

mod acquisition;
mod basis;
mod by_cohort;
mod concentration;
mod curves;
mod funnel;
mod incidence;
mod kpi;
mod monetization;
mod overview;
mod panel_spec;
mod periods;
mod prediction;
mod retention;

use tidegauge_analytics::unit_economics::Breakdown;
use tidegauge_analytics::{Cohort, Period};

pub(crate) use panel_spec::PanelSpec;

use crate::metrics::Metrics;
use crate::{Page, Result, Tile, insights};

/// Returns the specifications of a page's panels, in order, without computing them.
pub(crate) fn panels(page: Page, metrics: &Metrics<'_>) -> Vec<PanelSpec> {
    match page {
        Page::Overview => overview::panels(metrics),
        Page::Acquisition => acquisition::panels(metrics),
        Page::Retention => retention::panels(metrics),
        Page::Monetization => monetization::panels(metrics),
        Page::Basis => vec![PanelSpec::new("prices", basis::prices)],
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
        Page::Basis => Vec::new(),
        Page::Overview => {
            let entry = Cohort::dimension("entry_product");
            let (ltv, volume) = (metrics.ltv(&entry)?, metrics.volume(&entry)?);
            let insight = insights::ramp(&ltv, &volume, &*metrics.churn(&entry)?);
            Some(insight).filter(|insight| !insight.is_empty()).into_iter().collect()
        }
        Page::Acquisition => {
            let top_tenth = &metrics.concentration()?.top_10;
            let lead = insights::acquisition(&leading, &*metrics.volume(&leading)?, top_tenth);
            let told = insights::prediction(&*metrics.prediction()?);
            [lead, told].into_iter().filter(|insight| !insight.is_empty()).collect()
        }
        Page::Retention => {
            let monthly = metrics.retention(Period::Month, false)?;
            vec![insights::retention(&leading, &*metrics.churn(&leading)?, &monthly)]
        }
        Page::Monetization => {
            vec![insights::monetization(&*metrics.unit_economics(Breakdown::Channel)?)]
        }
    })
}
