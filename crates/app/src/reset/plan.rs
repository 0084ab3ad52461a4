//! The plan of a reset: what is removed from one sink.

use std::collections::{BTreeMap, BTreeSet};

use tidegauge_acquisition::mapping::{declare, resolve};
use tidegauge_core::tables::{
    Candle, Coverage, FxRate, MarketTrade, Quarantine, Quote, RawCryptoMarketData, RunRecord,
};
use tidegauge_core::{Cursor, Lease, RUN_HISTORY, Removal, TableRef, WriteMode};

use crate::sources::{self, Fills};
use crate::{Config, Error, Result, derived};

/// The column that tells the rows of several sources apart, where it is part of the key.
const SOURCE: &str = "source";

/// The tables that each source is known to fill.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// The tables by the configuration.
    pub(super) known: BTreeMap<String, Fills>,
    /// The names of tables by the history of runs.
    pub(super) history: BTreeMap<String, BTreeSet<String>>,
    /// The tables that a source which is reset has filled, and that the settings no longer declare.
    pub(super) undeclared: BTreeSet<String>,
}

impl Filled {
    /// Returns the tables that `source`, which the settings no longer know, has filled by the
    /// history of runs.
    ///
    /// # Errors
    /// When a declaration of a table contradicts itself.
    pub(super) fn by_history(&mut self, source: &str, config: &Config) -> Result<Fills> {
        let (declared, mut tables) = (declare(&config.tables)?, Vec::new());
        // A reloaded span has a history of its own.
        let names = [source.to_owned(), format!("{source}{}", sources::FILL)];
        for name in names.iter().filter_map(|name| self.history.get(name)).flatten() {
            match resolve(name, &declared) {
                Ok(table) if !tables.contains(&table) => tables.push(table),
                Ok(_) => {}
                Err(_) => drop(self.undeclared.insert(name.clone())),
            }
        }
        Ok(Fills { tables, names_itself: false })
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
pub struct Kept {
    /// The name of the table.
    pub table: String,
    /// The other sources that fill it; empty for a table that is not declared.
    pub sources: Vec<String>,
}

/// The removals in one sink.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The sources that are reset, each with its cursor there.
    pub(super) cursors: Vec<(String, Option<Cursor>)>,
    /// The sources that fill a table which is removed as a whole, and were never loaded: that must
    /// still hold at the commit.
    pub(super) never_loaded: BTreeSet<String>,
    pub(super) removals: Vec<Removal>,
    pub(super) kept: Vec<Kept>,
}

impl Plan {
    /// Plans the reset of `names` in a sink with these `cursors`.
    pub(super) fn of(
        names: &[String],
        cursors: &BTreeMap<String, Cursor>,
        filled: &Filled,
    ) -> Result<Self> {
        let mut reset: BTreeSet<String> =
            names.iter().flat_map(|name| parts(name, cursors)).collect();
        let mut plan = Self::tables(&reset, cursors, filled)?;
        // Tables derived from these rows are removed as well: they could not be recomputed.
        let feeds = plan.removals.iter().any(|removal| is_raw(removal.table()));
        if feeds && cursors.contains_key(derived::NAME) && reset.insert(derived::NAME.into()) {
            plan = Self::tables(&reset, cursors, filled)?;
        }
        for notes in [Coverage::table(), Quarantine::table()] {
            plan.removals.push(Removal::by_values(notes, SOURCE, &reset)?);
        }
        let at = |source: String| {
            let cursor = cursors.get(&source).cloned();
            (source, cursor)
        };
        plan.cursors = reset.into_iter().map(at).collect();
        let undeclared = filled.undeclared.iter();
        plan.kept
            .extend(undeclared.map(|table| Kept { table: table.clone(), sources: Vec::new() }));
        Ok(plan)
    }

    fn tables(
        reset: &BTreeSet<String>,
        cursors: &BTreeMap<String, Cursor>,
        filled: &Filled,
    ) -> Result<Self> {
        let mut plan = Self::default();
        let mut tables: BTreeMap<&str, (&TableRef, bool)> = BTreeMap::new();
        for fills in reset.iter().filter_map(|source| filled.known.get(source)) {
            for table in fills.tables.iter().filter(|table| !is_bookkeeping(table)) {
                let by_source = fills.names_itself && table.key.iter().any(|name| name == SOURCE);
                let (_, told) = tables.entry(table.name.as_ref()).or_insert((table, true));
                *told &= by_source;
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
            let names_itself = |source: &&String| {
                filled.known.get(*source).is_some_and(|fills| fills.names_itself)
            };
            if is_told_apart && others.iter().all(names_itself) {
                plan.removals.push(Removal::by_values(table, SOURCE, reset)?);
            } else if others.is_empty() {
                let is_new =
                    |source: &&String| !reset.contains(*source) && filled.fills(source, table);
                plan.never_loaded.extend(filled.known.keys().filter(is_new).cloned());
                plan.removals.push(Removal::all(table));
            } else if table.write == WriteMode::Merge {
                let sources = others.into_iter().cloned().collect();
                plan.kept.push(Kept { table: name.to_owned(), sources });
            } else {
                return Err(refused(name, reset, &others));
            }
        }
        Ok(plan)
    }
}

/// Returns the sources that `name` stands for: its backfill, and for the simulation all shards that
/// were loaded.
fn parts(name: &str, cursors: &BTreeMap<String, Cursor>) -> Vec<String> {
    let is_part = |source: &&String| {
        source.strip_prefix(name) == Some(sources::FILL)
            || name == sources::SIMULATION && sources::is_simulation(source)
    };
    let parts = cursors.keys().filter(is_part).cloned();
    [name.to_owned()].into_iter().chain(parts).collect()
}

/// Returns `true` for a table that the derived ones are computed from.
fn is_raw(table: &TableRef) -> bool {
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
fn refused(table: &str, reset: &BTreeSet<String>, others: &[&String]) -> Error {
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

    fn filled(sources: &[(&str, bool, &[TableRef])]) -> Filled {
        let known = sources.iter().map(|(name, names_itself, tables)| {
            let fills = Fills { tables: tables.to_vec(), names_itself: *names_itself };
            ((*name).to_owned(), fills)
        });
        Filled { known: known.collect(), ..Filled::default() }
    }

    fn cursors(names: &[&str]) -> BTreeMap<String, Cursor> {
        names.iter().map(|name| ((*name).to_owned(), Cursor::new("1"))).collect()
    }

    fn planned(names: &[&str], known: &[&str], filled: &Filled) -> Result<Plan> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        Plan::of(&names, &cursors(known), filled)
    }

    /// Returns the tables of a plan except for `coverage` and `quarantine`; `*` marks those that
    /// are removed as a whole.
    fn told(plan: &Plan) -> Vec<String> {
        let told = plan.removals.iter().map(|removal| {
            let whole = if removal.is_whole() { "*" } else { "" };
            format!("{}{whole}", removal.table().name)
        });
        told.filter(|name| name != "coverage" && name != "quarantine").collect()
    }

    #[test]
    fn rows_that_name_their_source_are_told_apart() {
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
        assert_eq!(told(&plan), ["candles", "market_prices*"]);
        let reset: Vec<_> = plan.cursors.iter().map(|(source, _)| source.as_str()).collect();
        assert_eq!(reset, ["kraken", "kraken fill", "market"]);
        // A file may hold candles with Kraken's name: these must not be removed without the file's
        // cursor.
        let plan = planned(&["kraken"], &["kraken", "mine"], &filled).unwrap();
        assert_eq!(told(&plan), [""; 0]);
        let kept = Kept { table: "candles".into(), sources: vec!["mine".into()] };
        assert_eq!(plan.kept, [kept]);
        let plan = planned(&["mine"], &["mine"], &filled).unwrap();
        assert_eq!(told(&plan), ["candles*"]);
    }

    #[test]
    fn an_append_table_of_several_sources_is_reset_with_all_of_them_or_not() {
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
        assert_eq!(told(&plan), ["orders*"]);
        assert_eq!(plan.never_loaded, BTreeSet::from(["old".to_owned()]));
        let both = planned(&["old", "new"], &["new", "old"], &filled).unwrap();
        assert_eq!(told(&both), ["orders*"]);
        // A source that is no longer configured is known from the history.
        filled.history.insert("gone".into(), BTreeSet::from(["orders".into()]));
        let error = planned(&["new"], &["new", "gone"], &filled).unwrap_err().to_string();
        assert!(error.contains("`tidegauge reset new gone`"), "{error}");
    }

    #[test]
    fn a_source_that_is_gone_is_reset_by_what_the_history_says() {
        let mut filled = filled(&[]);
        for (name, tables) in [("gone", &["users", "tickets"][..]), ("gone fill", &["orders"])] {
            let tables = tables.iter().map(ToString::to_string).collect();
            filled.history.insert(name.into(), tables);
        }
        let fills = filled.by_history("gone", &Config::default()).unwrap();
        filled.known.insert("gone".into(), fills);
        let plan = planned(&["gone"], &["gone", "gone fill"], &filled).unwrap();
        assert_eq!(told(&plan), ["orders*", "users*"]);
        assert_eq!(plan.cursors.len(), 2);
        // A table that is not declared stays, and is reported.
        let kept = Kept { table: "tickets".into(), sources: Vec::new() };
        assert_eq!(plan.kept, [kept]);
    }

    #[test]
    fn a_merge_table_of_several_sources_keeps_its_rows() {
        let merge = orders(WriteMode::Merge);
        let filled = filled(&[
            ("old", false, std::slice::from_ref(&merge)),
            ("new", false, std::slice::from_ref(&merge)),
        ]);
        let plan = planned(&["new"], &["new", "old"], &filled).unwrap();
        assert_eq!((told(&plan), plan.kept.len()), (vec![], 1));
        assert_eq!(plan.cursors, [("new".to_owned(), Some(Cursor::new("1")))]);
    }

    #[test]
    fn the_simulation_is_reset_with_all_its_parts() {
        let filled = filled(&[("simulation", false, &[orders(WriteMode::Append)])]);
        let known = ["simulation 1/2", "simulation 2/2", "simulations"];
        let plan = planned(&["simulation"], &known, &filled).unwrap();
        let reset: Vec<_> = plan.cursors.iter().map(|(source, _)| source.as_str()).collect();
        assert_eq!(reset, ["simulation", "simulation 1/2", "simulation 2/2"]);
        assert_eq!(told(&plan), ["orders*"]);
    }
}
