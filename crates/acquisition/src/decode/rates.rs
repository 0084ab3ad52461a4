//! What the sources of exchange rates share: the row, which days a window holds, when the ECB
//! fixes, and what it means that a currency is not there.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use tidegauge_core::tables::FxRate;
use tidegauge_core::{Batch, Crypto, Span};

use crate::bad_rows::RowFilter;
use crate::decode::parse::check_currency;
use crate::decode::repeats;
use crate::error::cut;
use crate::{Error, Result};

/// What one unit of a currency was worth in another on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The day that the rate is of, which need not be the day asked for.
    pub date: NaiveDate,
    /// The currency priced.
    pub base: String,
    /// The currency that it is priced in.
    pub quote: String,
    /// Units of the quote for one of the base.
    pub rate: Crypto,
}

/// The rates as rows of `source`: one batch, or none.
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

/// The instant at which a day begins: the time of its rate.
pub(crate) fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first and the last day that begin within `window`.
pub(crate) fn days(window: Span) -> Option<(NaiveDate, NaiveDate)> {
    let from = window.from.date_naive();
    let first = if midnight(from) == window.from { from } else { from.succ_opt()? };
    let last = window.to.checked_sub_signed(TimeDelta::microseconds(1))?.date_naive();
    (first <= last).then_some((first, last))
}

/// Up to where a window that ends at the present is read: behind the last day with rates. Of the
/// days since then nobody can say yet whether they have none, or none yet.
pub(crate) fn read_up_to(window: Span, rates: &[Rate]) -> DateTime<Utc> {
    let last = rates.iter().map(|rate| rate.date).max();
    let behind = last.and_then(|day| day.succ_opt()).map(midnight);
    behind.map_or(window.from, |behind| behind.max(window.from))
}

/// Returns the rates of `base` in `quotes`, each once and in the order of days; tells which others
/// there were.
pub(crate) fn asked_for(
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
        tracing::warn!(source, count, pair, "rates not asked for, left out, as this");
    }
    let keyed = rates.into_iter().map(|rate| ((rate.date, rate.quote.clone()), rate));
    repeats::last_of_each(source, keyed).map(|(_, rate)| rate).collect()
}

/// Returns the rates up to `last`, the last day asked for: a later one would take the cursor there.
/// It goes through `sieve`.
///
/// # Errors
/// When there is a later one, and bad rows are to fail the page.
pub(crate) fn none_later(
    last: NaiveDate,
    rates: Vec<Rate>,
    sieve: &mut RowFilter,
) -> Result<Vec<Rate>> {
    let mut kept = Vec::with_capacity(rates.len());
    for rate in rates {
        let checked = none_behind(last, std::slice::from_ref(&rate));
        let place = || format!("{} {}", rate.date, rate.quote);
        let passed = sieve.pass(checked, place, || rate.rate.to_string())?;
        kept.extend(passed.map(|()| rate));
    }
    Ok(kept)
}

/// That no rate is of a day behind `last`, the last one asked for: it would take the cursor there.
fn none_behind(last: NaiveDate, rates: &[Rate]) -> Result<()> {
    match rates.iter().find(|rate| rate.date > last) {
        Some(rate) => {
            let reason = "which is behind the days asked for: check this machine's clock";
            Err(Error::value(&rate.quote, "date", &rate.date.to_string(), reason))
        }
        None => Ok(()),
    }
}

/// Whether the ECB may fix on that day: it does from Monday to Friday, except on TARGET holidays.
pub(crate) fn may_be_fixed(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// How long the rates of the ECB stay the latest, looked at from `now`: what has been read since
/// the last fixing is worth no call before the next one.
///
/// They come at about 16:00 in Frankfurt, which is 14:00 UTC in summer and 15:00 in winter, and
/// sometimes late: from 14:00 to 20:00 UTC it is worth looking every half hour.
pub(crate) fn refresh(now: DateTime<Utc>) -> Duration {
    const OFTEN: TimeDelta = TimeDelta::minutes(30);
    const FROM: TimeDelta = TimeDelta::hours(14);
    const UNTIL: TimeDelta = TimeDelta::hours(20);
    let today = now.date_naive();
    let time = now - midnight(today);
    let due = may_be_fixed(today) && (FROM..UNTIL).contains(&time);
    let over = |day: &NaiveDate| may_be_fixed(*day) && midnight(*day) + UNTIL <= now;
    let last = today.iter_days().rev().take(4).find(over);
    let since = last.map_or(OFTEN, |day| now - (midnight(day) + UNTIL));
    let refresh = if due { OFTEN } else { since.max(OFTEN) };
    refresh.to_std().unwrap_or_default()
}

/// The ECB's first day.
pub(crate) const FIRST: NaiveDate = match NaiveDate::from_ymd_opt(1999, 1, 4) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The day that lies `days` before `now`, and not before the ECB's first.
pub(crate) fn since(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    let day = now.date_naive().checked_sub_days(Days::new(days.into()));
    midnight(day.unwrap_or(FIRST).max(FIRST))
}

/// Currencies that the ECB has ceased to fix, for the euro replaced most of them: that they are not
/// there says nothing about the service.
const ENDED: [&str; 13] =
    ["BGN", "CYP", "EEK", "HRK", "LTL", "LVL", "MTL", "ROL", "RUB", "SIT", "SKK", "TRL", "GRD"];

/// The currencies of a series that have been seen in it, for a [`WindowResponse`](crate::backfill::WindowResponse)
/// to remember: one that is gone later has come to an end, one that never was is a mistake.
#[derive(Debug)]
pub(crate) struct Seen(BTreeSet<String>);

impl Seen {
    /// Those that the window before this one remembered, and those of `rates`.
    pub(crate) fn after(mark: Option<&str>, rates: &[Rate]) -> Self {
        let before = mark.unwrap_or_default().split(',').filter(|it| !it.is_empty());
        let now = rates.iter().map(|rate| rate.quote.as_str());
        Self(before.chain(now).map(Into::into).collect())
    }

    /// What to remember.
    pub(crate) fn mark(&self) -> Option<String> {
        let all: Vec<_> = self.0.iter().map(String::as_str).collect();
        Some(all.join(",")).filter(|mark| !mark.is_empty())
    }

    /// Those of `wanted` that nobody has seen yet, and that are not known to have ended: services
    /// leave out, without a word, what they do not know.
    pub(crate) fn unknown(&self, wanted: &[String]) -> Vec<String> {
        let unknown = |it: &&String| !self.0.contains(*it) && !ENDED.contains(&it.as_str());
        wanted.iter().filter(unknown).cloned().collect()
    }
}

/// Checks that `quote`, a name in a reply about `of`, looks like a currency.
pub(crate) fn check_code(of: &str, quote: &str) -> Result<()> {
    if quote.len() == 3 && quote.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(Error::value(of, "currency", quote, "which is not three capital letters"))
}

/// That `symbols` are currencies other than `base`, each there once.
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

/// That the history asked for is one.
pub(crate) fn check_history(days: u32) -> Result<()> {
    // The euro began in 1999; a century is longer than anybody will want.
    if (1..=36_500).contains(&days) {
        return Ok(());
    }
    Err(Error::config("history_days", format!("{days} is not between 1 and 36500")))
}

/// A series' name: what is priced, and in what, so that another choice is another series, whose
/// history is read.
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
    fn a_window_holds_the_days_that_begin_in_it() {
        for (from, to, days_in) in [
            ("2026-05-14T00:00:00Z", "2026-05-15T00:00:00Z", Some((14, 14))),
            ("2026-05-14T00:00:00Z", "2026-05-15T00:00:01Z", Some((14, 15))),
            ("2026-05-14T00:00:01Z", "2026-05-15T12:00:00Z", Some((15, 15))),
            ("2026-05-14T00:00:01Z", "2026-05-15T00:00:00Z", None),
            ("2026-05-14T00:00:00Z", "2026-05-14T00:00:00Z", None),
        ] {
            let found = days(Span::new(at(from), at(to)));
            assert_eq!(found.map(|(a, b)| (a.day(), b.day())), days_in, "{from} to {to}");
        }
    }

    #[test]
    fn a_fixing_is_looked_for_in_the_afternoon_and_not_on_weekends() {
        // Whether somebody who looked at the first instant looks again at the second.
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
            let due = at(before) + refresh(at(now)) <= at(now);
            assert_eq!(due, again, "{before}, {now}");
        }
    }

    #[test]
    fn a_currency_that_ended_is_no_mistake_and_one_that_never_was_is() {
        let wanted = ["USD", "RUB", "CZK", "XXX"].map(String::from);
        let rate = Rate {
            date: FIRST,
            base: "EUR".into(),
            quote: "USD".into(),
            rate: Crypto::from_units(1),
        };
        let seen = Seen::after(Some("CZK"), &[rate]);
        assert_eq!(seen.unknown(&wanted), ["XXX"]);
        assert_eq!(seen.mark().as_deref(), Some("CZK,USD"));
        assert_eq!(Seen::after(None, &[]).mark(), None);
    }
}
