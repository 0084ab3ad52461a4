//! Errors of the survival functions.

/// A life, or a count of lives, that no curve can be computed from.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SurvivalError {
    /// A duration is negative, infinite or NaN.
    #[error("life {index} has the duration {duration}: durations are finite and not negative")]
    Duration {
        /// The position of the life in the slice.
        index: usize,
        /// Its duration.
        duration: f64,
    },
    /// A life comes under observation no earlier than it ends.
    #[error(
        "life {index} enters at {entry} and leaves at {duration}: a late entry is before the end"
    )]
    Entry {
        /// The position of the life in the slice.
        index: usize,
        /// The time from which it is observed.
        entry: f64,
        /// Its duration.
        duration: f64,
    },
    /// A day is beyond the last one of the counts.
    #[error("day {day} is beyond the last day, {last}: create the counts with a later last day")]
    Day {
        /// The day.
        day: usize,
        /// The last day of the counts.
        last: usize,
    },
    /// A cause is beyond the number of causes of the counts.
    #[error("cause {cause} is not below the number of causes, {causes}")]
    Cause {
        /// The cause.
        cause: u8,
        /// The number of causes.
        causes: usize,
    },
    /// Counts of different shapes cannot be added.
    #[error("counts of {left:?} (last day, causes) cannot be added to counts of {right:?}")]
    Shape {
        /// The last day and the number of causes of the one.
        left: (usize, usize),
        /// The last day and the number of causes of the other.
        right: (usize, usize),
    },
    /// More lives have left than have entered.
    #[error("by day {day} more lives have left than were under observation")]
    Unentered {
        /// The first such day.
        day: usize,
    },
    /// A number of lives exceeds the range of `u64`.
    #[error("the number of lives exceeds 2⁶⁴ − 1")]
    Overflow,
    /// A comparison has groups of different number by stratum, or fewer than two.
    #[error(
        "stratum {stratum} has {groups} groups, the first has {expected}; at least 2 are needed"
    )]
    Groups {
        /// The position of the stratum.
        stratum: usize,
        /// Its number of groups.
        groups: usize,
        /// The number of groups of the first stratum.
        expected: usize,
    },
    /// A group is never at risk together with others, so that nothing compares them.
    #[error(
        "group {group} is never at risk together with the groups before it: compare fewer groups"
    )]
    Incomparable {
        /// The position of the group.
        group: usize,
    },
}
