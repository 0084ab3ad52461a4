//! The users of facts in columns.

use ahash::AHashMap;
use polars::prelude::*;
use tidegauge_core::SetAsideReason;

use super::ids::UserIds;
use super::row_filter::{BadRows, RowFilter};
use crate::dates::{TIME, date_of_micros};
use crate::{Error, Result};

/// The time of something that has not happened.
pub(crate) const NEVER: i64 = i64::MAX;

/// The code of a label that is null.
const NULL: u32 = u32::MAX;

/// The users of facts, in ascending order of their ids.
#[derive(Debug, Clone)]
pub(crate) struct Users {
    pub(crate) ids: UserIds,
    /// The times of the signups, in microseconds since 1970.
    pub(crate) signup_at: Vec<i64>,
    /// The times of the successful identity checks; [`NEVER`] if there was none.
    pub(crate) verified_at: Vec<i64>,
    pub(crate) dimensions: Vec<Dimension>,
}

/// A dimension of users: one label for each, or null.
#[derive(Debug, Clone)]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) labels: Vec<String>,
    codes: Vec<u32>,
}

impl Dimension {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), labels: Vec::new(), codes: Vec::new() }
    }

    /// Creates a dimension that is null for all of `users` users.
    pub(crate) fn unknown(name: impl Into<String>, users: usize) -> Self {
        Self { name: name.into(), labels: Vec::new(), codes: vec![NULL; users] }
    }

    /// Creates a dimension from the index of each user's label; `None` is null.
    pub(crate) fn from_codes(
        name: impl Into<String>,
        labels: Vec<String>,
        codes: impl IntoIterator<Item = Option<u32>>,
    ) -> Self {
        let codes = codes.into_iter().map(|code| code.unwrap_or(NULL)).collect();
        Self { name: name.into(), labels, codes }
    }

    /// Returns the index of a user's label among the labels, or `None` if it is null.
    #[inline]
    pub(crate) fn code(&self, user: usize) -> Option<u32> {
        self.codes.get(user).copied().filter(|code| *code != NULL)
    }

    /// Returns the number of places: one for each label, and one for null.
    pub(crate) fn places(&self) -> i64 {
        i64::try_from(self.labels.len()).unwrap_or(i64::from(u32::MAX)) + 1
    }

    /// Returns the place of a user's label among the labels, from 1 on; 0 is null.
    #[inline]
    pub(crate) fn place(&self, user: usize) -> i64 {
        self.code(user).map_or(0, |code| i64::from(code) + 1)
    }

    /// Returns the label at a place; `None` is null.
    pub(crate) fn label_at(&self, place: i64) -> Option<String> {
        let code = usize::try_from(place - 1).ok()?;
        self.labels.get(code).cloned()
    }

    /// Returns a user's label.
    pub(crate) fn label(&self, user: usize) -> Option<&str> {
        let code = usize::try_from(self.code(user)?).ok()?;
        self.labels.get(code).map(String::as_str)
    }
}

/// A dimension while its users are read.
#[derive(Debug)]
pub(crate) struct DimensionBuilder {
    dimension: Dimension,
    codes: AHashMap<String, u32>,
}

impl DimensionBuilder {
    pub(crate) fn new(name: &str) -> Self {
        Self { dimension: Dimension::new(name), codes: AHashMap::new() }
    }

    /// Appends the label of the next user.
    pub(crate) fn push(&mut self, label: Option<&str>) {
        let code = label.map_or(NULL, |label| self.code(label));
        self.dimension.codes.push(code);
    }

    fn code(&mut self, label: &str) -> u32 {
        if let Some(code) = self.codes.get(label) {
            return *code;
        }
        let code = u32::try_from(self.dimension.labels.len()).unwrap_or(NULL);
        self.dimension.labels.push(label.to_owned());
        self.codes.insert(label.to_owned(), code);
        code
    }

    pub(crate) fn finish(self) -> Dimension {
        self.dimension
    }
}

impl Users {
    /// Returns the number of users.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns a dimension.
    ///
    /// # Errors
    /// When there is none of that name; the error lists those that there are.
    pub(crate) fn dimension(&self, name: &str) -> Result<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.name == name).ok_or_else(|| {
            let known = ["user", "signup_at"].map(ToOwned::to_owned).into_iter();
            let known = known.chain(self.dimensions.iter().map(|dimension| dimension.name.clone()));
            Error::MissingColumn { frame: "users", column: name.into(), known: known.collect() }
        })
    }

    /// Returns the users at `positions`, in that order.
    fn select(&self, positions: &[u32]) -> Self {
        let times = |times: &[i64]| positions.iter().map(|at| times[*at as usize]).collect();
        let dimension = |dimension: &Dimension| Dimension {
            name: dimension.name.clone(),
            labels: dimension.labels.clone(),
            codes: positions.iter().map(|at| dimension.codes[*at as usize]).collect(),
        };
        Self {
            ids: self.ids.select(positions),
            signup_at: times(&self.signup_at),
            verified_at: times(&self.verified_at),
            dimensions: self.dimensions.iter().map(dimension).collect(),
        }
    }

    /// Returns the users sorted by id, each once: of several rows of a user the earliest signup
    /// counts, and the others are set aside.
    ///
    /// # Errors
    /// When a user is there twice and bad rows are errors.
    pub(crate) fn sorted_and_unique(self, row_filter: &mut RowFilter) -> Result<Self> {
        let users = match self.order() {
            Some(order) => self.select(&order),
            None => self,
        };
        let mut is_duplicate = (0..users.len()).map(|user| users.is_duplicate(user));
        if !is_duplicate.any(|duplicate| duplicate) {
            return Ok(users);
        }
        let mut first = Vec::with_capacity(users.len());
        for (user, position) in (0..users.len()).zip(0u32..) {
            if !users.is_duplicate(user) {
                first.push(position);
                continue;
            }
            let id = users.ids.display(user);
            if row_filter.bad_rows == BadRows::Fail {
                return Err(Error::DuplicateUser { user: id });
            }
            let example = || format!("user `{id}`");
            row_filter.set_aside.add("users", SetAsideReason::DuplicateUser, 1, example);
        }
        Ok(users.select(&first))
    }

    /// Returns the users who signed up before `end`; the others are set aside.
    pub(crate) fn observed_before(self, end: i64, row_filter: &mut RowFilter) -> Self {
        let is_observed = |user: &u32| self.signup_at[*user as usize] < end;
        let (observed, late): (Vec<u32>, Vec<u32>) =
            (0..u32::MAX).take(self.len()).partition(is_observed);
        for user in &late {
            let example = || {
                let user = *user as usize;
                let day = date_of_micros(self.signup_at[user]);
                format!("the signup of user `{}` on {day}", self.ids.display(user))
            };
            row_filter.set_aside.add("users", SetAsideReason::AfterEnd, 1, example);
        }
        if late.is_empty() { self } else { self.select(&observed) }
    }

    /// Returns the positions of the users, sorted by id and signup; `None` if they are sorted.
    fn order(&self) -> Option<Vec<u32>> {
        fn sorted<T: Ord>(ids: &[T], signups: &[i64]) -> Option<Vec<u32>> {
            let is_sorted = ids
                .windows(2)
                .zip(signups.windows(2))
                .all(|(ids, signups)| (&ids[0], signups[0]) <= (&ids[1], signups[1]));
            if is_sorted {
                return None;
            }
            let mut order: Vec<u32> = (0..u32::MAX).take(ids.len()).collect();
            order.sort_by_key(|at| (&ids[*at as usize], signups[*at as usize]));
            Some(order)
        }
        match &self.ids {
            UserIds::Ints(ids) => sorted(ids, &self.signup_at),
            UserIds::Texts(ids) => sorted(ids, &self.signup_at),
        }
    }

    /// Returns `true` if the user has the same id as the one before.
    fn is_duplicate(&self, user: usize) -> bool {
        user.checked_sub(1).is_some_and(|before| match &self.ids {
            UserIds::Ints(ids) => ids[before] == ids[user],
            UserIds::Texts(ids) => ids[before] == ids[user],
        })
    }

    /// Returns the users as a frame: `user`, `signup_at`, and a column for each dimension.
    ///
    /// # Errors
    /// When the frame cannot be made.
    pub(crate) fn frame(&self) -> Result<DataFrame> {
        let mut columns = vec![
            self.ids.to_column(),
            Column::new("signup_at".into(), &self.signup_at).cast(&TIME)?,
        ];
        for dimension in &self.dimensions {
            let labels: StringChunked = (0..self.len()).map(|user| dimension.label(user)).collect();
            columns.push(labels.with_name(dimension.name.as_str().into()).into_column());
        }
        Ok(DataFrame::new(self.len(), columns)?)
    }
}
