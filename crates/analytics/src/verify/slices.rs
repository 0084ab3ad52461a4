//! All users at once, and the slices that they are judged in.

use std::ops::RangeInclusive;

use polars::prelude::*;
use tidegauge_core::tables::User;
use tidegauge_core::{Aggregate, Scan, TableRef, Warehouse};

use crate::Result;

/// Who there is, and since when: sixteen bytes a user, which is all that is held of everybody.
#[derive(Debug, Default)]
pub(super) struct Everyone {
    ids: Vec<i64>,
    signups: Vec<i64>,
}

impl Everyone {
    /// Reads about `rows` of them at a time.
    pub(super) async fn read(warehouse: &dyn Warehouse, rows: u64) -> Result<Self> {
        let mut everyone = Self::default();
        let span = Aggregate::of(User::table()).count().min("user_id").max("user_id");
        let span = warehouse.aggregate(&span).await?;
        let value = |name: &str| Ok::<_, PolarsError>(span.column(name)?.i64()?.get(0));
        let (Some(least), Some(most)) = (value("min_user_id")?, value("max_user_id")?) else {
            return Ok(everyone);
        };
        let parts = whole(value("count")?).div_ceil(rows.max(1));
        for range in cut(least, most, parts) {
            let scan = Scan::columns(User::table(), ["user_id", "signup_at"]);
            let frame = warehouse.scan(&scan.within("user_id", range)).await?;
            let ids = frame.column("user_id")?.i64()?.iter();
            let signups = frame.column("signup_at")?.datetime()?.physical().iter();
            let mut some: Vec<(i64, i64)> =
                ids.zip(signups).filter_map(|(id, signup)| id.zip(signup)).collect();
            some.sort_unstable();
            everyone.ids.extend(some.iter().map(|(id, _)| id));
            everyone.signups.extend(some.iter().map(|(_, signup)| signup));
        }
        Ok(everyone)
    }

    /// When a user signed up; none where there is no such user.
    pub(super) fn signup(&self, user: i64) -> Option<i64> {
        self.ids.binary_search(&user).ok().and_then(|at| self.signups.get(at).copied())
    }

    /// Ranges of the users' numbers that each have about `rows` of `all` rows, if all users have like many;
    /// together they are all numbers that there can be.
    pub(super) fn slices(&self, all: u64, rows: u64) -> Vec<RangeInclusive<i64>> {
        let count = usize::try_from(all.div_ceil(rows.max(1))).unwrap_or(usize::MAX).max(1);
        let each = self.ids.len().div_ceil(count).max(1);
        let mut first: Vec<i64> = self.ids.iter().skip(each).step_by(each).copied().collect();
        first.dedup(); // of users that are there twice
        let mut slices = Vec::with_capacity(first.len() + 1);
        let mut from = i64::MIN;
        for next in first {
            slices.push(from..=next.saturating_sub(1));
            from = next;
        }
        slices.push(from..=i64::MAX);
        slices
    }
}

/// The whole numbers from `least` to `most`, in so many `parts` of like width.
pub(super) fn cut(least: i64, most: i64, parts: u64) -> Vec<RangeInclusive<i64>> {
    let parts = i128::from(parts.max(1));
    let width = (i128::from(most) - i128::from(least) + 1).max(1);
    let start = |part: i128| {
        let at = i128::from(least) + width * part / parts;
        i64::try_from(at).unwrap_or(i64::MAX)
    };
    let ranges = (0..parts).map(|part| match part + 1 == parts {
        true => start(part)..=most,
        false => start(part)..=start(part + 1).saturating_sub(1),
    });
    ranges.filter(|range| !range.is_empty()).collect()
}

/// How many rows a table has.
pub(super) async fn count(warehouse: &dyn Warehouse, table: &TableRef) -> Result<u64> {
    let counted = warehouse.aggregate(&Aggregate::of(table).count()).await?;
    Ok(whole(counted.column("count")?.i64()?.get(0)))
}

fn whole(count: Option<i64>) -> u64 {
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_numbers_and_each_once() {
        assert_eq!(cut(0, 9, 3), [0..=2, 3..=5, 6..=9]);
        assert_eq!(cut(5, 5, 4), [5..=5]);
        let all = cut(i64::MIN, i64::MAX, 7);
        assert_eq!((*all[0].start(), *all[6].end()), (i64::MIN, i64::MAX));
        assert!(all.windows(2).all(|pair| pair[0].end() + 1 == *pair[1].start()));
    }

    #[test]
    fn slices_have_like_many_users() {
        let ids = vec![1, 2, 3, 3, 3, 900, 901, i64::MAX];
        let everyone = Everyone { signups: vec![0; ids.len()], ids };
        assert_eq!(everyone.slices(80, 100), [i64::MIN..=i64::MAX]);
        assert_eq!(everyone.slices(80, 20), [i64::MIN..=2, 3..=900, 901..=i64::MAX]);
        assert_eq!(Everyone::default().slices(80, 20), [i64::MIN..=i64::MAX]);
    }
}
