//! The insight of the overview: ramp-acquired users beside those who began with a trade.

use tidegauge_analytics::churn::ChurnTable;
use tidegauge_analytics::ltv::{LtvAtAge, LtvTable};
use tidegauge_analytics::models::estimate::{difference, newcombe};
use tidegauge_analytics::stats::{MIN_SAMPLE_SIZE, Share};
use tidegauge_analytics::volume::VolumeTable;
use tidegauge_analytics::{Estimate, Interval};

use super::ranking::{percent, with_interval};
use crate::format::{Format, count};
use crate::vocabulary::Vocabulary;

/// The labels of the dimension `entry_product` that are compared.
const RAMP: &str = "ramp";
const TRADE: &str = "trade";

/// Writes what ramp-acquired users are worth, how many become high-volume traders and how many
/// leave, against users whose first transaction is a trade. Empty without such users.
pub(crate) fn ramp(
    ltv: &LtvTable,
    volume: &VolumeTable,
    churn: &ChurnTable,
    words: Vocabulary,
) -> String {
    let of = |entry: &str| ltv.cohorts.iter().find(|row| row.cohort.as_deref() == Some(entry));
    let (Some(ramp), Some(trade)) = (of(RAMP), of(TRADE)) else { return String::new() };
    let lead = format!(
        "{} users are ramp-acquired: their first transaction is an on-ramp purchase; {} began with a trade.",
        count(ramp.users),
        count(trade.users)
    );
    if ramp.users.min(trade.users) < MIN_SAMPLE_SIZE {
        return format!("{lead} Below {MIN_SAMPLE_SIZE} users of a kind they are not compared.");
    }
    let parts = [
        worth(&ramp.by_age, &trade.by_age, ltv.params.margin, words.money()),
        high_volume(volume, words.money()),
        churned(churn),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    [lead].into_iter().chain(parts).collect::<Vec<_>>().join(" ")
}

/// Writes the value at the oldest age that enough users of both kinds have reached.
fn worth(ramp: &[LtvAtAge], trade: &[LtvAtAge], margin: f64, money: Format) -> Option<String> {
    let is_enough = |aged: &LtvAtAge| aged.ltv.n >= MIN_SAMPLE_SIZE && aged.ltv.value.is_some();
    let mut pairs = ramp.iter().zip(trade).rev();
    let (ramp, trade) = pairs.find(|(ramp, trade)| is_enough(ramp) && is_enough(trade))?;
    let is_above_zero = |aged: &LtvAtAge| aged.ltv.value.is_some_and(|value| value > 0.0);
    if !is_above_zero(ramp) && !is_above_zero(trade) {
        return None;
    }
    let what = if margin == 1.0 { "revenue" } else { "margin" };
    let gain = difference(ramp.ltv, trade.ltv);
    let verdict = match sign(&gain) {
        Some(true) => format!("{} more", with_interval(money, &gain)),
        Some(false) => format!("{} less", with_interval(money, &gain.scaled(-1.0))),
        None => "not to be told apart yet".to_owned(),
    };
    Some(format!(
        "By day {} each has brought {} of {what}, against {}: {verdict}.",
        ramp.age_days,
        with_interval(money, &ramp.ltv),
        with_interval(money, &trade.ltv),
    ))
}

fn high_volume(table: &VolumeTable, money: Format) -> Option<String> {
    let of = |entry: &str| {
        let row = table.cohorts.iter().find(|row| row.cohort.as_deref() == Some(entry));
        row.map(|row| row.high_volume)
    };
    let (ramp, trade) = (of(RAMP)?, of(TRADE)?);
    let verdict = verdict(&ramp, &trade)?;
    Some(format!(
        "{} of them pass {} of volume, against {}: {verdict}.",
        percent(ramp.rate?),
        money.show(table.params.threshold_usd),
        percent(trade.rate?),
    ))
}

fn churned(table: &ChurnTable) -> Option<String> {
    let of = |entry: &str| {
        let row = table.cohorts.iter().find(|row| row.cohort.as_deref() == Some(entry));
        row.map(|row| row.churned)
    };
    let (ramp, trade) = (of(RAMP)?, of(TRADE)?);
    let verdict = verdict(&ramp, &trade)?;
    Some(format!(
        "{} did nothing in the last {} days, against {}: {verdict}.",
        percent(ramp.rate?),
        table.params.inactive_days,
        percent(trade.rate?),
    ))
}

/// Writes the difference of two shares in percentage points, if it can be told from zero. `None` if
/// both are 0.
fn verdict(ramp: &Share, trade: &Share) -> Option<String> {
    if ramp.count + trade.count == 0 {
        return None;
    }
    let level = ramp.interval?.level;
    let gain = newcombe((ramp.count, ramp.total), (trade.count, trade.total), level);
    Some(match sign(&gain) {
        Some(true) => format!("{} more", points(&gain)),
        Some(false) => format!("{} fewer", points(&gain.scaled(-1.0))),
        None => "not to be told apart yet".to_owned(),
    })
}

/// Writes a difference of shares in percentage points.
fn points(gain: &Estimate) -> String {
    let text = with_interval(Format::Percent, gain);
    text.replacen("\u{a0}%", " points", 1).replace("\u{a0}%)", ")")
}

/// Returns `true` for a difference whose interval lies above zero, and `false` for one below.
fn sign(gain: &Estimate) -> Option<bool> {
    let Interval { low, high, .. } = gain.interval?;
    if low > 0.0 {
        Some(true)
    } else if high < 0.0 {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;
    use tidegauge_analytics::churn::{ChurnParams, churn};
    use tidegauge_analytics::ltv::{LtvParams, ltv};
    use tidegauge_analytics::volume::{VolumeParams, volume};
    use tidegauge_analytics::{Cohort, Facts};

    use super::*;

    /// Returns the sentence for 80 users: every second begins with a purchase of $`paid`, the
    /// others with a trade of $10, with fees of a tenth.
    fn sentence(paid: f64) -> String {
        let days =
            |day: u64| "2026-01-01".parse::<chrono::NaiveDate>().unwrap() + chrono::Days::new(day);
        let users: Vec<i64> = (0..80).collect();
        let signups = vec![days(0); 80];
        let kinds: Vec<&str> =
            users.iter().map(|user| if user % 2 == 0 { RAMP } else { TRADE }).collect();
        let volumes: Vec<f64> = users
            .iter()
            .map(|user| (if user % 2 == 0 { paid } else { 10.0 }) * (1.0 + (user % 7) as f64 / 7.0))
            .collect();
        let fees: Vec<f64> = volumes.iter().map(|volume| volume / 10.0).collect();
        let people = df!("user" => users.clone(), "signup_at" => signups).unwrap();
        let events = df!("user" => users, "at" => vec![days(1); 80], "kind" => kinds,
            "volume_usd" => volumes, "revenue_usd" => fees)
        .unwrap();
        let end = "2026-03-01T00:00:00Z".parse().unwrap();
        let facts = Facts::new(&people, &events, end).unwrap();
        let by = Cohort::dimension("entry_product");
        let params = VolumeParams { threshold_usd: 50.0, within_days: None };
        ramp(
            &ltv(&facts, &by, &LtvParams::at([7, 30, 90])).unwrap(),
            &volume(&facts, &by, &params).unwrap(),
            &churn(&facts, &by, &ChurnParams::default()).unwrap(),
            Vocabulary::default(),
        )
        .replace('\u{a0}', " ")
    }

    #[test]
    fn ramp_acquired_users_are_compared_with_those_who_began_with_a_trade() {
        let text = sentence(100.0);
        assert!(text.starts_with("40 users are ramp-acquired"), "{text}");
        // By day 30, the oldest age that all have reached: ten times as much.
        assert!(text.contains("By day 30 each has brought $14."), "{text}");
        assert!(text.contains(" more (90 %") || text.contains(") more."), "{text}");
        assert!(
            text.contains("100.0 % of them pass $50.00 of volume, against 0.0 %: 100.0 points"),
            "{text}"
        );
        assert!(text.contains("100.0 % did nothing in the last 30 days, against 100.0 %: not to be told apart yet."), "{text}");
        let equal = sentence(10.0);
        assert!(equal.contains("not to be told apart yet."), "{equal}");
        assert!(
            !equal.contains("0.0 % of them"),
            "no user of either passes the threshold: {equal}"
        );
    }

    #[test]
    fn nothing_is_said_without_ramp_acquired_users() {
        let people = df!("user" => [1i64], "signup_at" => [chrono::NaiveDate::default()]).unwrap();
        let events =
            df!("user" => [1i64], "at" => [chrono::NaiveDate::default()], "kind" => ["trade"],
            "volume_usd" => [1.0], "revenue_usd" => [1.0])
            .unwrap();
        let facts = Facts::new(&people, &events, "2026-03-01T00:00:00Z".parse().unwrap()).unwrap();
        let by = Cohort::dimension("entry_product");
        let text = ramp(
            &ltv(&facts, &by, &LtvParams::default()).unwrap(),
            &volume(&facts, &by, &VolumeParams::default()).unwrap(),
            &churn(&facts, &by, &ChurnParams::default()).unwrap(),
            Vocabulary::default(),
        );
        assert_eq!(text, "");
    }
}
