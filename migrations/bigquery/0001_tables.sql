-- The built-in tables (crates/core/src/tables), and how far each source has been loaded.
-- A released migration never changes: what comes later is a file of its own. Statements are such
-- that they do nothing a second time.

CREATE TABLE IF NOT EXISTS `_tidegauge_cursors` (
    `source` STRING NOT NULL,
    `cursor` STRING NOT NULL,
    PRIMARY KEY (`source`) NOT ENFORCED
);

-- The row that every load changes, so that of two at once one is given up.
CREATE TABLE IF NOT EXISTS `_tidegauge_lock` (
    `taken_at` TIMESTAMP
);
INSERT INTO `_tidegauge_lock` (`taken_at`)
SELECT CURRENT_TIMESTAMP() FROM (SELECT 1) WHERE NOT EXISTS (SELECT 1 FROM `_tidegauge_lock`);

-- Prices of crypto assets as a source observed them.
CREATE TABLE IF NOT EXISTS `raw_crypto_market_data` (
    `symbol` STRING NOT NULL,
    `observed_at` TIMESTAMP NOT NULL,
    `source` STRING NOT NULL,
    `name` STRING NOT NULL,
    `price_usd` NUMERIC(28,8) NOT NULL,
    `volume_24h_usd` NUMERIC(18,2),
    `market_cap_usd` NUMERIC(18,2),
    PRIMARY KEY (`symbol`, `observed_at`, `source`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`observed_at`, MONTH)
CLUSTER BY `symbol`, `observed_at`, `source`;

-- Open, high, low and close of an interval.
CREATE TABLE IF NOT EXISTS `candles` (
    `source` STRING NOT NULL,
    `symbol` STRING NOT NULL,
    `interval` STRING NOT NULL,
    `open_at` TIMESTAMP NOT NULL,
    `open` NUMERIC(28,8) NOT NULL,
    `high` NUMERIC(28,8) NOT NULL,
    `low` NUMERIC(28,8) NOT NULL,
    `close` NUMERIC(28,8) NOT NULL,
    `volume` NUMERIC(28,8),
    `base_volume` NUMERIC(28,8),
    `currency` STRING NOT NULL,
    PRIMARY KEY (`source`, `symbol`, `interval`, `open_at`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`open_at`, MONTH)
CLUSTER BY `source`, `symbol`, `interval`, `open_at`;

-- The latest price of an instrument as a source saw it, with bid and ask.
CREATE TABLE IF NOT EXISTS `quotes` (
    `source` STRING NOT NULL,
    `symbol` STRING NOT NULL,
    `at` TIMESTAMP NOT NULL,
    `price` NUMERIC(28,8) NOT NULL,
    `currency` STRING NOT NULL,
    `bid` NUMERIC(28,8),
    `ask` NUMERIC(28,8),
    `base_volume` NUMERIC(28,8),
    PRIMARY KEY (`source`, `symbol`, `at`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`at`, MONTH)
CLUSTER BY `source`, `symbol`, `at`;

-- What was traded on a market, trade by trade; `trades` are the exchange's own users'.
CREATE TABLE IF NOT EXISTS `market_trades` (
    `source` STRING NOT NULL,
    `symbol` STRING NOT NULL,
    `trade_id` INT64 NOT NULL,
    `at` TIMESTAMP NOT NULL,
    `side` STRING NOT NULL,
    `price` NUMERIC(28,8) NOT NULL,
    `base_amount` NUMERIC(28,8) NOT NULL,
    `currency` STRING NOT NULL,
    PRIMARY KEY (`source`, `symbol`, `trade_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`at`, MONTH)
CLUSTER BY `source`, `symbol`, `trade_id`;

-- The single source of truth: one price per instrument and five minutes out of all sources.
CREATE TABLE IF NOT EXISTS `market_prices` (
    `symbol` STRING NOT NULL,
    `at` TIMESTAMP NOT NULL,
    `price_usd` NUMERIC(28,8) NOT NULL,
    `source` STRING NOT NULL,
    `sources` INT64 NOT NULL,
    `other_source` STRING,
    `other_price_usd` NUMERIC(28,8),
    `difference` FLOAT64,
    `is_disputed` BOOL NOT NULL,
    PRIMARY KEY (`symbol`, `at`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`at`, MONTH)
CLUSTER BY `symbol`, `at`;

-- Exchange rates of currencies.
CREATE TABLE IF NOT EXISTS `fx_rates` (
    `base` STRING NOT NULL,
    `quote` STRING NOT NULL,
    `rate_date` DATE NOT NULL,
    `source` STRING NOT NULL,
    `rate` NUMERIC(28,8) NOT NULL,
    PRIMARY KEY (`base`, `quote`, `rate_date`, `source`) NOT ENFORCED
)
PARTITION BY DATE_TRUNC(`rate_date`, MONTH)
CLUSTER BY `base`, `quote`, `rate_date`, `source`;

-- One US dollar rate per currency and calendar day, from `fx_rates`, without a hole.
CREATE TABLE IF NOT EXISTS `fx_daily` (
    `base` STRING NOT NULL,
    `quote` STRING NOT NULL,
    `rate_date` DATE NOT NULL,
    `rate` NUMERIC(28,8) NOT NULL,
    `fixed_on` DATE NOT NULL,
    `is_filled` BOOL NOT NULL,
    `via` STRING,
    PRIMARY KEY (`base`, `quote`, `rate_date`) NOT ENFORCED
)
PARTITION BY DATE_TRUNC(`rate_date`, MONTH)
CLUSTER BY `base`, `quote`, `rate_date`;

-- Changes and volatility of crypto assets, from `market_prices`.
CREATE TABLE IF NOT EXISTS `crypto_metrics` (
    `symbol` STRING NOT NULL,
    `metric_time` TIMESTAMP NOT NULL,
    `price_change_5m` FLOAT64,
    `price_change_15m` FLOAT64,
    `price_change_1h` FLOAT64,
    `price_change_24h` FLOAT64,
    `mean_price_1h` FLOAT64,
    `min_price_1h` FLOAT64,
    `max_price_1h` FLOAT64,
    `volatility` FLOAT64,
    `volume` FLOAT64,
    PRIMARY KEY (`symbol`, `metric_time`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`metric_time`, MONTH)
CLUSTER BY `symbol`, `metric_time`;

-- Posts that mention an instrument; one that mentions two is there for each.
CREATE TABLE IF NOT EXISTS `social_posts` (
    `post_id` STRING NOT NULL,
    `author_id` STRING NOT NULL,
    `text` STRING NOT NULL,
    `lang` STRING,
    `created_at` TIMESTAMP NOT NULL,
    `like_count` INT64 NOT NULL,
    `repost_count` INT64 NOT NULL,
    `reply_count` INT64 NOT NULL,
    `symbol` STRING NOT NULL,
    `sentiment` FLOAT64,
    PRIMARY KEY (`post_id`, `symbol`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`created_at`, MONTH)
CLUSTER BY `post_id`, `symbol`;

-- Number of posts that mention an instrument.
CREATE TABLE IF NOT EXISTS `social_counts` (
    `symbol` STRING NOT NULL,
    `start_at` TIMESTAMP NOT NULL,
    `end_at` TIMESTAMP NOT NULL,
    `posts` INT64 NOT NULL,
    PRIMARY KEY (`symbol`, `start_at`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`start_at`, MONTH)
CLUSTER BY `symbol`, `start_at`;

-- The exchange's customers.
CREATE TABLE IF NOT EXISTS `users` (
    `user_id` INT64 NOT NULL,
    `email` STRING NOT NULL,
    `country` STRING NOT NULL,
    `kyc_status` STRING NOT NULL,
    `kyc_verified_at` TIMESTAMP,
    `account_tier` STRING NOT NULL,
    `is_active` BOOL NOT NULL,
    `signup_at` TIMESTAMP NOT NULL,
    `acquisition_channel` STRING NOT NULL,
    `campaign` STRING,
    PRIMARY KEY (`user_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`signup_at`, MONTH)
CLUSTER BY `user_id`;

-- Money and coins coming in.
CREATE TABLE IF NOT EXISTS `deposits` (
    `deposit_id` INT64 NOT NULL,
    `user_id` INT64 NOT NULL,
    `deposit_type` STRING NOT NULL,
    `currency` STRING NOT NULL,
    `amount` NUMERIC(28,8) NOT NULL,
    `payment_method` STRING NOT NULL,
    `status` STRING NOT NULL,
    `blockchain_confirmations` INT64,
    `created_at` TIMESTAMP NOT NULL,
    `completed_at` TIMESTAMP,
    PRIMARY KEY (`deposit_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`created_at`, MONTH)
CLUSTER BY `user_id`, `deposit_id`;

-- Money and coins going out.
CREATE TABLE IF NOT EXISTS `withdrawals` (
    `withdrawal_id` INT64 NOT NULL,
    `user_id` INT64 NOT NULL,
    `withdrawal_type` STRING NOT NULL,
    `currency` STRING NOT NULL,
    `amount` NUMERIC(28,8) NOT NULL,
    `fee` NUMERIC(28,8) NOT NULL,
    `destination_type` STRING NOT NULL,
    `tx_hash` STRING,
    `status` STRING NOT NULL,
    `created_at` TIMESTAMP NOT NULL,
    `completed_at` TIMESTAMP,
    PRIMARY KEY (`withdrawal_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`created_at`, MONTH)
CLUSTER BY `user_id`, `withdrawal_id`;

-- What users asked the market for.
CREATE TABLE IF NOT EXISTS `orders` (
    `order_id` INT64 NOT NULL,
    `user_id` INT64 NOT NULL,
    `trading_pair` STRING NOT NULL,
    `side` STRING NOT NULL,
    `order_type` STRING NOT NULL,
    `base_currency` STRING NOT NULL,
    `quote_currency` STRING NOT NULL,
    `base_amount` NUMERIC(28,8) NOT NULL,
    `filled_amount` NUMERIC(28,8) NOT NULL,
    `limit_price` NUMERIC(28,8),
    `status` STRING NOT NULL,
    `created_at` TIMESTAMP NOT NULL,
    `updated_at` TIMESTAMP NOT NULL,
    PRIMARY KEY (`order_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`created_at`, MONTH)
CLUSTER BY `user_id`, `order_id`;

-- The fills of orders.
CREATE TABLE IF NOT EXISTS `trades` (
    `trade_id` INT64 NOT NULL,
    `order_id` INT64 NOT NULL,
    `user_id` INT64 NOT NULL,
    `trading_pair` STRING NOT NULL,
    `side` STRING NOT NULL,
    `base_currency` STRING NOT NULL,
    `quote_currency` STRING NOT NULL,
    `base_amount` NUMERIC(28,8) NOT NULL,
    `quote_amount` NUMERIC(28,8) NOT NULL,
    `price` NUMERIC(28,8) NOT NULL,
    `fee_amount` NUMERIC(28,8) NOT NULL,
    `fee_currency` STRING NOT NULL,
    `is_maker` BOOL NOT NULL,
    `executed_at` TIMESTAMP NOT NULL,
    PRIMARY KEY (`trade_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`executed_at`, MONTH)
CLUSTER BY `user_id`, `trade_id`;

-- Purchases of coins with a card or a bank account, without an order.
CREATE TABLE IF NOT EXISTS `ramp_transactions` (
    `transaction_id` INT64 NOT NULL,
    `user_id` INT64 NOT NULL,
    `fiat_currency` STRING NOT NULL,
    `fiat_amount` NUMERIC(18,2) NOT NULL,
    `crypto_token` STRING NOT NULL,
    `crypto_amount` NUMERIC(28,8) NOT NULL,
    `payment_method` STRING NOT NULL,
    `country` STRING NOT NULL,
    `status` STRING NOT NULL,
    `fee_usd` NUMERIC(18,2) NOT NULL,
    `created_at` TIMESTAMP NOT NULL,
    PRIMARY KEY (`transaction_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`created_at`, MONTH)
CLUSTER BY `user_id`, `transaction_id`;

-- What was spent on acquisition.
CREATE TABLE IF NOT EXISTS `marketing_spend` (
    `day` DATE NOT NULL,
    `channel` STRING NOT NULL,
    `campaign` STRING NOT NULL,
    `currency` STRING NOT NULL,
    `spend` NUMERIC(18,2) NOT NULL,
    PRIMARY KEY (`day`, `channel`, `campaign`) NOT ENFORCED
)
PARTITION BY DATE_TRUNC(`day`, MONTH)
CLUSTER BY `day`, `channel`, `campaign`;

-- Numbers of the business itself: tickets, uptime, cost; filled from your own files and databases.
CREATE TABLE IF NOT EXISTS `operational_metrics` (
    `metric` STRING NOT NULL,
    `at` TIMESTAMP NOT NULL,
    `value` FLOAT64 NOT NULL,
    `dimensions` STRING,
    PRIMARY KEY (`metric`, `at`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`at`, MONTH)
CLUSTER BY `metric`, `at`;

-- The gap ledger: which spans of which series a source has read, and how that went.
CREATE TABLE IF NOT EXISTS `coverage` (
    `source` STRING NOT NULL,
    `series` STRING NOT NULL,
    `start_at` TIMESTAMP NOT NULL,
    `end_at` TIMESTAMP NOT NULL,
    `state` STRING NOT NULL,
    `rows` INT64 NOT NULL,
    `requested_to` TIMESTAMP,
    `reason` STRING,
    `noted_at` TIMESTAMP NOT NULL,
    PRIMARY KEY (`source`, `series`, `start_at`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`start_at`, MONTH)
CLUSTER BY `source`, `series`, `start_at`;

-- Rows that were not taken, and why. Only where a source is told to go on without them.
CREATE TABLE IF NOT EXISTS `quarantine` (
    `source` STRING NOT NULL,
    `place` STRING NOT NULL,
    `table_name` STRING NOT NULL,
    `reason` STRING NOT NULL,
    `content` STRING NOT NULL,
    `noted_at` TIMESTAMP NOT NULL,
    PRIMARY KEY (`source`, `place`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`noted_at`, MONTH)
CLUSTER BY `source`, `place`;
