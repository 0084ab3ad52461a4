//! The pages: the panels, key figures and insights of each, with one function per panel.

mod acquisition;
mod basis;
mod by_cohort;
mod concentration;
mod curves;
mod definition;
mod funnel;
mod incidence;
mod kpi;
mod monetization;
mod overview;
mod panel_spec;
mod parameters;
mod periods;
mod prediction;
mod retention;

use tidegauge_analytics::Cohort;
use tidegauge_analytics::unit_economics::Breakdown;

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
        Page::Basis => vec![
            PanelSpec::new("prices", basis::prices),
            PanelSpec::new("parameters", parameters::parameters),
        ],
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
            if !metrics.words().has_trades() {
                return Ok(Vec::new());
            }
            let entry = Cohort::dimension("entry_product");
            let (ltv, volume) = (metrics.ltv(&entry)?, metrics.volume(&entry)?);
            let insight = insights::ramp(&ltv, &volume, &*metrics.churn(&entry)?, metrics.words());
            Some(insight).filter(|insight| !insight.is_empty()).into_iter().collect()
        }
        Page::Acquisition => {
            let (volume, spread) = (metrics.volume(&leading)?, metrics.concentration()?);
            let lead = insights::acquisition(&leading, &volume, &spread.top_10, metrics.words());
            let told = insights::prediction(&*metrics.prediction()?, metrics.words());
            [lead, told].into_iter().filter(|insight| !insight.is_empty()).collect()
        }
        Page::Retention => {
            let (churn, monthly) = (metrics.churn(&leading)?, metrics.monthly_retention()?);
            vec![insights::retention(&leading, &churn, &monthly, metrics.words())]
        }
        Page::Monetization => {
            let channels = metrics.unit_economics(Breakdown::Channel)?;
            vec![insights::monetization(&channels, metrics.words())]
        }
    })
}
