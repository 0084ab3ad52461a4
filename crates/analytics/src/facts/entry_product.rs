//! The entry product: the kind of a user's first transaction.

use super::events::UserEvents;
use super::fold::Accumulate;
use super::input::Facts;
use super::kinds::{EventFilter, KindSet};
use super::users::Dimension;
use crate::Result;

/// The name of the dimension.
pub(super) const NAME: &str = "entry_product";

/// The kinds of the first transactions of users, in their order.
struct FirstKinds {
    transactions: KindSet,
    kinds: Vec<Option<u32>>,
}

impl Accumulate for FirstKinds {
    fn add(&mut self, user: UserEvents<'_>) {
        let first = user
            .iter()
            .find(|event| !event.is_reversal() && self.transactions.contains(event.kind()));
        self.kinds.push(first.map(|event| u32::from(event.kind())));
    }

    fn merge(&mut self, following: Self) {
        self.kinds.extend(following.kinds);
    }
}

/// Returns the dimension `entry_product` of the users: the kind of their first transaction, or null
/// if there is none yet.
///
/// # Errors
/// When the events cannot be read.
pub(super) fn entry_product(facts: &Facts) -> Result<Dimension> {
    let transactions = facts.events.kinds.matching(&EventFilter::Transactions);
    let first = facts.fold(|| FirstKinds { transactions, kinds: Vec::new() })?;
    Ok(Dimension::from_codes(NAME, facts.events.kinds.names().to_vec(), first.kinds))
}
