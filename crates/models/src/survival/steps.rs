//! Curves as steps from one time of an end to the next.

/// The lives at one step of a curve.
#[derive(Debug, Clone, Copy)]
pub(super) struct LivesAt {
    pub(super) time: f64,
    pub(super) at_risk: u64,
    /// The lives that ended at the time, for any reason.
    pub(super) ended: u64,
    /// The share of lives that have no event up to the time.
    pub(super) survival: f64,
}

/// Returns the last step up to a time, `None` before the first one, with the number of lives that
/// were observed at the time.
///
/// There is no result after the last time of an end, where the data say nothing, unless every life
/// had an event by then.
pub(super) fn step_at<S>(
    steps: &[S],
    time: f64,
    lives: impl Fn(&S) -> LivesAt,
) -> Option<(Option<&S>, u64)> {
    let next = steps.partition_point(|step| lives(step).time <= time);
    let Some(step) = steps[..next].last() else {
        return steps.first().filter(|_| !time.is_nan()).map(|first| (None, lives(first).at_risk));
    };
    let last = lives(step);
    match last.time < time {
        true if next == steps.len() && last.survival > 0.0 => None,
        true => Some((Some(step), last.at_risk - last.ended)),
        false => Some((Some(step), last.at_risk)),
    }
}
