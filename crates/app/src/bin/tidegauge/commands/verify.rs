//! `tidegauge verify`

use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use tidegauge::{Result, Tidegauge};

use crate::output;

/// Prints each rule with the rows tried and the rows broken; exit code 3 if any is.
pub(crate) async fn verify(house: &Tidegauge) -> Result<ExitCode> {
    let report = house.verify().await?;
    let mut rules = Table::new();
    rules.load_style(presets::NOTHING).set_header(["", "rule", "tried", "broken", "first broken"]);
    for rule in &report.rules {
        let mark = match (rule.tried, rule.broken) {
            (0, 0) => "–",
            (_, 0) => "ok",
            _ => "BROKEN",
        };
        rules.add_row([
            mark.to_owned(),
            rule.description.clone(),
            rule.tried.to_string(),
            rule.broken.to_string(),
            rule.examples.join(", "),
        ]);
    }
    for at in [2, 3] {
        if let Some(column) = rules.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    output::line(&format!("{rules}\n"));
    let broken = report.rules.iter().filter(|rule| rule.broken > 0).count();
    if report.passed() {
        let tried: u64 = report.rules.iter().map(|rule| rule.tried).sum();
        let idle = report.rules.iter().filter(|rule| rule.tried == 0).count();
        let idle = if idle == 0 { String::new() } else { format!(", {idle} had nothing to judge") };
        output::line(&format!("{} rules hold{idle}; {tried} checks", report.rules.len()));
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("{broken} of {} rules are broken", report.rules.len()));
    Ok(ExitCode::from(3))
}
