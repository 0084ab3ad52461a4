//! Tables of the exchange's own records.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{Crypto, Fiat};

table! {
    /// The exchange's customers.
    "users" => User;
    key: ["user_id"];
    time: "signup_at";
    write: Merge;
    /// The id of the user.
    user_id: i64,
    /// The e-mail address; null if unknown.
    email: Option<String>,
    /// The country of residence, ISO 3166-1 alpha-2; null if unknown.
    country: Option<String>,
    /// The state of the identity check (KYC): `verified`, `pending` or `rejected`; null if unknown.
    kyc_status: Option<String>,
    /// The time at which the identity check succeeded; null unless `verified`.
    kyc_verified_at: Option<DateTime<Utc>>,
    /// The tier of the account: `starter`, `intermediate` or `pro`; null if unknown.
    account_tier: Option<String>,
    /// `true` if the account was in use when the row was written; null if unknown.
    is_active: Option<bool>,
    /// The time at which the account was opened.
    signup_at: DateTime<Utc>,
    /// The channel of the acquisition: `organic`, `referral`, `paid_search`…; null if unknown.
    acquisition_channel: Option<String>,
    /// The campaign within the channel; null if there was no paid campaign.
    campaign: Option<String>,
    /// The first and last name.
    name: Option<String>,
    /// The telephone number, with the country code.
    phone: Option<String>,
    /// The street, postal code and town.
    address: Option<String>,
    /// The fingerprint of the device on which the account was opened.
    device: Option<String>,
    /// The id of the referring user; null for users without a referrer.
    referred_by: Option<i64>,
    /// The balances of the account, a JSON object of decimals by currency or coin: `{"BTC":"0.02","EUR":"15"}`.
    balances: Option<String>,
    /// The user's id in the source if it is not an integer; otherwise null.
    external_id: Option<String>,
}

table! {
    /// Deposits of money and coins.
    "deposits" => Deposit;
    key: ["deposit_id"];
    time: "created_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The id of the deposit.
    deposit_id: i64,
    /// The id of the user.
    user_id: i64,
    /// The kind of asset: `fiat` or `crypto`.
    deposit_type: String,
    /// The currency or coin, as in `EUR`, `BTC`.
    currency: String,
    /// The amount, in `currency`.
    amount: Crypto,
    /// The payment method: `bank_transfer`, `card` or `blockchain`.
    payment_method: String,
    /// The status: `completed`, `pending` or `failed`.
    status: String,
    /// The number of confirmations on the blockchain; null for fiat.
    blockchain_confirmations: Option<i64>,
    /// The time at which it was requested.
    created_at: DateTime<Utc>,
    /// The time at which it was credited; null unless `completed`.
    completed_at: Option<DateTime<Utc>>,
    /// The hash of the blockchain transaction; null for fiat.
    tx_hash: Option<String>,
    /// The deposit's id in the source if it is not an integer; otherwise null.
    external_id: Option<String>,
    /// The user's id in the source if it is not an integer; otherwise null.
    external_user_id: Option<String>,
}

table! {
    /// Withdrawals of money and coins.
    "withdrawals" => Withdrawal;
    key: ["withdrawal_id"];
    time: "created_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The id of the withdrawal.
    withdrawal_id: i64,
    /// The id of the user.
    user_id: i64,
    /// The kind of asset: `fiat` or `crypto`.
    withdrawal_type: String,
    /// The currency or coin.
    currency: String,
    /// The amount that the destination receives, in `currency`, without the fee.
    amount: Crypto,
    /// The exchange's fee in addition to the amount, in `currency`.
    fee: Crypto,
    /// The kind of destination: `bank_account` or `wallet`.
    destination_type: String,
    /// The hash of the blockchain transaction; null for fiat and for withdrawals that were not sent.
    tx_hash: Option<String>,
    /// The status: `completed`, `pending`, `failed` or `cancelled`.
    status: String,
    /// The time at which it was requested.
    created_at: DateTime<Utc>,
    /// The time at which it was sent; null unless `completed`.
    completed_at: Option<DateTime<Utc>>,
    /// The destination address on the blockchain; null for fiat.
    address: Option<String>,
    /// The withdrawal's id in the source if it is not an integer; otherwise null.
    external_id: Option<String>,
    /// The user's id in the source if it is not an integer; otherwise null.
    external_user_id: Option<String>,
}

table! {
    /// Orders that users placed on the market.
    "orders" => Order;
    key: ["order_id"];
    time: "created_at";
    write: Merge;
    references: ["user_id" => "users"];
    /// The id of the order.
    order_id: i64,
    /// The id of the user.
    user_id: i64,
    /// The base and quote currency, as in `BTC/USD`; null if unknown.
    trading_pair: Option<String>,
    /// The side: `buy` or `sell`; null if unknown.
    side: Option<String>,
    /// The order type: `market` or `limit`; null if unknown.
    order_type: Option<String>,
    /// The currency that is bought or sold.
    base_currency: String,
    /// The currency in which the price is quoted; null if unknown.
    quote_currency: Option<String>,
    /// The amount of the order, in the base currency.
    base_amount: Crypto,
    /// The amount filled so far, in the base currency; null if unknown.
    filled_amount: Option<Crypto>,
    /// The limit price, in the quote currency; null for market orders.
    limit_price: Option<Crypto>,
    /// The status: `filled`, `partially_filled`, `open`, `cancelled` or `expired`; null if unknown.
    status: Option<String>,
    /// The time at which it was placed.
    created_at: DateTime<Utc>,
    /// The time of its last change; null if unknown.
    updated_at: Option<DateTime<Utc>>,
    /// The order's id in the source if it is not an integer; otherwise null.
    external_id: Option<String>,
    /// The user's id in the source if it is not an integer; otherwise null.
    external_user_id: Option<String>,
}

table! {
    /// The fills of orders.
    "trades" => Trade;
    key: ["trade_id"];
    time: "executed_at";
    write: Append;
    references: ["order_id" => "orders", "user_id" => "users"];
    /// The id of the trade.
    trade_id: i64,
    /// The id of the order that it fills; null if unknown.
    order_id: Option<i64>,
    /// The id of the user.
    user_id: i64,
    /// The base and quote currency, as in `BTC/USD`; null if unknown.
    trading_pair: Option<String>,
    /// The side: `buy` or `sell`; null if unknown.
    side: Option<String>,
    /// The currency that is bought or sold; null if unknown.
    base_currency: Option<String>,
    /// The currency in which the price is quoted.
    quote_currency: String,
    /// The amount traded, in the base currency; null if unknown.
    base_amount: Option<Crypto>,
    /// The amount paid for it, in the quote currency.
    quote_amount: Crypto,
    /// The price: units of the quote currency per unit of the base currency; null if unknown.
    price: Option<Crypto>,
    /// The exchange's fee, in `fee_currency`; null if unknown.
    fee_amount: Option<Crypto>,
    /// The currency of the fee; null if unknown.
    fee_currency: Option<String>,
    /// `true` if the order was resting in the order book (maker); null if unknown.
    is_maker: Option<bool>,
    /// The time of the trade.
    executed_at: DateTime<Utc>,
    /// The trade's id in the source if it is not an integer; otherwise null.
    external_id: Option<String>,
    /// The order's id in the source if it is not an integer; otherwise null.
    external_order_id: Option<String>,
    /// The user's id in the source if it is not an integer; otherwise null.
    external_user_id: Option<String>,
}

table! {
    /// Purchases of coins with a card or a bank account, without an order.
    "ramp_transactions" => RampTransaction;
    key: ["transaction_id"];
    time: "created_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The id of the purchase.
    transaction_id: i64,
    /// The id of the user.
    user_id: i64,
    /// The currency of the payment.
    fiat_currency: String,
    /// The amount paid, including the fee.
    fiat_amount: Fiat,
    /// The coin that was bought; null if unknown.
    crypto_token: Option<String>,
    /// The amount of the coin; null if unknown.
    crypto_amount: Option<Crypto>,
    /// The payment method: `card`, `bank_transfer`, `apple_pay` or `google_pay`; null if unknown.
    payment_method: Option<String>,
    /// The payer's country, ISO 3166-1 alpha-2; null if unknown.
    country: Option<String>,
    /// The status: `completed`, `failed` or `pending`.
    status: String,
    /// The exchange's fee in US dollars, earned only if `completed`; null if unknown.
    fee_usd: Option<Fiat>,
    /// The time of the purchase.
    created_at: DateTime<Utc>,
    /// The fingerprint of the card; null if no card was used.
    card: Option<String>,
    /// The purchase's id in the source if it is not an integer; otherwise null.
    external_id: Option<String>,
    /// The user's id in the source if it is not an integer; otherwise null.
    external_user_id: Option<String>,
}

table! {
    /// Purchases that the card's owner reversed.
    "chargebacks" => Chargeback;
    key: ["chargeback_id"];
    time: "created_at";
    write: Append;
    references: ["transaction_id" => "ramp_transactions", "user_id" => "users"];
    /// The id of the chargeback.
    chargeback_id: i64,
    /// The id of the purchase.
    transaction_id: i64,
    /// The id of the user who made the purchase.
    user_id: i64,
    /// The currency of the refund.
    currency: String,
    /// The amount refunded: the whole payment, which is the exchange's loss.
    amount: Fiat,
    /// The reason: `fraud` or `dispute`.
    reason: String,
    /// The time of the chargeback.
    created_at: DateTime<Utc>,
    /// The chargeback's id in the source if it is not an integer; otherwise null.
    external_id: Option<String>,
    /// The purchase's id in the source if it is not an integer; otherwise null.
    external_transaction_id: Option<String>,
    /// The user's id in the source if it is not an integer; otherwise null.
    external_user_id: Option<String>,
}

table! {
    /// Marketing spend on acquisition.
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
    /// The currency of the spend.
    currency: String,
    /// The amount spent.
    spend: Fiat,
}

table! {
    /// The simulated exchange's ledger, by double entry: the amounts of every event sum to zero per asset.
    "ledger_entries" => LedgerEntry;
    key: ["entry_id"];
    time: "posted_at";
    write: Append;
    references: ["user_id" => "users"];
    /// The id of the entry.
    entry_id: i64,
    /// The number of the event that it belongs to, shared by all entries of the event.
    posting_id: i64,
    /// The id of the user whose event it is.
    user_id: i64,
    /// The kind of event: `deposit`, `withdrawal`, `trade`, `ramp` or `chargeback`.
    kind: String,
    /// The id of the deposit, withdrawal, trade, purchase or chargeback.
    reference_id: i64,
    /// The account: `user`, `exchange`, `fees` or `outside`.
    account: String,
    /// The currency or coin.
    asset: String,
    /// The amount credited to the account; negative if it is debited.
    amount: Crypto,
    /// The time of the posting.
    posted_at: DateTime<Utc>,
}

table! {
    /// Ground truth of simulated users: their true parameters, which are not observable in the exchange's records.
    "truth_users" => TruthUser;
    key: ["user_id"];
    time: "signup_at";
    write: Merge;
    references: ["user_id" => "users"];
    /// The id of the user.
    user_id: i64,
    /// The time at which the account was opened.
    signup_at: DateTime<Utc>,
    /// The acquisition channel of the user.
    channel: String,
    /// The time of the first trade or purchase, at which the process below starts; null if there is none.
    started_at: Option<DateTime<Utc>>,
    /// Trades and purchases per day while the user is active: λ of BG/NBD.
    rate: f64,
    /// The probability of churn after each of them: p of BG/NBD.
    dropout: f64,
    /// The mean value of one of them, in US dollars: of gamma–gamma.
    mean_value: f64,
    /// The number of them, the first included, after which the user churns.
    lasts: i64,
    /// The expected volume of trades and purchases in the 30 days from the first one on, in US dollars.
    value_30d: f64,
    /// Expected volume in 90 days, in US dollars.
    value_90d: f64,
    /// Expected volume in 180 days, in US dollars.
    value_180d: f64,
    /// Expected volume in 365 days, in US dollars.
    value_365d: f64,
}

table! {
    /// Ground truth of the channels of the simulated exchange: the true parameters of their users.
    "truth_channels" => TruthChannel;
    key: ["channel"];
    write: Merge;
    /// The channel, as in `users.acquisition_channel`.
    channel: String,
    /// BG/NBD: the shape of the gamma distribution of rates.
    r: f64,
    /// BG/NBD: the rate parameter of that distribution, in days.
    alpha: f64,
    /// BG/NBD: the first parameter of the beta distribution of churn probabilities.
    a: f64,
    /// BG/NBD: the second parameter of that distribution.
    b: f64,
    /// Gamma–gamma: the shape of the values of one user.
    p: f64,
    /// Gamma–gamma: the shape of their scales.
    q: f64,
    /// Gamma–gamma: the scale of those, in US dollars.
    gamma: f64,
    /// The probability that a signup leads to a first trade or purchase.
    starts: f64,
    /// The cost of a signup, in US dollars.
    cost: f64,
    /// The expected volume of trades and purchases of a signup in the year from the first one on, in US dollars.
    value_365d: f64,
    /// The expected fees of that volume, without fees of withdrawals, in US dollars.
    revenue_365d: f64,
    /// The return on ad spend: those fees per dollar spent; null if nothing is spent.
    roas_365d: Option<f64>,
}
