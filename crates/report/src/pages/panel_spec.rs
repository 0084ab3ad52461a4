//! Specifications of panels: what a page can show, before it is computed.

use crate::metrics::Metrics;
use crate::{Panel, Result};

/// The id of a panel and the function that builds it.
pub(crate) struct PanelSpec {
    /// The id of the panel.
    pub(crate) id: String,
    builder: Builder,
}

/// A function that builds a panel with an id.
type Builder = Box<dyn Fn(&Metrics<'_>, &str) -> Result<Panel>>;

impl PanelSpec {
    /// Creates a specification; no metric is computed.
    pub(super) fn new(
        id: impl Into<String>,
        builder: impl Fn(&Metrics<'_>, &str) -> Result<Panel> + 'static,
    ) -> Self {
        Self { id: id.into(), builder: Box::new(builder) }
    }

    /// Builds the panel, computing its metrics.
    ///
    /// # Errors
    /// When a metric cannot be computed.
    pub(crate) fn build(&self, metrics: &Metrics<'_>) -> Result<Panel> {
        (self.builder)(metrics, &self.id)
    }
}
