//! The report of an audit: the result of every rule.

use serde::Serialize;

/// The result of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditReport {
    /// Every rule, whether it applied to any row or not.
    pub rules: Vec<RuleResult>,
    /// The number of rows of the users' tables that a simulation wrote.
    pub simulated_rows: u64,
    /// The number of all other rows of the users' tables.
    pub own_rows: u64,
    /// The caveats of the result, one sentence each; the audit itself adds none.
    pub notes: Vec<String>,
}

impl AuditReport {
    /// Returns `true` if no rule has a violation.
    pub fn passed(&self) -> bool {
        self.violated().next().is_none()
    }

    /// Returns the rules with at least one violation.
    pub fn violated(&self) -> impl Iterator<Item = &RuleResult> {
        self.rules.iter().filter(|rule| rule.violations > 0)
    }
}

/// The result of one audit rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleResult {
    /// The name of the rule, stable across releases.
    pub name: String,
    /// The condition that must hold.
    pub description: String,
    /// The rows to which it applies.
    pub applies_to: AppliesTo,
    /// The number of rows (or accounts) that were checked; 0 if there are none.
    #[serde(rename = "tried")]
    pub checked: u64,
    /// The number of violations.
    #[serde(rename = "broken")]
    pub violations: u64,
    /// The keys of the first few violations.
    pub examples: Vec<String>,
}

/// The rows to which a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AppliesTo {
    /// All rows: it holds for any exchange, or the configuration sets it for the user's own.
    AllRows,
    /// Simulated rows alone: it is a rule of the simulated world.
    SimulatedRows,
}

impl AppliesTo {
    /// Returns the name: `all rows`, `simulated rows`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllRows => "all rows",
            Self::SimulatedRows => "simulated rows",
        }
    }
}

/// The maximum number of examples of a rule.
pub(super) const MAX_EXAMPLES: usize = 3;

impl RuleResult {
    /// Creates the result of a rule that was not checked on any row.
    pub(super) fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            applies_to: AppliesTo::AllRows,
            checked: 0,
            violations: 0,
            examples: Vec::new(),
        }
    }

    /// Restricts the rule to the simulated world, unless the configuration sets it for other rows
    /// too.
    pub(super) fn only_simulated_unless(mut self, is_configured: bool) -> Self {
        self.applies_to = if is_configured { AppliesTo::AllRows } else { AppliesTo::SimulatedRows };
        self
    }

    /// Counts a checked row; unless the rule `holds`, also a violation with its `key`.
    pub(super) fn check(&mut self, holds: bool, key: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations += 1;
            if self.examples.len() < MAX_EXAMPLES {
                self.examples.push(key());
            }
        }
    }

    /// Adds the result of the same rule for other rows.
    pub(super) fn merge(&mut self, other: Self) {
        self.checked += other.checked;
        self.violations += other.violations;
        let free = MAX_EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(free));
    }
}
