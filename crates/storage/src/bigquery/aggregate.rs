//! Summaries, by the service itself: what it reads is billed, what it gives is small.

use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{Aggregate, DataType, Group, Measure};

use super::jobs::{Param, Query};
use super::{BigQuery, ddl};
use crate::{Result, cells, sql, text};

impl BigQuery {
    pub(super) async fn summarise(&self, aggregate: &Aggregate) -> Result<DataFrame> {
        let table = &aggregate.table;
        crate::check(table)?;
        let result = aggregate.result()?;
        let stored = self.stored(&table.name).await;
        let stored = stored.map_err(|refusal| self.failed(refusal, Some(table)))?;
        if stored.is_empty() {
            return sql::of_nothing(aggregate);
        }
        let from = ddl::DIALECT.whole(ddl::DIALECT.quoted(&table.name), table, &stored);
        let query = statement(aggregate, &from)?;
        let mut frame = cells::none(&result)?;
        self.rows(&query, &result, |rows| {
            frame.vstack_mut_owned(rows.finish()?.into_frame())?;
            Ok(())
        })
        .await?;
        Ok(frame)
    }
}

fn statement(aggregate: &Aggregate, from: &str) -> Result<Query> {
    let table = &aggregate.table;
    let quoted = |name: &str| ddl::DIALECT.quoted(name);
    let mut columns = Vec::with_capacity(aggregate.by.len() + aggregate.measures.len());
    let micros = |value: String, dtype| match dtype {
        DataType::Timestamp => format!("UNIX_MICROS({value})"),
        _ => value,
    };
    for group in &aggregate.by {
        let column = table.column(group.column())?;
        let name = quoted(&column.name);
        let day = match column.dtype {
            DataType::Timestamp => format!("DATE({name}, 'UTC')"),
            _ => name.clone(),
        };
        columns.push(match group {
            Group::Column(_) => micros(name, column.dtype),
            Group::Day(_) => day,
            Group::Week(_) => format!("DATE_TRUNC({day}, ISOWEEK)"),
            Group::Month(_) => format!("DATE_TRUNC({day}, MONTH)"),
        });
    }
    for measure in &aggregate.measures {
        let dtype = |name: &str| Ok::<_, crate::Error>(table.column(name)?.dtype);
        columns.push(match measure {
            Measure::Count => "COUNT(*)".to_owned(),
            // Whole numbers would overflow as such.
            Measure::Sum(name) if dtype(name)? == DataType::Int64 => {
                format!("SUM(CAST({} AS NUMERIC))", quoted(name))
            }
            Measure::Sum(name) => format!("SUM({})", quoted(name)),
            Measure::Min(name) => micros(format!("MIN({})", quoted(name)), dtype(name)?),
            Measure::Max(name) => micros(format!("MAX({})", quoted(name)), dtype(name)?),
            Measure::Distinct(name) => format!("COUNT(DISTINCT {})", quoted(name)),
        });
    }
    let mut query = Query::new(format!("SELECT {} FROM {from}", columns.join(", ")));
    if let Some((column, range)) = aggregate.bounds()? {
        let name = quoted(&column.name);
        query.sql += &format!(" WHERE {name} >= @from AND {name} < @to");
        for (bound, at) in [("from", range.start), ("to", range.end)] {
            let value = Some(text::bound(table, column, at)?);
            query.params.push(Param { name: bound, dtype: column.dtype, value });
        }
    }
    let places: Vec<String> = (1..=aggregate.by.len()).map(|at| at.to_string()).collect();
    if !places.is_empty() {
        // Nulls come first by themselves, and text goes by its bytes.
        query.sql += &format!(" GROUP BY {0} ORDER BY {0}", places.join(", "));
    }
    Ok(query)
}
