//! The rule that a referrer signed up before the referred user.

use super::RuleResult;
use super::books::Books;
use super::slices::Everyone;

pub(super) fn rule(books: &Books<'_>, everyone: &Everyone) -> RuleResult {
    let mut rule = RuleResult::new(
        "referrers_came_first",
        "who was referred came after the user who referred them, in a simulation by the channel referral",
    );
    for (id, person) in books.people() {
        if let Some(referrer) = person.referred_by {
            let came_first = everyone.signup(referrer).is_some_and(|at| at < person.signup_at);
            let by_channel = person.channel == "referral" || !books.is_simulated("users", id, id);
            let holds = referrer != id && came_first && by_channel;
            rule.check(holds, || format!("users {id}"));
        }
    }
    rule
}
