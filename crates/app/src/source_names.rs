//! The names under which sinks keep cursors, besides those of the registered sources.

use tidegauge_simulation::Shard;

/// The name of the simulation. It runs last.
pub(crate) const SIMULATION: &str = "simulation";

/// The name of the derived market tables.
pub(crate) const MARKET: &str = "market";

/// The suffix of a source's name under which sinks keep the cursor of its backfill.
pub(crate) const BACKFILL_SUFFIX: &str = " fill";

/// Returns `true` if `name` is that of the simulated exchange, or of a shard of it.
pub(crate) fn is_simulation(name: &str) -> bool {
    let shard = name.strip_prefix(SIMULATION).and_then(|rest| rest.strip_prefix(' '));
    name == SIMULATION || shard.is_some_and(|shard| shard.parse::<Shard>().is_ok())
}
