//! Streaming scans.

use futures_util::stream;
use tidegauge_core::{BatchStream, Scan};

use super::dialect::DIALECT;
use super::query::Query;
use super::store::BigQuery;
use crate::Result;
use crate::sql::scan_query;

impl BigQuery {
    /// Streams the rows of `scan`; the stream is empty if the table does not exist.
    pub(super) async fn read(&self, scan: &Scan) -> Result<BatchStream> {
        crate::reserved::check_readable(&scan.table)?;
        let table = &scan.table;
        let stored = self.stored_columns(&table.name).await;
        let stored = stored.map_err(|error| self.to_error(error, Some(table)))?;
        let name = DIALECT.quoted(&table.name);
        match scan_query(&DIALECT, name, scan, &stored)? {
            Some(query) => {
                self.stream_rows(Query::from_sql(&query.query)?, query.table, query.residual).await
            }
            None => Ok(Box::pin(stream::empty())),
        }
    }
}
