//! The sources that a configuration names.

mod catalog;
mod page;
mod providers;
mod simulation;
mod tables;

pub(crate) use catalog::{FILL, Fills, Opened, fills, offers, open, specs};
pub use catalog::{Needs, Offer};
pub use page::sources_page;
pub use providers::Providers;
pub(crate) use simulation::{
    SIMULATION, is_simulation, next_until, simulates, simulation, simulation_name,
};
pub(crate) use tables::refuse_mixed;

use tidegauge_core::{Lease, RUN_HISTORY};

use crate::config::{Config, Preset};
use crate::derived;
use crate::{Error, Result};

/// Refuses invalid sources: unknown names, tables that do not exist, an exchange that cannot be
/// played; so that nothing is loaded for a run that cannot succeed.
///
/// # Errors
/// When sources are invalid, with all errors of names and tables joined in one.
pub(crate) fn check(config: &Config) -> Result<()> {
    if config.chosen.is_none() && config.active_sources().is_empty() {
        return Err(Error::NoSources { unused: config.unused() });
    }
    let mut faults = Vec::new();
    let offers = offers(config);
    for (at, Offer { name, .. }) in offers.iter().enumerate() {
        if offers[..at].iter().any(|other| other.name == *name) {
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
    let listed = config.chosen.as_ref().unwrap_or(&config.sources);
    let wrong = |at, reason| config.origins.of_source(listed, at, reason);
    for (at, name) in listed.iter().enumerate() {
        if !offers.iter().any(|offer| offer.name == *name) {
            let known: Vec<_> = offers.iter().map(|offer| offer.name.as_str()).collect();
            let reason = format!("there is no `{name}`; there are {}", known.join(", "));
            faults.push(wrong(at, reason));
        }
        if listed[..at].contains(name) {
            faults.push(wrong(at, format!("`{name}` is there twice")));
        }
    }
    faults.extend(tables::missing(config)?);
    if let Some(error) = Error::all(faults) {
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
    if simulates(config) {
        simulation::classic(&config.simulation)
            .first_day()
            .map_err(|error| Error::Setting { setting: "simulation", reason: error.to_string() })?;
    }
    Ok(())
}

/// Returns the configured sources, live or not, without the simulation.
pub(crate) fn configured(config: &Config, live: bool) -> impl Iterator<Item = Offer> {
    let active = config.active_sources();
    let right = move |offer: &Offer| {
        let on = active.contains(&offer.name) && offer.name != SIMULATION;
        on && offer.is_live == live
    };
    offers(config).into_iter().filter(right)
}

/// Returns `true` for names of cursors that do not belong to a source.
fn is_reserved(name: &str) -> bool {
    [derived::NAME, RUN_HISTORY].contains(&name)
        || name.starts_with(Lease::PREFIX)
        || name.ends_with(FILL)
}
