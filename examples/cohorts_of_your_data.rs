//! Computes retention and lifetime value from a CSV file of purchases. Nothing is simulated here.
//!
//!     cargo run --release --example cohorts_of_your_data -- FILE [USER] [DATE] [VALUE]
//!
//! USER, DATE (`2024-01-05`, or with a time, as in `2024-01-05 10:11:12` or RFC 3339) and VALUE are
//! the names of the columns; they default to `master_id`, `date` and `spend`, those of the CDNOW
//! sample that is common in papers on customer-base analysis.

#![allow(clippy::print_stdout)] // an example prints its results

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use polars::prelude::*;
use tidegauge::analytics::ltv::{self, LtvParams};
use tidegauge::analytics::retention::{self, RetentionParams};
use tidegauge::analytics::{Cohort, Facts, Period};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let Some(file) = args.next() else {
        return Err("which file? cohorts_of_your_data FILE [USER] [DATE] [VALUE]".into());
    };
    let mut named = |default: &str| args.next().unwrap_or_else(|| default.into());
    let (user, date, value) = (named("master_id"), named("date"), named("spend"));

    // 1. Any frame with a user, a time and a value is accepted; this one is read from CSV by hand.
    let mut reader = csv::Reader::from_path(&file).map_err(|error| format!("{file}: {error}"))?;
    let header = reader.headers()?.clone();
    let at = |name: &str| {
        let found = header.iter().position(|column| column == name);
        found.ok_or_else(|| format!("{file} has no column `{name}`; it has {header:?}"))
    };
    let (user, date, value) = (at(&user)?, at(&date)?, at(&value)?);
    let (mut users, mut times, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| format!("{file}: {error}"))?;
        let line = record.position().map_or(0, |position| position.line());
        let wrong = |column: usize, wanted: &str| {
            let (name, value) = (&header[column], &record[column]);
            format!("{file}:{line}, column `{name}`: `{value}` is not {wanted}")
        };
        users.push(record[user].to_owned());
        times.push(time(&record[date]).ok_or_else(|| wrong(date, "a date, as in 2024-01-05"))?);
        let number = record[value].parse::<f64>().ok().filter(|number| number.is_finite());
        values.push(number.ok_or_else(|| wrong(value, "a number, as in 1250.00"))?);
    }
    let last = times.iter().max().ok_or("no purchases")?.date();
    // Observation ends with the last day of the data.
    let end = last.succ_opt().ok_or("a day past the calendar")?.and_time(NaiveTime::MIN).and_utc();
    let purchases = df!("user" => users, "at" => times, "value" => values)?;

    // 2. The data has no signups: a user's first purchase is taken as the signup.
    let facts = Facts::from_transactions(&purchases, end)?;
    println!("{} purchases of {} users\n", facts.event_count(), facts.user_count());
    for left_out in facts.set_aside() {
        println!("note: {left_out}\n");
    }

    // 3. Retention. A month that is not over yet is shown as blank, never as zero.
    let table = retention::retention(&facts, &RetentionParams::by(Period::Month))?;
    println!("Percent of each month's new customers who bought again, by months since:");
    for cohort in table.cohorts.iter().filter(|cohort| cohort.users > 0) {
        print!("{}  {:>6}  ", cohort.start, cohort.users);
        for cell in &cohort.cells {
            match cell.and_then(|cell| cell.rate.value) {
                Some(rate) => print!("{:>4.0}", rate * 100.0),
                None => print!("    "),
            }
        }
        println!();
    }

    // 4. Lifetime value by age, with its 90 % interval.
    let params = LtvParams::at([30, 90, 180, 365]);
    let table = ltv::ltv(&facts, &Cohort::Signup(Period::Month), &params)?;
    println!("\nSpent per customer by days since the first purchase:");
    for cohort in &table.cohorts {
        print!("{}  {:>6}  ", cohort.cohort.as_deref().unwrap_or("none"), cohort.users);
        for aged in &cohort.by_age {
            match (aged.ltv.value, aged.ltv.interval) {
                (Some(value), Some(within)) => print!(
                    "  day {}: {value:>7.2} ({:.2}–{:.2})",
                    aged.age_days, within.low, within.high
                ),
                (Some(value), None) => print!("  day {}: {value:>7.2}", aged.age_days),
                (None, _) => print!("  day {}: {:>7}", aged.age_days, ""),
            }
        }
        println!();
    }
    Ok(())
}

/// Parses a date, or a time, which is in UTC if it has no time zone.
fn time(text: &str) -> Option<NaiveDateTime> {
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN));
    let zoned = || Some(DateTime::parse_from_rfc3339(text).ok()?.naive_utc());
    let plain = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let formats = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    day().or_else(zoned).or_else(|| formats.into_iter().find_map(plain))
}
