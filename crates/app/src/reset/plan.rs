//! The plan of a reset: what is removed from one sink.

use std::collections::{BTreeMap, BTreeSet};

use tidegauge_acquisition::mapping::{declare, resolve};
use tidegauge_core::tables::{
    Candle, Coverage, FxRate, MarketTrade, Quarantine, Quote, RawCryptoMarketData, RunRecord,
};
use tidegauge_core::{Cursor, Lease, RUN_HISTORY, Removal, TableRef, WriteMode};

use crate::source_names::{BACKFILL_SUFFIX, MARKET, SIMULATION, is_simulation};
use crate::sources::SourceTables;
use crate::{Config, Error, Result};

/// The column that tells the rows of several sources apart, where it is part of the key.
const SOURCE_COLUMN: &str = "source";

/// The tables that each source is known to fill.
#[derive(Debug, Default)]
pub(super) struct FilledTables {
    /// The tables by the configuration.
    pub(super) known: BTreeMap<String, SourceTables>,
    /// The names of tables by the history of runs.
    pub(super) history: BTreeMap<String, BTreeSet<String>>,
    /// The tables that a source which is reset has filled, and that the settings no longer declare.
    pub(super) undeclared: BTreeSet<String>,
}

impl FilledTables {
    /// Returns the tables that `source`, which the settings no longer know, has filled by the
    /// history of runs.
    ///
    /// # Errors
    /// When a declaration of a table contradicts itself.
    pub(super) fn by_history(&mut self, source: &str, config: &Config) -> Result<SourceTables> {
        let (declared, mut tables) = (declare(&config.tables)?, Vec::new());
        // A reloaded span has a history of its own.
        let names = [source.to_owned(), format!("{source}{}", BACKFILL_SUFFIX)];
        for name in names.iter().filter_map(|name| self.history.get(name)).flatten() {
            match resolve(name, &declared) {
                Ok(table) if !tables.contains(&table) => tables.push(table),
                Ok(_) => {}
                Err(_) => drop(self.undeclared.insert(name.clone())),
            }
        }
        Ok(SourceTables { tables, writes_source_name: false })
    }

    /// Returns `true` if `source` fills `table`, or has filled it.
    fn fills(&self, source: &str, table: &TableRef) -> bool {
        let is_it = |other: &TableRef| other.name == table.name;
        self.known.get(source).is_some_and(|fills| fills.tables.iter().any(is_it))
            || self.history.get(source).is_some_and(|names| names.contains(table.name.as_ref()))
    }
}

/// A table whose rows stay although a source that fills it is reset: other sources fill it as well,
/// or the settings no longer declare it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptTable {
    /// The name of the table.
    pub table: String,
    /// The other sources that fill it; empty for a table that is not declared.
    pub sources: Vec<String>,
}

/// The removals in one sink.
#[derive(Debug, Default)]
pub(super) struct ResetPlan {
    /// The sources that are reset, each with its cursor there.
    pub(super) cursors: Vec<(String, Option<Cursor>)>,
    /// The sources that fill a table which is removed as a whole, and were never loaded: that must
    /// still hold at the commit.
    pub(super) never_loaded: BTreeSet<String>,
    pub(super) removals: Vec<Removal>,
    pub(super) kept: Vec<KeptTable>,
}

impl ResetPlan {
    /// Plans the reset of `names` in a sink with these `cursors`.
    pub(super) fn new(
        names: &[String],
        cursors: &BTreeMap<String, Cursor>,
        filled: &FilledTables,
    ) -> Result<Self> {
        let mut reset: BTreeSet<String> =
            names.iter().flat_map(|name| sources_of(name, cursors)).collect();
        let mut plan = Self::for_tables(&reset, cursors, filled)?;
        // Tables derived from these rows are removed as well: they could not be recomputed.
        let affects_derived =
            plan.removals.iter().any(|removal| is_raw_market_table(removal.table()));
        if affects_derived && cursors.contains_key(MARKET) && reset.insert(MARKET.into()) {
            plan = Self::for_tables(&reset, cursors, filled)?;
        }
        for notes in [Coverage::table(), Quarantine::table()] {
            plan.removals.push(Removal::by_values(notes, SOURCE_COLUMN, &reset)?);
        }
        let at = |source: String| {
            let cursor = cursors.get(&source).cloned();
            (source, cursor)
        };
        plan.cursors = reset.into_iter().map(at).collect();
        let undeclared = filled.undeclared.iter();
        plan.kept.extend(
            undeclared.map(|table| KeptTable { table: table.clone(), sources: Vec::new() }),
        );
        Ok(plan)
    }

    fn for_tables(
        reset: &BTreeSet<String>,
        cursors: &BTreeMap<String, Cursor>,
        filled: &FilledTables,
    ) -> Result<Self> {
        let mut plan = Self::default();
        let mut tables: BTreeMap<&str, (&TableRef, bool)> = BTreeMap::new();
        for fills in reset.iter().filter_map(|source| filled.known.get(source)) {
            for table in fills.tables.iter().filter(|table| !is_bookkeeping(table)) {
                let by_source =
                    fills.writes_source_name && table.key.iter().any(|name| name == SOURCE_COLUMN);
                let (_, by_source_only) =
                    tables.entry(table.name.as_ref()).or_insert((table, true));
                *by_source_only &= by_source;
            }
        }
        let is_other = |source: &&String| {
            !reset.contains(*source) && *source != RUN_HISTORY && !source.starts_with(Lease::PREFIX)
        };
        for (name, (table, is_told_apart)) in tables {
            let others: Vec<&String> = cursors
                .keys()
                .filter(is_other)
                .filter(|source| filled.fills(source, table))
                .collect();
            // A file of the user's own may name another source in its rows.
            let writes_source_name = |source: &&String| {
                filled.known.get(*source).is_some_and(|fills| fills.writes_source_name)
            };
            if is_told_apart && others.iter().all(writes_source_name) {
                plan.removals.push(Removal::by_values(table, SOURCE_COLUMN, reset)?);
            } else if others.is_empty() {
                let is_new =
                    |source: &&String| !reset.contains(*source) && filled.fills(source, table);
                plan.never_loaded.extend(filled.known.keys().filter(is_new).cloned());
                plan.removals.push(Removal::all(table));
            } else if table.write == WriteMode::Merge {
                let sources = others.into_iter().cloned().collect();
                plan.kept.push(KeptTable { table: name.to_owned(), sources });
            } else {
                return Err(shared_table_error(name, reset, &others));
            }
        }
        Ok(plan)
    }
}

/// Returns the sources that `name` includes: its backfill, and for the simulation all shards that
/// were loaded.
fn sources_of(name: &str, cursors: &BTreeMap<String, Cursor>) -> Vec<String> {
    let is_part = |source: &&String| {
        source.strip_prefix(name) == Some(BACKFILL_SUFFIX)
            || name == SIMULATION && is_simulation(source)
    };
    let parts = cursors.keys().filter(is_part).cloned();
    [name.to_owned()].into_iter().chain(parts).collect()
}

/// Returns `true` for a table that the derived ones are computed from.
fn is_raw_market_table(table: &TableRef) -> bool {
    [
        RawCryptoMarketData::table(),
        Candle::table(),
        Quote::table(),
        MarketTrade::table(),
        FxRate::table(),
    ]
    .contains(&table)
}

/// Returns `true` for a table whose rows of a source are removed independently of the tables that
/// the source fills, and for the history of runs, which stays.
fn is_bookkeeping(table: &TableRef) -> bool {
    [Coverage::table(), Quarantine::table(), RunRecord::table()].contains(&table)
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the error of an append table that several sources fill of which only some are reset.
fn shared_table_error(table: &str, reset: &BTreeSet<String>, others: &[&String]) -> Error {
    let word = |name: &str| match name.contains(' ') {
        true => format!("'{name}'"),
        false => name.to_owned(),
    };
    let names = reset.iter().chain(others.iter().copied()).map(|name| word(name));
    let names: Vec<_> = names.collect();
    Error::Setting {
        setting: "reset",
        reason: format!(
            "`{table}` only takes new rows, and {} filled it as well: whose a row is cannot be told; \
             reset all that fill it together: `tidegauge reset {}`",
            quoted(others.iter().map(|name| name.as_str())),
            names.join(" ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{DataType, Table, tables};

    use super::*;

    fn orders(write: WriteMode) -> TableRef {
        let table = Table::builder("orders", "").column("id", DataType::Int64, "").key(["id"]);
        table.write(write).build().unwrap()
    }

    fn filled(sources: &[(&str, bool, &[TableRef])]) -> FilledTables {
        let known = sources.iter().map(|(name, writes_source_name, tables)| {
            let fills =
                SourceTables { tables: tables.to_vec(), writes_source_name: *writes_source_name };
            ((*name).to_owned(), fills)
        });
        FilledTables { known: known.collect(), ..FilledTables::default() }
    }

    fn cursors(names: &[&str]) -> BTreeMap<String, Cursor> {
        names.iter().map(|name| ((*name).to_owned(), Cursor::new("1"))).collect()
    }

    fn planned(names: &[&str], known: &[&str], filled: &FilledTables) -> Result<ResetPlan> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        ResetPlan::new(&names, &cursors(known), filled)
    }

    /// Returns the tables of a plan except for `coverage` and `quarantine`; `*` marks those that
    /// are removed as a whole.
    fn removed_tables(plan: &ResetPlan) -> Vec<String> {
        let tables = plan.removals.iter().map(|removal| {
            let whole = if removal.is_whole() { "*" } else { "" };
            format!("{}{whole}", removal.table().name)
        });
        tables.filter(|name| name != "coverage" && name != "quarantine").collect()
    }

    #[test]
    fn rows_with_a_source_column_are_reset_by_source() {
        let (candles, prices) = (Candle::table().clone(), tables::MarketPrice::table().clone());
        let filled = filled(&[
            ("kraken", true, std::slice::from_ref(&candles)),
            ("kraken fill", true, std::slice::from_ref(&candles)),
            ("recorded", true, std::slice::from_ref(&candles)),
            ("mine", false, std::slice::from_ref(&candles)),
            ("market", false, &[prices]),
        ]);
        let known = ["kraken", "kraken fill", "recorded", "market", "pipeline", "lease:kraken"];
        let plan = planned(&["kraken"], &known, &filled).unwrap();
        // Derived rows are removed with the rows that they depend on.
        assert_eq!(removed_tables(&plan), ["candles", "market_prices*"]);
        let reset: Vec<_> = plan.cursors.iter().map(|(source, _)| source.as_str()).collect();
        assert_eq!(reset, ["kraken", "kraken fill", "market"]);
        // A file may hold candles with Kraken's name: these must not be removed without the file's
        // cursor.
        let plan = planned(&["kraken"], &["kraken", "mine"], &filled).unwrap();
        assert_eq!(removed_tables(&plan), [""; 0]);
        let kept = KeptTable { table: "candles".into(), sources: vec!["mine".into()] };
        assert_eq!(plan.kept, [kept]);
        let plan = planned(&["mine"], &["mine"], &filled).unwrap();
        assert_eq!(removed_tables(&plan), ["candles*"]);
    }

    #[test]
    fn shared_append_table_is_reset_with_all_its_sources() {
        let append = orders(WriteMode::Append);
        let mut filled = filled(&[
            ("old", false, std::slice::from_ref(&append)),
            ("new", false, std::slice::from_ref(&append)),
        ]);
        let error = planned(&["new"], &["new", "old"], &filled).unwrap_err().to_string();
        assert!(error.contains("`orders`") && error.contains("`old` filled it"), "{error}");
        assert!(error.contains("`tidegauge reset new old`"), "{error}");
        // A source that was never loaded has no rows, as long as it stays so.
        let plan = planned(&["new"], &["new"], &filled).unwrap();
        assert_eq!(removed_tables(&plan), ["orders*"]);
        assert_eq!(plan.never_loaded, BTreeSet::from(["old".to_owned()]));
        let both = planned(&["old", "new"], &["new", "old"], &filled).unwrap();
        assert_eq!(removed_tables(&both), ["orders*"]);
        // A source that is no longer configured is known from the history.
        filled.history.insert("gone".into(), BTreeSet::from(["orders".into()]));
        let error = planned(&["new"], &["new", "gone"], &filled).unwrap_err().to_string();
        assert!(error.contains("`tidegauge reset new gone`"), "{error}");
    }

    #[test]
    fn removed_source_is_reset_by_its_history() {
        let mut filled = filled(&[]);
        for (name, tables) in [("gone", &["users", "tickets"][..]), ("gone fill", &["orders"])] {
            let tables = tables.iter().map(ToString::to_string).collect();
            filled.history.insert(name.into(), tables);
        }
        let fills = filled.by_history("gone", &Config::default()).unwrap();
        filled.known.insert("gone".into(), fills);
        let plan = planned(&["gone"], &["gone", "gone fill"], &filled).unwrap();
        assert_eq!(removed_tables(&plan), ["orders*", "users*"]);
        assert_eq!(plan.cursors.len(), 2);
        // A table that is not declared stays, and is reported.
        let kept = KeptTable { table: "tickets".into(), sources: Vec::new() };
        assert_eq!(plan.kept, [kept]);
    }

    #[test]
    fn shared_merge_table_keeps_its_rows() {
        let merge = orders(WriteMode::Merge);
        let filled = filled(&[
            ("old", false, std::slice::from_ref(&merge)),
            ("new", false, std::slice::from_ref(&merge)),
        ]);
        let plan = planned(&["new"], &["new", "old"], &filled).unwrap();
        assert_eq!((removed_tables(&plan), plan.kept.len()), (vec![], 1));
        assert_eq!(plan.cursors, [("new".to_owned(), Some(Cursor::new("1")))]);
    }

    #[test]
    fn simulation_is_reset_with_all_its_shards() {
        let filled = filled(&[("simulation", false, &[orders(WriteMode::Append)])]);
        let known = ["simulation 1/2", "simulation 2/2", "simulations"];
        let plan = planned(&["simulation"], &known, &filled).unwrap();
        let reset: Vec<_> = plan.cursors.iter().map(|(source, _)| source.as_str()).collect();
        assert_eq!(reset, ["simulation", "simulation 1/2", "simulation 2/2"]);
        assert_eq!(removed_tables(&plan), ["orders*"]);
    }
}
