//! Faults of the ledger, chargebacks, referrals and the ground truth.

use super::help::{add, busiest, deposited, posting, referred, spent_deposit, truth, withdrawn};
use super::{Plain, UNKNOWN_ID};
use crate::audit::tables::Value;
use crate::audit::world::DAY;

pub(super) const FAULTS: &[Plain] = &[
    ("a wrong amount in one entry", "ledger_sums_to_zero", |t| {
        add(t, "ledger_entries", 0, "amount", 1);
    }),
    ("an entry that is missing", "ledger_sums_to_zero", |t| {
        t.remove("ledger_entries", &[0]);
    }),
    ("an entry in another asset", "ledger_sums_to_zero", |t| {
        t.set("ledger_entries", 0, "asset", Value::Text("XRP".into()));
    }),
    ("an entry twice, by another number", "ledger_sums_to_zero", |t| {
        let row = t.duplicate("ledger_entries", &[0]);
        t.set("ledger_entries", row, "entry_id", Value::Int(UNKNOWN_ID));
    }),
    ("a posting twice", "ledger_agrees", |t| {
        let rows = posting(t, "deposit");
        let first = t.duplicate("ledger_entries", &rows);
        for (number, row) in (0..).zip(first..t.rows("ledger_entries")) {
            t.set("ledger_entries", row, "entry_id", Value::Int(UNKNOWN_ID + number));
            t.set("ledger_entries", row, "posting_id", Value::Int(UNKNOWN_ID));
        }
    }),
    ("the exchange gets the fees' account", "ledger_agrees", |t| {
        let row = t.find("ledger_entries", |row| row.is("account", "fees"));
        t.set("ledger_entries", row, "account", Value::Text("exchange".into()));
    }),
    ("a posting in another asset", "ledger_agrees", |t| {
        for row in posting(t, "withdrawal") {
            t.set("ledger_entries", row, "asset", Value::Text("XRP".into()));
        }
    }),
    ("another user's posting", "ledger_agrees", |t| {
        let rows = posting(t, "trade");
        let user = t.row("ledger_entries", rows[0]).int("user_id");
        let other = t.find("users", |row| row.int("user_id") > user + 100);
        let other = t.row("users", other).int("user_id");
        for row in rows {
            t.set("ledger_entries", row, "user_id", Value::Int(other));
        }
    }),
    ("a posting of another kind", "ledger_agrees", |t| {
        for row in posting(t, "deposit") {
            t.set("ledger_entries", row, "kind", Value::Text("withdrawal".into()));
        }
    }),
    ("a posting of what never was", "ledger_agrees", |t| {
        for row in posting(t, "deposit") {
            t.set("ledger_entries", row, "reference_id", Value::Int(UNKNOWN_ID));
        }
    }),
    ("a deposit that is dropped", "ledger_agrees", |t| {
        let row = deposited(t);
        t.remove("deposits", &[row]);
    }),
    ("a withdrawal doubled by another number", "ledger_agrees", |t| {
        let row = withdrawn(t);
        let row = t.duplicate("withdrawals", &[row]);
        t.set("withdrawals", row, "withdrawal_id", Value::Int(UNKNOWN_ID));
    }),
    ("money posted after it was spent", "ledger_never_below_zero", |t| {
        let id = t.row("deposits", spent_deposit(t)).int("deposit_id");
        for row in t
            .all("ledger_entries", |row| row.is("kind", "deposit") && row.int("reference_id") == id)
        {
            t.set("ledger_entries", row, "posted_at", Value::Time(i64::MAX / 4));
        }
    }),
    ("a balance that is wrong", "balances_are_the_ledgers", |t| {
        let row = t.find("users", |row| row.text("balances").len() > 4);
        t.set("users", row, "balances", Value::Text("{}".into()));
    }),
    ("a balance of what is not there", "balances_are_the_ledgers", |t| {
        let row = t.find("users", |row| row.is("balances", "{}"));
        t.set("users", row, "balances", Value::Text(r#"{"BTC":"0.00000001"}"#.into()));
    }),
    ("a chargeback of a purchase that failed", "chargebacks_undo_purchases", |t| {
        let purchase = t.row("chargebacks", 0).int("transaction_id");
        let row = t.find("ramp_transactions", |row| row.int("transaction_id") == purchase);
        t.set("ramp_transactions", row, "status", Value::Text("failed".into()));
    }),
    ("a purchase undone twice", "chargebacks_undo_purchases", |t| {
        let row = t.duplicate("chargebacks", &[0]);
        t.set("chargebacks", row, "chargeback_id", Value::Int(UNKNOWN_ID));
    }),
    ("a chargeback for a cent less", "chargebacks_undo_purchases", |t| {
        add(t, "chargebacks", 0, "amount", -1);
    }),
    ("a chargeback in another currency", "chargebacks_undo_purchases", |t| {
        t.set("chargebacks", 0, "currency", Value::Text("JPY".into()));
    }),
    ("a chargeback before the purchase", "chargebacks_undo_purchases", |t| {
        let at = t.row("chargebacks", 0).int("created_at");
        t.set("chargebacks", 0, "created_at", Value::Time(at - 400 * DAY));
    }),
    ("a chargeback of another user's purchase", "chargebacks_undo_purchases", |t| {
        let other = t.row("chargebacks", 1).int("transaction_id");
        t.set("chargebacks", 0, "transaction_id", Value::Int(other));
        t.remove("chargebacks", &[1]);
    }),
    ("referred by a later user", "referrers_came_first", |t| {
        let row = referred(t);
        let at = t.row("users", row).int("signup_at");
        let later = t.find("users", |row| row.int("signup_at") > at);
        let later = t.row("users", later).int("user_id");
        t.set("users", row, "referred_by", Value::Int(later));
    }),
    ("referred by oneself", "referrers_came_first", |t| {
        let row = referred(t);
        let id = t.row("users", row).int("user_id");
        t.set("users", row, "referred_by", Value::Int(id));
    }),
    ("referred by an unknown user", "referrers_came_first", |t| {
        let row = referred(t);
        t.set("users", row, "referred_by", Value::Int(UNKNOWN_ID));
    }),
    ("referred, but by an advertisement", "referrers_came_first", |t| {
        let row = referred(t);
        t.set("users", row, "acquisition_channel", Value::Text("paid_search".into()));
    }),
    ("a truth that is missing", "truth_fits", |t| {
        t.remove("truth_users", &[5]);
    }),
    ("values that fall", "truth_fits", |t| {
        let year = t.row("truth_users", truth(t)).float("value_365d");
        t.set("truth_users", truth(t), "value_180d", Value::Float(year + 0.01));
    }),
    ("a trade before anything began", "truth_fits", |t| {
        let row = truth(t);
        let at = t.row("truth_users", row).int("started_at");
        t.set("truth_users", row, "started_at", Value::Time(at + 200 * DAY));
    }),
    ("a trade of who never trades", "truth_fits", |t| {
        let row = truth(t);
        t.set("truth_users", row, "started_at", Value::Null);
    }),
    ("more trades than lasts", "truth_fits", |t| {
        let user = busiest(t);
        let row = t.find("truth_users", |row| row.int("user_id") == user);
        t.set("truth_users", row, "lasts", Value::Int(2));
    }),
    ("a truth of another channel", "truth_fits", |t| {
        let channel = t.row("truth_users", 0).text("channel");
        let other = t.find("truth_users", |row| !row.is("channel", &channel));
        t.set("truth_users", other, "channel", Value::Text(channel));
    }),
    ("a truth of another signup", "truth_fits", |t| {
        let at = t.row("truth_users", 0).int("signup_at");
        t.set("truth_users", 0, "signup_at", Value::Time(at + 1));
    }),
    ("a rate of nothing", "truth_fits", |t| {
        t.set("truth_users", 0, "rate", Value::Float(0.0));
    }),
    ("who is sure to leave", "truth_fits", |t| {
        t.set("truth_users", 0, "dropout", Value::Float(1.0));
    }),
    ("a channel without a truth", "truth_fits", |t| {
        t.remove("truth_channels", &[0]);
    }),
];
