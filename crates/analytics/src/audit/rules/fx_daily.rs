//! The rules of `fx_daily`: its rates must follow from the fixings in `fx_rates`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tidegauge_core::market::Rates;
use tidegauge_core::tables::FxDaily;
use tidegauge_core::{Batch, Crypto, Scan, Warehouse, WarehouseExt};

use crate::Result;
use crate::audit::records::strings;
use crate::audit::report::RuleResult;
use crate::dates::date_from_epoch_day;
use crate::market::is_representable;
use crate::typed_columns::{amounts, typed_column};

/// Checks the rules of `fx_daily`.
pub(crate) async fn rules(warehouse: &dyn Warehouse) -> Result<[RuleResult; 2]> {
    let mut follows = RuleResult::new(
        "fx_daily_follows_fixings",
        "a daily rate, the day that it was fixed on and the way that it came are what the fixings say",
    );
    let mut complete = RuleResult::new(
        "fx_daily_has_no_hole",
        "between a currency's first and last day there is every day that the fixings tell of",
    );
    let rates = Rates::read(warehouse).await?;
    let rows = warehouse.read(&Scan::all(FxDaily::table())).await?;
    let (bases, quotes) = (strings(&rows, "base")?, strings(&rows, "quote")?);
    let (days, fixed) = (dates(&rows, "rate_date")?, dates(&rows, "fixed_on")?);
    let rate = amounts(&rows, "rate")?;
    let via = typed_column(&rows, "via", |column| column.as_text())?;
    let filled = typed_column(&rows, "is_filled", |column| column.as_bool())?;

    let mut pairs: BTreeMap<(&str, &str), Vec<NaiveDate>> = BTreeMap::new();
    let key =
        |base: &str, quote: &str, day: NaiveDate| format!("fx_daily {base} · {quote} · {day}");
    for (row, day) in days.iter().enumerate() {
        let (base, quote) = (bases.get(row), quotes.get(row));
        pairs.entry((base, quote)).or_default().push(*day);
        let holds = rates.fixing(base, quote, *day).is_some_and(|fixing| {
            // Tables that were computed when rates had eight places have those.
            let rates = fixing.rate().map(|exact| (exact, exact.rescaled::<8>()));
            rates.is_some_and(|(exact, short)| {
                let short = short.and_then(|short| short.rescaled::<18>());
                exact.units() == rate[row] || short.map(Crypto::units) == Some(rate[row])
            }) && fixing.fixed_on == fixed[row]
                && fixing.via == via.get(row)
                && filled.value(row) == (fixing.fixed_on < *day)
        });
        follows.check(holds, || key(base, quote, *day));
    }
    for ((base, quote), mut present) in pairs {
        present.sort_unstable();
        let Some((first, last)) = present.first().copied().zip(present.last().copied()) else {
            continue;
        };
        let is_expected = |day: &NaiveDate| {
            rates
                .fixing(base, quote, *day)
                .is_some_and(|fixing| fixing.rate().is_some_and(is_representable))
        };
        for day in first.iter_days().take_while(|day| *day <= last).filter(is_expected) {
            complete.check(present.binary_search(&day).is_ok(), || key(base, quote, day));
        }
    }
    Ok([follows, complete])
}

fn dates(rows: &Batch, name: &str) -> Result<Vec<NaiveDate>> {
    let days = typed_column(rows, name, |column| column.as_date())?;
    Ok(days.iter().flatten().filter_map(|day| date_from_epoch_day(day.into())).collect())
}
