//! Loads: rows are staged in separate tables, and moved into place together with the cursor in one
//! transaction.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use tidegauge_core::tables::Quarantine;
use tidegauge_core::{
    Batch, Column, Cursor, Load, Loaded, Removal, RowTally, TableRef, WarehouseExt as _, WriteMode,
};

use super::api_error::ApiError;
use super::dialect::DIALECT;
use super::query::{Param, Query};
use super::stage::StagingTable;
use super::store::BigQuery;
use crate::duplicates::resolve_duplicates;
use crate::keys::{self, KeySet};
use crate::sql::{self, Checkpoint, KnownTables, rows_missing};
use crate::{Error, Result, batches};

/// The messages that the scripts raise when a condition does not hold.
pub(super) const CURSOR_MOVED: &str = "tidegauge: the cursor has moved";
const KEY_EXISTS: &str = "tidegauge: a key is there already: ";
const STAGE_CHANGED: &str = "tidegauge: the rows are not those that were sent";

/// The beginning of every transaction. Of two transactions that change a row of the same table, the
/// service aborts one; of two that only insert rows, neither. So all of them update this row.
pub(super) const BEGIN: &str = "BEGIN\nBEGIN TRANSACTION;\n\
    UPDATE `_tidegauge_lock` SET `taken_at` = CURRENT_TIMESTAMP() WHERE TRUE;\n";
/// The end of every transaction. A COMMIT that fails ends the transaction by itself: a ROLLBACK
/// after it would fail too, and hide the reason.
pub(super) const END: &str =
    "EXCEPTION WHEN ERROR THEN ROLLBACK TRANSACTION; RAISE;\nEND;\nCOMMIT TRANSACTION;\n";

/// Staged rows of a table, and the mode in which they are to be written.
struct StagedRows {
    table: TableRef,
    stage: StagingTable,
    write: WriteMode,
}

impl BigQuery {
    /// Returns the cursor of `source`.
    pub(super) async fn cursor_of(&self, source: &str) -> Result<Option<Cursor>, ApiError> {
        let mut query =
            Query::new("SELECT `cursor` FROM `_tidegauge_cursors` WHERE `source` = @source");
        query.params.push(Param::text("source", Some(source)));
        match self.query_value(&query).await {
            Ok(cursor) => Ok(cursor.map(Cursor::new)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the cursors of all sources.
    pub(super) async fn all_cursors(&self) -> Result<BTreeMap<String, Cursor>, ApiError> {
        let query = Query::new("SELECT `source`, `cursor` FROM `_tidegauge_cursors`");
        let rows = match self.query_values(&query).await {
            Err(error) if error.is_not_found() => Vec::new(),
            rows => rows?,
        };
        let cursor = |row: Vec<Option<String>>| {
            let mut row = row.into_iter().flatten();
            Some((row.next()?, Cursor::new(row.next()?)))
        };
        Ok(rows.into_iter().filter_map(cursor).collect())
    }

    /// Creates the missing ones of `tables`, and compares all with their definitions.
    pub(super) async fn prepare_tables(
        &self,
        known_tables: &mut Option<KnownTables>,
        tables: &[TableRef],
    ) -> Result<()> {
        if known_tables.is_none() {
            self.migrate().await?;
        }
        let known_tables = known_tables.get_or_insert_default();
        let unknown = known_tables.unknown(tables);
        for table in &unknown {
            crate::reserved::check_table(table)?;
            self.ensure(table).await?;
        }
        known_tables.extend(unknown);
        Ok(())
    }

    /// Commits `load` if its source's cursor is still the expected one. Returns the row counts.
    pub(super) async fn commit(&self, load: Load<'_>) -> Result<Loaded> {
        let mut stages = Vec::new();
        let done = self.commit_batches(&load, &mut stages).await;
        for stage in &stages {
            self.drop_staging_table(stage).await;
        }
        done
    }

    /// Commits `load`, and appends the names of the staging tables to `stages`, which the caller
    /// removes.
    async fn commit_batches(&self, load: &Load<'_>, stages: &mut Vec<String>) -> Result<Loaded> {
        let (mut tally, mut staged) = (RowTally::new(load), Vec::new());
        for table in load.replaces {
            // A concurrent load would move the cursor, and then nothing is replaced.
            let rows = self.count(table).await?;
            tally.count_removed(table, rows);
        }
        for (table, batch) in batches::by_table(load.batches)? {
            if batch.rows() == 0 {
                continue;
            }
            if !tally.may_repeat(&table) {
                drop(KeySet::unique(&batch, &table)?);
                tally.count_inserted(&table, batch.rows());
                staged.push(self.stage_rows(load, batch, table.write, stages).await?);
                continue;
            }
            let (latest, mut found) = (keys::latest_per_key(&table, batch.clone())?, Vec::new());
            // Rows that the same transaction removes are not compared with.
            let is_removed = load.replaces(&table)
                || table.name == Quarantine::table().name && !load.replaces.is_empty();
            if tally.compares() && !is_removed {
                let staged_keys = self.stage_rows(load, latest, table.write, stages).await?;
                found = self.select_by_keys(&staged_keys).await?;
            }
            let resolved = resolve_duplicates(&mut tally, &batch, &found, false)?;
            if resolved.rows.rows() > 0 {
                staged.push(self.stage_rows(load, resolved.rows, resolved.write, stages).await?);
            }
        }
        if let Some(batch) = tally.set_aside()? {
            let table = batch.table().clone();
            let latest = keys::latest_per_key(&table, batch)?;
            staged.push(self.stage_rows(load, latest, table.write, stages).await?);
        }
        self.commit_staged(load, &staged).await?;
        Ok(tally.finish())
    }

    /// Stages the rows of `batch`. Identical rows are staged only once.
    async fn stage_rows(
        &self,
        load: &Load<'_>,
        batch: Batch,
        write: WriteMode,
        stages: &mut Vec<String>,
    ) -> Result<StagedRows> {
        let table = batch.table().clone();
        let stage = self.load_into_staging_table(load, &table, batch).await?;
        if !stages.contains(&stage.name) {
            stages.push(stage.name.clone());
        }
        Ok(StagedRows { table, stage, write })
    }

    /// Returns the stored rows with the keys of the staged rows.
    async fn select_by_keys(&self, staged: &StagedRows) -> Result<Vec<Batch>> {
        let (table, lenient) = (&staged.table, staged.table.as_read());
        let (name, keys) = (DIALECT.quoted(&table.name), staged.stage.select(table));
        let value =
            |column: &Column| (DIALECT.select_value)(DIALECT.quoted(&column.name), column.dtype);
        let columns: Vec<_> = table.columns.iter().map(value).collect();
        let key_conditions = table.key.iter().map(|name| DIALECT.quoted(name));
        let key_conditions: Vec<_> =
            key_conditions.map(|name| format!("k.{name} = t.{name}")).collect();
        let sql = format!(
            "SELECT {} FROM {name} AS t WHERE EXISTS (SELECT 1 FROM ({keys}) AS k WHERE {})",
            columns.join(", "),
            key_conditions.join(" AND ")
        );
        let query = sql::Query { sql, params: Vec::new() };
        let rows = self.stream_rows(Query::from_sql(&query)?, lenient, None).await?;
        Ok(rows.try_collect().await?)
    }

    async fn commit_staged(&self, load: &Load<'_>, stages: &[StagedRows]) -> Result<()> {
        let mut checkpoints = self.checkpoints.lock().await;
        let before = match checkpoints.remove(load.source) {
            Some((cursor, checkpoint)) if Some(&cursor) == load.before => Some(checkpoint),
            _ => {
                let tables: Vec<_> =
                    load.batches.iter().map(|batch| batch.table().clone()).collect();
                match self.verified_checkpoint(load.source, &tables).await? {
                    // The cursor is not the expected one, so the load below reports the conflict.
                    Some((cursor, _)) if Some(&cursor) != load.before => None,
                    found => found.and_then(|(_, checkpoint)| checkpoint),
                }
            }
        };
        // The check counts rows, which is free of charge, instead of looking them up by key.
        let after = Checkpoint::after(before, load, false)?;
        self.run_transaction(load, stages, &after.to_json()?).await?;
        checkpoints.insert(load.source.to_owned(), (load.after.clone(), after));
        for source in load.removed_cursors {
            checkpoints.remove(*source);
        }
        Ok(())
    }

    /// Returns the cursor of `source` with its checkpoint, if that agrees with the rows of
    /// `tables`.
    pub(super) async fn verified_checkpoint(
        &self,
        source: &str,
        tables: &[TableRef],
    ) -> Result<Option<(Cursor, Option<Checkpoint>)>> {
        let to_error = |error| self.to_error(error, None);
        let mut query = Query::new(
            "SELECT `cursor`, `loaded` FROM `_tidegauge_cursors` WHERE `source` = @source",
        );
        query.params.push(Param::text("source", Some(source)));
        let found = self.query_values(&query).await.map_err(to_error)?;
        let mut found = found.into_iter().next().unwrap_or_default().into_iter();
        let Some(cursor) = found.next().flatten() else { return Ok(None) };
        let stored = found.next().flatten();
        let checkpoint = Checkpoint::read(source, &cursor, stored.as_deref())?;
        for table in tables {
            if checkpoint.as_ref().is_some_and(|checkpoint| checkpoint.probe_scan(table).is_some())
                && !self.has_rows(table).await.map_err(to_error)?
            {
                return Err(rows_missing(source, table));
            }
        }
        Ok(Some((Cursor::new(cursor), checkpoint)))
    }

    /// Executes one transaction for the rows and the cursor. If it fails for whatever reason, the
    /// cursor stored then tells a conflict from other errors.
    async fn run_transaction(
        &self,
        load: &Load<'_>,
        stages: &[StagedRows],
        checkpoint: &str,
    ) -> Result<()> {
        let mut query = delete_outdated(load)?;
        query.sql = transaction_script(load, &query.sql, stages);
        query.params.extend([
            Param::text("source", Some(load.source)),
            Param::text("before", load.before.map(Cursor::as_str)),
            Param::text("after", Some(load.after.as_str())),
            Param::text("loaded", Some(checkpoint)),
        ]);
        let Err(error) = self.run_with_retry(&query).await else { return Ok(()) };
        let found = self.cursor_of(load.source).await;
        let found = found.map_err(|error| self.to_error(error, None))?;
        if found.as_ref() != load.before {
            return Err(Error::Core(tidegauge_core::Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found,
            }));
        }
        Err(self.transaction_error(error, stages))
    }

    fn transaction_error(&self, error: ApiError, stages: &[StagedRows]) -> Error {
        if let ApiError::Response { message, .. } = &error
            && let Some((_, name)) = message.split_once(KEY_EXISTS)
            && let Some(table) = stages
                .iter()
                .map(|staged| &staged.table)
                .find(|table| name.starts_with(&format!("`{}`", table.name)))
        {
            return keys::duplicate_key(table);
        }
        self.to_error(error, None)
    }
}

/// Returns the statements that remove the notes and cursors which belong to the rows that `load`
/// replaces; empty if it replaces none.
fn delete_outdated(load: &Load<'_>) -> Result<Query> {
    let (mut sql, mut params) = (String::new(), Vec::new());
    let sources = load.removed_cursors.iter().copied();
    let cursors = Removal::by_values(&sql::cursor_table()?, "source", sources)?;
    for removal in load.outdated_notes()?.iter().chain([&cursors]) {
        let name = DIALECT.quoted(&removal.table().name);
        if let Some(delete) = sql::delete_statement(&DIALECT, &name, removal, &mut params)? {
            sql += &format!("{delete};\n");
        }
    }
    Query::from_sql(&sql::Query { sql, params })
}

/// Returns the script of the transaction, which changes nothing unless all conditions hold. Rows
/// are replaced by DELETE and INSERT, which is equivalent to MERGE here, and which the emulator
/// supports in a transaction.
fn transaction_script(load: &Load<'_>, outdated: &str, stages: &[StagedRows]) -> String {
    let mut sql = String::from(BEGIN);
    sql += &match load.before {
        Some(_) => raise_unless(
            "EXISTS (SELECT 1 FROM `_tidegauge_cursors` \
             WHERE `source` = @source AND `cursor` = @before)",
            CURSOR_MOVED,
        ),
        None => raise_unless(
            "NOT EXISTS (SELECT 1 FROM `_tidegauge_cursors` WHERE `source` = @source)",
            CURSOR_MOVED,
        ),
    };
    for table in load.replaces {
        sql += &format!("DELETE FROM {} WHERE TRUE;\n", DIALECT.quoted(&table.name));
    }
    sql += outdated;
    for StagedRows { table, stage, write } in stages {
        let rows =
            format!("(SELECT COUNT(*) FROM {}) = {}", DIALECT.quoted(&stage.name), stage.rows);
        sql += &raise_unless(&rows, STAGE_CHANGED);
        let (name, rows) = (DIALECT.quoted(&table.name), stage.select(table));
        let columns = DIALECT.quoted_list(table.columns.iter().map(|column| &column.name));
        let key_conditions: Vec<String> =
            table.key.iter().map(|name| DIALECT.quoted(name)).collect();
        let key_conditions: Vec<String> =
            key_conditions.iter().map(|name| format!("s.{name} = t.{name}")).collect();
        let exists =
            format!("EXISTS (SELECT 1 FROM ({rows}) AS s WHERE {})", key_conditions.join(" AND "));
        sql += &match write {
            WriteMode::Append => raise_unless(
                &format!("NOT EXISTS (SELECT 1 FROM {name} AS t WHERE {exists})"),
                &format!("{KEY_EXISTS}{name}"),
            ),
            WriteMode::Merge => format!("DELETE FROM {name} AS t WHERE {exists};\n"),
        };
        sql += &format!("INSERT INTO {name} ({columns}) {rows};\n");
    }
    sql += match load.before {
        Some(_) => {
            "UPDATE `_tidegauge_cursors` SET `cursor` = @after, `loaded` = @loaded \
             WHERE `source` = @source;\n"
        }
        None => {
            "INSERT INTO `_tidegauge_cursors` (`source`, `cursor`, `loaded`) \
             VALUES (@source, @after, @loaded);\n"
        }
    };
    sql + END
}

/// Returns the statement that aborts the transaction with `message` unless a condition holds.
pub(super) fn raise_unless(unless: &str, message: &str) -> String {
    format!("IF NOT ({unless}) THEN RAISE USING MESSAGE = '{message}'; END IF;\n")
}
