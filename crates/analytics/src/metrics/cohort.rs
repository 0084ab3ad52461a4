//! The grouping of users into cohorts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::period::Period;
use crate::Result;
use crate::facts::Facts;

/// The dimension by which users are grouped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cohort {
    /// All users in one cohort.
    Everyone,
    /// The period of the signup; labeled with the period's first day.
    Signup(Period),
    /// A dimension of the users: `channel`, `campaign`, `country`, `tier`, `entry_product`…
    Dimension(String),
    /// Two dimensions at once; labeled with both, as in `paid_search × ramp`.
    Cross(String, String),
}

/// The separator of the labels of two dimensions.
const CROSS: &str = " × ";

/// The label of a null in the label of two dimensions.
const NO_LABEL: &str = "none";

impl Cohort {
    /// Creates a cohort by a dimension of the users.
    ///
    /// ```
    /// use tidegauge_analytics::Cohort;
    ///
    /// assert_eq!(Cohort::dimension("channel"), Cohort::Dimension("channel".into()));
    /// ```
    pub fn dimension(name: impl Into<String>) -> Self {
        Self::Dimension(name.into())
    }

    /// Creates a cohort by two dimensions of the users.
    ///
    /// ```
    /// use tidegauge_analytics::Cohort;
    ///
    /// let both = Cohort::cross("channel", "entry_product");
    /// assert_eq!(both, Cohort::Cross("channel".into(), "entry_product".into()));
    /// ```
    pub fn cross(first: impl Into<String>, second: impl Into<String>) -> Self {
        Self::Cross(first.into(), second.into())
    }

    /// Returns the group of each user.
    ///
    /// # Errors
    /// When the users have no such dimension.
    pub(crate) fn groups(&self, facts: &Facts) -> Result<Groups> {
        let users = &facts.users;
        let everyone = 0..users.len();
        Ok(match self {
            Self::Everyone => Groups::new(everyone.map(|_| 0), |_| Vec::new()),
            Self::Signup(period) => {
                let (calendar, days) = (facts.calendar(), facts.local_days());
                let number =
                    |user: usize| calendar.period_of_day(*period, days.of(users.signup_at[user]));
                let label = |number| vec![Some(calendar.period_start(*period, number).to_string())];
                Groups::new(everyone.map(number), label)
            }
            Self::Dimension(name) => {
                let dimension = users.dimension(name)?;
                let place = |user| dimension.place(user);
                Groups::new(everyone.map(place), |place| vec![dimension.label_at(place)])
            }
            Self::Cross(first, second) => {
                let (first, second) = (users.dimension(first)?, users.dimension(second)?);
                let width = second.places();
                let place = |user: usize| first.place(user) * width + second.place(user);
                let labels = |place: i64| {
                    vec![
                        first.label_at(place.div_euclid(width)),
                        second.label_at(place.rem_euclid(width)),
                    ]
                };
                Groups::new(everyone.map(place), labels)
            }
        })
    }
}

/// The group of each user.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    /// The labels of each group, one for each dimension; the groups are in the order of their
    /// labels, nulls last.
    pub(crate) parts: Vec<Vec<Option<String>>>,
    of_users: Vec<u32>,
}

impl Groups {
    /// Creates the groups of users with equal keys.
    fn new(keys: impl Iterator<Item = i64>, labels: impl Fn(i64) -> Vec<Option<String>>) -> Self {
        let mut known: BTreeMap<i64, u32> = BTreeMap::new();
        let mut last = None;
        let found: Vec<u32> = keys
            .map(|key| match last {
                Some((last, group)) if last == key => group,
                _ => {
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    let group = *known.entry(key).or_insert(next);
                    last = Some((key, group));
                    group
                }
            })
            .collect();
        let mut ordered: Vec<(Vec<Option<String>>, u32)> =
            known.into_iter().map(|(key, group)| (labels(key), group)).collect();
        let nulls_last = |labels: &[Option<String>]| {
            labels.iter().map(|label| (label.is_none(), label.clone())).collect::<Vec<_>>()
        };
        ordered.sort_by_cached_key(|(labels, _)| nulls_last(labels));
        let mut ranks = vec![0; ordered.len()];
        for ((_, group), rank) in ordered.iter().zip(0u32..) {
            ranks[*group as usize] = rank;
        }
        Self {
            parts: ordered.into_iter().map(|(labels, _)| labels).collect(),
            of_users: found.into_iter().map(|group| ranks[group as usize]).collect(),
        }
    }

    /// Returns the groups with those as one that `to` maps to the same number, from 0 on.
    pub(crate) fn merged(&self, to: impl Fn(usize) -> usize) -> Self {
        let merged: Vec<u32> =
            (0..self.len()).map(|group| u32::try_from(to(group)).unwrap_or(0)).collect();
        let groups = merged.iter().max().map_or(0, |last| *last as usize + 1);
        Self {
            parts: vec![Vec::new(); groups],
            of_users: self.of_users.iter().map(|group| merged[*group as usize]).collect(),
        }
    }

    /// Returns the number of groups.
    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Returns the label of a group: `all` without dimensions, and both labels of two dimensions.
    pub(crate) fn label(&self, group: usize) -> Option<String> {
        match self.parts.get(group).map(Vec::as_slice) {
            Some([]) => Some("all".to_owned()),
            Some([label]) => label.clone(),
            Some(labels) => {
                let names = labels.iter().map(|label| label.as_deref().unwrap_or(NO_LABEL));
                Some(names.collect::<Vec<_>>().join(CROSS))
            }
            None => None,
        }
    }

    /// Returns the group of a user.
    #[inline]
    pub(crate) fn of(&self, user: usize) -> usize {
        self.of_users[user] as usize
    }
}
