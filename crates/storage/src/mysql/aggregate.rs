//! Summaries, by the server itself.

use mysql_async::{Conn, Params, Value};
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, Group, Measure};

use super::{MySql, ddl};
use crate::{Result, cells, sql, text};

impl MySql {
    pub(super) async fn summarise(
        &self,
        connection: &mut Conn,
        aggregate: &Aggregate,
    ) -> Result<DataFrame> {
        let table = &aggregate.table;
        crate::check(table)?;
        let result = aggregate.result()?;
        let stored = ddl::stored(connection, &table.name).await;
        let stored = stored.map_err(|error| self.failed(error, Some(table)))?;
        if stored.is_empty() {
            return sql::of_nothing(aggregate);
        }
        let from = ddl::DIALECT.whole(ddl::DIALECT.quoted(&table.name), table, &stored);
        let (sql, bounds) = statement(aggregate, &from)?;
        let params = if bounds.is_empty() { Params::Empty } else { Params::Positional(bounds) };
        let mut frame = cells::none(&result)?;
        self.rows(connection, &result, sql, params, |chunk| {
            frame.vstack_mut_owned(chunk)?;
            Ok(())
        })
        .await?;
        Ok(frame)
    }
}

fn statement(aggregate: &Aggregate, from: &str) -> Result<(String, Vec<Value>)> {
    let quoted = |name: &str| ddl::DIALECT.quoted(name);
    let mut columns = Vec::with_capacity(aggregate.by.len() + aggregate.measures.len());
    for group in &aggregate.by {
        let name = quoted(group.column());
        columns.push(match group {
            Group::Column(_) => name,
            Group::Day(_) => format!("CAST({name} AS DATE)"),
            // From 0 on Monday.
            Group::Week(_) => format!("CAST({name} AS DATE) - INTERVAL WEEKDAY({name}) DAY"),
            Group::Month(_) => {
                format!("CAST({name} AS DATE) - INTERVAL DAYOFMONTH({name}) - 1 DAY")
            }
        });
    }
    for measure in &aggregate.measures {
        columns.push(match measure {
            Measure::Count => "COUNT(*)".to_owned(),
            Measure::Sum(name) => format!("SUM({})", quoted(name)),
            Measure::Min(name) => format!("MIN({})", quoted(name)),
            Measure::Max(name) => format!("MAX({})", quoted(name)),
            Measure::Distinct(name) => format!("COUNT(DISTINCT {})", quoted(name)),
        });
    }
    let mut sql = format!("SELECT {} FROM {from}", columns.join(", "));
    let mut bounds = Vec::new();
    if let Some((column, range)) = aggregate.bounds()? {
        let name = quoted(&column.name);
        sql += &format!(" WHERE {name} >= ? AND {name} < ?");
        for bound in [range.start, range.end] {
            let text = text::bound(&aggregate.table, column, bound)?.replace("+00", "");
            bounds.push(Value::Bytes(text.into_bytes()));
        }
    }
    let places: Vec<String> = (1..=aggregate.by.len()).map(|at| at.to_string()).collect();
    if !places.is_empty() {
        // Nulls come first by themselves.
        sql += &format!(" GROUP BY {0} ORDER BY {0}", places.join(", "));
    }
    Ok((sql, bounds))
}
