-- What an exchange knows of its users, chargebacks, the simulated books and the truth behind them.
-- A table has all its columns from one statement: where one of them is there, all are.

-- What the exchange knows of its users: who they are, who brought them, what they hold.
ALTER TABLE `users`
    ADD COLUMN `name` longtext,
    ADD COLUMN `phone` longtext,
    ADD COLUMN `address` longtext,
    ADD COLUMN `device` longtext,
    ADD COLUMN `referred_by` bigint,
    ADD COLUMN `balances` longtext;

-- Where coins went, and the card that paid.
ALTER TABLE `deposits` ADD COLUMN `tx_hash` longtext;
ALTER TABLE `withdrawals` ADD COLUMN `address` longtext;
ALTER TABLE `ramp_transactions` ADD COLUMN `card` longtext;

-- Purchases that the card's owner had undone.
CREATE TABLE IF NOT EXISTS `chargebacks` (
    `chargeback_id` bigint NOT NULL,
    `transaction_id` bigint NOT NULL,
    `user_id` bigint NOT NULL,
    `currency` longtext NOT NULL,
    `amount` decimal(18,2) NOT NULL,
    `reason` longtext NOT NULL,
    `created_at` datetime(6) NOT NULL,
    PRIMARY KEY (`chargeback_id`),
    KEY `chargebacks_transaction_id` (`transaction_id`),
    KEY `chargebacks_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- The simulated exchange's books, by double entry: the amounts of every event add up to zero in every asset.
CREATE TABLE IF NOT EXISTS `ledger_entries` (
    `entry_id` bigint NOT NULL,
    `posting_id` bigint NOT NULL,
    `user_id` bigint NOT NULL,
    `kind` longtext NOT NULL,
    `reference_id` bigint NOT NULL,
    `account` longtext NOT NULL,
    `asset` longtext NOT NULL,
    `amount` decimal(28,8) NOT NULL,
    `posted_at` datetime(6) NOT NULL,
    PRIMARY KEY (`entry_id`),
    KEY `ledger_entries_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- What a simulated user is really like, which nobody sees who looks at the exchange's records.
CREATE TABLE IF NOT EXISTS `truth_users` (
    `user_id` bigint NOT NULL,
    `signup_at` datetime(6) NOT NULL,
    `channel` longtext NOT NULL,
    `started_at` datetime(6),
    `rate` double NOT NULL,
    `dropout` double NOT NULL,
    `mean_value` double NOT NULL,
    `lasts` bigint NOT NULL,
    `value_30d` double NOT NULL,
    `value_90d` double NOT NULL,
    `value_180d` double NOT NULL,
    `value_365d` double NOT NULL,
    PRIMARY KEY (`user_id`),
    KEY `truth_users_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- What the users of a channel of the simulated exchange are really like.
CREATE TABLE IF NOT EXISTS `truth_channels` (
    `channel` varchar(255) NOT NULL,
    `r` double NOT NULL,
    `alpha` double NOT NULL,
    `a` double NOT NULL,
    `b` double NOT NULL,
    `p` double NOT NULL,
    `q` double NOT NULL,
    `gamma` double NOT NULL,
    `starts` double NOT NULL,
    `cost` double NOT NULL,
    `value_365d` double NOT NULL,
    `revenue_365d` double NOT NULL,
    `roas_365d` double,
    PRIMARY KEY (`channel`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};
