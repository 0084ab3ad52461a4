//! Writing rows by `LOAD DATA LOCAL INFILE`, or by `INSERT` if the server does not allow that,
//! directly or through a staging table, from which they are upserted.

use bytes::Bytes;
use futures_util::StreamExt;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, ServerError, Value};
use tidegauge_core::{Batch, Cell, DataType, ErrorKind, Table, WriteMode};
use tokio::sync::mpsc;

use super::client::{Connection, MySql};
use super::ddl;
use super::encode::{self, RowEncoder};
use crate::sql::{BatchSender, Query};
use crate::{Error, Result, format};

/// The size of a piece of encoded text, and the maximum number of pieces ahead of the server.
const CHUNK_BYTES: usize = 256 * 1024;
const CHANNEL_CAPACITY: usize = 4;
/// The maximum number of parameters of a statement.
const MAX_PARAMS: usize = 65_535;
/// The maximum number of rows per INSERT: more give no further gain.
const MAX_ROWS: usize = 1_000;
/// Upper bounds for the bytes of a packet that are not values, and of a value that are not its
/// text.
pub(super) const PACKET_OVERHEAD: usize = 4 * 1024;
const VALUE_OVERHEAD: usize = 16;

impl MySql {
    /// Passes the stored rows with the keys of `batch` to `rows`, and leaves `batch` staged for
    /// [`move_staged_rows`](Self::move_staged_rows).
    pub(super) async fn select_by_keys(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        rows: &mut BatchSender,
    ) -> Result<()> {
        let table = batch.table();
        self.stage_rows(connection, batch).await?;
        let (name, keys) =
            (ddl::DIALECT.quoted(&table.name), format!("{} AS k", staging_table(table)));
        // The join order is fixed, since the server's statistics are outdated for a table that was
        // just filled.
        let sql = ddl::DIALECT.select_by_keys(table, &name, &keys, "STRAIGHT_JOIN");
        self.read_rows(connection, &Query { sql, params: Vec::new() }, rows).await
    }

    /// Writes the rows of `batch`; upserts them if they may replace stored rows.
    pub(super) async fn write_rows(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        write: WriteMode,
    ) -> Result<()> {
        if write == WriteMode::Append {
            let name = ddl::DIALECT.quoted(&batch.table().name);
            return self.send_rows(connection, &name, batch).await;
        }
        self.stage_rows(connection, batch).await?;
        self.move_staged_rows(connection, batch.table(), write).await
    }

    /// Moves the staged rows into the table.
    pub(super) async fn move_staged_rows(
        &self,
        connection: &mut Connection,
        table: &Table,
        write: WriteMode,
    ) -> Result<()> {
        let taken = connection.conn()?.query_drop(move_staged_statement(table, write)).await;
        taken.map_err(|error| self.to_error(error, Some(table)))
    }

    /// Stages the rows of `batch` in the temporary table, replacing those that are there.
    async fn stage_rows(&self, connection: &mut Connection, batch: &Batch) -> Result<()> {
        let name = staging_table(batch.table());
        let emptied = connection.conn()?.query_drop(format!("DELETE FROM {name}")).await;
        emptied.map_err(|error| self.to_error(error, Some(batch.table())))?;
        self.send_rows(connection, &name, batch).await
    }

    async fn send_rows(
        &self,
        connection: &mut Connection,
        name: &str,
        batch: &Batch,
    ) -> Result<()> {
        match connection.local_infile {
            true => self.load_data(connection.conn()?, name, batch.clone()).await,
            false => self.insert_rows(connection, name, batch).await,
        }
    }

    /// Streams the encoded rows from memory as the file that the server requests.
    async fn load_data(&self, connection: &mut Conn, name: &str, batch: Batch) -> Result<()> {
        let table: &Table = &batch.table().clone();
        let count = u64::try_from(batch.rows()).unwrap_or(u64::MAX);
        let (pieces, received) = mpsc::channel::<std::io::Result<Bytes>>(CHANNEL_CAPACITY);
        let mut rows = RowEncoder { batch, next: 0 };
        // Encoding runs concurrently with sending: the next piece is made while the last one is
        // sent.
        let encoder = tokio::task::spawn_blocking(move || {
            loop {
                let mut text = String::with_capacity(CHUNK_BYTES + 4 * 1024);
                let more = match rows.fill(&mut text, CHUNK_BYTES) {
                    Ok(more) => more,
                    Err(error) => {
                        // The server must not take a part for the whole.
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
        let columns = ddl::DIALECT.quoted_list(table.columns.iter().map(|column| &column.name));
        let sql = format!(
            "LOAD DATA LOCAL INFILE 'tidegauge' INTO TABLE {name} CHARACTER SET utf8mb4 \
             FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({columns})"
        );
        let loaded = connection.query_drop(sql).await;
        match encoder.await {
            Ok(Err(error)) => return Err(error),
            Err(panicked) => {
                let name = &self.target.name;
                return Err(tidegauge_core::Error::sink(name, ErrorKind::Bug, panicked).into());
            }
            Ok(Ok(())) => loaded.map_err(|error| self.to_error(error, Some(table)))?,
        }
        // For a local file the server only warns when it skips or alters rows; here that is an
        // error.
        if connection.affected_rows() == count && connection.get_warnings() == 0 {
            return Ok(());
        }
        let warnings: Vec<(String, u16, String)> = connection
            .query("SHOW WARNINGS LIMIT 1")
            .await
            .map_err(|error| self.to_error(error, Some(table)))?;
        let (_, code, message) = warnings.into_iter().next().unwrap_or_else(|| {
            let affected = connection.affected_rows();
            (String::new(), 0, format!("it took {affected} of {count} rows"))
        });
        Err(self.server_error(&ServerError { code, message, state: String::new() }, Some(table)))
    }

    /// Inserts the rows, as many per statement as the server accepts.
    async fn insert_rows(
        &self,
        connection: &mut Connection,
        name: &str,
        batch: &Batch,
    ) -> Result<()> {
        let (table, columns) = (batch.table(), batch.views()?);
        let most = (MAX_PARAMS / columns.len().max(1)).clamp(1, MAX_ROWS);
        let max_packet = connection.max_packet.saturating_sub(PACKET_OVERHEAD);
        let names = ddl::DIALECT.quoted_list(table.columns.iter().map(|column| &column.name));
        let marks = format!("({})", vec!["?"; columns.len()].join(","));
        let (mut values, mut rows, mut bytes) = (Vec::new(), 0, 0);
        for row in 0..=batch.rows() {
            let mut next = Vec::with_capacity(columns.len());
            if row < batch.rows() {
                for (view, column) in columns.iter().zip(&table.columns) {
                    let value = encode_value(view.cell(row), column.dtype);
                    next.push(value.map_err(|reason| {
                        Error::unrepresentable(&table.name, &column.name, reason)
                    })?);
                }
            }
            let size: usize = next.iter().map(encoded_size).sum();
            if size > max_packet {
                let what = format!("a row of table `{}`", table.name);
                return Err(self.too_large(&what, Some(size)));
            }
            if rows > 0 && (next.is_empty() || rows == most || bytes + size > max_packet) {
                let marks = vec![marks.as_str(); rows].join(",");
                let sql = format!("INSERT INTO {name} ({names}) VALUES {marks}");
                let params = Params::Positional(std::mem::take(&mut values));
                let done = connection.conn()?.exec_drop(sql, params).await;
                done.map_err(|error| self.to_error(error, Some(table)))?;
                (rows, bytes) = (0, 0);
            }
            (rows, bytes) = (rows + 1, bytes + size);
            values.append(&mut next);
        }
        Ok(())
    }
}

/// Returns an upper bound of the bytes of a value in a packet.
fn encoded_size(value: &Value) -> usize {
    let text = if let Value::Bytes(text) = value { text.len() } else { 0 };
    text + VALUE_OVERHEAD
}

/// Encodes a cell for the server, or returns the reason why it cannot be written.
pub(super) fn encode_value(cell: Cell<'_>, dtype: DataType) -> Result<Value, String> {
    Ok(match (cell, dtype) {
        (Cell::Null, _) => Value::NULL,
        (Cell::Bool(value), _) => Value::Int(value.into()),
        (Cell::Float(value), _) => Value::Double(value),
        (Cell::Text(text), _) => Value::Bytes(text.as_bytes().to_vec()),
        (Cell::Decimal(units), DataType::Decimal { scale, .. }) => {
            Value::Bytes(format::format_decimal(units, scale).into_bytes())
        }
        (Cell::Int(value), DataType::Int64) => {
            Value::Int(i64::try_from(value).map_err(|error| error.to_string())?)
        }
        (Cell::Int(value) | Cell::Decimal(value), _) => {
            Value::Bytes(value.to_string().into_bytes())
        }
        (Cell::Date(days), _) => Value::Bytes(encode::encode_date(days)?.into_bytes()),
        (Cell::Timestamp(at), _) => Value::Bytes(encode::encode_timestamp(at)?.into_bytes()),
    })
}

/// Returns the quoted name of the temporary staging table of `table`; no regular table has such a
/// name.
fn staging_table(table: &Table) -> String {
    ddl::DIALECT.quoted(&format!("+{}", table.name))
}

/// Returns the statements that create the temporary table, which is visible to this connection
/// only.
pub(super) fn create_staging_table(table: &Table) -> Vec<String> {
    let (name, like) = (staging_table(table), ddl::DIALECT.quoted(&table.name));
    vec![
        format!("DROP TEMPORARY TABLE IF EXISTS {name}"),
        format!("CREATE TEMPORARY TABLE {name} LIKE {like}"),
    ]
}

/// Returns the statement that moves the staged rows into the table: as an upsert, or as new rows
/// only.
fn move_staged_statement(table: &Table, write: WriteMode) -> String {
    let dialect = ddl::DIALECT;
    let columns = dialect.quoted_list(table.columns.iter().map(|column| &column.name));
    let (name, staged) = (dialect.quoted(&table.name), staging_table(table));
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
    let then = match write {
        WriteMode::Append => String::new(),
        WriteMode::Merge => format!("ON DUPLICATE KEY UPDATE {}", updates.join(", ")),
    };
    format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {staged} {then}")
}
