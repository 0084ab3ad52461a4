//! Computations: the definition of a figure, and what it was computed with.

use serde::Serialize;

/// How a figure or the figures of a panel are computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Computation {
    /// The definition, in one or two sentences.
    pub definition: String,
    /// What it was computed with: the period, the threshold, the end of observation.
    pub settings: Vec<Setting>,
    /// The page of the documentation, as a path in the repository: `docs/metrics/kpi.md`.
    pub docs: String,
}

/// A parameter of a computation, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Setting {
    /// The name.
    pub name: String,
    /// The value, with its unit.
    pub value: String,
}

impl Computation {
    /// Creates a computation without settings.
    pub fn new(definition: impl Into<String>, docs: impl Into<String>) -> Self {
        Self { definition: definition.into(), settings: Vec::new(), docs: docs.into() }
    }

    /// Adds a setting.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push(Setting { name: name.into(), value: value.into() });
        self
    }
}
