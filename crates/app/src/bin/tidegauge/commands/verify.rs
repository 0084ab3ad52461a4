//! The command `tidegauge verify`.

use std::iter;
use std::process::ExitCode;

use serde::Serialize;
use tidegauge::analytics::audit::{AppliesTo, AuditReport, RuleResult};
use tidegauge::text::Table;
use tidegauge::{Result, Tidegauge};

use crate::output::{self, Document, Text};

/// The exit code if a rule is violated.
const RULE_VIOLATED: u8 = 3;

/// The result of the audit.
#[derive(Debug, Serialize)]
struct AuditResult {
    passed: bool,
    /// The number of checks.
    checks: u64,
    /// The number of rules with at least one violation.
    broken: usize,
    /// The number of rows that a simulation wrote, and of all others.
    simulated_rows: u64,
    own_rows: u64,
    /// The caveats of the result, one sentence each.
    notes: Vec<String>,
    rules: Vec<RuleResult>,
}

impl From<AuditReport> for AuditResult {
    fn from(report: AuditReport) -> Self {
        Self {
            passed: report.passed(),
            checks: report.rules.iter().map(|rule| rule.checked).sum(),
            broken: report.violated().count(),
            simulated_rows: report.simulated_rows,
            own_rows: report.own_rows,
            notes: inapplicable_rules_note(&report).into_iter().chain(report.notes).collect(),
            rules: report.rules,
        }
    }
}

/// Returns a sentence about the rules that do not apply to the user's own rows, or `None` if there
/// is none.
fn inapplicable_rules_note(report: &AuditReport) -> Option<String> {
    let is_inapplicable = |rule: &&RuleResult| rule.applies_to == AppliesTo::SimulatedRows;
    let rules = report.rules.iter().filter(is_inapplicable).count();
    (rules > 0 && report.own_rows > 0).then(|| {
        format!(
            "{rules} rules are of the simulated exchange and do not apply to your own: [verify] in \
             tidegauge.toml is for yours"
        )
    })
}

impl Document for AuditResult {
    fn text(&self) -> Text {
        let mut table = Table::new(["", "rule", "applies to", "tried", "broken", "first broken"]);
        for rule in &self.rules {
            let mark = match (rule.checked, rule.violations) {
                (0, 0) => "–",
                (_, 0) => "ok",
                _ => "BROKEN",
            };
            table.row([
                mark.to_owned(),
                rule.description.clone(),
                rule.applies_to.name().to_owned(),
                rule.checked.to_string(),
                rule.violations.to_string(),
                rule.examples.join(", "),
            ]);
        }
        let mut text = Text::default();
        text.table(&table.align_right([3, 4]));
        text.line("");
        let (simulated, own) = (self.simulated_rows, self.own_rows);
        let judged = format!("judged {simulated} simulated rows and {own} rows of your own");
        let notes = self.notes.iter().map(String::as_str);
        text.line(iter::once(judged.as_str()).chain(notes).collect::<Vec<_>>().join("; "));
        let rules = self.rules.len();
        if self.passed {
            let idle = self.rules.iter().filter(|rule| rule.checked == 0).count();
            let idle =
                if idle == 0 { String::new() } else { format!(", {idle} had nothing to judge") };
            text.line(format!("{rules} rules hold{idle}; {} checks", self.checks));
        } else {
            text.line(format!("{} of {rules} rules are broken", self.broken));
        }
        text
    }
}

/// Prints each rule with its numbers of checked rows and violations; exit code 3 if there is any
/// violation.
pub(crate) async fn verify(tidegauge: &Tidegauge) -> Result<ExitCode> {
    let result = AuditResult::from(tidegauge.verify().await?);
    output::print_document(&result);
    Ok(if result.passed { ExitCode::SUCCESS } else { ExitCode::from(RULE_VIOLATED) })
}
