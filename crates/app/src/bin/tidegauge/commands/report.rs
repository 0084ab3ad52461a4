//! `tidegauge report`

use tidegauge::{Config, Error, Result};

use crate::{args, output};

/// Writes the report, whole or not at all, and prints the insights.
pub(crate) async fn report(mut config: Config, args: args::Report) -> Result<()> {
    if let Some(output) = args.output {
        config.report = output;
    }
    let house = super::open(config)?;
    let report = house.report().await?;
    let file = house.config().report.clone();
    tidegauge::report::write(&file, &report.to_html()?)
        .map_err(|error| Error::Write { file: file.clone(), error })?;
    for insight in report.insights() {
        output::line(&format!("{insight}\n"));
    }
    for caveat in report.provenance.caveats() {
        output::line(&format!("note: {caveat}\n"));
    }
    output::line(&format!("report  {}", file.display()));
    Ok(())
}
