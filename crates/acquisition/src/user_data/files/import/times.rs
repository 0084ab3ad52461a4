//! Inference of the format of dates and times.

use chrono::{DateTime, Utc};
use tidegauge_core::DataType;

use super::words;
use crate::user_data::mapping::{Formats, Probe, Rule};

/// The formats of dates that are tried; those with the day before the month come first.
const DAYS: [&str; 20] = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%B %d, %Y",
    "%b. %d, %Y",
    "%B %d %Y",
    "%A, %B %d, %Y",
    "%a, %d %b %Y",
    "%Y%m%d",
];

/// The formats of times that may follow the date.
const TIMES: [&str; 22] = [
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S%.f",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %H:%M:%S",
    ", %I:%M %p",
    ", %I:%M:%S %p",
    "T%H:%M",
    "T%H:%M:%S",
    "T%H:%M:%S%.f",
    " %H:%M:%S %z",
    " %H:%M %z",
    " %H:%M:%S UTC",
    " %H:%M UTC",
    " %H:%M:%S%.f UTC",
    " %H:%M:%S%.f %z",
    " %H:%M:%S GMT",
    " %H.%M",
    " at %I:%M %p",
];

/// The format of a column of times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InferredFormat {
    /// The patterns; `None` if the default format reads the values.
    pub(super) format: Option<Formats>,
    /// Whether all values are dates.
    pub(super) are_days: bool,
    /// Whether some values have no time zone.
    pub(super) is_local: bool,
    /// Whether the month may as well be before the day.
    pub(super) has_open_order: bool,
}

/// Returns the format of `values`, of the column called `name`, or `None` if they are not times. If
/// the values do not show whether the day or the month comes first, `day_first` decides.
pub(super) fn find(
    name: &str,
    values: &[&str],
    now: DateTime<Utc>,
    day_first: Option<bool>,
) -> Option<InferredFormat> {
    let has_digits = |text: &&str| text.bytes().filter(u8::is_ascii_digit).count() >= 3;
    let count = values.len();
    if count == 0 || values.iter().filter(|text| has_digits(text)).count() * 10 < count * 8 {
        return None;
    }
    let is_enough = |fitting: usize| fitting * 10 >= count * 8;
    let fitting = |rule: &Rule| {
        let Ok(mut probe) = Probe::new(DataType::Timestamp, rule, now) else { return 0 };
        values.iter().filter(|text| probe.reads(text.trim())).count()
    };
    let is_number = |text: &&str| text.trim().parse::<f64>().is_ok();
    let are_numbers = values.iter().all(is_number);
    // Numbers are only times if the column's name says so.
    if are_numbers && !name_suggests_time(name) {
        return None;
    }
    if fitting(&Rule::default()) == count {
        let is_day = |text: &&str| text.trim().len() == 10 && !is_number(text);
        let names_zone = |text: &&str| {
            let text = text.trim();
            let time = text.get(10..).unwrap_or_default();
            text.ends_with(['Z', 'z']) || time.contains(['+', '-']) || is_number(&text)
        };
        return Some(InferredFormat {
            format: None,
            are_days: values.iter().all(is_day),
            is_local: !values.iter().all(names_zone),
            has_open_order: false,
        });
    }
    if are_numbers && !values.iter().all(|text| text.trim().len() == 8) {
        return None;
    }
    let sample: Vec<&str> = values.iter().take(50).map(|text| text.trim()).collect();
    let patterns = DAYS.iter().flat_map(|day| TIMES.iter().map(move |time| format!("{day}{time}")));
    let tries = |pattern: &String| {
        let rule = rule(std::slice::from_ref(pattern));
        let Ok(mut probe) = Probe::new(DataType::Timestamp, &rule, now) else { return false };
        sample.iter().any(|text| probe.reads(text))
    };
    let mut matches: Vec<(usize, String)> = patterns
        .filter(tries)
        .map(|pattern| (fitting(&rule(std::slice::from_ref(&pattern))), pattern))
        .collect();
    matches.sort_by_key(|(fitting, _)| std::cmp::Reverse(*fitting));
    let (best, first) = matches.first().cloned()?;
    let swapped = swap_day_and_month(&first);
    let other = matches
        .iter()
        .find(|(fitting, pattern)| *fitting == best && Some(pattern) == swapped.as_ref());
    let mut chosen = first;
    if let Some((_, other)) = other {
        let is_day_first = |pattern: &str| pattern.find("%d") < pattern.find("%m");
        let wanted = day_first.unwrap_or_else(|| {
            is_sorted(values, day_before_month(&chosen, other), now).unwrap_or(true)
        });
        if is_day_first(&chosen) != wanted {
            chosen = other.clone();
        }
    }
    let has_open_order = other.is_some() && day_first.is_none();
    let mut formats = vec![chosen.clone()];
    let mut reached = best;
    // Abbreviated months in newspaper style need several formats.
    for (_, pattern) in &matches {
        if reached == count || formats.len() == 3 {
            break;
        }
        if Some(pattern) == swapped.as_ref() || formats.contains(pattern) {
            continue;
        }
        let more: Vec<_> = formats.iter().cloned().chain([pattern.clone()]).collect();
        let now_reached = fitting(&rule(&more));
        if now_reached > reached {
            (formats, reached) = (more, now_reached);
        }
    }
    if !is_enough(reached) {
        return None;
    }
    let are_days = formats.iter().all(|format| !format.contains("%H") && !format.contains("%I"));
    let names_zone = |format: &String| {
        format.contains("%z") || format.ends_with("UTC") || format.ends_with("GMT")
    };
    let is_local = !formats.iter().all(names_zone);
    Some(InferredFormat { format: Some(Formats(formats)), are_days, is_local, has_open_order })
}

fn rule(patterns: &[String]) -> Rule {
    Rule { format: Some(Formats(patterns.to_vec())), ..Rule::default() }
}

/// Returns `true` if the name of a column indicates times.
fn name_suggests_time(name: &str) -> bool {
    words::normalize(name).split('_').any(|word| {
        [
            "time",
            "date",
            "at",
            "ts",
            "timestamp",
            "created",
            "updated",
            "unix",
            "epoch",
            "day",
            "datum",
            "when",
        ]
        .contains(&word)
    })
}

/// Returns `pattern` with day and month swapped, or `None` if they are not both numbers.
fn swap_day_and_month(pattern: &str) -> Option<String> {
    let is_numeric = pattern.contains("%d") && pattern.contains("%m") && !pattern.starts_with("%Y");
    is_numeric.then(|| pattern.replace("%d", "%D").replace("%m", "%d").replace("%D", "%m"))
}

/// Returns the one of two patterns that has the day before the month.
fn day_before_month<'p>(one: &'p str, other: &'p str) -> &'p str {
    if one.find("%d") < one.find("%m") { one } else { other }
}

/// Returns whether the day is before the month, judged by the order of the rows, since exports are
/// usually sorted. `None` if the rows are sorted in both readings, or in neither.
fn is_sorted(values: &[&str], day_first: &str, now: DateTime<Utc>) -> Option<bool> {
    let sorted = |pattern: &str| {
        let mut probe = Probe::new(DataType::Timestamp, &rule(&[pattern.to_owned()]), now).ok()?;
        let times: Vec<_> = values.iter().filter_map(|text| probe.time(text.trim())).collect();
        Some(times.is_sorted() || times.iter().rev().is_sorted())
    };
    match (sorted(day_first)?, sorted(&swap_day_and_month(day_first)?)?) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[&str]) -> Option<InferredFormat> {
        find("created", values, "2024-06-01T00:00:00Z".parse().unwrap(), None)
    }

    #[test]
    fn formats_are_inferred_from_the_values() {
        for (values, format) in [
            (&["24.12.2020 18:30", "01.02.2021 07:05"][..], "%d.%m.%Y %H:%M"),
            (&["12/24/2020", "01/02/2021"], "%m/%d/%Y"),
            (&["24/12/2020", "01/02/2021"], "%d/%m/%Y"),
            (&["2020-12-24 18:30:00 UTC", "2020-12-25 18:30:00 UTC"], "%Y-%m-%d %H:%M:%S UTC"),
            (&["24 December 2020", "1 May 2021"], "%d %B %Y"),
            (&["20201224", "20210102"], "%Y%m%d"),
        ] {
            let found = found(values).unwrap_or_else(|| panic!("{values:?}"));
            assert_eq!(found.format, Some(Formats(vec![format.into()])), "{values:?}");
            assert!(!found.has_open_order, "{values:?}");
        }
        let iso = found(&["2020-12-24T18:30:00Z", "2020-12-25 18:30:00+01:00"]).unwrap();
        assert_eq!((iso.format, iso.is_local, iso.are_days), (None, false, false));
        let days = found(&["2020-12-24", "2020-12-25"]).unwrap();
        assert!(days.are_days && days.is_local);
        let months =
            ["Feb. 3, 2021, 12:41 AM", "June 3, 2022, 01:05 PM", "Sept. 15, 2022, 07:30 AM"];
        assert_eq!(found(&months).unwrap().format.unwrap().0.len(), 2);
        for values in [&["abc", "def"][..], &["12.50", "13.75"], &["1", "2"]] {
            assert_eq!(found(values), None, "{values:?}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_ambiguous_if_no_value_shows_it() {
        let open = found(&["01/02/2021", "05/03/2021", "02/04/2021"]).unwrap();
        assert!(open.has_open_order);
        // The rows are sorted by time if the month comes first.
        let sorted = found(&["01/09/2021", "01/12/2021", "02/03/2021"]).unwrap();
        assert_eq!(sorted.format, Some("%m/%d/%Y".into()));
        let now = "2024-06-01T00:00:00Z".parse().unwrap();
        let note_log = find("d", &["01/02/2021"], now, Some(false)).unwrap();
        assert!(!note_log.has_open_order && note_log.format == Some("%m/%d/%Y".into()));
    }
}
