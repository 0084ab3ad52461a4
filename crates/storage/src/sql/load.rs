//! Loading: one transaction for the rows and the cursor.

use tidegauge_core::{Cursor, Load, Table, TableRef, WriteMode};

use super::compare;
use super::driver::{Database, Writer};
use crate::{Error, Result};

impl<C> Writer<C> {
    /// Creates those of `tables` that are missing, gives those that are there the columns that were added to
    /// their definitions, and refuses one that differs otherwise.
    pub(super) async fn prepare<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        tables: &[TableRef],
    ) -> Result<()> {
        let unknown = self.prepared.unknown(tables);
        if unknown.is_empty() {
            return Ok(());
        }
        database.begin(&mut self.connection, "tables").await?;
        for table in &unknown {
            crate::check(table)?;
            ensure(database, &mut self.connection, table).await?;
        }
        database.commit(&mut self.connection, "tables").await?;
        self.prepared.extend(unknown);
        Ok(())
    }

    /// Commits `load`, if its source's cursor is still where the load expects it.
    pub(super) async fn load<D: Database<Connection = C>>(
        &mut self,
        database: &D,
        load: Load<'_>,
    ) -> Result<()> {
        let tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        self.prepare(database, &tables).await?;
        for table in tables.iter().filter(|table| table.write == WriteMode::Merge) {
            if self.prepared.is_unstaged(table)
                && let Some(statements) = database.stage(table)
            {
                for sql in statements {
                    database.run(&mut self.connection, sql, table).await?;
                }
                self.prepared.stage(table);
            }
        }
        // Who comes second waits here, and then finds the cursor moved.
        let (connection, what) = (&mut self.connection, format!("source {}", load.source));
        database.begin(connection, &what).await?;
        let found = database.cursors(connection, Some(load.source)).await?;
        let found = found.into_iter().next().map(|(_, cursor)| Cursor::new(cursor));
        if found.as_ref() != load.before {
            return Err(Error::Core(tidegauge_core::Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found,
            }));
        }
        for batch in load.batches.iter().filter(|batch| batch.rows() > 0) {
            database.insert(connection, batch).await?;
        }
        database.move_cursor(connection, load.source, load.after.as_str()).await?;
        database.commit(connection, &what).await
    }
}

/// Makes the stored table what `table` says it is, if that takes no more than to create or widen it.
async fn ensure<D: Database>(
    database: &D,
    connection: &mut D::Connection,
    table: &Table,
) -> Result<()> {
    let mut found = database.stored(connection, &table.name).await?;
    if found.is_empty() {
        let sql = database.create(connection, table);
        database.run(connection, sql, table).await?;
        found = database.stored(connection, &table.name).await?;
    }
    for column in compare(database.dialect(), table, &found)? {
        let name = database.dialect().quoted(&column.name);
        let (whole, dtype) = (database.table(&table.name), database.added(table, column));
        let sql = format!("ALTER TABLE {whole} ADD COLUMN {name} {dtype}");
        database.run(connection, sql, table).await?;
    }
    Ok(())
}
