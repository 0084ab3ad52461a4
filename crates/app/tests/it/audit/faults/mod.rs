//! The faults, one at a time.

mod books;
mod exchange;
mod help;
mod rows;

use crate::audit::tables::Tables;

/// A number that no row has.
const UNKNOWN_ID: i64 = 1 << 50;

/// A fault: its description, the rule that must report it, and the change.
pub(crate) struct Fault {
    pub(crate) what: String,
    pub(crate) rule: String,
    pub(crate) break_it: Box<dyn Fn(&mut Tables)>,
}

/// A fault of fixed tables: its description, its rule, and the change.
type Plain = (&'static str, &'static str, fn(&mut Tables));

/// Returns all faults.
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
