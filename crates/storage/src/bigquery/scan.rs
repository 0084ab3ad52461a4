//! Reading columns back.

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Column, DataType, Scan};

use super::jobs::{Param, Query};
use super::{BigQuery, ddl};
use crate::{Result, cells};

impl BigQuery {
    /// The columns that `scan` wants; no rows where there is no such table.
    pub(super) async fn read(&self, scan: &Scan) -> Result<DataFrame> {
        crate::check(&scan.table)?;
        let (wanted, bounds) = (scan.wanted()?, scan.bounds()?);
        let table = cells::projected(&scan.table, wanted.iter().copied());
        let mut frame = cells::none(&table)?;
        let stored = self.stored(&table.name).await;
        let stored = stored.map_err(|refusal| self.failed(refusal, Some(&scan.table)))?;
        if wanted.is_empty() || stored.is_empty() {
            return Ok(frame);
        }
        let columns: Vec<String> = wanted.iter().map(|column| value(column)).collect();
        let from = ddl::DIALECT.whole(ddl::DIALECT.quoted(&table.name), &scan.table, &stored);
        let mut query = Query::new(format!("SELECT {} FROM {from}", columns.join(", ")));
        if let Some((column, range)) = bounds {
            query.sql +=
                &format!(" WHERE {} BETWEEN @least AND @most", ddl::DIALECT.quoted(&column.name));
            for (name, bound) in [("least", range.start()), ("most", range.end())] {
                let value = Some(bound.to_string());
                query.params.push(Param { name, dtype: column.dtype, value });
            }
        }
        self.rows(&query, &table, |rows| {
            frame.vstack_mut_owned(rows.finish()?.into_frame())?;
            Ok(())
        })
        .await?;
        Ok(frame)
    }
}

/// A column as a result has it exactly: what it says of a time by itself is a float.
fn value(column: &Column) -> String {
    let name = ddl::DIALECT.quoted(&column.name);
    match column.dtype {
        DataType::Timestamp => format!("UNIX_MICROS({name}) AS {name}"),
        _ => name,
    }
}
