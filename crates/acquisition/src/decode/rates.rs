//! The parts that the sources of exchange rates share: the row, the days of a window, the schedule of the
//! ECB's fixings, and the handling of missing currencies.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Batch, Crypto, Span};

use crate::bad_rows::RowFilter;
use crate::decode::dedup;
use crate::decode::parse::check_currency;
use crate::text::cut;
use crate::{Error, Result};

/// An exchange rate: the value of one unit of a currency in another on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The day of the rate, which may differ from the day requested.
    pub date: NaiveDate,
    /// The base currency.
    pub base: String,
    /// The quote currency.
    pub quote: String,
    /// Units of the quote currency per unit of the base currency.
    pub rate: Crypto,
}

/// Converts the rates to rows of `source`: one batch, or none if there are no rates.
pub(crate) fn batches(source: &str, rates: Vec<Rate>) -> Result<Vec<Batch>> {
    if rates.is_empty() {
        return Ok(Vec::new());
    }
    let row = |rate: Rate| FxRate {
        base: rate.base,
        quote: rate.quote,
        rate_date: rate.date,
        source: source.into(),
        rate: rate.rate,
    };
    let rows: Vec<_> = rates.into_iter().map(row).collect();
    Ok(vec![Batch::from_rows(FxRate::table(), rows)?])
}

/// Returns the instant at which a day begins, which is the time of its rate.
pub(crate) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Returns the first and the last day that begin within `window`, or `None` if there are none.
pub(crate) fn day_range(window: Span) -> Option<(NaiveDate, NaiveDate)> {
    let from = window.from.date_naive();
    let first = if midnight(from) == window.from { from } else { from.succ_opt()? };
    let last = window.to.checked_sub_signed(TimeDelta::microseconds(1))?.date_naive();
    (first <= last).then_some((first, last))
}

/// Returns the end of what is read of a window that ends at the present: the day after the last day with
/// rates. Days after that may have no rates at all, or none yet.
pub(crate) fn complete_until(window: Span, rates: &[Rate]) -> DateTime<Utc> {
    let last = rates.iter().map(|rate| rate.date).max();
    let behind = last.and_then(|day| day.succ_opt()).map(midnight);
    behind.map_or(window.from, |behind| behind.max(window.from))
}

/// Returns the rates of `base` in `quotes`, deduplicated and sorted by day. Logs the others.
pub(crate) fn keep_requested(
    source: &str,
    rates: Vec<Rate>,
    base: &str,
    quotes: &[String],
) -> Vec<Rate> {
    let asked = |rate: &Rate| rate.base == base && quotes.contains(&rate.quote);
    let (rates, others): (Vec<_>, Vec<_>) = rates.into_iter().partition(asked);
    if let Some(other) = others.first() {
        let (count, pair) = (others.len(), format!("{}/{}", other.base, other.quote));
        let pair = cut(&pair, 40);
        tracing::warn!(source, count, pair, "unrequested rates, skipped");
    }
    let keyed = rates.into_iter().map(|rate| ((rate.date, rate.quote.clone()), rate));
    dedup::last_of_each(source, keyed).map(|(_, rate)| rate).collect()
}

/// Returns the rates up to `last`, the last day requested: a later one would move the cursor there. Each rate
/// goes through `row_filter`.
///
/// # Errors
/// When there is a later rate, and bad rows fail the page.
pub(crate) fn reject_later(
    last: NaiveDate,
    rates: Vec<Rate>,
    row_filter: &mut RowFilter,
) -> Result<Vec<Rate>> {
    let mut kept = Vec::with_capacity(rates.len());
    for rate in rates {
        let checked = check_not_later(last, std::slice::from_ref(&rate));
        let place = || format!("{} {}", rate.date, rate.quote);
        let passed = row_filter.pass(checked, place, || rate.rate.to_string())?;
        kept.extend(passed.map(|()| rate));
    }
    Ok(kept)
}

/// Checks that no rate is later than `last`, the last day requested: it would move the cursor there.
fn check_not_later(last: NaiveDate, rates: &[Rate]) -> Result<()> {
    match rates.iter().find(|rate| rate.date > last) {
        Some(rate) => {
            let reason = "which is behind the days asked for: check this machine's clock";
            Err(Error::value(&rate.quote, "date", &rate.date.to_string(), reason))
        }
        None => Ok(()),
    }
}

/// Returns `true` if the ECB may publish a fixing on `day`: Monday to Friday, except on TARGET holidays,
/// which are not checked.
pub(crate) fn may_have_fixing(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Returns for how long, as of `now`, the rates of the ECB stay current: what has been read since the last
/// fixing is worth no call before the next one.
///
/// Fixings are published at about 16:00 in Frankfurt, which is 14:00 UTC in summer and 15:00 in winter, and
/// sometimes late: from 14:00 to 20:00 UTC they are polled every half hour.
pub(crate) fn refresh_interval(now: DateTime<Utc>) -> Duration {
    const POLL_INTERVAL: TimeDelta = TimeDelta::minutes(30);
    const POLL_FROM: TimeDelta = TimeDelta::hours(14);
    const POLL_TO: TimeDelta = TimeDelta::hours(20);
    let today = now.date_naive();
    let time = now - midnight(today);
    let due = may_have_fixing(today) && (POLL_FROM..POLL_TO).contains(&time);
    let over = |day: &NaiveDate| may_have_fixing(*day) && midnight(*day) + POLL_TO <= now;
    let last = today.iter_days().rev().take(4).find(over);
    let since = last.map_or(POLL_INTERVAL, |day| now - (midnight(day) + POLL_TO));
    let refresh = if due { POLL_INTERVAL } else { since.max(POLL_INTERVAL) };
    refresh.to_std().unwrap_or_default()
}

/// The first day with fixings of the ECB.
pub(crate) const FIRST: NaiveDate = match NaiveDate::from_ymd_opt(1999, 1, 4) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Returns the day that is `days` before `now`, but not before the first one of the ECB.
pub(crate) fn history_start(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    let day = now.date_naive().checked_sub_days(Days::new(days.into()));
    midnight(day.unwrap_or(FIRST).max(FIRST))
}

/// The currencies that the ECB has stopped fixing, most of them because the euro replaced them: their absence
/// is no fault of the service.
const DISCONTINUED: [&str; 13] =
    ["BGN", "CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "RUB", "SIT", "SKK", "TRL", "GRD"];

/// The currencies that have been seen in a series, remembered by the
/// [`WindowResponse`](crate::backfill::WindowResponse): one that disappears has ended, one that was never
/// there is a mistake.
#[derive(Debug)]
pub(crate) struct SeenCurrencies(BTreeSet<String>);

impl SeenCurrencies {
    /// Combines the currencies in `resume_token`, which the window before this one remembered, with those of `rates`.
    pub(crate) fn after(resume_token: Option<&str>, rates: &[Rate]) -> Self {
        let before = resume_token.unwrap_or_default().split(',').filter(|code| !code.is_empty());
        let now = rates.iter().map(|rate| rate.quote.as_str());
        Self(before.chain(now).map(Into::into).collect())
    }

    /// Returns the mark for the next window, or `None` if no currency has been seen.
    pub(crate) fn resume_token(&self) -> Option<String> {
        let all: Vec<_> = self.0.iter().map(String::as_str).collect();
        Some(all.join(",")).filter(|resume_token| !resume_token.is_empty())
    }

    /// Returns the currencies of `wanted` that have not been seen yet and are not known to have ended:
    /// services leave out currencies that they do not know without an error.
    pub(crate) fn unknown(&self, wanted: &[String]) -> Vec<String> {
        let unknown =
            |code: &&String| !self.0.contains(*code) && !DISCONTINUED.contains(&code.as_str());
        wanted.iter().filter(unknown).cloned().collect()
    }
}

/// Checks that `quote`, a name in a reply about `of`, looks like a currency code.
pub(crate) fn check_code(of: &str, quote: &str) -> Result<()> {
    if quote.len() == 3 && quote.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(Error::value(of, "currency", quote, "which is not three capital letters"))
}

/// Checks that `symbols` are distinct currencies other than `base`.
pub(crate) fn check_symbols(base: &str, symbols: &[String]) -> Result<()> {
    for (at, symbol) in symbols.iter().enumerate() {
        check_currency("symbols", symbol)?;
        if symbol == base {
            let reason = format!("`{base}` is priced in others, not in itself");
            return Err(Error::config("symbols", reason));
        }
        if symbols[..at].contains(symbol) {
            return Err(Error::config("symbols", format!("`{symbol}` is there twice")));
        }
    }
    Ok(())
}

/// Checks that the requested history is between 1 and 36500 days.
pub(crate) fn check_history(days: u32) -> Result<()> {
    // The euro began in 1999; a century is more than enough.
    if (1..=36_500).contains(&days) {
        return Ok(());
    }
    Err(Error::config("history_days", format!("{days} is not between 1 and 36500")))
}

/// Returns the name of a series, which contains base and quote currencies: another selection is another
/// series, whose history is read.
pub(crate) fn series_name(of: &str, symbols: &[String]) -> String {
    let sorted: BTreeSet<_> = symbols.iter().map(String::as_str).collect();
    let all: Vec<_> = sorted.into_iter().collect();
    if all.is_empty() { of.into() } else { format!("{of} {}", all.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_contains_the_days_that_begin_in_it() {
        for (from, to, days_in) in [
            ("2026-05-14T00:00:00Z", "2026-05-15T00:00:00Z", Some((14, 14))),
            ("2026-05-14T00:00:00Z", "2026-05-15T00:00:01Z", Some((14, 15))),
            ("2026-05-14T00:00:01Z", "2026-05-15T12:00:00Z", Some((15, 15))),
            ("2026-05-14T00:00:01Z", "2026-05-15T00:00:00Z", None),
            ("2026-05-14T00:00:00Z", "2026-05-14T00:00:00Z", None),
        ] {
            let found = day_range(Span::new(at(from), at(to)));
            assert_eq!(found.map(|(a, b)| (a.day(), b.day())), days_in, "{from} to {to}");
        }
    }

    #[test]
    fn fixings_are_polled_in_the_afternoon_and_not_on_weekends() {
        // `again`: whether a client that polled at `before` polls again at `now`.
        for (before, now, again) in [
            ("2026-05-14T14:10:00Z", "2026-05-14T14:30:00Z", false),
            ("2026-05-14T14:10:00Z", "2026-05-14T14:40:00Z", true),
            ("2026-05-14T20:10:00Z", "2026-05-15T13:59:00Z", false), // Thursday night to Friday
            ("2026-05-14T20:10:00Z", "2026-05-15T14:00:00Z", true),
            ("2026-05-15T19:50:00Z", "2026-05-16T09:00:00Z", true), // once more after the last call
            ("2026-05-15T20:20:00Z", "2026-05-16T15:00:00Z", false), // Saturday
            ("2026-05-15T20:20:00Z", "2026-05-17T23:00:00Z", false),
            ("2026-05-15T20:20:00Z", "2026-05-18T13:59:00Z", false), // Monday
            ("2026-05-15T20:20:00Z", "2026-05-18T14:00:00Z", true),
            ("2026-05-14T20:00:00Z", "2026-05-14T20:00:00Z", false),
        ] {
            let due = at(before) + refresh_interval(at(now)) <= at(now);
            assert_eq!(due, again, "{before}, {now}");
        }
    }

    #[test]
    fn discontinued_currencies_are_valid_and_unknown_ones_are_not() {
        let wanted = ["USD", "RUB", "CZK", "XXX"].map(String::from);
        let rate = Rate {
            date: FIRST,
            base: "EUR".into(),
            quote: "USD".into(),
            rate: Crypto::from_units(1),
        };
        let seen = SeenCurrencies::after(Some("CZK"), &[rate]);
        assert_eq!(seen.unknown(&wanted), ["XXX"]);
        assert_eq!(seen.resume_token().as_deref(), Some("CZK,USD"));
        assert_eq!(SeenCurrencies::after(None, &[]).resume_token(), None);
    }
}
