//! Tables of the exchange's own records.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{Crypto, Fiat};

table! {
    /// The exchange's customers.
    "users" => User;
    key: ["user_id"];
    time: "signup_at";
    write: Merge;
    /// The user.
    user_id: i64,
    /// E-mail address; null where it is unknown.
    email: Option<String>,
    /// Country of residence, ISO 3166-1 alpha-2; null where it is unknown.
    country: Option<String>,
    /// `verified`, `pending` or `rejected`; null where it is unknown.
    kyc_status: Option<String>,
    /// When the identity check succeeded; null unless `verified`.
    kyc_verified_at: Option<DateTime<Utc>>,
    /// `starter`, `intermediate` or `pro`; null where it is unknown.
    account_tier: Option<String>,
    /// Whether the account was in use when the row was written; null where it is unknown.
    is_active: Option<bool>,
    /// When the account was opened.
    signup_at: DateTime<Utc>,
    /// Where the user came from: `organic`, `referral`, `paid_search`…; null where it is unknown.
    acquisition_channel: Option<String>,
    /// The campaign within the channel; null if none was paid for.
    campaign: Option<String>,
    /// First and last name.
    name: Option<String>,
    /// Telephone number, with the country's code.
    phone: Option<String>,
    /// Street, postal code and town.
    address: Option<String>,
    /// What the device was recognised by that the account was opened on.
    device: Option<String>,
    /// The user who brought this one along; null for all who came otherwise.
    referred_by: Option<i64>,
    /// What the account holds, as a JSON object of decimals by currency or coin: `{"BTC":"0.02","EUR":"15"}`.
    balances: Option<String>,
    /// The user as the source calls them, where that is no whole number; null elsewhere.
    external_id: Option<String>,
}

table! {
    /// Money and coins coming in.
    "deposits" => Deposit;
    key: ["deposit_id"];
    time: "created_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The deposit.
    deposit_id: i64,
    /// Whose.
    user_id: i64,
    /// `fiat` or `crypto`.
    deposit_type: String,
    /// Currency or token, as in `EUR`, `BTC`.
    currency: String,
    /// How much, in that currency.
    amount: Crypto,
    /// `bank_transfer`, `card` or `blockchain`.
    payment_method: String,
    /// `completed`, `pending` or `failed`.
    status: String,
    /// Confirmations seen; null for fiat.
    blockchain_confirmations: Option<i64>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When it was credited; null unless `completed`.
    completed_at: Option<DateTime<Utc>>,
    /// The transaction on the chain; null for fiat.
    tx_hash: Option<String>,
    /// The deposit as its source calls it, where that is no whole number; null elsewhere.
    external_id: Option<String>,
    /// The user likewise.
    external_user_id: Option<String>,
}

table! {
    /// Money and coins going out.
    "withdrawals" => Withdrawal;
    key: ["withdrawal_id"];
    time: "created_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The withdrawal.
    withdrawal_id: i64,
    /// Whose.
    user_id: i64,
    /// `fiat` or `crypto`.
    withdrawal_type: String,
    /// Currency or token.
    currency: String,
    /// How much leaves for the destination, in that currency.
    amount: Crypto,
    /// The exchange's fee on top, in that currency.
    fee: Crypto,
    /// `bank_account` or `wallet`.
    destination_type: String,
    /// The transaction on the chain; null for fiat and for what was never sent.
    tx_hash: Option<String>,
    /// `completed`, `pending`, `failed` or `cancelled`.
    status: String,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When it left; null unless `completed`.
    completed_at: Option<DateTime<Utc>>,
    /// The address on the chain that it went to; null for fiat.
    address: Option<String>,
    /// The withdrawal as its source calls it, where that is no whole number; null elsewhere.
    external_id: Option<String>,
    /// The user likewise.
    external_user_id: Option<String>,
}

table! {
    /// What users asked the market for.
    "orders" => Order;
    key: ["order_id"];
    time: "created_at";
    write: Merge;
    references: ["user_id" => "users"];
    /// The order.
    order_id: i64,
    /// Whose.
    user_id: i64,
    /// Base and quote currency, as in `BTC/USD`; null where it is unknown.
    trading_pair: Option<String>,
    /// `buy` or `sell`; null where it is unknown.
    side: Option<String>,
    /// `market` or `limit`; null where it is unknown.
    order_type: Option<String>,
    /// What is bought or sold.
    base_currency: String,
    /// What it is paid in; null where it is unknown.
    quote_currency: Option<String>,
    /// How much is wanted, in the base currency.
    base_amount: Crypto,
    /// How much of it was traded; null where it is unknown.
    filled_amount: Option<Crypto>,
    /// The worst price accepted, in the quote currency; null for market orders.
    limit_price: Option<Crypto>,
    /// `filled`, `partially_filled`, `open`, `cancelled` or `expired`; null where it is unknown.
    status: Option<String>,
    /// When it was placed.
    created_at: DateTime<Utc>,
    /// When it last changed; null where it is unknown.
    updated_at: Option<DateTime<Utc>>,
    /// The order as its source calls it, where that is no whole number; null elsewhere.
    external_id: Option<String>,
    /// The user likewise.
    external_user_id: Option<String>,
}

table! {
    /// The fills of orders.
    "trades" => Trade;
    key: ["trade_id"];
    time: "executed_at";
    write: Append;
    references: ["order_id" => "orders", "user_id" => "users"];
    /// The trade.
    trade_id: i64,
    /// The order that it fills; null where it is unknown.
    order_id: Option<i64>,
    /// Whose.
    user_id: i64,
    /// Base and quote currency, as in `BTC/USD`; null where it is unknown.
    trading_pair: Option<String>,
    /// `buy` or `sell`; null where it is unknown.
    side: Option<String>,
    /// What is bought or sold; null where it is unknown.
    base_currency: Option<String>,
    /// What it is paid in.
    quote_currency: String,
    /// How much was traded, in the base currency; null where it is unknown.
    base_amount: Option<Crypto>,
    /// What was paid for it, in the quote currency.
    quote_amount: Crypto,
    /// Quote currency per unit of the base currency; null where it is unknown.
    price: Option<Crypto>,
    /// The exchange's fee; null where it is unknown.
    fee_amount: Option<Crypto>,
    /// What the fee was taken in; null where it is unknown.
    fee_currency: Option<String>,
    /// Whether the order was waiting in the book; null where it is unknown.
    is_maker: Option<bool>,
    /// When.
    executed_at: DateTime<Utc>,
    /// The trade as its source calls it, where that is no whole number; null elsewhere.
    external_id: Option<String>,
    /// The order likewise.
    external_order_id: Option<String>,
    /// The user likewise.
    external_user_id: Option<String>,
}

table! {
    /// Purchases of coins with a card or a bank account, without an order.
    "ramp_transactions" => RampTransaction;
    key: ["transaction_id"];
    time: "created_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The purchase.
    transaction_id: i64,
    /// Whose.
    user_id: i64,
    /// What was paid in.
    fiat_currency: String,
    /// How much was paid, fee included.
    fiat_amount: Fiat,
    /// What was bought; null where it is unknown.
    crypto_token: Option<String>,
    /// How much of it; null where it is unknown.
    crypto_amount: Option<Crypto>,
    /// `card`, `bank_transfer`, `apple_pay` or `google_pay`; null where it is unknown.
    payment_method: Option<String>,
    /// The payer's country, ISO 3166-1 alpha-2; null where it is unknown.
    country: Option<String>,
    /// `completed`, `failed` or `pending`.
    status: String,
    /// The exchange's fee in US dollars, earned only when `completed`; null where it is unknown.
    fee_usd: Option<Fiat>,
    /// When.
    created_at: DateTime<Utc>,
    /// What the card was recognised by; null where none was used.
    card: Option<String>,
    /// The purchase as its source calls it, where that is no whole number; null elsewhere.
    external_id: Option<String>,
    /// The user likewise.
    external_user_id: Option<String>,
}

table! {
    /// Purchases that the card's owner had undone.
    "chargebacks" => Chargeback;
    key: ["chargeback_id"];
    time: "created_at";
    write: Append;
    references: ["transaction_id" => "ramp_transactions", "user_id" => "users"];
    /// The chargeback.
    chargeback_id: i64,
    /// The purchase.
    transaction_id: i64,
    /// Whose account had bought.
    user_id: i64,
    /// What was given back.
    currency: String,
    /// How much: all that was paid, which the exchange loses.
    amount: Fiat,
    /// `fraud` or `dispute`.
    reason: String,
    /// When.
    created_at: DateTime<Utc>,
    /// The chargeback as its source calls it, where that is no whole number; null elsewhere.
    external_id: Option<String>,
    /// The purchase likewise.
    external_transaction_id: Option<String>,
    /// The user likewise.
    external_user_id: Option<String>,
}

table! {
    /// What was spent on acquisition.
    "marketing_spend" => MarketingSpend;
    key: ["day", "channel", "campaign"];
    time: "day";
    write: Merge;
    /// The day, UTC.
    day: NaiveDate,
    /// The channel, as in `users.acquisition_channel`.
    channel: String,
    /// The campaign, as in `users.campaign`.
    campaign: String,
    /// What it was spent in.
    currency: String,
    /// How much.
    spend: Fiat,
}

table! {
    /// The simulated exchange's books, by double entry: the amounts of every event add up to zero in every asset.
    "ledger_entries" => LedgerEntry;
    key: ["entry_id"];
    time: "posted_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The entry.
    entry_id: i64,
    /// The event that it belongs to: entries of one event have one number.
    posting_id: i64,
    /// The user whose event it is.
    user_id: i64,
    /// `deposit`, `withdrawal`, `trade`, `ramp` or `chargeback`.
    kind: String,
    /// The deposit, withdrawal, trade, purchase or chargeback.
    reference_id: i64,
    /// Whose account: `user`, `exchange`, `fees` or `outside`.
    account: String,
    /// Currency or coin.
    asset: String,
    /// What the account gets, or, below zero, gives.
    amount: Crypto,
    /// When.
    posted_at: DateTime<Utc>,
}

table! {
    /// What a simulated user is really like, which nobody sees who looks at the exchange's records.
    "truth_users" => TruthUser;
    key: ["user_id"];
    time: "signup_at";
    write: Merge;
    references: ["user_id" => "users"];
    /// The user.
    user_id: i64,
    /// When the account was opened.
    signup_at: DateTime<Utc>,
    /// The channel that the user came through.
    channel: String,
    /// The first trade or purchase, from which on the process below runs; null where there never is one.
    started_at: Option<DateTime<Utc>>,
    /// Trades and purchases a day while the user stays: λ of BG/NBD.
    rate: f64,
    /// The probability of leaving after each of them: p of BG/NBD.
    dropout: f64,
    /// What one is worth on average, in US dollars: of gamma–gamma.
    mean_value: f64,
    /// After how many of them, the first included, the user leaves.
    lasts: i64,
    /// What this user is expected to trade and buy for in the 30 days from the first one on, in US dollars.
    value_30d: f64,
    /// The same in 90 days.
    value_90d: f64,
    /// The same in 180 days.
    value_180d: f64,
    /// The same in 365 days.
    value_365d: f64,
}

table! {
    /// What the users of a channel of the simulated exchange are really like.
    "truth_channels" => TruthChannel;
    key: ["channel"];
    write: Merge;
    /// The channel, as in `users.acquisition_channel`.
    channel: String,
    /// BG/NBD: the shape of the rates.
    r: f64,
    /// BG/NBD: their scale, in days.
    alpha: f64,
    /// BG/NBD: the first parameter of the probabilities of leaving.
    a: f64,
    /// BG/NBD: the second.
    b: f64,
    /// Gamma–gamma: the shape of the values of one user.
    p: f64,
    /// Gamma–gamma: the shape of their scales.
    q: f64,
    /// Gamma–gamma: the scale of these, in US dollars.
    gamma: f64,
    /// The probability that a signup comes to a first trade or purchase.
    starts: f64,
    /// What a signup costs, in US dollars.
    cost: f64,
    /// What a signup is expected to trade and buy for within a year of the first one, in US dollars.
    value_365d: f64,
    /// What the exchange is expected to take of that, withdrawals not counted, in US dollars.
    revenue_365d: f64,
    /// That for a dollar spent; null where nothing is.
    roas_365d: Option<f64>,
}
