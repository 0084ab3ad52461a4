//! `tidegauge run`

use tidegauge::{Config, Result};

use crate::{args, out, progress};

/// Loads what is new, and says what that was.
pub(crate) async fn run(mut config: Config, args: args::Run) -> Result<()> {
    if !args.sources.is_empty() {
        config.sources = args.sources;
    }
    config.backups.extend(args.backups);
    if let Some(seed) = args.seed {
        config.simulation.seed = seed;
    }
    let house = super::open(config)?;
    let summary = house.run(args.until, progress::observer().as_ref()).await?;
    out::line(&format!("\n{summary}\n"));
    out::line(&format!("warehouse  {}", house.config().warehouse));
    for backup in &house.config().backups {
        out::line(&format!("backup     {backup}"));
    }
    Ok(())
}
