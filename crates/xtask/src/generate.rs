//! Files that are generated from definitions: pages of `docs/` and migrations.

use std::fs;

use crate::paths::root;
use crate::process::{cargo, run, stdout_of};

/// Writes the pages that are derived from definitions: the tables, and the index of sources.
pub(crate) fn docs() -> Result<(), String> {
    for (subcommand, file) in [("tables", "docs/tables.md"), ("sources", "docs/sources/README.md")]
    {
        let args = ["run", "--quiet", "--package", "tidegauge", "--", subcommand, "--markdown"];
        let page = stdout_of(cargo().args(args))?;
        fs::write(root().join(file), page).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Writes the migrations that follow from the tables of core. The DDL of a table is known only to
/// the stores, so an ignored test of theirs writes the files that the other tests check.
pub(crate) fn migrations() -> Result<(), String> {
    let args = ["test", "--quiet", "--package", "tidegauge-storage", "--all-features", "--lib"];
    run(cargo().args(args).args(["--locked", "write_migrations", "--", "--ignored"]))
}
