//! Loads: one transaction for the rows, the cursor and its checkpoint.

use std::collections::HashSet;

use tidegauge_core::tables::Quarantine;
use tidegauge_core::{
    Batch, Cursor, Load, Loaded, OnDuplicate, Removal, RowTally, Scan, Table, TableRef,
};
use tokio::sync::mpsc;

use super::batch_sender::{BATCH_ROWS, BatchSender};
use super::catalog::diff_schema;
use super::checkpoint::{Checkpoint, rows_missing};
use super::cursors::{CURSORS, cursor_table};
use super::driver::Database;
use super::lock_wait::warn_if_slow;
use super::query::Query;
use super::reset::delete_rows;
use super::scan_query::{ScanQuery, scan_query};
use super::writer::{Writer, lock_tables};
use crate::duplicates::resolve_duplicates;
use crate::reserved::check_table;
use crate::{Error, Result, keys};

impl<C> Writer<C> {
    /// Creates the missing ones of `tables`, and adds new columns of the definitions to those that
    /// exist; returns an error for a table that differs in any other way.
    pub(super) async fn prepare<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        tables: &[TableRef],
    ) -> Result<()> {
        let unknown = self.known_tables.unknown(tables);
        if unknown.is_empty() {
            return Ok(());
        }
        begin_transaction(database, &mut self.connection, "tables").await?;
        for table in &unknown {
            check_table(table)?;
            let what = format!("table `{}`", table.name);
            warn_if_slow(
                database.name(),
                &what,
                ensure_table(database, &mut self.connection, table),
            )
            .await?;
        }
        database.commit(&mut self.connection, "tables").await?;
        self.known_tables.extend(unknown);
        Ok(())
    }

    /// Commits `load` if the cursor of its source is still where the load expects it.
    pub(super) async fn load<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        load: Load<'_>,
    ) -> Result<Loaded> {
        let mut tally = RowTally::new(&load);
        let mut tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        tables.extend_from_slice(load.replaces);
        if let OnDuplicate::SetAside { .. } = load.on_duplicate {
            tables.push(Quarantine::table().clone());
        }
        self.prepare(database, &tables).await?;
        for table in tables.iter().filter(|table| tally.may_repeat(table)) {
            if self.known_tables.lacks_staging_table(table)
                && let Some(statements) = database.staging_statements(table)
            {
                for sql in statements {
                    database.execute(&mut self.connection, sql, table).await?;
                }
                self.known_tables.mark_staged(table);
            }
        }
        // A second load of the source waits here, and then finds the cursor moved.
        let (connection, what) = (&mut self.connection, format!("source {}", load.source));
        begin_transaction(database, connection, &what).await?;
        let forgotten: Vec<_> =
            load.removed_cursors.iter().map(|source| format!("source {source}")).collect();
        for what in &forgotten {
            database.lock_also(connection, what).await?;
        }
        let found =
            warn_if_slow(database.name(), CURSORS, database.cursor(connection, load.source))
                .await?;
        let cursor = found.as_ref().map(|(cursor, _)| Cursor::new(cursor.as_str()));
        if cursor.as_ref() != load.before {
            return Err(Error::Core(tidegauge_core::Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found: cursor,
            }));
        }
        let checked = &mut self.checked;
        let before =
            verified_checkpoint(database, connection, load.source, &tables, found, checked).await?;
        let after = Checkpoint::after(before, &load, true)?;
        let filled = || load.batches.iter().filter(|batch| batch.rows() > 0);
        let mut written: Vec<&Table> = filled().map(|batch| &**batch.table()).collect();
        written.extend(load.replaces.iter().map(|table| &**table));
        let notes = match load.outdated_notes()? {
            Some(notes)
                if database.stored_columns(connection, &notes.table().name).await?.is_empty() =>
            {
                None
            }
            notes => notes,
        };
        written.extend(notes.iter().map(|notes| &**notes.table()));
        written.sort_by_key(|table| &table.name);
        written.dedup_by_key(|table| &table.name);
        if !written.is_empty() {
            lock_tables(database, connection, &written, true).await?;
        }
        for table in load.replaces {
            let removed = delete_rows(database, connection, &Removal::all(table)).await?;
            tally.count_removed(table, removed);
        }
        if let Some(notes) = &notes {
            delete_rows(database, connection, notes).await?;
        }
        for batch in filled() {
            write_batch(database, connection, batch, &mut tally).await?;
        }
        if let Some(batch) = tally.set_aside()? {
            let table = batch.table().clone();
            lock_tables(database, connection, &[&table], true).await?;
            let latest = keys::latest_per_key(&table, batch)?;
            database.insert(connection, &latest, table.write).await?;
        }
        let (to, checkpoint) = (load.after.as_str(), after.to_json()?);
        let moved = database.move_cursor(connection, load.source, to, &checkpoint);
        warn_if_slow(database.name(), CURSORS, moved).await?;
        for source in load.removed_cursors {
            delete_rows(
                database,
                connection,
                &Removal::by_values(&cursor_table()?, "source", [*source])?,
            )
            .await?;
        }
        database.commit(connection, &what).await?;
        for what in &forgotten {
            database.unlock(connection, what).await?;
        }
        Ok(tally.finish())
    }

    /// Compares the checkpoint stored with the cursor of `source` with the rows of `tables`.
    pub(super) async fn check<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        source: &str,
        tables: &[TableRef],
    ) -> Result<()> {
        let Self { connection, checked, .. } = self;
        check_rows(database, connection, source, tables, checked).await
    }
}

/// Compares the checkpoint stored with the cursor of `source` with the rows of those of `tables`
/// that are not in `checked`.
pub(super) async fn check_rows<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    source: &str,
    tables: &[TableRef],
    checked: &mut HashSet<(String, String)>,
) -> Result<()> {
    let found = warn_if_slow(database.name(), CURSORS, database.cursor(connection, source)).await?;
    verified_checkpoint(database, connection, source, tables, found, checked).await.map(|_| ())
}

/// Returns the checkpoint stored with the cursor that was `found`, if the rows of those of `tables`
/// that are not in `checked` agree with it; adds these tables to `checked`.
async fn verified_checkpoint<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    source: &str,
    tables: &[TableRef],
    found: Option<(String, Option<String>)>,
    checked: &mut HashSet<(String, String)>,
) -> Result<Option<Checkpoint>> {
    let Some((cursor, stored)) = found else { return Ok(None) };
    let Some(checkpoint) = Checkpoint::read(source, &cursor, stored.as_deref())? else {
        return Ok(None);
    };
    for table in tables {
        let pair = (source.to_owned(), table.name.to_string());
        if checked.contains(&pair) {
            continue;
        }
        if let Some(probe) = checkpoint.probe_scan(table)
            && !has_row(database, connection, &probe).await?
        {
            return Err(rows_missing(source, table));
        }
        checked.insert(pair);
    }
    Ok(Some(checkpoint))
}

/// Writes those rows of `batch` that are not stored already.
async fn write_batch<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    batch: &Batch,
    tally: &mut RowTally<'_>,
) -> Result<()> {
    let table = batch.table();
    if !tally.may_repeat(table) {
        tally.count_inserted(table, batch.rows());
        return database.insert(connection, batch, table.write).await;
    }
    let latest = keys::latest_per_key(table, batch.clone())?;
    let stored = read_stored_rows(database, connection, &latest).await?;
    let resolved = resolve_duplicates(tally, batch, &stored, false)?;
    match resolved.rows.rows() {
        0 => Ok(()),
        // Then the last row of each key is the one to be written, unless it was set aside.
        rows if rows == latest.rows() && !tally.has_set_aside() => {
            database.insert_found(connection, &latest, resolved.write).await
        }
        _ => database.insert(connection, &resolved.rows, resolved.write).await,
    }
}

/// Returns the stored rows whose keys are in `batch`, which has each key once.
async fn read_stored_rows<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    batch: &Batch,
) -> Result<Vec<Batch>> {
    // A stored row that lacks a value differs from the new row; it is no reason to refuse the load.
    let query =
        ScanQuery { query: Query::default(), table: batch.table().as_read(), residual: None };
    // The channel is read only after all batches are sent, so it must have room for all.
    let (sender, mut receiver) = mpsc::channel(batch.rows() / BATCH_ROWS + 2);
    let mut rows = BatchSender::new(&query, sender);
    database.find_by_keys(connection, batch, &mut rows).await?;
    rows.finish().await?;
    let mut found = Vec::new();
    while let Ok(batch) = receiver.try_recv() {
        found.push(batch?);
    }
    Ok(found)
}

/// Begins a transaction at `what`, and reports a long wait for its lock.
async fn begin_transaction<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    what: &str,
) -> Result<()> {
    warn_if_slow(database.name(), what, database.begin(connection, what)).await
}

/// Returns `true` if `scan` finds a row.
async fn has_row<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    scan: &Scan,
) -> Result<bool> {
    let stored = database.stored_columns(connection, &scan.table.name).await?;
    let table = database.table(&scan.table.name);
    let Some(query) = scan_query(database.dialect(), table, scan, &stored)? else {
        return Ok(false);
    };
    lock_tables(database, connection, &[&scan.table], false).await?;
    let (sender, mut receiver) = mpsc::channel(1);
    let mut rows = BatchSender::new(&query, sender);
    database.read(connection, &query.query, &mut rows).await?;
    rows.finish().await?;
    Ok(receiver.try_recv().is_ok())
}

/// Creates or widens the stored table so that it matches `table`; returns an error if it would take
/// more than that.
async fn ensure_table<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    table: &Table,
) -> Result<()> {
    let mut found = database.stored_columns(connection, &table.name).await?;
    // A view can replace a table for reading, but not for loading.
    if !found.is_empty() && database.is_view(connection, &table.name).await? {
        return Err(Error::NotATable { table: table.name.to_string(), what: "a view" });
    }
    if found.is_empty() {
        let sql = database.create(connection, table);
        database.execute(connection, sql, table).await?;
        found = database.stored_columns(connection, &table.name).await?;
    }
    let (diff, whole) =
        (diff_schema(database.dialect(), table, &found)?, database.table(&table.name));
    if !diff.wider_decimals.is_empty() {
        let sql = (database.dialect().widen_decimals)(&whole, table, &diff.wider_decimals);
        database.execute(connection, sql, table).await?;
    }
    if !diff.relaxed_columns.is_empty() {
        let sql = (database.dialect().drop_not_null)(&whole, table, &diff.relaxed_columns);
        database.execute(connection, sql, table).await?;
    }
    for column in diff.added_columns {
        let name = database.dialect().quoted(&column.name);
        let dtype = database.added_column_type(table, column);
        let sql = format!("ALTER TABLE {whole} ADD COLUMN {name} {dtype}");
        database.execute(connection, sql, table).await?;
    }
    Ok(())
}
