-- What an exchange knows of its users, chargebacks, the simulated books and the truth behind them.

-- What the exchange knows of its users: who they are, who brought them, what they hold.
ALTER TABLE `users` ADD COLUMN IF NOT EXISTS `name` STRING;
ALTER TABLE `users` ADD COLUMN IF NOT EXISTS `phone` STRING;
ALTER TABLE `users` ADD COLUMN IF NOT EXISTS `address` STRING;
ALTER TABLE `users` ADD COLUMN IF NOT EXISTS `device` STRING;
ALTER TABLE `users` ADD COLUMN IF NOT EXISTS `referred_by` INT64;
ALTER TABLE `users` ADD COLUMN IF NOT EXISTS `balances` STRING;

-- Where coins went, and the card that paid.
ALTER TABLE `deposits` ADD COLUMN IF NOT EXISTS `tx_hash` STRING;
ALTER TABLE `withdrawals` ADD COLUMN IF NOT EXISTS `address` STRING;
ALTER TABLE `ramp_transactions` ADD COLUMN IF NOT EXISTS `card` STRING;

-- Purchases that the card's owner had undone.
CREATE TABLE IF NOT EXISTS `chargebacks` (
    `chargeback_id` INT64 NOT NULL,
    `transaction_id` INT64 NOT NULL,
    `user_id` INT64 NOT NULL,
    `currency` STRING NOT NULL,
    `amount` NUMERIC(18,2) NOT NULL,
    `reason` STRING NOT NULL,
    `created_at` TIMESTAMP NOT NULL,
    PRIMARY KEY (`chargeback_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`created_at`, MONTH)
CLUSTER BY `user_id`, `chargeback_id`;

-- The simulated exchange's books, by double entry: the amounts of every event add up to zero in every asset.
CREATE TABLE IF NOT EXISTS `ledger_entries` (
    `entry_id` INT64 NOT NULL,
    `posting_id` INT64 NOT NULL,
    `user_id` INT64 NOT NULL,
    `kind` STRING NOT NULL,
    `reference_id` INT64 NOT NULL,
    `account` STRING NOT NULL,
    `asset` STRING NOT NULL,
    `amount` NUMERIC(28,8) NOT NULL,
    `posted_at` TIMESTAMP NOT NULL,
    PRIMARY KEY (`entry_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`posted_at`, MONTH)
CLUSTER BY `user_id`, `entry_id`;

-- What a simulated user is really like, which nobody sees who looks at the exchange's records.
CREATE TABLE IF NOT EXISTS `truth_users` (
    `user_id` INT64 NOT NULL,
    `signup_at` TIMESTAMP NOT NULL,
    `channel` STRING NOT NULL,
    `started_at` TIMESTAMP,
    `rate` FLOAT64 NOT NULL,
    `dropout` FLOAT64 NOT NULL,
    `mean_value` FLOAT64 NOT NULL,
    `lasts` INT64 NOT NULL,
    `value_30d` FLOAT64 NOT NULL,
    `value_90d` FLOAT64 NOT NULL,
    `value_180d` FLOAT64 NOT NULL,
    `value_365d` FLOAT64 NOT NULL,
    PRIMARY KEY (`user_id`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`signup_at`, MONTH)
CLUSTER BY `user_id`;

-- What the users of a channel of the simulated exchange are really like.
CREATE TABLE IF NOT EXISTS `truth_channels` (
    `channel` STRING NOT NULL,
    `r` FLOAT64 NOT NULL,
    `alpha` FLOAT64 NOT NULL,
    `a` FLOAT64 NOT NULL,
    `b` FLOAT64 NOT NULL,
    `p` FLOAT64 NOT NULL,
    `q` FLOAT64 NOT NULL,
    `gamma` FLOAT64 NOT NULL,
    `starts` FLOAT64 NOT NULL,
    `cost` FLOAT64 NOT NULL,
    `value_365d` FLOAT64 NOT NULL,
    `revenue_365d` FLOAT64 NOT NULL,
    `roas_365d` FLOAT64,
    PRIMARY KEY (`channel`) NOT ENFORCED
)
CLUSTER BY `channel`;
