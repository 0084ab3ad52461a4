//! Summaries, by the server itself.

use futures_util::TryStreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row, ValueRef};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, BatchBuilder, DataType, Group, Measure};

use super::{Postgres, ddl, decode};
use crate::{Error, Result, sql, text};

impl Postgres {
    pub(super) async fn summarise(
        &self,
        connection: &mut PgConnection,
        aggregate: &Aggregate,
    ) -> Result<DataFrame> {
        let table = &aggregate.table;
        crate::check(table)?;
        let result = aggregate.result()?;
        let failed = |error| self.failed(error, Some(table));
        let stored = ddl::stored(connection, &self.place.schema, &table.name).await;
        let stored = stored.map_err(failed)?;
        if stored.is_empty() {
            return sql::of_nothing(aggregate);
        }
        let from = ddl::DIALECT.whole(self.place.table(&table.name), table, &stored);
        let (sql, bounds) = statement(aggregate, &from)?;
        // Identifiers are quoted, values bound; nothing else in it comes from outside.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for bound in bounds {
            query = query.bind(bound);
        }
        let mut rows = query.fetch(connection);
        let mut builder = BatchBuilder::new(&result);
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            for (at, column) in result.columns.iter().enumerate() {
                let value = row.try_get_raw(at).map_err(failed)?;
                let bytes = if value.is_null() { None } else { value.as_bytes().ok() };
                let damaged = || Error::Damaged {
                    path: self.place.name.clone(),
                    reason: format!("`{}` of a summary is no {}", column.name, column.dtype),
                };
                builder.push(decode::cell(bytes, column.dtype).ok_or_else(damaged)?)?;
            }
        }
        Ok(builder.finish()?.into_frame())
    }
}

/// The query, and what is bound to it.
fn statement(aggregate: &Aggregate, from: &str) -> Result<(String, Vec<String>)> {
    let result = aggregate.result()?;
    let quoted = |name: &str| ddl::DIALECT.quoted(name);
    let declared = ddl::DIALECT.declared;
    let mut columns = Vec::with_capacity(result.columns.len());
    for group in &aggregate.by {
        let column = aggregate.table.column(group.column())?;
        let name = quoted(&column.name);
        // Whatever the session's zone is.
        let utc = match column.dtype {
            DataType::Timestamp => format!("({name} AT TIME ZONE 'UTC')"),
            _ => format!("{name}::timestamp"),
        };
        columns.push(match (group, column.dtype) {
            (Group::Column(_), DataType::Text) => format!("{name}::text COLLATE \"C\""),
            (Group::Column(_), dtype) => format!("{name}::{}", declared(dtype)),
            (Group::Day(_), _) => format!("{utc}::date"),
            (Group::Week(_), _) => format!("date_trunc('week', {utc})::date"),
            (Group::Month(_), _) => format!("date_trunc('month', {utc})::date"),
        });
    }
    for (measure, column) in aggregate.measures.iter().zip(&result.columns[columns.len()..]) {
        let dtype = declared(column.dtype);
        columns.push(match measure {
            Measure::Count => "count(*)".to_owned(),
            Measure::Sum(name) => format!("sum({})::{dtype}", quoted(name)),
            Measure::Min(name) => format!("min({})::{dtype}", quoted(name)),
            Measure::Max(name) => format!("max({})::{dtype}", quoted(name)),
            Measure::Distinct(name) => format!("count(DISTINCT {})", quoted(name)),
        });
    }
    let mut sql = format!("SELECT {} FROM {from}", columns.join(", "));
    let mut bounds = Vec::new();
    if let Some((column, range)) = aggregate.bounds()? {
        let (name, dtype) = (quoted(&column.name), declared(column.dtype));
        sql += &format!(" WHERE {name} >= $1::text::{dtype} AND {name} < $2::text::{dtype}");
        for bound in [range.start, range.end] {
            bounds.push(text::bound(&aggregate.table, column, bound)?);
        }
    }
    let places: Vec<String> = (1..=aggregate.by.len()).map(|at| at.to_string()).collect();
    if !places.is_empty() {
        let order = places.join(" NULLS FIRST, ");
        sql += &format!(" GROUP BY {} ORDER BY {order} NULLS FIRST", places.join(", "));
    }
    Ok((sql, bounds))
}
