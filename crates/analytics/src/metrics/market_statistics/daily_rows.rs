//! Prices and volumes by instrument and day, collected from rows in any order.

use std::collections::{BTreeMap, BTreeSet};

use super::daily_market::{DailyMarket, InstrumentSeries};
use super::params::{DailyMarketParams, Grid};
use crate::dates::{DAY, date_from_epoch_day};
use crate::facts::BadRows;
use crate::{Error, Result};
use tidegauge_core::market::first_error;
use tidegauge_core::{SetAsideReason, SetAsideRows};

/// The last price and volume of an instrument on a day, each with its time.
#[derive(Debug, Clone, Copy, Default)]
struct DayValues {
    price: Option<(i64, f64)>,
    volume: Option<(i64, f64)>,
}

/// The last price and volume by instrument and UTC day. Its size grows with instruments and days,
/// not with rows.
#[derive(Debug, Default)]
pub(super) struct DailyRows {
    instruments: BTreeMap<String, BTreeMap<i64, DayValues>>,
    /// The last day since 1970-01-01 that may not be over.
    last_day: Option<i64>,
    pub(super) set_aside: SetAsideRows,
}

impl DailyRows {
    /// Returns `true` if there is a price of the instrument.
    pub(super) fn has(&self, instrument: &str) -> bool {
        self.instruments.contains_key(instrument)
    }

    /// Adds a price of a day since 1970-01-01, which counts if it is the last of the day; `at` is
    /// its time in microseconds since 1970. Prices that are not above zero are set aside.
    pub(super) fn add_price(
        &mut self,
        table: &str,
        (instrument, day): (&str, i64),
        (at, price): (i64, f64),
    ) {
        let reason = match price {
            price if !price.is_finite() => Some(SetAsideReason::Incomplete),
            price if price <= 0.0 => Some(SetAsideReason::NotPositive),
            _ if date_from_epoch_day(day).is_none() => Some(SetAsideReason::BeyondCalendar),
            _ => None,
        };
        if let Some(reason) = reason {
            self.set_row_aside(table, reason, Some(instrument), Some(day));
            return;
        }
        self.last_day = self.last_day.max(Some(at.div_euclid(DAY)));
        if !self.instruments.contains_key(instrument) {
            self.instruments.insert(instrument.to_owned(), BTreeMap::new());
        }
        let Some(days) = self.instruments.get_mut(instrument) else { return };
        let known = &mut days.entry(day).or_default().price;
        if known.is_none_or(|known| known < (at, price)) {
            *known = Some((at, price));
        }
    }

    /// Adds the last volume of a day, of an instrument that has a price.
    pub(super) fn add_volume(&mut self, instrument: &str, day: i64, (at, volume): (i64, f64)) {
        let Some(days) = self.instruments.get_mut(instrument) else { return };
        let Some(values) = days.get_mut(&day) else { return };
        if volume.is_finite() && values.volume.is_none_or(|known| known < (at, volume)) {
            values.volume = Some((at, volume));
        }
    }

    /// Sets a row aside.
    pub(super) fn set_row_aside(
        &mut self,
        table: &str,
        reason: SetAsideReason,
        instrument: Option<&str>,
        day: Option<i64>,
    ) {
        self.set_aside.add(table, reason, 1, || {
            let on = day.and_then(date_from_epoch_day).map(|day| format!(" on {day}"));
            let on = on.unwrap_or_default();
            match instrument {
                Some(instrument) => format!("the price of `{instrument}`{on}"),
                None => format!("a price without instrument{on}"),
            }
        });
    }

    /// Returns the series on the days of the grid that are over at the end of observation.
    ///
    /// # Errors
    /// When a row is set aside and bad rows are errors, when no price is left, or the grid is of
    /// instruments without prices.
    pub(super) fn finish(self, params: &DailyMarketParams) -> Result<DailyMarket> {
        if params.bad_rows == BadRows::Fail
            && let Some(error) = first_error(self.set_aside.as_slice())
        {
            return Err(error.into());
        }
        let last_day = self.last_day.ok_or(Error::NoPrices)?;
        let end = params.end.map_or(last_day, |end| end.timestamp_micros().div_euclid(DAY));
        let days = self.days(&params.grid, end)?;
        let series = self.instruments.iter().map(|(instrument, known)| {
            let on = |day: &i64| known.get(day).copied().unwrap_or_default();
            InstrumentSeries {
                instrument: instrument.clone(),
                prices: days.iter().map(|day| Some(on(day).price?.1)).collect(),
                volumes: days.iter().map(|day| Some(on(day).volume?.1)).collect(),
            }
        });
        let instruments: Vec<InstrumentSeries> =
            series.filter(|series| series.prices.iter().any(Option::is_some)).collect();
        if instruments.is_empty() {
            return Err(Error::NoPrices);
        }
        Ok(DailyMarket {
            days: days.iter().filter_map(|day| date_from_epoch_day(*day)).collect(),
            instruments,
            end: date_from_epoch_day(end).unwrap_or_default(),
            set_aside: self.set_aside.as_slice().to_vec(),
        })
    }

    /// Returns the days of the grid before `end`, ascending.
    fn days(&self, grid: &Grid, end: i64) -> Result<Vec<i64>> {
        let priced = |of: &BTreeMap<i64, DayValues>| {
            let over = of.range(..end).filter(|(_, values)| values.price.is_some());
            over.map(|(day, _)| *day).collect::<Vec<i64>>()
        };
        match grid {
            Grid::EveryDay => {
                let first = self.instruments.values().filter_map(|of| of.keys().next()).min();
                Ok(first.map_or(end..end, |first| *first..end).collect())
            }
            Grid::DaysOf(names) => {
                let of_grid = self
                    .instruments
                    .iter()
                    .filter(|(name, _)| names.is_empty() || names.contains(name));
                let days: BTreeSet<i64> = of_grid.flat_map(|(_, of)| priced(of)).collect();
                if days.is_empty() && !names.is_empty() {
                    let reason = "must name instruments that have a price before the end";
                    return Err(Error::Parameter { name: "grid", reason });
                }
                Ok(days.into_iter().collect())
            }
        }
    }
}
