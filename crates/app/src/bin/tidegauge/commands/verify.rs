//! `tidegauge verify`

use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use tidegauge::analytics::verify::{AppliesTo, Report, RuleResult};
use tidegauge::{Result, Tidegauge};

use crate::output;

/// Prints each rule with the rows tried and the rows broken; exit code 3 if any is.
pub(crate) async fn verify(house: &Tidegauge) -> Result<ExitCode> {
    let report = house.verify().await?;
    let mut rules = Table::new();
    rules.load_style(presets::NOTHING).set_header([
        "",
        "rule",
        "applies to",
        "tried",
        "broken",
        "first broken",
    ]);
    for rule in &report.rules {
        let mark = match (rule.tried, rule.broken) {
            (0, 0) => "–",
            (_, 0) => "ok",
            _ => "BROKEN",
        };
        rules.add_row([
            mark.to_owned(),
            rule.description.clone(),
            rule.applies_to.name().to_owned(),
            rule.tried.to_string(),
            rule.broken.to_string(),
            rule.examples.join(", "),
        ]);
    }
    for at in [3, 4] {
        if let Some(column) = rules.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    output::line(&format!("{rules}\n"));
    output::line(&judged(&report));
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

/// Says whose rows were judged, and which rules were not meant for them.
fn judged(report: &Report) -> String {
    let (simulated, own) = (report.simulated_rows, report.own_rows);
    let said = format!("judged {simulated} simulated rows and {own} rows of your own");
    let is_left_out = |rule: &&RuleResult| rule.applies_to == AppliesTo::SimulatedRows;
    match report.rules.iter().filter(is_left_out).count() {
        0 => said,
        _ if own == 0 => said,
        rules => format!(
            "{said}; {rules} rules are of the simulated exchange and do not apply to your own: \
             [verify] in tidegauge.toml is for yours"
        ),
    }
}
