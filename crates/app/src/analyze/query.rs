//! Queries of databases, whose rows are read like a file.

use std::fs::File;
use std::io::{BufWriter, Write};

use tempfile::TempDir;
use tidegauge_acquisition::database::export;

use super::params::QueryInput;
use crate::{Error, Result};

/// The rows of a query as a file, which is removed when this is dropped.
#[derive(Debug)]
pub(super) struct QueryFile {
    folder: TempDir,
}

/// The name of the file, by which places name it.
const NAME: &str = "rows-of-query.csv";

impl QueryFile {
    /// Writes the rows of a query to a temporary file.
    ///
    /// # Errors
    /// When the database cannot be read, has no row, or the file cannot be written.
    pub(super) async fn read(input: &QueryInput) -> Result<Self> {
        let folder = TempDir::new();
        let folder = folder.map_err(|error| Error::Write { file: std::env::temp_dir(), error })?;
        let path = folder.path().join(NAME);
        let failed = |error| Error::Write { file: path.clone(), error };
        let mut file = BufWriter::new(File::create(&path).map_err(failed)?);
        let rows = export(&input.query, &input.url, &mut file).await;
        let rows = rows.map_err(|error| Error::Import(Box::new(error)))?;
        file.flush().map_err(failed)?;
        match rows {
            0 => Err(Error::NoPurchases { rows: 0, reasons: vec!["the query has no row".into()] }),
            _ => Ok(Self { folder }),
        }
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> String {
        self.folder.path().join(NAME).display().to_string()
    }
}

/// Returns the place of a row of the query: its lines begin below the header.
pub(super) fn place(place: &str) -> String {
    let line =
        place.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(':')?.parse::<u64>().ok());
    match line {
        Some(line) => format!("row {} of the query", line.saturating_sub(1)),
        None => place.to_owned(),
    }
}
