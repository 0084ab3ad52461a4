//! Faults of the rows of any table, and of postings of any kind.

use super::help::{more, posting};
use super::{Fault, UNKNOWN_ID};
use crate::audit::tables::{Tables, Value, table};

/// A required column of each table of users.
const COLUMNS: [(&str, &str); 9] = [
    ("users", "country"),
    ("deposits", "user_id"),
    ("withdrawals", "withdrawal_id"),
    ("orders", "status"),
    ("trades", "trade_id"),
    ("ramp_transactions", "fiat_amount"),
    ("chargebacks", "chargeback_id"),
    ("ledger_entries", "amount"),
    ("truth_users", "rate"),
];

/// The kinds of postings of the exchange.
const KINDS: [&str; 5] = ["deposit", "withdrawal", "trade", "ramp", "chargeback"];

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut add = |what: String, rule: String, break_it: Box<dyn Fn(&mut Tables)>| {
        faults.push(Fault { what, rule, break_it });
    };
    let others = ["truth_channels", "marketing_spend", "candles", "fx_rates"];
    for name in COLUMNS.map(|(name, _)| name).into_iter().chain(others) {
        let again = move |t: &mut Tables| {
            t.duplicate(name, &[0]);
        };
        add(format!("a row of {name} twice"), format!("unique_key.{name}"), Box::new(again));
    }
    for (name, column) in COLUMNS {
        let nothing = move |t: &mut Tables| t.set(name, 1, column, Value::Null);
        let what = format!("a row of {name} without {column}");
        add(what, format!("never_null.{name}"), Box::new(nothing));
        if name == "users" {
            continue;
        }
        let unknown = move |t: &mut Tables| t.set(name, 0, "user_id", Value::Int(UNKNOWN_ID));
        let what = format!("a row of {name} of an unknown user");
        add(what, format!("foreign_key.{name}.user_id"), Box::new(unknown));
        let same = move |t: &mut Tables| {
            let (key, last) = (&table(name).key[0], t.rows(name) - 1);
            let first = t.row(name, 0).int(key);
            t.set(name, last, key, Value::Int(first));
        };
        let what = format!("a key of {name} that another user's row has");
        add(what, format!("unique_key.{name}"), Box::new(same));
    }
    for kind in KINDS {
        let agrees = || "ledger_agrees".to_owned();
        let none = move |t: &mut Tables| {
            let rows = posting(t, kind);
            t.remove("ledger_entries", &rows);
        };
        add(format!("a {kind} that is not posted"), agrees(), Box::new(none));
        let too_much = move |t: &mut Tables| {
            let rows = posting(t, kind);
            more(t, &rows);
        };
        add(format!("a {kind} posted for more"), agrees(), Box::new(too_much));
        let late = move |t: &mut Tables| {
            for row in posting(t, kind) {
                let at = t.row("ledger_entries", row).int("posted_at");
                t.set("ledger_entries", row, "posted_at", Value::Time(at + 1));
            }
        };
        add(format!("a {kind} posted a moment late"), agrees(), Box::new(late));
    }
    faults
}
