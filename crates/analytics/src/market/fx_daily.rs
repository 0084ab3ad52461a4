//! `fx_daily`: one exchange rate per currency and calendar day.

use chrono::{Days, NaiveDate};
use tidegauge_core::market::{MAX_AGE_DAYS, Rates};
use tidegauge_core::tables::FxDaily;
use tidegauge_core::{Batch, BatchBuilder, Cell, Crypto};

use crate::Result;

/// The first number of units that has more digits than `fx_daily.rate`.
const MAX_UNITS_EXCLUSIVE: i128 = 10i128.pow(38);

/// Computes one rate in `quote` per currency and day, by currency and day: a batch of `fx_daily`.
///
/// The days are those from a currency's first fixing on, up to `today`, on which the fixings
/// determine its value: by the same cross rates and the same precedence as in
/// [`Market`](tidegauge_core::market::Market), which values all amounts, a fixing being valid for
/// seven days. A currency of which one is worth less than 10⁻¹⁸ of `quote`, or 10²⁰ of it and more,
/// has no row.
///
/// # Errors
/// When the batch cannot be built.
pub fn fx_daily(rates: &Rates, quote: &str, today: NaiveDate) -> Result<Batch> {
    let mut days = BatchBuilder::new(FxDaily::table());
    let Some((first, last)) = rates.span() else { return Ok(days.finish()?) };
    let end = last.checked_add_days(Days::new(MAX_AGE_DAYS.unsigned_abs())).unwrap_or(today);
    let end = end.min(today);
    for base in rates.currencies().into_iter().filter(|base| *base != quote) {
        let mut out_of_range = 0;
        for day in first.iter_days().take_while(|day| *day <= end) {
            let Some(fixing) = rates.fixing(base, quote, day) else { continue };
            let Some(rate) = fixing.rate().filter(|rate| is_representable(*rate)) else {
                out_of_range += 1;
                continue;
            };
            for cell in [
                Cell::Text(base),
                Cell::Text(quote),
                Cell::Date(day.to_epoch_days()),
                Cell::Decimal(rate.units()),
                Cell::Date(fixing.fixed_on.to_epoch_days()),
                Cell::Bool(fixing.fixed_on < day),
                fixing.via.map_or(Cell::Null, Cell::Text),
            ] {
                days.push(cell)?;
            }
        }
        if out_of_range > 0 {
            tracing::warn!(
                base,
                quote,
                days = out_of_range,
                "no row: worth less, or more, than the column can say"
            );
        }
    }
    Ok(days.finish()?)
}

/// Returns `true` if the table can hold a rate.
pub(crate) fn is_representable(rate: Crypto) -> bool {
    (1..MAX_UNITS_EXCLUSIVE).contains(&rate.units())
}
