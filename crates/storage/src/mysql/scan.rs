//! Reading columns back.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{BatchBuilder, Cell, DataType, Scan, TableRef};

use super::{MySql, ddl};
use crate::{Error, Result, cells};

/// Rows that are put into columns at a time.
const CHUNK: usize = 1 << 17;

impl MySql {
    /// The columns that `scan` wants; no rows where there is no such table.
    pub(super) async fn read(&self, connection: &mut Conn, scan: &Scan) -> Result<DataFrame> {
        crate::check(&scan.table)?;
        let (wanted, bounds) = (scan.wanted()?, scan.bounds()?);
        let table = cells::projected(&scan.table, wanted.iter().copied());
        let mut frame = cells::none(&table)?;
        let stored = ddl::stored(connection, &table.name).await;
        let stored = stored.map_err(|error| self.failed(error, Some(&scan.table)))?;
        if wanted.is_empty() || stored.is_empty() {
            return Ok(frame);
        }
        let columns = ddl::DIALECT.list(wanted.iter().map(|column| &column.name));
        let mut sql = format!(
            "SELECT {columns} FROM {}",
            ddl::DIALECT.whole(ddl::DIALECT.quoted(&table.name), &scan.table, &stored)
        );
        let mut params = Params::Empty;
        if let Some((column, range)) = bounds {
            sql += &format!(" WHERE {} BETWEEN ? AND ?", ddl::DIALECT.quoted(&column.name));
            params = Params::Positional(vec![(*range.start()).into(), (*range.end()).into()]);
        }
        self.rows(connection, &table, sql, params, |chunk| {
            frame.vstack_mut_owned(chunk)?;
            Ok(())
        })
        .await?;
        Ok(frame)
    }

    /// Hands the rows that `sql` gives, which have the columns of `table`, to `take`, some at a time.
    pub(super) async fn rows(
        &self,
        connection: &mut Conn,
        table: &TableRef,
        sql: String,
        params: Params,
        mut take: impl FnMut(DataFrame) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| self.failed(error, Some(table));
        // Prepared, so that values come as they are and not as text: floats keep their last digit.
        let mut rows = connection.exec_iter(sql, params).await.map_err(failed)?;
        let mut builder = BatchBuilder::new(table);
        while let Some(row) = rows.next().await.map_err(failed)? {
            for (at, column) in table.columns.iter().enumerate() {
                let value = row.as_ref(at).unwrap_or(&Value::NULL);
                let damaged = || Error::Damaged {
                    path: self.place.name.clone(),
                    reason: format!(
                        "table `{}`: {} holds no {}",
                        table.name, column.name, column.dtype
                    ),
                };
                builder.push(cell(value, column.dtype).ok_or_else(damaged)?)?;
            }
            if builder.rows() == CHUNK {
                let full = std::mem::replace(&mut builder, BatchBuilder::new(table));
                take(full.finish()?.into_frame())?;
            }
        }
        take(builder.finish()?.into_frame())
    }
}

fn cell(value: &Value, dtype: DataType) -> Option<Cell<'_>> {
    let day = |year: u16, month: u8, day: u8| {
        chrono::NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())
    };
    Some(match (value, dtype) {
        (Value::NULL, _) => Cell::Null,
        (Value::Int(0) | Value::UInt(0), DataType::Bool) => Cell::Bool(false),
        (Value::Int(1) | Value::UInt(1), DataType::Bool) => Cell::Bool(true),
        (Value::Int(value), DataType::Int64) => Cell::Int((*value).into()),
        (Value::UInt(value), DataType::Int64) => Cell::Int((*value).into()),
        (Value::Double(value), DataType::Float64) => Cell::Float(*value),
        (Value::Float(value), DataType::Float64) => Cell::Float((*value).into()),
        (Value::Bytes(text), DataType::Text | DataType::Decimal { .. }) => {
            Cell::Text(std::str::from_utf8(text).ok()?)
        }
        (Value::Date(y, m, d, 0, 0, 0, 0), DataType::Date) => {
            let days = (day(*y, *m, *d)? - chrono::NaiveDate::default()).num_days();
            Cell::Date(i32::try_from(days).ok()?)
        }
        (Value::Date(y, m, d, hour, minute, second, micro), DataType::Timestamp) => {
            let time = (u32::from(*hour), u32::from(*minute), u32::from(*second));
            let at = day(*y, *m, *d)?.and_hms_micro_opt(time.0, time.1, time.2, *micro)?;
            Cell::Timestamp(at.and_utc().timestamp_micros())
        }
        _ => return None,
    })
}
