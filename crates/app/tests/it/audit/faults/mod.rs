//! What can be wrong, one thing at a time.

mod books;
mod exchange;
mod help;
mod rows;

use crate::audit::tables::Tables;

/// A number that nothing has.
const NOBODY: i64 = 1 << 50;

/// What is wrong, the rule that has to say so, and how it comes about.
pub(crate) struct Fault {
    pub(crate) what: String,
    pub(crate) rule: String,
    pub(crate) break_it: Box<dyn Fn(&mut Tables)>,
}

/// The same, of one table alone.
type Plain = (&'static str, &'static str, fn(&mut Tables));

/// All that is tried.
pub(crate) fn all() -> Vec<Fault> {
    let mut faults = rows::faults();
    for (what, rule, break_it) in exchange::FAULTS.iter().chain(books::FAULTS) {
        faults.push(Fault {
            what: (*what).into(),
            rule: (*rule).into(),
            break_it: Box::new(break_it),
        });
    }
    faults
}
