//! Posts and sentiment by instrument and day, collected from rows in any order.

use std::collections::BTreeMap;

use tidegauge_core::market::first_error;
use tidegauge_core::{SetAsideReason, SetAsideRows};

use super::social::{DailySocial, DailySocialParams, SocialSeries};
use crate::Result;
use crate::dates::{DAY, date_from_epoch_day};
use crate::facts::BadRows;

/// What the bits of a float of [`SCORE_BASE`] are increased by for a score of 1.
const SCORE_UNITS: f64 = 2_251_799_813_685_248.0; // 2⁵¹

/// The number from which floats are 2⁻⁵¹ apart, in the middle of the scores that are added to it.
const SCORE_BASE: f64 = 3.0;

/// The posts and scores of an instrument on a day.
#[derive(Debug, Clone, Copy, Default)]
struct DayPosts {
    /// The number of posts, and the microseconds of the day in which they were counted.
    posts: u64,
    counted: i64,
    scored: u64,
    /// The sum of the scores in units of 2⁻⁵¹: exact, so that it does not depend on the order.
    score: i128,
}

/// The posts and scores by instrument and UTC day. Its size grows with instruments and days, not
/// with rows.
#[derive(Debug, Default)]
pub(super) struct SocialRows {
    instruments: BTreeMap<String, BTreeMap<i64, DayPosts>>,
    /// The last day since 1970-01-01 that may not be over.
    last_day: Option<i64>,
    set_aside: SetAsideRows,
}

impl SocialRows {
    fn day(&mut self, instrument: &str, day: i64) -> Option<&mut DayPosts> {
        if !self.instruments.contains_key(instrument) {
            self.instruments.insert(instrument.to_owned(), BTreeMap::new());
        }
        Some(self.instruments.get_mut(instrument)?.entry(day).or_default())
    }

    /// Adds posts that were counted in `[from, to)`, which lies in one day.
    pub(super) fn add_posts(&mut self, instrument: &str, (from, to): (i64, i64), posts: u64) {
        // A day is over when its last interval is.
        self.last_day = self.last_day.max(Some(to.div_euclid(DAY)));
        if let Some(day) = self.day(instrument, from.div_euclid(DAY)) {
            day.posts = day.posts.saturating_add(posts);
            day.counted = day.counted.saturating_add(to - from);
        }
    }

    /// Adds the posts of a whole day, whether it is over or not.
    pub(super) fn add_day(&mut self, instrument: &str, day: i64, posts: u64) {
        if let Some(of_day) = self.day(instrument, day) {
            (of_day.posts, of_day.counted) = (posts, DAY);
        }
    }

    /// Adds the score of a post.
    ///
    /// # Errors
    /// When it is not between −1 and 1.
    pub(super) fn add_score(
        &mut self,
        table: &str,
        (instrument, at): (&str, i64),
        score: f64,
    ) -> Result<()> {
        if !(-1.0..=1.0).contains(&score) {
            let reason = format!("a sentiment of `{instrument}`, {score}, is not between -1 and 1");
            return Err(tidegauge_core::Error::Market { table: table.into(), reason }.into());
        }
        self.see(at);
        let bits = |number: f64| i128::from(number.to_bits());
        if let Some(day) = self.day(instrument, at.div_euclid(DAY)) {
            day.scored += 1;
            day.score += bits(SCORE_BASE + score) - bits(SCORE_BASE);
        }
        Ok(())
    }

    /// Takes notice of a row at a time: its day may not be over.
    pub(super) fn see(&mut self, at: i64) {
        self.last_day = self.last_day.max(Some(at.div_euclid(DAY)));
    }

    /// Sets a row that lacks a value aside.
    pub(super) fn set_row_aside(&mut self, table: &str, instrument: Option<&str>) {
        self.set_aside.add(table, SetAsideReason::Incomplete, 1, || match instrument {
            Some(instrument) => format!("a value of `{instrument}`"),
            None => "an instrument".to_owned(),
        });
    }

    /// Returns the series of all days that are over at the end of observation.
    ///
    /// # Errors
    /// When a row is set aside and bad rows are errors.
    pub(super) fn finish(self, params: &DailySocialParams) -> Result<DailySocial> {
        if params.bad_rows == BadRows::Fail
            && let Some(error) = first_error(self.set_aside.as_slice())
        {
            return Err(error.into());
        }
        let end = params.end.map(|end| end.timestamp_micros().div_euclid(DAY)).or(self.last_day);
        let first = self.instruments.values().filter_map(|days| days.keys().next()).min();
        let days = first.copied().zip(end).map_or(0..0, |(first, end)| first..end.max(first));
        let instruments = self.instruments.into_iter().map(|(instrument, known)| {
            let on = |day: i64| known.get(&day).copied().unwrap_or_default();
            let posts = |day: i64| (on(day).counted == DAY).then(|| on(day).posts as f64);
            let sentiment = |day: i64| {
                let DayPosts { scored, score, .. } = on(day);
                let is_known = scored > 0 && scored >= params.min_scored;
                is_known.then(|| score as f64 / SCORE_UNITS / scored as f64)
            };
            SocialSeries {
                instrument,
                posts: days.clone().map(posts).collect(),
                sentiment: days.clone().map(sentiment).collect(),
                scored: days.clone().map(|day| on(day).scored).collect(),
            }
        });
        Ok(DailySocial {
            instruments: instruments.collect(),
            days: days.clone().filter_map(date_from_epoch_day).collect(),
            set_aside: self.set_aside.as_slice().to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_summed_exactly() {
        let mut rows = SocialRows::default();
        for score in [1.0, -1.0, 0.0, 0.1, -0.3, 0.7] {
            rows.add_score("social_posts", ("BTC", 0), score).unwrap();
        }
        let end = Some(chrono::DateTime::from_timestamp(86_400, 0).unwrap());
        let social = rows.finish(&DailySocialParams { end, ..Default::default() }).unwrap();
        let sentiment = social.instruments[0].sentiment[0].unwrap();
        assert!((sentiment - 0.5 / 6.0).abs() < 1e-15, "{sentiment}");
        let error = SocialRows::default().add_score("social_posts", ("BTC", 0), 1.5).unwrap_err();
        assert!(error.to_string().contains("`BTC`, 1.5"), "{error}");
    }
}
