//! The validation of the sources of a configuration, before a run.

use tidegauge_core::{Lease, RUN_HISTORY};

use super::catalog::{SourceInfo, known_sources};
use super::simulation::{classic_config, includes_simulation};
use super::tables::missing_tables;
use crate::config::{Config, Preset};
use crate::source_names::{BACKFILL_SUFFIX, MARKET};
use crate::{Error, Result};

/// Refuses invalid sources: unknown names, tables that do not exist, an exchange that cannot be
/// simulated; so that nothing is loaded for a run that cannot succeed.
///
/// # Errors
/// When sources are invalid, with all errors of names and tables joined in one.
pub(crate) fn validate(config: &Config) -> Result<()> {
    if config.selected_sources.is_none() && config.active_sources().is_empty() {
        return Err(Error::NoSources { unused: config.unused() });
    }
    let mut faults = Vec::new();
    let known = known_sources(config);
    for (at, SourceInfo { name, .. }) in known.iter().enumerate() {
        if known[..at].iter().any(|other| other.name == *name) {
            let reason = format!("two sources are called `{name}`: give yours another name");
            faults.push(Error::Setting { setting: "name", reason });
        }
        if is_reserved(name) {
            let reason = format!(
                "`{name}` is a name under which tidegauge itself keeps something: give yours another"
            );
            faults.push(Error::Setting { setting: "name", reason });
        }
    }
    if let Some(odd) =
        config.databases.iter().find(|database| database.url_env.starts_with("TIDEGAUGE_"))
    {
        let reason = format!("{} begins like a setting: choose another name", odd.url_env);
        faults.push(Error::Setting { setting: "databases.url_env", reason });
    }
    let listed = config.selected_sources.as_ref().unwrap_or(&config.sources);
    let invalid = |at, reason| config.origins.source_error(listed, at, reason);
    for (at, name) in listed.iter().enumerate() {
        if !known.iter().any(|info| info.name == *name) {
            let names: Vec<_> = known.iter().map(|info| info.name.as_str()).collect();
            let reason = format!("there is no `{name}`; there are {}", names.join(", "));
            faults.push(invalid(at, reason));
        }
        if listed[..at].contains(name) {
            faults.push(invalid(at, format!("`{name}` is there twice")));
        }
    }
    faults.extend(missing_tables(config)?);
    if let Some(error) = Error::join(faults) {
        return Err(error);
    }
    let shard = config.simulation.shard;
    if config.simulation.preset == Preset::Classic && !shard.is_whole() {
        let reason = format!(
            "{shard} is a part of an exchange, and the classic one is played whole; set simulation.preset = \
             \"exchange\""
        );
        return Err(Error::Setting { setting: "simulation.shard", reason });
    }
    for scenario in &config.simulation.scenarios {
        let setting = "simulation.scenarios";
        scenario.check().map_err(|error| Error::Setting { setting, reason: error.to_string() })?;
        if config.simulation.preset == Preset::Classic && !scenario.affects_market() {
            let reason = "the classic exchange knows but bull_run and crash; set simulation.preset = \
                          \"exchange\"";
            return Err(Error::Setting { setting, reason: reason.into() });
        }
    }
    if includes_simulation(config) {
        classic_config(&config.simulation)
            .first_day()
            .map_err(|error| Error::Setting { setting: "simulation", reason: error.to_string() })?;
    }
    Ok(())
}

/// Returns `true` for names of cursors that do not belong to a source.
fn is_reserved(name: &str) -> bool {
    [MARKET, RUN_HISTORY].contains(&name)
        || name.starts_with(Lease::PREFIX)
        || name.ends_with(BACKFILL_SUFFIX)
}
