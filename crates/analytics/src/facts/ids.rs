//! The ids of users, whole numbers or text, and their positions.

use ahash::AHashMap;
use polars::prelude::*;

/// The ids of users, in ascending order.
#[derive(Debug, Clone)]
pub(crate) enum UserIds {
    Ints(Vec<i64>),
    Texts(Vec<String>),
}

impl UserIds {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ints(ids) => ids.len(),
            Self::Texts(ids) => ids.len(),
        }
    }

    /// Returns the id as plain text, for messages.
    pub(crate) fn display(&self, user: usize) -> String {
        match self {
            Self::Ints(ids) => ids.get(user).map(ToString::to_string),
            Self::Texts(ids) => ids.get(user).cloned(),
        }
        .unwrap_or_default()
    }

    /// Returns a number that is uniform over users and depends on the id alone, so that a sample of
    /// users by it does not depend on the order in which they are read.
    pub(crate) fn hash(&self, user: usize) -> u64 {
        match self {
            Self::Ints(ids) => mix(ids.get(user).map_or(0, |id| id.cast_unsigned())),
            // FNV-1a, mixed once more since its high bits are weak.
            Self::Texts(ids) => mix(ids.get(user).map_or(0, |id| {
                id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
                })
            })),
        }
    }

    /// Returns the ids as a column `user`.
    pub(crate) fn to_column(&self) -> Column {
        match self {
            Self::Ints(ids) => Column::new("user".into(), ids),
            Self::Texts(ids) => Column::new("user".into(), ids),
        }
    }

    /// Returns the ids at `positions`, in that order.
    pub(crate) fn select(&self, positions: &[u32]) -> Self {
        match self {
            Self::Ints(ids) => Self::Ints(positions.iter().map(|at| ids[*at as usize]).collect()),
            Self::Texts(ids) => {
                Self::Texts(positions.iter().map(|at| ids[*at as usize].clone()).collect())
            }
        }
    }
}

/// The output function of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The positions of users by their ids.
#[derive(Debug)]
pub(crate) enum UserIndex<'a> {
    /// Each of so many numbers from `first` on, whose position is the distance.
    Consecutive {
        first: i64,
        users: u32,
    },
    /// The position of each number from `first` on; [`NO_USER`] where there is no user.
    Dense {
        first: i64,
        positions: Vec<u32>,
    },
    Ints(AHashMap<i64, u32>),
    Texts(AHashMap<&'a str, u32>),
}

/// The position of a number that is no user.
const NO_USER: u32 = u32::MAX;

/// Ids are dense if they span at most this many times their number.
const MAX_SPREAD: usize = 8;

impl<'a> UserIndex<'a> {
    pub(crate) fn new(ids: &'a UserIds) -> Self {
        let positions = || (0..NO_USER).take(ids.len());
        match ids {
            UserIds::Texts(texts) => {
                Self::Texts(texts.iter().map(String::as_str).zip(positions()).collect())
            }
            UserIds::Ints(ints) => {
                let (first, last) =
                    ints.first().copied().zip(ints.last().copied()).unwrap_or((0, -1));
                let span = last.checked_sub(first).and_then(|span| usize::try_from(span).ok());
                match span.filter(|span| span / MAX_SPREAD <= ints.len()) {
                    Some(span) if span + 1 == ints.len() => Self::Consecutive {
                        first,
                        users: u32::try_from(ints.len()).unwrap_or(NO_USER),
                    },
                    None => Self::Ints(ints.iter().copied().zip(positions()).collect()),
                    Some(span) => {
                        let mut dense = vec![NO_USER; span + 1];
                        for (id, position) in ints.iter().zip(positions()) {
                            if let Some(place) =
                                usize::try_from(id - first).ok().and_then(|at| dense.get_mut(at))
                            {
                                *place = position;
                            }
                        }
                        Self::Dense { first, positions: dense }
                    }
                }
            }
        }
    }

    /// Returns the position of the user with a number as id.
    #[inline]
    pub(crate) fn of_int(&self, id: i64) -> Option<u32> {
        match self {
            Self::Consecutive { first, users } => {
                let at = u32::try_from(id.checked_sub(*first)?).ok()?;
                (at < *users).then_some(at)
            }
            Self::Dense { first, positions } => {
                let at = usize::try_from(id.checked_sub(*first)?).ok()?;
                positions.get(at).copied().filter(|position| *position != NO_USER)
            }
            Self::Ints(positions) => positions.get(&id).copied(),
            Self::Texts(_) => None,
        }
    }

    /// Returns the position of the user with a text as id.
    pub(crate) fn of_text(&self, id: &str) -> Option<u32> {
        match self {
            Self::Texts(positions) => positions.get(id).copied(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_dense_sparse_and_text_ids() {
        let sparse = vec![i64::MIN, -4, 7, i64::MAX];
        for ids in [vec![3, 4, 9], sparse, vec![5], vec![3, 4, 5, 6], vec![]] {
            let users = UserIds::Ints(ids.clone());
            let index = UserIndex::new(&users);
            for (position, id) in ids.iter().enumerate() {
                assert_eq!(index.of_int(*id), u32::try_from(position).ok());
            }
            assert_eq!([index.of_int(0), index.of_int(8), index.of_int(i64::MIN + 1)], [None; 3]);
        }
        let users = UserIds::Texts(vec!["ann".into(), "bob".into()]);
        let index = UserIndex::new(&users);
        assert_eq!(
            [index.of_text("bob"), index.of_text("cy"), index.of_int(1)],
            [Some(1), None, None]
        );
    }
}
