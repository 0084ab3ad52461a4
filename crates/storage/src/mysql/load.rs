//! Loading: one transaction for the rows and the cursor.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::StreamExt;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, ServerError, Value};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Batch, Cell, Cursor, DataType, Load, Table, TableRef, WriteMode};
use tokio::sync::mpsc;

use super::encode::{self, Rows};
use super::{MySql, Writer, ddl};
use crate::{Error, Result, cells, sql, text};

/// Where the cursors are.
pub(super) const CURSORS: &str = "_tidegauge_cursors";

/// So many bytes of text are made at once, and so many such pieces ahead of the server.
const CHUNK: usize = 256 * 1024;
const AHEAD: usize = 4;
/// Values that a statement binds at most.
const MOST_VALUES: usize = 65_535;
/// Rows an INSERT: beyond this nothing is gained.
const MOST_ROWS: usize = 1_000;

/// How far `source` has been loaded.
pub(super) async fn cursor(
    connection: &mut impl Queryable,
    source: &str,
) -> mysql_async::Result<Option<Cursor>> {
    let sql = "SELECT `cursor` FROM `_tidegauge_cursors` WHERE `source` = ?";
    let cursor: Option<String> = connection.exec_first(sql, (source,)).await?;
    Ok(cursor.map(Cursor::new))
}

/// Returns the cursor of every source.
pub(super) async fn cursors(
    connection: &mut impl Queryable,
) -> mysql_async::Result<BTreeMap<String, Cursor>> {
    let sql = "SELECT `source`, `cursor` FROM `_tidegauge_cursors`";
    let rows: Vec<(String, String)> = connection.query(sql).await?;
    Ok(rows.into_iter().map(|(source, cursor)| (source, Cursor::new(cursor))).collect())
}

impl MySql {
    /// Creates those of `tables` that are missing, and compares all with their definitions.
    pub(super) async fn make_ready(&self, writer: &mut Writer, tables: &[TableRef]) -> Result<()> {
        let unknown = writer.prepared.unknown(tables);
        if unknown.is_empty() {
            return Ok(());
        }
        self.alone_at(&mut writer.connection, "tables").await?;
        for table in &unknown {
            crate::check(table)?;
            let ensured = ddl::ensure(&mut writer.connection, table, writer.collation).await;
            ensured.map_err(|error| self.failed(error, Some(table)))??;
        }
        self.leave(&mut writer.connection, "tables").await?;
        writer.prepared.extend(unknown);
        Ok(())
    }

    /// Commits `load`, if its source's cursor is still where the load expects it.
    pub(super) async fn commit(&self, writer: &mut Writer, load: Load<'_>) -> Result<()> {
        let tables: Vec<_> = load.batches.iter().map(|batch| batch.table().clone()).collect();
        self.make_ready(writer, &tables).await?;
        // Merges go through temporary tables, which are nobody else's.
        for table in tables.iter().filter(|table| table.write == WriteMode::Merge) {
            if writer.prepared.is_unstaged(table) {
                let name = staging(table);
                for sql in [
                    format!("DROP TEMPORARY TABLE IF EXISTS {name}"),
                    format!(
                        "CREATE TEMPORARY TABLE {name} LIKE {}",
                        ddl::DIALECT.quoted(&table.name)
                    ),
                ] {
                    let staged = writer.connection.query_drop(sql).await;
                    staged.map_err(|error| self.failed(error, Some(table)))?;
                }
                writer.prepared.stage(table);
            }
        }
        // Who comes second waits here, and then finds the cursor moved.
        let what = format!("source {}", load.source);
        self.alone_at(&mut writer.connection, &what).await?;
        self.commit_alone(writer, load).await?;
        self.leave(&mut writer.connection, &what).await
    }

    async fn commit_alone(&self, writer: &mut Writer, load: Load<'_>) -> Result<()> {
        let failed = |error| self.failed(error, None);
        let connection = &mut writer.connection;
        connection.query_drop("START TRANSACTION").await.map_err(failed)?;
        let found = cursor(connection, load.source).await.map_err(failed)?;
        if found.as_ref() != load.before {
            return Err(Error::Core(tidegauge_core::Error::Conflict {
                source_name: load.source.into(),
                expected: load.before.cloned(),
                found,
            }));
        }
        for batch in load.batches.iter().filter(|batch| batch.rows() > 0) {
            self.insert(connection, writer.takes_files, batch).await?;
        }
        let moved = "INSERT INTO `_tidegauge_cursors` (`source`, `cursor`) VALUES (?, ?) \
                     ON DUPLICATE KEY UPDATE `cursor` = VALUES(`cursor`)";
        let values = (load.source, load.after.as_str());
        connection.exec_drop(moved, values).await.map_err(failed)?;
        connection.query_drop("COMMIT").await.map_err(failed)
    }

    async fn insert(&self, connection: &mut Conn, takes_files: bool, batch: &Batch) -> Result<()> {
        let table = batch.table();
        let mut frame = batch.frame().clone();
        frame.rechunk_mut();
        let mut name = ddl::DIALECT.quoted(&table.name);
        if table.write == WriteMode::Merge {
            frame = sql::newest(table, frame)?;
            frame.rechunk_mut();
            name = staging(table);
        }
        match takes_files {
            true => self.load_data(connection, table, &name, frame).await?,
            false => self.insert_rows(connection, table, &name, &frame).await?,
        }
        if table.write == WriteMode::Merge {
            for sql in [merge(table), format!("DELETE FROM {name}")] {
                let merged = connection.query_drop(sql).await;
                merged.map_err(|error| self.failed(error, Some(table)))?;
            }
        }
        Ok(())
    }

    /// The text of the rows, streamed from memory as the file that the server asks for.
    async fn load_data(
        &self,
        connection: &mut Conn,
        table: &TableRef,
        name: &str,
        frame: DataFrame,
    ) -> Result<()> {
        let count = u64::try_from(frame.height()).unwrap_or(u64::MAX);
        let (pieces, received) = mpsc::channel::<std::io::Result<Bytes>>(AHEAD);
        let mut rows = Rows { table: table.clone(), frame, next: 0 };
        // Beside the connection: the next piece is made while the last one is sent.
        let encoder = tokio::task::spawn_blocking(move || {
            loop {
                let mut text = String::with_capacity(CHUNK + 4 * 1024);
                let more = match rows.fill(&mut text, CHUNK) {
                    Ok(more) => more,
                    Err(error) => {
                        // The server must not take what it has for the whole.
                        let _ = pieces
                            .blocking_send(Err(std::io::Error::other("not all could be written")));
                        return Err(error);
                    }
                };
                if pieces.blocking_send(Ok(text.into())).is_err() || !more {
                    return Ok(());
                }
            }
        });
        let stream = futures_util::stream::unfold(received, |mut received| async {
            received.recv().await.map(|piece| (piece, received))
        });
        connection.set_infile_handler(async move { Ok(stream.boxed()) });
        let columns = ddl::DIALECT.list(table.columns.iter().map(|column| &column.name));
        let sql = format!(
            "LOAD DATA LOCAL INFILE 'tidegauge' INTO TABLE {name} CHARACTER SET utf8mb4 \
             FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({columns})"
        );
        let loaded = connection.query_drop(sql).await;
        match encoder.await {
            Ok(Err(error)) => return Err(error),
            Err(panicked) => {
                return Err(tidegauge_core::Error::sink(&self.place.name, panicked).into());
            }
            Ok(Ok(())) => loaded.map_err(|error| self.failed(error, Some(table)))?,
        }
        // Of a local file the server only warns, and leaves rows out or alters them: that is an error.
        if connection.affected_rows() == count && connection.get_warnings() == 0 {
            return Ok(());
        }
        let warnings: Vec<(String, u16, String)> = connection
            .query("SHOW WARNINGS LIMIT 1")
            .await
            .map_err(|error| self.failed(error, Some(table)))?;
        let (_, code, message) = warnings.into_iter().next().unwrap_or_else(|| {
            let affected = connection.affected_rows();
            (String::new(), 0, format!("it took {affected} of {count} rows"))
        });
        Err(self.said(&ServerError { code, message, state: String::new() }, Some(table)))
    }

    /// The rows by INSERT, many at a time.
    async fn insert_rows(
        &self,
        connection: &mut Conn,
        table: &Table,
        name: &str,
        frame: &DataFrame,
    ) -> Result<()> {
        let columns = cells::all(frame, &table.columns)?;
        let most = (MOST_VALUES / columns.len().max(1)).clamp(1, MOST_ROWS);
        let names = ddl::DIALECT.list(table.columns.iter().map(|column| &column.name));
        let marks = format!("({})", vec!["?"; columns.len()].join(","));
        let mut row = 0;
        while row < frame.height() {
            let rows = most.min(frame.height() - row);
            let mut values = Vec::with_capacity(rows * columns.len());
            for row in row..row + rows {
                for (cells, column) in columns.iter().zip(&table.columns) {
                    values.push(value(cells.get(row), &table.name, column)?);
                }
            }
            let marks = vec![marks.as_str(); rows].join(",");
            let sql = format!("INSERT INTO {name} ({names}) VALUES {marks}");
            let done = connection.exec_drop(sql, Params::Positional(values)).await;
            done.map_err(|error| self.failed(error, Some(table)))?;
            row += rows;
        }
        Ok(())
    }
}

fn value(cell: Cell<'_>, table: &str, column: &tidegauge_core::Column) -> Result<Value> {
    Ok(match (cell, column.dtype) {
        (Cell::Null, _) => Value::NULL,
        (Cell::Bool(value), _) => Value::Int(value.into()),
        (Cell::Float(value), _) => Value::Double(value),
        (Cell::Text(text), _) => Value::Bytes(text.as_bytes().to_vec()),
        (Cell::Decimal(units), DataType::Decimal { scale, .. }) => {
            Value::Bytes(text::decimal(units, scale).into_bytes())
        }
        (Cell::Int(value) | Cell::Decimal(value), _) => {
            Value::Bytes(value.to_string().into_bytes())
        }
        (Cell::Date(days), _) => Value::Bytes(encode::day(days, table, column)?.into_bytes()),
        (Cell::Timestamp(at), _) => Value::Bytes(encode::instant(at, table, column)?.into_bytes()),
    })
}

/// The temporary table that rows of `table` go through, with a name that no table of ours has.
fn staging(table: &Table) -> String {
    ddl::DIALECT.quoted(&format!("+{}", table.name))
}

/// Takes the staged rows over, each in place of the one that had its key.
fn merge(table: &Table) -> String {
    let dialect = ddl::DIALECT;
    let columns = dialect.list(table.columns.iter().map(|column| &column.name));
    let (name, staged) = (dialect.quoted(&table.name), staging(table));
    let update = |column: &str| {
        let column = dialect.quoted(column);
        format!("{name}.{column} = {staged}.{column}")
    };
    let others = table.columns.iter().map(|column| &column.name);
    let mut updates: Vec<String> =
        others.filter(|column| !table.key.contains(column)).map(|column| update(column)).collect();
    if updates.is_empty() {
        updates.extend(table.key.first().map(|column| update(column)));
    }
    format!(
        "INSERT INTO {name} ({columns}) SELECT {columns} FROM {staged} \
         ON DUPLICATE KEY UPDATE {}",
        updates.join(", ")
    )
}
