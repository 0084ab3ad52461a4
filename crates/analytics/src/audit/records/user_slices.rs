//! The index of all users, and the slices in which they are audited.

use std::ops::RangeInclusive;

use futures_util::TryStreamExt;
use tidegauge_core::Warehouse;
use tidegauge_core::tables::User;

use super::user_tables::scan;
use crate::Result;
use crate::typed_columns::typed_column;

/// The ids and signups of all users: sixteen bytes per user, the only data that is held for all of
/// them.
#[derive(Debug, Default)]
pub(crate) struct UserIndex {
    /// The ids and signup times, sorted by id.
    users: Vec<(i64, i64)>,
}

impl UserIndex {
    /// Reads the ids and signups of all users.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub(crate) async fn read(warehouse: &dyn Warehouse) -> Result<Self> {
        let mut users = Vec::new();
        let mut batches = warehouse.scan(&scan(User::table(), ["user_id", "signup_at"])).await?;
        while let Some(batch) = batches.try_next().await? {
            let ids = typed_column(&batch, "user_id", |column| column.as_i64())?;
            let signups = typed_column(&batch, "signup_at", |column| column.as_timestamp())?;
            users.extend(ids.iter().zip(signups).filter_map(|(id, signup)| id.zip(signup)));
        }
        users.sort_unstable();
        Ok(Self { users })
    }

    /// Returns the signup of a user; `None` if there is no such user.
    pub(crate) fn signup_of(&self, user: i64) -> Option<i64> {
        let at = self.users.partition_point(|(id, _)| *id < user);
        self.users.get(at).filter(|(id, _)| *id == user).map(|(_, signup)| *signup)
    }

    /// Returns ranges of user ids with about `rows` of `all` rows each, if rows are evenly
    /// distributed over users; together they cover all possible ids.
    pub(crate) fn slices(&self, all: u64, rows: u64) -> Vec<RangeInclusive<i64>> {
        let count = usize::try_from(all.div_ceil(rows.max(1))).unwrap_or(usize::MAX).max(1);
        let each = self.users.len().div_ceil(count).max(1);
        let first = self.users.iter().skip(each).step_by(each);
        let mut first: Vec<i64> = first.map(|(id, _)| *id).collect();
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

/// Splits the integers from `least` to `most` into `parts` ranges of equal width.
pub(crate) fn split_range(least: i64, most: i64, parts: u64) -> Vec<RangeInclusive<i64>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_every_number_once() {
        assert_eq!(split_range(0, 9, 3), [0..=2, 3..=5, 6..=9]);
        assert_eq!(split_range(5, 5, 4), [5..=5]);
        let all = split_range(i64::MIN, i64::MAX, 7);
        assert_eq!((*all[0].start(), *all[6].end()), (i64::MIN, i64::MAX));
        assert!(all.windows(2).all(|pair| pair[0].end() + 1 == *pair[1].start()));
    }

    #[test]
    fn slices_have_equal_numbers_of_users() {
        let users = [1, 2, 3, 3, 3, 900, 901, i64::MAX].map(|id| (id, 0)).into();
        let index = UserIndex { users };
        assert_eq!(index.slices(80, 100), [i64::MIN..=i64::MAX]);
        assert_eq!(index.slices(80, 20), [i64::MIN..=2, 3..=900, 901..=i64::MAX]);
        assert_eq!(UserIndex::default().slices(80, 20), [i64::MIN..=i64::MAX]);
    }
}
