//! Reading columns back.

use futures_util::TryStreamExt;
use sqlx::postgres::PgConnection;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{BatchBuilder, Column, Scan};

use super::decode::{Malformed, Stream};
use super::{Postgres, ddl};
use crate::sql::Stored;
use crate::{Error, Result, cells};

/// Rows that are put into columns at a time.
const CHUNK: usize = 1 << 17;

impl Postgres {
    /// The columns that `scan` wants; no rows where there is no such table.
    pub(super) async fn read(
        &self,
        connection: &mut PgConnection,
        scan: &Scan,
    ) -> Result<DataFrame> {
        crate::check(&scan.table)?;
        let wanted = scan.wanted()?;
        scan.bounds()?;
        let table = cells::projected(&scan.table, wanted.iter().copied());
        let mut frame = cells::none(&table)?;
        let failed = |error| self.failed(error, Some(&scan.table));
        let stored = ddl::stored(connection, &self.place.schema, &table.name).await;
        let stored = stored.map_err(failed)?;
        if wanted.is_empty() || stored.is_empty() {
            return Ok(frame);
        }
        let sql = self.select(scan, &stored, &wanted)?;
        let mut rows = connection.copy_out_raw(&sql).await.map_err(failed)?;
        let (mut stream, mut builder) = (Stream::default(), BatchBuilder::new(&table));
        while let Some(bytes) = rows.try_next().await.map_err(failed)? {
            let taken = stream.take(&bytes, &wanted, &mut builder)?;
            taken.map_err(|Malformed(reason)| Error::Damaged {
                path: self.place.name.clone(),
                reason: format!("table `{}`: {reason}", table.name),
            })?;
            if builder.rows() >= CHUNK {
                let full = std::mem::replace(&mut builder, BatchBuilder::new(&table));
                frame.vstack_mut_owned(full.finish()?.into_frame())?;
            }
        }
        frame.vstack_mut_owned(builder.finish()?.into_frame())?;
        Ok(frame)
    }

    /// Whatever type somebody's view gives a column, it comes as ours.
    fn select(&self, scan: &Scan, stored: &[Stored], wanted: &[&Column]) -> Result<String> {
        let column = |column: &&Column| {
            let name = ddl::DIALECT.quoted(&column.name);
            format!("{name}::{}", (ddl::DIALECT.declared)(column.dtype))
        };
        let columns: Vec<String> = wanted.iter().map(column).collect();
        let table = &scan.table;
        let from = ddl::DIALECT.whole(self.place.table(&table.name), table, stored);
        // COPY takes no parameters: these are numbers, and no text of anybody's.
        let within = scan.bounds()?.map(|(column, range)| {
            let (name, least, most) =
                (ddl::DIALECT.quoted(&column.name), range.start(), range.end());
            format!(" WHERE {name} BETWEEN '{least}'::bigint AND '{most}'::bigint")
        });
        let within = within.unwrap_or_default();
        let columns = columns.join(", ");
        Ok(format!("COPY (SELECT {columns} FROM {from}{within}) TO STDOUT (FORMAT binary)"))
    }
}
