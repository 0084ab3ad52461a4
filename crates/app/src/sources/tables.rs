//! The tables that the sources fill, and the check that a user's own rows are not mixed with those
//! of another source by mistake.

use std::collections::{BTreeMap, BTreeSet};

use tidegauge_acquisition::Context;
use tidegauge_acquisition::mapping::{declare, resolve};
use tidegauge_core::TableRef;
use tidegauge_core::tables::{Coverage, Quarantine};

use super::catalog::tables_of;
use crate::config::{Config, UserSource};
use crate::source_names::{BACKFILL_SUFFIX, SIMULATION, is_simulation};
use crate::{Error, Result};

/// The column that tells the rows of several sources apart, where it is part of the key.
const SOURCE_COLUMN: &str = "source";

/// Returns an error for each file and database whose table does not exist.
///
/// # Errors
/// When a declaration of a table contradicts itself.
pub(super) fn missing_tables(config: &Config) -> Result<Vec<Error>> {
    if config.user_sources().next().is_none() {
        return Ok(Vec::new());
    }
    let declared = declare(&config.tables)?;
    let missing = config.user_sources().filter_map(|own| {
        resolve(own.table, &declared).err()?;
        let own_tables: Vec<_> = declared.iter().map(|table| format!("`{}`", table.name)).collect();
        let own_tables = match own_tables.is_empty() {
            true => "no table".to_owned(),
            false => own_tables.join(", "),
        };
        let reason = format!(
            "`{}` is to fill `{}`, which is no table: [[tables]] declare {own_tables}, and `tidegauge tables` lists \
             those that are built in",
            own.name, own.table
        );
        Some(config.origins.setting_error(&own.path("table"), "table", reason))
    });
    Ok(missing.collect())
}

/// A source of the run, or one that was loaded into the warehouse before.
struct TableWriter<'a> {
    name: &'a str,
    /// Its entry, if it is a file or a database of the user's own.
    own: Option<UserSource<'a>>,
    /// The names of its tables, and whether the key of each contains the source.
    tables: BTreeMap<String, bool>,
    /// `true` if its tables are known from the history of runs alone.
    is_undeclared: bool,
    is_active: bool,
}

/// Refuses a run in which rows of a user's own would mix with those of another source: of all
/// sources that fill a table, only one may omit `shared = true`. They are those of the run, which
/// are `active`, and those that were `loaded` into the warehouse before, each with the names of the
/// tables that its runs have filled.
///
/// Tables whose key contains the source hold rows of any number of sources, apart. A table that a
/// source replaces as a whole holds no others.
///
/// # Errors
/// When rows would mix; the error names the sources and the table of each such pair, and the way
/// out.
pub(crate) fn reject_mixed_rows<'a>(
    config: &'a Config,
    context: &Context,
    active: &'a [String],
    loaded: &'a BTreeMap<String, BTreeSet<String>>,
) -> Result<()> {
    let declared = declare(&config.tables)?;
    let has_source_key = |table: &TableRef| table.key.iter().any(|column| column == SOURCE_COLUMN);
    let writer = |name: &'a str, history: Option<&BTreeSet<String>>, is_active: bool| {
        // A source that cannot be opened as configured is reported by the run.
        let known = tables_of(name, config, context).ok().flatten();
        let is_undeclared = known.is_none();
        let tables = match known {
            Some(known) => {
                let tables = known.tables.iter();
                tables.map(|table| (table.name.to_string(), has_source_key(table))).collect()
            }
            None => {
                let names = history.into_iter().flatten();
                let has_source_key =
                    |name: &str| resolve(name, &declared).is_ok_and(|table| has_source_key(&table));
                names.map(|name| (name.clone(), has_source_key(name))).collect()
            }
        };
        let base = name.strip_suffix(BACKFILL_SUFFIX).unwrap_or(name);
        let own = config.user_sources().find(|own| own.name == base);
        TableWriter { name, own, tables, is_undeclared, is_active }
    };
    let before = loaded.iter().filter(|(name, _)| !active.contains(*name));
    let all: Vec<_> = active
        .iter()
        .map(|name| writer(name, None, true))
        .chain(before.map(|(name, tables)| writer(name, Some(tables), false)))
        .collect();
    let mut faults = Vec::new();
    for (at, one) in all.iter().enumerate().filter(|(_, one)| one.is_active) {
        for other in &all[at + 1..] {
            let involves_user_rows =
                one.own.is_some() || other.own.is_some() || other.is_undeclared;
            // The reload of a source belongs to that source.
            let is_same = other.name.strip_suffix(BACKFILL_SUFFIX) == Some(one.name);
            if !involves_user_rows || is_same {
                continue;
            }
            let replaces = one.replaces() || other.replaces();
            let is_allowed = |has_source_key: bool| {
                !replaces && (has_source_key || one.shares() || other.shares())
            };
            let common = one.tables.iter().filter(|(table, has_source_key)| {
                other.tables.contains_key(*table)
                    && !is_allowed(**has_source_key)
                    && !describes_rows(table)
            });
            faults.extend(common.map(|(table, _)| mixed_rows_error(config, one, other, table)));
        }
    }
    Error::join(faults).map_or(Ok(()), Err)
}

impl TableWriter<'_> {
    /// Returns `true` if another source may fill its table as well.
    fn shares(&self) -> bool {
        self.own.is_some_and(|own| own.shared)
    }

    /// Returns `true` if each of its loads replaces all rows of its table.
    fn replaces(&self) -> bool {
        self.own.is_some_and(|own| own.replaces)
    }
}

/// Returns `true` for tables that only describe the rows of others.
fn describes_rows(table: &str) -> bool {
    [Coverage::table(), Quarantine::table()].iter().any(|notes| *notes.name == *table)
}

/// Returns the error of a table that two sources fill.
fn mixed_rows_error(
    config: &Config,
    one: &TableWriter<'_>,
    other: &TableWriter<'_>,
    table: &str,
) -> Error {
    // The user's own source is named first.
    let (one, other) = match other.is_active && one.own.is_none() {
        true => (other, one),
        false => (one, other),
    };
    let (name, other_name) = (one.name, other.name);
    let own = one.own.or(other.own);
    let shared = own.map_or_else(String::new, |own| {
        let section = own.section();
        format!(
            ", or set `shared = true` in the {section} of `{}` if they belong together",
            own.name
        )
    });
    let whole = [one, other].into_iter().find(|writer| writer.replaces()).map(|whole| whole.name);
    let reason = if let Some(whole) = whole.filter(|_| other.is_active) {
        format!(
            "`{name}` and `{other_name}` both fill `{table}`, and `{whole}` replaces all of its rows (`write = \
             \"replace\"`): leave one of the two out, or that setting"
        )
    } else if other.is_active {
        format!(
            "`{name}` and `{other_name}` both fill `{table}`, and their rows would take each other's place: leave \
             one of the two out{shared}"
        )
    } else {
        let reset = if is_simulation(other_name) { SIMULATION } else { other_name };
        let reset = match reset.contains(' ') {
            true => format!("'{reset}'"),
            false => reset.to_owned(),
        };
        let (becomes, shared) = match whole {
            Some(whole) => {
                (format!("`{whole}` replaces all rows (`write = \"replace\"`)"), String::new())
            }
            None => (format!("rows of `{name}` would mix with them"), shared),
        };
        format!(
            "`{table}` holds rows of `{other_name}` from earlier runs, and {becomes}: remove those (`tidegauge reset \
             {reset}`), or take another `warehouse`{shared}"
        )
    };
    match own {
        Some(own) => config.origins.setting_error(&own.path("table"), "table", reason),
        None => Error::Setting { setting: "sources", reason },
    }
}
