//! Aggregate pushdown: the bytes that the service reads are billed, but the result is small.

use futures_util::TryStreamExt;
use tidegauge_core::{Aggregate, Batch, Column, DataType, Fold, Group, Measure};

use super::jobs::Query;
use super::{BigQuery, ddl};
use crate::Result;
use crate::sql::{Plan, Summary, summarise};

/// The SQL of aggregates in BigQuery. Nulls sort first by default, and text sorts by its bytes.
pub(super) const SUMMARY: Summary = Summary { group, measure, nulls_first: "" };

impl BigQuery {
    pub(super) async fn summarise(&self, aggregate: &Aggregate) -> Result<Batch> {
        let table = &aggregate.table;
        crate::check_read(table)?;
        let result = aggregate.result()?;
        let stored = self.stored(&table.name).await;
        let stored = stored.map_err(|refusal| self.failed(refusal, Some(table)))?;
        let name = ddl::DIALECT.quoted(&table.name);
        match summarise(&ddl::DIALECT, name, aggregate, &stored)? {
            Plan::Nothing => Ok(Fold::new(aggregate)?.finish()?),
            Plan::There(query) => {
                let batches = self.rows(Query::bound(&query)?, result.clone(), None).await?;
                let batches: Vec<Batch> = batches.try_collect().await?;
                Ok(Batch::concat(&result, &batches)?)
            }
            Plan::Here => {
                let mut fold = Fold::new(aggregate)?;
                let mut batches = self.read(&aggregate.scan()?).await?;
                while let Some(batch) = batches.try_next().await? {
                    fold.add(&batch)?;
                }
                Ok(fold.finish()?)
            }
        }
    }
}

/// Converts timestamps to microseconds.
fn micros(value: String, dtype: DataType) -> String {
    match dtype {
        DataType::Timestamp => format!("UNIX_MICROS({value})"),
        _ => value,
    }
}

fn group(group: &Group, column: &Column, name: String) -> String {
    let day = match column.dtype {
        DataType::Timestamp => format!("DATE({name}, 'UTC')"),
        _ => name.clone(),
    };
    match group {
        Group::Column(_) => micros(name, column.dtype),
        Group::Hour(_) => micros(format!("TIMESTAMP_TRUNC({name}, HOUR)"), column.dtype),
        Group::Day(_) => day,
        Group::Week(_) => format!("DATE_TRUNC({day}, ISOWEEK)"),
        Group::Month(_) => format!("DATE_TRUNC({day}, MONTH)"),
    }
}

fn measure(measure: &Measure, of: Option<(&Column, String)>, _: DataType) -> String {
    let Some((column, name)) = of else { return "COUNT(*)".into() };
    match measure {
        Measure::Count => "COUNT(*)".into(),
        // The sum of integers would overflow INT64.
        Measure::Sum(_) if column.dtype == DataType::Int64 => {
            format!("SUM(CAST({name} AS NUMERIC))")
        }
        Measure::Sum(_) => format!("SUM({name})"),
        Measure::Min(_) => micros(format!("MIN({name})"), column.dtype),
        Measure::Max(_) => micros(format!("MAX({name})"), column.dtype),
        Measure::Distinct(_) => format!("COUNT(DISTINCT {name})"),
    }
}
