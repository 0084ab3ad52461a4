//! The export of a query as CSV, for readers of files.

use std::io::{self, Write};

use secrecy::SecretString;

use super::client::{Client, RawRow};
use super::config::Config;
use super::sql;
use crate::{Error, Result};

/// Writes the rows of a SELECT statement as CSV: a header, then a line for each row, with quotes
/// around all values and nothing for null. Line breaks within values become blanks. Returns the
/// number of rows.
///
/// # Errors
/// Returns an error if the URL is invalid, the database cannot be reached, the statement is refused,
/// or `to` cannot be written.
pub async fn export(query: &str, url: &SecretString, to: &mut (impl Write + Send)) -> Result<u64> {
    let config = Config { name: "query".into(), query: query.into(), ..Config::default() };
    config.validate()?;
    let client = Client::new(&config, url)?;
    let mut connection = client.connect().await?;
    let columns = client.columns(&mut connection, sql::columns(query)).await?;
    let header = columns.iter().map(|(name, _)| Some(name.clone().into_bytes())).collect();
    let failed =
        |error: io::Error| Error::File { path: "the rows".into(), reason: error.to_string() };
    write_row(to, &header).map_err(failed)?;
    let forms = columns
        .into_iter()
        .map(|(name, dtype)| (name, client.dialect.select_form(&dtype, false)))
        .collect::<Vec<_>>();
    let statement = sql::unordered(client.dialect, query, &forms);
    let mut rows = 0;
    let mut broken = None;
    let write = |row: RawRow| match write_row(to, &row) {
        Ok(()) => {
            rows += 1;
            true
        }
        Err(error) => {
            broken = Some(error);
            false
        }
    };
    client.stream(&mut connection, statement, write).await?;
    client.close(connection).await;
    match broken {
        Some(error) => Err(failed(error)),
        None => Ok(rows),
    }
}

fn write_row(to: &mut impl Write, row: &RawRow) -> io::Result<()> {
    let mut line = Vec::new();
    for (at, cell) in row.iter().enumerate() {
        if at > 0 {
            line.push(b',');
        }
        let Some(cell) = cell else { continue };
        line.push(b'"');
        for byte in cell {
            match byte {
                b'"' => line.extend(b"\"\""),
                b'\r' | b'\n' => line.push(b' '),
                byte => line.push(*byte),
            }
        }
        line.push(b'"');
    }
    line.push(b'\n');
    to.write_all(&line)
}
