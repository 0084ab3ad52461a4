//! Exact sums by day and asset, as the warehouse computes them.

use tidegauge_core::arrow::array::Array;
use tidegauge_core::{Aggregate, Warehouse};

use crate::Result;
use crate::typed_columns::{Nullable, typed_column};

/// The sum of the amounts of a day and an asset.
#[derive(Debug, Clone)]
pub(super) struct DailySum {
    /// The day since 1970-01-01, UTC; `None` if the time is null.
    pub(super) day: Option<i64>,
    pub(super) asset: Option<String>,
    /// The number of rows.
    pub(super) rows: u64,
    /// The sum in units of 10⁻¹⁸; `None` if no row has an amount.
    pub(super) units: Option<i128>,
}

/// Returns the sums of an aggregate by day and asset, with a count and a sum of amounts of 18
/// decimal places, by day in ascending order.
///
/// # Errors
/// When the warehouse cannot be read.
pub(super) async fn daily_sums(
    warehouse: &dyn Warehouse,
    aggregate: &Aggregate,
) -> Result<Vec<DailySum>> {
    let schema = aggregate.output_schema()?;
    let [day, asset, count, sum] = [0, 1, 2, 3].map(|at| schema.columns[at].name.to_string());
    let batch = warehouse.aggregate(aggregate).await?;
    let days = typed_column(&batch, &day, |column| column.as_date())?;
    let assets = typed_column(&batch, &asset, |column| column.as_text())?;
    let counts = Nullable(typed_column(&batch, &count, |column| column.as_i64())?);
    let sums = Nullable(typed_column(&batch, &sum, |column| column.as_decimal())?);
    let sum = |row: usize| DailySum {
        day: days.is_valid(row).then(|| i64::from(days.value(row))),
        asset: assets.get(row).map(str::to_owned),
        rows: counts.get(row).and_then(|rows| u64::try_from(rows).ok()).unwrap_or_default(),
        units: sums.get(row),
    };
    Ok((0..batch.rows()).map(sum).collect())
}
