//! The marketing spend of the exchange's table.

use futures_util::TryStreamExt;
use polars::prelude::*;
use tidegauge_core::tables::MarketingSpend;
use tidegauge_core::{Scan, SetAsideReason, Warehouse};

use super::columns::{Amounts, Names, texts};
use super::valuation::Valuation;
use crate::Result;
use crate::dates::DAY;
use crate::typed_columns::{Nullable, typed_column};

/// Reads the spend in US dollars, with the columns of the spend of facts. Spend that cannot be
/// valued is left out and counted.
///
/// # Errors
/// When the warehouse cannot be read, and when a spend cannot be valued and bad rows are errors.
pub(super) async fn read(
    warehouse: &dyn Warehouse,
    valuation: &mut Valuation<'_>,
) -> Result<DataFrame> {
    let (mut days, mut channels, mut campaigns) = (Vec::new(), Vec::new(), Vec::new());
    let mut spends: Vec<Option<f64>> = Vec::new();
    let columns = ["day", "channel", "campaign", "currency", "spend"];
    let table = MarketingSpend::table();
    let mut batches = warehouse.scan(&Scan::columns(&table.as_read(), columns)).await?;
    while let Some(batch) = batches.try_next().await? {
        let dates = Nullable(typed_column(&batch, "day", |column| column.as_date())?);
        let (channel, campaign) = (texts(&batch, "channel")?, texts(&batch, "campaign")?);
        let names = Names::new(&batch, "currency", &mut valuation.currencies)?;
        let amounts = Amounts::new(&batch, "spend")?;
        for row in 0..batch.rows() {
            let day = dates.get(row);
            let mut spend = None;
            if let (Some(day), Some(amount), Some(currency)) =
                (day, amounts.get(row), names.get(row))
            {
                let at = i64::from(day) * DAY;
                let Some(price) = valuation.price(currency, at)? else {
                    let reason = SetAsideReason::Unpriced;
                    valuation.count_unvalued("marketing_spend", reason, (currency, at));
                    continue;
                };
                spend = Some(amount * price);
            }
            days.push(day);
            channels.push(channel.get(row).map(ToOwned::to_owned));
            campaigns.push(campaign.get(row).map(ToOwned::to_owned));
            spends.push(spend);
        }
    }
    let days = Column::new("day".into(), days).cast(&DataType::Date)?;
    let text = |name: &str, texts: Vec<Option<String>>| Column::new(name.into(), texts);
    let columns = vec![
        days,
        text("channel", channels),
        text("campaign", campaigns),
        Column::new("spend_usd".into(), spends),
    ];
    Ok(DataFrame::new(columns[0].len(), columns)?)
}
