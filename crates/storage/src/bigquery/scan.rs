//! Streaming scans.

use futures_util::stream;
use tidegauge_core::{BatchStream, Scan};

use super::jobs::Query;
use super::{BigQuery, ddl};
use crate::Result;
use crate::sql::select;

impl BigQuery {
    /// Streams the rows of `scan`; the stream is empty if the table does not exist.
    pub(super) async fn read(&self, scan: &Scan) -> Result<BatchStream> {
        crate::check_read(&scan.table)?;
        let table = &scan.table;
        let stored = self.stored(&table.name).await;
        let stored = stored.map_err(|refusal| self.failed(refusal, Some(table)))?;
        let name = ddl::DIALECT.quoted(&table.name);
        match select(&ddl::DIALECT, name, scan, &stored)? {
            Some(select) => {
                self.rows(Query::bound(&select.query)?, select.table, select.rest).await
            }
            None => Ok(Box::pin(stream::empty())),
        }
    }
}
