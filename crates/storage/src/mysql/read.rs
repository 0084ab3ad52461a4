//! Streaming the rows of a query.

use mysql_async::prelude::Queryable;
use mysql_async::{Params, Value};
use tidegauge_core::{Cell, DataType};

use super::client::{Connection, MySql};
use super::write;
use crate::sql::{BatchSender, Param, Query, scalar_cell};
use crate::{Error, Result};

impl MySql {
    /// Runs `query`, and passes its rows to `rows` until no more are requested.
    pub(super) async fn read_rows(
        &self,
        connection: &mut Connection,
        query: &Query,
        rows: &mut BatchSender,
    ) -> Result<()> {
        let table = rows.table().clone();
        let to_error = |error| self.to_error(error, Some(&table));
        let params = encode_params(&query.params, &table.name)?;
        // A prepared statement returns values in binary form instead of text, so that floats are
        // exact.
        connection.is_reading = true;
        let found = connection.conn()?.exec_iter(query.sql.as_str(), params).await;
        let mut found = found.map_err(to_error)?;
        while let Some(row) = found.next().await.map_err(to_error)? {
            for (at, column) in table.columns.iter().enumerate() {
                let value = row.as_ref(at).unwrap_or(&Value::NULL);
                let damaged = || Error::Damaged {
                    path: self.target.name.clone(),
                    reason: format!(
                        "table `{}`: {} holds no {}",
                        table.name, column.name, column.dtype
                    ),
                };
                rows.push(decode_value(value, column.dtype).ok_or_else(damaged)?)?;
            }
            if rows.is_full() && !rows.send().await? {
                return Ok(());
            }
        }
        drop(found);
        connection.is_reading = false;
        Ok(())
    }
}

/// Encodes the parameters of a query on `table`.
pub(super) fn encode_params(params: &[Param], table: &str) -> Result<Params> {
    let mut values = Vec::with_capacity(params.len());
    for param in params {
        let (dtype, scalars) = param.values();
        for scalar in scalars {
            let value = write::encode_value(scalar_cell(scalar), dtype);
            values.push(value.map_err(|reason| Error::unrepresentable(table, "*", reason))?);
        }
    }
    Ok(if values.is_empty() { Params::Empty } else { Params::Positional(values) })
}

/// Decodes a value of a column to a cell; returns `None` if it is of another type.
fn decode_value(value: &Value, dtype: DataType) -> Option<Cell<'_>> {
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
