//! Aggregate pushdown: the bytes that the service reads are billed, but the result is small.

use futures_util::TryStreamExt;
use tidegauge_core::{Aggregate, Aggregator, Batch};

use super::dialect::DIALECT;
use super::query::Query;
use super::store::BigQuery;
use crate::Result;
use crate::sql::{AggregatePlan, plan_aggregate};

impl BigQuery {
    /// Computes `aggregate`: by the service if possible, otherwise from the rows.
    pub(super) async fn compute_aggregate(&self, aggregate: &Aggregate) -> Result<Batch> {
        let table = &aggregate.table;
        crate::reserved::check_readable(table)?;
        let result = aggregate.output_schema()?;
        let stored = self.stored_columns(&table.name).await;
        let stored = stored.map_err(|error| self.to_error(error, Some(table)))?;
        let name = DIALECT.quoted(&table.name);
        match plan_aggregate(&DIALECT, name, aggregate, &stored)? {
            AggregatePlan::Empty => Ok(Aggregator::new(aggregate)?.finish()?),
            AggregatePlan::Pushdown(query) => {
                let batches =
                    self.stream_rows(Query::from_sql(&query)?, result.clone(), None).await?;
                let batches: Vec<Batch> = batches.try_collect().await?;
                Ok(Batch::concat(&result, &batches)?)
            }
            AggregatePlan::Local => {
                let mut fold = Aggregator::new(aggregate)?;
                let mut batches = self.read(&aggregate.scan()?).await?;
                while let Some(batch) = batches.try_next().await? {
                    fold.add(&batch)?;
                }
                Ok(fold.finish()?)
            }
        }
    }
}
