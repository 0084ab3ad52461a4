//! The rule that a referrer signed up before the referred user.

use crate::audit::records::{Records, UserIndex};
use crate::audit::report::RuleResult;

/// Checks the referrer of every referred user.
pub(crate) fn rule(records: &Records<'_>, index: &UserIndex) -> RuleResult {
    let mut rule = RuleResult::new(
        "referrers_came_first",
        "who was referred came after the user who referred them, in a simulation by the channel referral",
    );
    for (id, record) in records.users_by_id() {
        if let Some(referrer) = record.referred_by {
            let came_first = index.signup_of(referrer).is_some_and(|at| at < record.signup_at);
            let by_channel = record.channel == "referral" || !records.is_simulated("users", id, id);
            let holds = referrer != id && came_first && by_channel;
            rule.check(holds, || format!("users {id}"));
        }
    }
    rule
}
