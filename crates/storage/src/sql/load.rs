//! Loads: one transaction for the rows and the cursor.

use std::collections::HashSet;

use tidegauge_core::tables::Quarantine;
use tidegauge_core::{
    Batch, Cursor, Load, Loaded, OnDuplicate, Removal, RowTally, Scan, Table, TableRef,
};
use tokio::sync::mpsc;

use super::driver::{Database, Writer, locked};
use super::reset::{cursors, remove};
use super::rows::{ROWS, Rows};
use super::{CURSORS, Checkpoint, Query, Select, compare, missing, select, told};
use crate::duplicates::settle;
use crate::{Error, Result, keys};

impl<C> Writer<C> {
    /// Creates the missing ones of `tables`, and adds new columns of the definitions to those that
    /// exist; returns an error for a table that differs in any other way.
    pub(super) async fn prepare<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        tables: &[TableRef],
    ) -> Result<()> {
        let unknown = self.prepared.unknown(tables);
        if unknown.is_empty() {
            return Ok(());
        }
        begin(database, &mut self.connection, "tables").await?;
        for table in &unknown {
            crate::check(table)?;
            let what = format!("table `{}`", table.name);
            told(database.name(), &what, ensure(database, &mut self.connection, table)).await?;
        }
        database.commit(&mut self.connection, "tables").await?;
        self.prepared.extend(unknown);
        Ok(())
    }

    /// Commits `load` if the cursor of its source is still where the load expects it.
    pub(super) async fn load<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        load: Load<'_>,
    ) -> Result<Loaded> {
        let mut tally = RowTally::of(&load);
        let mut tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        tables.extend_from_slice(load.replaces);
        if let OnDuplicate::SetAside { .. } = load.on_duplicate {
            tables.push(Quarantine::table().clone());
        }
        self.prepare(database, &tables).await?;
        for table in tables.iter().filter(|table| tally.may_repeat(table)) {
            if self.prepared.is_unstaged(table)
                && let Some(statements) = database.stage(table)
            {
                for sql in statements {
                    database.run(&mut self.connection, sql, table).await?;
                }
                self.prepared.stage(table);
            }
        }
        // A second load of the source waits here, and then finds the cursor moved.
        let (connection, what) = (&mut self.connection, format!("source {}", load.source));
        begin(database, connection, &what).await?;
        let forgotten: Vec<_> =
            load.forgets.iter().map(|source| format!("source {source}")).collect();
        for what in &forgotten {
            database.also_alone(connection, what).await?;
        }
        let found =
            told(database.name(), CURSORS, database.cursor(connection, load.source)).await?;
        let cursor = found.as_ref().map(|(cursor, _)| Cursor::new(cursor.as_str()));
        if cursor.as_ref() != load.before {
            return Err(Error::Core(tidegauge_core::Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found: cursor,
            }));
        }
        let checked = &mut self.checked;
        let loaded = agreed(database, connection, load.source, &tables, found, checked).await?;
        let after = Checkpoint::after(loaded, &load, true)?;
        let filled = || load.batches.iter().filter(|batch| batch.rows() > 0);
        let mut written: Vec<&Table> = filled().map(|batch| &**batch.table()).collect();
        written.extend(load.replaces.iter().map(|table| &**table));
        let notes = match load.outdated_notes()? {
            Some(notes) if database.stored(connection, &notes.table().name).await?.is_empty() => {
                None
            }
            notes => notes,
        };
        written.extend(notes.iter().map(|notes| &**notes.table()));
        written.sort_by_key(|table| &table.name);
        written.dedup_by_key(|table| &table.name);
        if !written.is_empty() {
            locked(database, connection, &written, true).await?;
        }
        for table in load.replaces {
            let removed = remove(database, connection, &Removal::all(table)).await?;
            tally.removed(table, removed);
        }
        if let Some(notes) = &notes {
            remove(database, connection, notes).await?;
        }
        for batch in filled() {
            write(database, connection, batch, &mut tally).await?;
        }
        if let Some(batch) = tally.set_aside()? {
            let table = batch.table().clone();
            locked(database, connection, &[&table], true).await?;
            let newest = keys::newest(&table, batch)?;
            database.insert(connection, &newest, table.write).await?;
        }
        let (to, kept) = (load.after.as_str(), after.text()?);
        let moved = database.move_cursor(connection, load.source, to, &kept);
        told(database.name(), CURSORS, moved).await?;
        for source in load.forgets {
            remove(database, connection, &Removal::of(&cursors()?, "source", [*source])?).await?;
        }
        database.commit(connection, &what).await?;
        for what in &forgotten {
            database.no_longer_alone(connection, what).await?;
        }
        Ok(tally.finish())
    }

    /// Compares the tallies stored with the cursor of `source` with the rows of `tables`.
    pub(super) async fn check<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        source: &str,
        tables: &[TableRef],
    ) -> Result<()> {
        let Self { connection, checked, .. } = self;
        check(database, connection, source, tables, checked).await
    }
}

/// Compares the tallies stored with the cursor of `source` with the rows of those of `tables` that
/// are not in `checked`.
pub(super) async fn check<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    source: &str,
    tables: &[TableRef],
    checked: &mut HashSet<(String, String)>,
) -> Result<()> {
    let found = told(database.name(), CURSORS, database.cursor(connection, source)).await?;
    agreed(database, connection, source, tables, found, checked).await.map(|_| ())
}

/// Returns the tallies stored with the cursor that was `found`, if the rows of those of `tables`
/// that are not in `checked` agree with them; adds these tables to `checked`.
async fn agreed<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    source: &str,
    tables: &[TableRef],
    found: Option<(String, Option<String>)>,
    checked: &mut HashSet<(String, String)>,
) -> Result<Option<Checkpoint>> {
    let Some((cursor, kept)) = found else { return Ok(None) };
    let Some(loaded) = Checkpoint::read(source, &cursor, kept.as_deref())? else { return Ok(None) };
    for table in tables {
        let of = (source.to_owned(), table.name.to_string());
        if checked.contains(&of) {
            continue;
        }
        if let Some(witness) = loaded.witness(table)
            && !finds(database, connection, &witness).await?
        {
            return Err(missing(source, table));
        }
        checked.insert(of);
    }
    Ok(Some(loaded))
}

/// Writes those rows of `batch` that are not stored already.
async fn write<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    batch: &Batch,
    tally: &mut RowTally<'_>,
) -> Result<()> {
    let table = batch.table();
    if !tally.may_repeat(table) {
        tally.inserted(table, batch.rows());
        return database.insert(connection, batch, table.write).await;
    }
    let newest = keys::newest(table, batch.clone())?;
    let stored = find(database, connection, &newest).await?;
    let settled = settle(tally, batch, &stored, false)?;
    match settled.rows.rows() {
        0 => Ok(()),
        // Then the last row of each key is the one to be written, unless it was set aside.
        rows if rows == newest.rows() && !tally.has_set_aside() => {
            database.insert_found(connection, &newest, settled.write).await
        }
        _ => database.insert(connection, &settled.rows, settled.write).await,
    }
}

/// Returns the stored rows whose keys are in `batch`, which has each key once.
async fn find<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    batch: &Batch,
) -> Result<Vec<Batch>> {
    // A stored row that lacks a value differs from the new row; it is no reason to refuse the load.
    let select = Select { query: Query::default(), table: batch.table().lenient(), rest: None };
    // The channel is read only after all batches are sent, so it must have room for all.
    let (sender, mut receiver) = mpsc::channel(batch.rows() / ROWS + 2);
    let mut rows = Rows::new(&select, sender);
    database.find(connection, batch, &mut rows).await?;
    rows.finish().await?;
    let mut found = Vec::new();
    while let Ok(batch) = receiver.try_recv() {
        found.push(batch?);
    }
    Ok(found)
}

/// Begins a transaction at `what`, and reports a long wait for its lock.
async fn begin<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    what: &str,
) -> Result<()> {
    told(database.name(), what, database.begin(connection, what)).await
}

/// Returns `true` if `scan` finds a row.
async fn finds<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    scan: &Scan,
) -> Result<bool> {
    let stored = database.stored(connection, &scan.table.name).await?;
    let table = database.table(&scan.table.name);
    let Some(select) = select(database.dialect(), table, scan, &stored)? else { return Ok(false) };
    locked(database, connection, &[&scan.table], false).await?;
    let (sender, mut receiver) = mpsc::channel(1);
    let mut rows = Rows::new(&select, sender);
    database.read(connection, &select.query, &mut rows).await?;
    rows.finish().await?;
    Ok(receiver.try_recv().is_ok())
}

/// Creates or widens the stored table so that it matches `table`; returns an error if it would take
/// more than that.
async fn ensure<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    table: &Table,
) -> Result<()> {
    let mut found = database.stored(connection, &table.name).await?;
    // A view can replace a table for reading, but not for loading.
    if !found.is_empty() && database.is_view(connection, &table.name).await? {
        return Err(Error::NotATable { table: table.name.to_string(), what: "a view" });
    }
    if found.is_empty() {
        let sql = database.create(connection, table);
        database.run(connection, sql, table).await?;
        found = database.stored(connection, &table.name).await?;
    }
    let (lacks, whole) = (compare(database.dialect(), table, &found)?, database.table(&table.name));
    if !lacks.digits.is_empty() {
        let sql = (database.dialect().widen)(&whole, table, &lacks.digits);
        database.run(connection, sql, table).await?;
    }
    if !lacks.nulls.is_empty() {
        let sql = (database.dialect().relax)(&whole, table, &lacks.nulls);
        database.run(connection, sql, table).await?;
    }
    for column in lacks.columns {
        let name = database.dialect().quoted(&column.name);
        let dtype = database.added(table, column);
        let sql = format!("ALTER TABLE {whole} ADD COLUMN {name} {dtype}");
        database.run(connection, sql, table).await?;
    }
    Ok(())
}
