//! What can be wrong, one thing at a time.

use crate::tables::{Row, Tables, Value};
use crate::world::DAY;

/// A number that nothing has.
const NOBODY: i64 = 1 << 50;

/// What is wrong, the rule that has to say so, and how it comes about.
type Fault = (&'static str, &'static str, fn(&mut Tables));

/// All that is tried.
pub(crate) const FAULTS: &[Fault] = &[
    ("a row of users twice", "unique_key.users", |t| {
        t.again("users", &[0]);
    }),
    ("a row of deposits twice", "unique_key.deposits", |t| {
        t.again("deposits", &[0]);
    }),
    ("a row of withdrawals twice", "unique_key.withdrawals", |t| {
        t.again("withdrawals", &[0]);
    }),
    ("a row of orders twice", "unique_key.orders", |t| {
        t.again("orders", &[0]);
    }),
    ("a row of trades twice", "unique_key.trades", |t| {
        t.again("trades", &[0]);
    }),
    ("a row of ramp_transactions twice", "unique_key.ramp_transactions", |t| {
        t.again("ramp_transactions", &[0]);
    }),
    ("a row of chargebacks twice", "unique_key.chargebacks", |t| {
        t.again("chargebacks", &[0]);
    }),
    ("a row of ledger_entries twice", "unique_key.ledger_entries", |t| {
        t.again("ledger_entries", &[0]);
    }),
    ("a row of truth_users twice", "unique_key.truth_users", |t| {
        t.again("truth_users", &[0]);
    }),
    ("a row of truth_channels twice", "unique_key.truth_channels", |t| {
        t.again("truth_channels", &[0]);
    }),
    ("a row of marketing_spend twice", "unique_key.marketing_spend", |t| {
        t.again("marketing_spend", &[0]);
    }),
    ("a row of candles twice", "unique_key.candles", |t| {
        t.again("candles", &[0]);
    }),
    ("a row of fx_rates twice", "unique_key.fx_rates", |t| {
        t.again("fx_rates", &[0]);
    }),
    ("a key of deposits that another user's row has", "unique_key.deposits", |t| {
        let last = t.rows("deposits") - 1;
        let key = t.row("deposits", 0).int("deposit_id");
        t.set("deposits", last, "deposit_id", Value::Int(key));
    }),
    ("a key of withdrawals that another user's row has", "unique_key.withdrawals", |t| {
        let last = t.rows("withdrawals") - 1;
        let key = t.row("withdrawals", 0).int("withdrawal_id");
        t.set("withdrawals", last, "withdrawal_id", Value::Int(key));
    }),
    ("a key of orders that another user's row has", "unique_key.orders", |t| {
        let last = t.rows("orders") - 1;
        let key = t.row("orders", 0).int("order_id");
        t.set("orders", last, "order_id", Value::Int(key));
    }),
    ("a key of trades that another user's row has", "unique_key.trades", |t| {
        let last = t.rows("trades") - 1;
        let key = t.row("trades", 0).int("trade_id");
        t.set("trades", last, "trade_id", Value::Int(key));
    }),
    (
        "a key of ramp_transactions that another user's row has",
        "unique_key.ramp_transactions",
        |t| {
            let last = t.rows("ramp_transactions") - 1;
            let key = t.row("ramp_transactions", 0).int("transaction_id");
            t.set("ramp_transactions", last, "transaction_id", Value::Int(key));
        },
    ),
    ("a key of ledger_entries that another user's row has", "unique_key.ledger_entries", |t| {
        let last = t.rows("ledger_entries") - 1;
        let key = t.row("ledger_entries", 0).int("entry_id");
        t.set("ledger_entries", last, "entry_id", Value::Int(key));
    }),
    ("a row of users without country", "never_null.users", |t| {
        t.set("users", 1, "country", Value::Null);
    }),
    ("a row of deposits without user_id", "never_null.deposits", |t| {
        t.set("deposits", 1, "user_id", Value::Null);
    }),
    ("a row of withdrawals without withdrawal_id", "never_null.withdrawals", |t| {
        t.set("withdrawals", 1, "withdrawal_id", Value::Null);
    }),
    ("a row of orders without status", "never_null.orders", |t| {
        t.set("orders", 1, "status", Value::Null);
    }),
    ("a row of trades without trade_id", "never_null.trades", |t| {
        t.set("trades", 1, "trade_id", Value::Null);
    }),
    ("a row of ramp_transactions without fiat_amount", "never_null.ramp_transactions", |t| {
        t.set("ramp_transactions", 1, "fiat_amount", Value::Null);
    }),
    ("a row of chargebacks without chargeback_id", "never_null.chargebacks", |t| {
        t.set("chargebacks", 1, "chargeback_id", Value::Null);
    }),
    ("a row of ledger_entries without amount", "never_null.ledger_entries", |t| {
        t.set("ledger_entries", 1, "amount", Value::Null);
    }),
    ("a row of truth_users without rate", "never_null.truth_users", |t| {
        t.set("truth_users", 1, "rate", Value::Null);
    }),
    ("a user who is not there", "foreign_key.deposits.user_id", |t| {
        let user = t.row("deposits", 0).int("user_id");
        let row = user_row(t, user);
        t.remove("users", &[row]);
    }),
    ("withdrawals of nobody", "foreign_key.withdrawals.user_id", |t| {
        t.set("withdrawals", 0, "user_id", Value::Int(NOBODY));
    }),
    ("orders of nobody", "foreign_key.orders.user_id", |t| {
        t.set("orders", 0, "user_id", Value::Int(NOBODY));
    }),
    ("trades of nobody", "foreign_key.trades.user_id", |t| {
        t.set("trades", 0, "user_id", Value::Int(NOBODY));
    }),
    ("ramp_transactions of nobody", "foreign_key.ramp_transactions.user_id", |t| {
        t.set("ramp_transactions", 0, "user_id", Value::Int(NOBODY));
    }),
    ("chargebacks of nobody", "foreign_key.chargebacks.user_id", |t| {
        t.set("chargebacks", 0, "user_id", Value::Int(NOBODY));
    }),
    ("ledger_entries of nobody", "foreign_key.ledger_entries.user_id", |t| {
        t.set("ledger_entries", 0, "user_id", Value::Int(NOBODY));
    }),
    ("truth_users of nobody", "foreign_key.truth_users.user_id", |t| {
        t.set("truth_users", 0, "user_id", Value::Int(NOBODY));
    }),
    ("a trade without its order", "foreign_key.trades.order_id", |t| {
        t.set("trades", 0, "order_id", Value::Int(NOBODY));
    }),
    ("an order that is lost", "foreign_key.trades.order_id", |t| {
        let order = t.row("trades", 3).int("order_id");
        let row = t.find("orders", |row| row.int("order_id") == order);
        t.remove("orders", &[row]);
    }),
    ("a chargeback of no purchase", "foreign_key.chargebacks.transaction_id", |t| {
        t.set("chargebacks", 0, "transaction_id", Value::Int(NOBODY));
    }),
    ("filled above what was wanted", "filled_amount_fits_status", |t| {
        let row = filled(t);
        add(t, "orders", row, "filled_amount", 1);
    }),
    ("filled, but not all", "filled_amount_fits_status", |t| {
        let row = filled(t);
        add(t, "orders", row, "base_amount", 1);
    }),
    ("an open order that is filled", "filled_amount_fits_status", |t| {
        let row = t.find("orders", |row| {
            !row.is("status", "filled") && !row.is("status", "partially_filled")
        });
        add(t, "orders", row, "filled_amount", 1);
    }),
    ("a fill that is lost", "filled_orders_have_trades", |t| {
        let row = t.find("trades", |row| fills(t, row) == 1);
        t.remove("trades", &[row]);
    }),
    ("a fill above what was filled", "trades_sum_to_filled_amount", |t| {
        add(t, "trades", 0, "base_amount", 1);
    }),
    ("trades of an order that was cancelled", "trades_only_of_filled_orders", |t| {
        let row = filled(t);
        t.set("orders", row, "status", Value::Text("cancelled".into()));
    }),
    ("a trade on the other side", "trades_match_their_order", |t| {
        let row = t.find("trades", |row| row.is("side", "buy"));
        t.set("trades", row, "side", Value::Text("sell".into()));
    }),
    ("a trade of another user's order", "trades_match_their_order", |t| {
        let user = t.row("trades", 0).int("user_id");
        let other = t.find("users", |row| row.int("user_id") > user + 100);
        let other = t.row("users", other).int("user_id");
        t.set("trades", 0, "user_id", Value::Int(other));
    }),
    ("a limit that was not kept", "limit_never_worse", |t| {
        let row = limit_buy(t);
        let price = t.row("trades", row.0).units("price");
        t.set("orders", row.1, "limit_price", Value::Units(price - 1));
    }),
    ("a trade before its order", "trades_not_before_their_order", |t| {
        let order = t.row("trades", 0).int("order_id");
        let placed = t.row("trades", 0).int("executed_at") + 1;
        let row = t.find("orders", |row| row.int("order_id") == order);
        t.set("orders", row, "created_at", Value::Time(placed));
    }),
    ("a price outside its day", "trade_price_within_market_range", |t| {
        let price = t.row("trades", 0).units("price");
        t.set("trades", 0, "price", Value::Units(price * 11 / 10));
    }),
    ("a cent too much paid", "quote_amount_is_price_times_base", |t| {
        add(t, "trades", 0, "quote_amount", 1_000_000);
    }),
    ("a fee off by a cent", "trade_fees_follow_schedule", |t| {
        let row = t.find("trades", |row| row.units("fee_amount") > 0);
        add(t, "trades", row, "fee_amount", 1_000_000);
    }),
    ("a maker who pays as a taker", "trade_fees_follow_schedule", |t| {
        let row = t.find("trades", |row| {
            row.units("quote_amount") > 2_000_000_000 && row.is("is_maker", "true")
        });
        let fee = t.row("trades", row).units("quote_amount") * 40 / 10_000;
        t.set("trades", row, "fee_amount", Value::Units(fee));
    }),
    ("a ramp fee off by two cents", "ramp_fees_follow_schedule", |t| {
        let row = bought(t);
        add(t, "ramp_transactions", row, "fee_usd", 3);
    }),
    ("money spent that never came", "balance_never_negative", |t| {
        let row = spent_deposit(t);
        t.set("deposits", row, "status", Value::Text("failed".into()));
        t.set("deposits", row, "completed_at", Value::Null);
    }),
    ("more withdrawn than there is", "balance_never_negative", |t| {
        let row = withdrawn(t);
        add(t, "withdrawals", row, "amount", 1 << 70);
    }),
    ("an order for more than there is", "orders_are_covered", |t| {
        let row = t.find("orders", |row| row.is("side", "sell") && row.is("status", "filled"));
        add(t, "orders", row, "base_amount", 1 << 70);
    }),
    ("a deposit before its user signed up", "nothing_before_signup", |t| {
        let row = user_row(t, t.row("deposits", 0).int("user_id"));
        let at = t.row("deposits", 0).int("created_at");
        t.set("users", row, "signup_at", Value::Time(at + 1));
    }),
    ("a deposit before the identity check", "nothing_before_kyc", |t| {
        let row = user_row(t, t.row("deposits", 0).int("user_id"));
        let at = t.row("deposits", 0).int("created_at");
        t.set("users", row, "kyc_verified_at", Value::Time(at + 1));
    }),
    ("a user who was never checked", "nothing_before_kyc", |t| {
        let row = user_row(t, t.row("trades", 0).int("user_id"));
        t.set("users", row, "kyc_status", Value::Text("pending".into()));
        t.set("users", row, "kyc_verified_at", Value::Null);
    }),
    ("a completed deposit without its time", "completed_after_created", |t| {
        let row = deposited(t);
        t.set("deposits", row, "completed_at", Value::Null);
    }),
    ("a withdrawal completed before it was asked for", "completed_after_created", |t| {
        let row = withdrawn(t);
        let at = t.row("withdrawals", row).int("created_at");
        t.set("withdrawals", row, "completed_at", Value::Time(at - 1));
    }),
    ("another country's currency", "currency_fits_country", |t| {
        let user = t.find("users", |row| {
            row.is("country", "US")
                && !t
                    .all("deposits", |it| {
                        it.is("deposit_type", "fiat") && it.int("user_id") == row.int("user_id")
                    })
                    .is_empty()
        });
        t.set("users", user, "country", Value::Text("GB".into()));
    }),
    ("a purchase in another country's currency", "currency_fits_country", |t| {
        let row = t.find("ramp_transactions", |row| row.is("fiat_currency", "EUR"));
        t.set("ramp_transactions", row, "country", Value::Text("US".into()));
    }),
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
        let row = t.again("ledger_entries", &[0]);
        t.set("ledger_entries", row, "entry_id", Value::Int(NOBODY));
    }),
    ("a deposit that is not posted", "ledger_agrees", |t| {
        let rows = posting(t, "deposit");
        t.remove("ledger_entries", &rows);
    }),
    ("a deposit posted for more", "ledger_agrees", |t| {
        let rows = posting(t, "deposit");
        more(t, &rows);
    }),
    ("a deposit posted a moment late", "ledger_agrees", |t| {
        let rows = posting(t, "deposit");
        for row in rows {
            let at = t.row("ledger_entries", row).int("posted_at");
            t.set("ledger_entries", row, "posted_at", Value::Time(at + 1));
        }
    }),
    ("a withdrawal that is not posted", "ledger_agrees", |t| {
        let rows = posting(t, "withdrawal");
        t.remove("ledger_entries", &rows);
    }),
    ("a withdrawal posted for more", "ledger_agrees", |t| {
        let rows = posting(t, "withdrawal");
        more(t, &rows);
    }),
    ("a withdrawal posted a moment late", "ledger_agrees", |t| {
        let rows = posting(t, "withdrawal");
        for row in rows {
            let at = t.row("ledger_entries", row).int("posted_at");
            t.set("ledger_entries", row, "posted_at", Value::Time(at + 1));
        }
    }),
    ("a trade that is not posted", "ledger_agrees", |t| {
        let rows = posting(t, "trade");
        t.remove("ledger_entries", &rows);
    }),
    ("a trade posted for more", "ledger_agrees", |t| {
        let rows = posting(t, "trade");
        more(t, &rows);
    }),
    ("a trade posted a moment late", "ledger_agrees", |t| {
        let rows = posting(t, "trade");
        for row in rows {
            let at = t.row("ledger_entries", row).int("posted_at");
            t.set("ledger_entries", row, "posted_at", Value::Time(at + 1));
        }
    }),
    ("a ramp that is not posted", "ledger_agrees", |t| {
        let rows = posting(t, "ramp");
        t.remove("ledger_entries", &rows);
    }),
    ("a ramp posted for more", "ledger_agrees", |t| {
        let rows = posting(t, "ramp");
        more(t, &rows);
    }),
    ("a ramp posted a moment late", "ledger_agrees", |t| {
        let rows = posting(t, "ramp");
        for row in rows {
            let at = t.row("ledger_entries", row).int("posted_at");
            t.set("ledger_entries", row, "posted_at", Value::Time(at + 1));
        }
    }),
    ("a chargeback that is not posted", "ledger_agrees", |t| {
        let rows = posting(t, "chargeback");
        t.remove("ledger_entries", &rows);
    }),
    ("a chargeback posted for more", "ledger_agrees", |t| {
        let rows = posting(t, "chargeback");
        more(t, &rows);
    }),
    ("a chargeback posted a moment late", "ledger_agrees", |t| {
        let rows = posting(t, "chargeback");
        for row in rows {
            let at = t.row("ledger_entries", row).int("posted_at");
            t.set("ledger_entries", row, "posted_at", Value::Time(at + 1));
        }
    }),
    ("a posting twice", "ledger_agrees", |t| {
        let rows = posting(t, "deposit");
        let first = t.again("ledger_entries", &rows);
        for (number, row) in (0..).zip(first..t.rows("ledger_entries")) {
            t.set("ledger_entries", row, "entry_id", Value::Int(NOBODY + number));
            t.set("ledger_entries", row, "posting_id", Value::Int(NOBODY));
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
            t.set("ledger_entries", row, "reference_id", Value::Int(NOBODY));
        }
    }),
    ("a deposit that is dropped", "ledger_agrees", |t| {
        let row = deposited(t);
        t.remove("deposits", &[row]);
    }),
    ("a withdrawal doubled by another number", "ledger_agrees", |t| {
        let row = withdrawn(t);
        let row = t.again("withdrawals", &[row]);
        t.set("withdrawals", row, "withdrawal_id", Value::Int(NOBODY));
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
        let row = t.again("chargebacks", &[0]);
        t.set("chargebacks", row, "chargeback_id", Value::Int(NOBODY));
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
    ("referred by nobody", "referrers_came_first", |t| {
        let row = referred(t);
        t.set("users", row, "referred_by", Value::Int(NOBODY));
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

/// Adds to a decimal, by units.
fn add(t: &mut Tables, table: &str, row: usize, column: &str, units: i128) {
    let there = t.row(table, row).units(column);
    t.set(table, row, column, Value::Units(there + units));
}

fn user_row(t: &Tables, user: i64) -> usize {
    t.find("users", |row| row.int("user_id") == user)
}

fn completed(row: Row<'_>) -> bool {
    row.is("status", "completed")
}

fn deposited(t: &Tables) -> usize {
    t.find("deposits", completed)
}

fn withdrawn(t: &Tables) -> usize {
    t.find("withdrawals", completed)
}

fn bought(t: &Tables) -> usize {
    t.find("ramp_transactions", completed)
}

/// A completed deposit of fiat that something was bought with.
fn spent_deposit(t: &Tables) -> usize {
    t.find("deposits", |row| {
        let user = row.int("user_id");
        let (mut came, mut went) = (0, 0);
        for it in t.all("deposits", |it| it.int("user_id") == user && completed(it)) {
            let it = t.row("deposits", it);
            came += if it.is("currency", &row.text("currency")) { it.units("amount") } else { 0 };
        }
        for it in t.all("trades", |it| it.int("user_id") == user && it.is("side", "buy")) {
            let it = t.row("trades", it);
            let is_it = it.is("quote_currency", &row.text("currency"));
            went += if is_it { it.units("quote_amount") } else { 0 };
        }
        completed(row) && row.is("deposit_type", "fiat") && went > came - row.units("amount")
    })
}

fn filled(t: &Tables) -> usize {
    t.find("orders", |row| row.is("status", "filled"))
}

/// How many trades the order of a trade has.
fn fills(t: &Tables, trade: Row<'_>) -> usize {
    t.all("trades", |row| row.int("order_id") == trade.int("order_id")).len()
}

/// A buy that did not cost more than its limit, and its order.
fn limit_buy(t: &Tables) -> (usize, usize) {
    let order = t.find("orders", |row| {
        row.is("side", "buy") && row.is("order_type", "limit") && row.is("status", "filled")
    });
    let id = t.row("orders", order).int("order_id");
    (t.find("trades", |row| row.int("order_id") == id), order)
}

/// The entries of the first posting of a kind.
fn posting(t: &Tables, kind: &str) -> Vec<usize> {
    let first = t.find("ledger_entries", |row| row.is("kind", kind));
    let number = t.row("ledger_entries", first).int("posting_id");
    t.all("ledger_entries", |row| row.int("posting_id") == number)
}

/// Two accounts of a posting move a little more of their asset than they should.
fn more(t: &mut Tables, rows: &[usize]) {
    let asset = t.row("ledger_entries", rows[0]).text("asset");
    let same: Vec<usize> = rows
        .iter()
        .copied()
        .filter(|row| t.row("ledger_entries", *row).is("asset", &asset))
        .collect();
    add(t, "ledger_entries", same[0], "amount", 1);
    add(t, "ledger_entries", same[1], "amount", -1);
}

fn referred(t: &Tables) -> usize {
    t.find("users", |row| row.some("referred_by").is_some())
}

/// The truth of somebody who trades.
fn truth(t: &Tables) -> usize {
    let user = t.row("trades", 0).int("user_id");
    t.find("truth_users", |row| row.int("user_id") == user)
}

/// Who has filled more than two orders.
fn busiest(t: &Tables) -> i64 {
    let done = |user: i64| {
        t.all("orders", |row| row.int("user_id") == user && row.is("status", "filled")).len()
    };
    let row = t.find("orders", |row| done(row.int("user_id")) > 2);
    t.row("orders", row).int("user_id")
}
