//! The age at which prices and exchange rates are ignored.

use chrono::NaiveDate;

/// The maximum age of a fixing or coin price in days: older ones are ignored. The ECB's longest
/// pause, over Easter or Christmas, is five days.
pub const MAX_AGE_DAYS: i64 = 7;

/// Returns `true` if a value of the day `of` is still fresh on `day`.
pub(super) fn is_fresh(of: NaiveDate, day: NaiveDate) -> bool {
    (day - of).num_days() <= MAX_AGE_DAYS
}
