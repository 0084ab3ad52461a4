-- The built-in tables (crates/core/src/tables), and how far each source has been loaded.
-- A released migration never changes: what comes later is a file of its own. {collation} is
-- utf8mb4_nopad_bin on MariaDB, utf8mb4_0900_bin on MySQL: by its bytes, to the last space.

CREATE TABLE IF NOT EXISTS `_tidegauge_cursors` (
    `source` varchar(255) NOT NULL,
    `cursor` longtext NOT NULL,
    PRIMARY KEY (`source`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Prices of crypto assets as a source observed them.
CREATE TABLE IF NOT EXISTS `raw_crypto_market_data` (
    `symbol` varchar(255) NOT NULL,
    `observed_at` datetime(6) NOT NULL,
    `source` varchar(255) NOT NULL,
    `name` longtext NOT NULL,
    `price_usd` decimal(28,8) NOT NULL,
    `volume_24h_usd` decimal(18,2),
    `market_cap_usd` decimal(18,2),
    PRIMARY KEY (`symbol`, `observed_at`, `source`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Open, high, low and close of an interval.
CREATE TABLE IF NOT EXISTS `candles` (
    `source` varchar(254) NOT NULL,
    `symbol` varchar(254) NOT NULL,
    `interval` varchar(254) NOT NULL,
    `open_at` datetime(6) NOT NULL,
    `open` decimal(28,8) NOT NULL,
    `high` decimal(28,8) NOT NULL,
    `low` decimal(28,8) NOT NULL,
    `close` decimal(28,8) NOT NULL,
    `volume` decimal(28,8),
    `base_volume` decimal(28,8),
    `currency` longtext NOT NULL,
    PRIMARY KEY (`source`, `symbol`, `interval`, `open_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- The latest price of an instrument as a source saw it, with bid and ask.
CREATE TABLE IF NOT EXISTS `quotes` (
    `source` varchar(255) NOT NULL,
    `symbol` varchar(255) NOT NULL,
    `at` datetime(6) NOT NULL,
    `price` decimal(28,8) NOT NULL,
    `currency` longtext NOT NULL,
    `bid` decimal(28,8),
    `ask` decimal(28,8),
    `base_volume` decimal(28,8),
    PRIMARY KEY (`source`, `symbol`, `at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- What was traded on a market, trade by trade; `trades` are the exchange's own users'.
CREATE TABLE IF NOT EXISTS `market_trades` (
    `source` varchar(255) NOT NULL,
    `symbol` varchar(255) NOT NULL,
    `trade_id` bigint NOT NULL,
    `at` datetime(6) NOT NULL,
    `side` longtext NOT NULL,
    `price` decimal(28,8) NOT NULL,
    `base_amount` decimal(28,8) NOT NULL,
    `currency` longtext NOT NULL,
    PRIMARY KEY (`source`, `symbol`, `trade_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- The single source of truth: one price per instrument and five minutes out of all sources.
CREATE TABLE IF NOT EXISTS `market_prices` (
    `symbol` varchar(255) NOT NULL,
    `at` datetime(6) NOT NULL,
    `price_usd` decimal(28,8) NOT NULL,
    `source` longtext NOT NULL,
    `sources` bigint NOT NULL,
    `other_source` longtext,
    `other_price_usd` decimal(28,8),
    `difference` double,
    `is_disputed` tinyint(1) NOT NULL,
    PRIMARY KEY (`symbol`, `at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Exchange rates of currencies.
CREATE TABLE IF NOT EXISTS `fx_rates` (
    `base` varchar(254) NOT NULL,
    `quote` varchar(254) NOT NULL,
    `rate_date` date NOT NULL,
    `source` varchar(254) NOT NULL,
    `rate` decimal(28,8) NOT NULL,
    PRIMARY KEY (`base`, `quote`, `rate_date`, `source`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- One US dollar rate per currency and calendar day, from `fx_rates`, without a hole.
CREATE TABLE IF NOT EXISTS `fx_daily` (
    `base` varchar(255) NOT NULL,
    `quote` varchar(255) NOT NULL,
    `rate_date` date NOT NULL,
    `rate` decimal(28,8) NOT NULL,
    `fixed_on` date NOT NULL,
    `is_filled` tinyint(1) NOT NULL,
    `via` longtext,
    PRIMARY KEY (`base`, `quote`, `rate_date`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Changes and volatility of crypto assets, from `market_prices`.
CREATE TABLE IF NOT EXISTS `crypto_metrics` (
    `symbol` varchar(255) NOT NULL,
    `metric_time` datetime(6) NOT NULL,
    `price_change_5m` double,
    `price_change_15m` double,
    `price_change_1h` double,
    `price_change_24h` double,
    `mean_price_1h` double,
    `min_price_1h` double,
    `max_price_1h` double,
    `volatility` double,
    `volume` double,
    PRIMARY KEY (`symbol`, `metric_time`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Posts that mention an instrument; one that mentions two is there for each.
CREATE TABLE IF NOT EXISTS `social_posts` (
    `post_id` varchar(255) NOT NULL,
    `author_id` longtext NOT NULL,
    `text` longtext NOT NULL,
    `lang` longtext,
    `created_at` datetime(6) NOT NULL,
    `like_count` bigint NOT NULL,
    `repost_count` bigint NOT NULL,
    `reply_count` bigint NOT NULL,
    `symbol` varchar(255) NOT NULL,
    `sentiment` double,
    PRIMARY KEY (`post_id`, `symbol`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Number of posts that mention an instrument.
CREATE TABLE IF NOT EXISTS `social_counts` (
    `symbol` varchar(255) NOT NULL,
    `start_at` datetime(6) NOT NULL,
    `end_at` datetime(6) NOT NULL,
    `posts` bigint NOT NULL,
    PRIMARY KEY (`symbol`, `start_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- The exchange's customers.
CREATE TABLE IF NOT EXISTS `users` (
    `user_id` bigint NOT NULL,
    `email` longtext NOT NULL,
    `country` longtext NOT NULL,
    `kyc_status` longtext NOT NULL,
    `kyc_verified_at` datetime(6),
    `account_tier` longtext NOT NULL,
    `is_active` tinyint(1) NOT NULL,
    `signup_at` datetime(6) NOT NULL,
    `acquisition_channel` longtext NOT NULL,
    `campaign` longtext,
    PRIMARY KEY (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Money and coins coming in.
CREATE TABLE IF NOT EXISTS `deposits` (
    `deposit_id` bigint NOT NULL,
    `user_id` bigint NOT NULL,
    `deposit_type` longtext NOT NULL,
    `currency` longtext NOT NULL,
    `amount` decimal(28,8) NOT NULL,
    `payment_method` longtext NOT NULL,
    `status` longtext NOT NULL,
    `blockchain_confirmations` bigint,
    `created_at` datetime(6) NOT NULL,
    `completed_at` datetime(6),
    PRIMARY KEY (`deposit_id`),
    KEY `deposits_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Money and coins going out.
CREATE TABLE IF NOT EXISTS `withdrawals` (
    `withdrawal_id` bigint NOT NULL,
    `user_id` bigint NOT NULL,
    `withdrawal_type` longtext NOT NULL,
    `currency` longtext NOT NULL,
    `amount` decimal(28,8) NOT NULL,
    `fee` decimal(28,8) NOT NULL,
    `destination_type` longtext NOT NULL,
    `tx_hash` longtext,
    `status` longtext NOT NULL,
    `created_at` datetime(6) NOT NULL,
    `completed_at` datetime(6),
    PRIMARY KEY (`withdrawal_id`),
    KEY `withdrawals_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- What users asked the market for.
CREATE TABLE IF NOT EXISTS `orders` (
    `order_id` bigint NOT NULL,
    `user_id` bigint NOT NULL,
    `trading_pair` longtext NOT NULL,
    `side` longtext NOT NULL,
    `order_type` longtext NOT NULL,
    `base_currency` longtext NOT NULL,
    `quote_currency` longtext NOT NULL,
    `base_amount` decimal(28,8) NOT NULL,
    `filled_amount` decimal(28,8) NOT NULL,
    `limit_price` decimal(28,8),
    `status` longtext NOT NULL,
    `created_at` datetime(6) NOT NULL,
    `updated_at` datetime(6) NOT NULL,
    PRIMARY KEY (`order_id`),
    KEY `orders_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- The fills of orders.
CREATE TABLE IF NOT EXISTS `trades` (
    `trade_id` bigint NOT NULL,
    `order_id` bigint NOT NULL,
    `user_id` bigint NOT NULL,
    `trading_pair` longtext NOT NULL,
    `side` longtext NOT NULL,
    `base_currency` longtext NOT NULL,
    `quote_currency` longtext NOT NULL,
    `base_amount` decimal(28,8) NOT NULL,
    `quote_amount` decimal(28,8) NOT NULL,
    `price` decimal(28,8) NOT NULL,
    `fee_amount` decimal(28,8) NOT NULL,
    `fee_currency` longtext NOT NULL,
    `is_maker` tinyint(1) NOT NULL,
    `executed_at` datetime(6) NOT NULL,
    PRIMARY KEY (`trade_id`),
    KEY `trades_order_id` (`order_id`),
    KEY `trades_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Purchases of coins with a card or a bank account, without an order.
CREATE TABLE IF NOT EXISTS `ramp_transactions` (
    `transaction_id` bigint NOT NULL,
    `user_id` bigint NOT NULL,
    `fiat_currency` longtext NOT NULL,
    `fiat_amount` decimal(18,2) NOT NULL,
    `crypto_token` longtext NOT NULL,
    `crypto_amount` decimal(28,8) NOT NULL,
    `payment_method` longtext NOT NULL,
    `country` longtext NOT NULL,
    `status` longtext NOT NULL,
    `fee_usd` decimal(18,2) NOT NULL,
    `created_at` datetime(6) NOT NULL,
    PRIMARY KEY (`transaction_id`),
    KEY `ramp_transactions_user_id` (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- What was spent on acquisition.
CREATE TABLE IF NOT EXISTS `marketing_spend` (
    `day` date NOT NULL,
    `channel` varchar(255) NOT NULL,
    `campaign` varchar(255) NOT NULL,
    `currency` longtext NOT NULL,
    `spend` decimal(18,2) NOT NULL,
    PRIMARY KEY (`day`, `channel`, `campaign`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Numbers of the business itself: tickets, uptime, cost; filled from your own files and databases.
CREATE TABLE IF NOT EXISTS `operational_metrics` (
    `metric` varchar(255) NOT NULL,
    `at` datetime(6) NOT NULL,
    `value` double NOT NULL,
    `dimensions` longtext,
    PRIMARY KEY (`metric`, `at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- The gap ledger: which spans of which series a source has read, and how that went.
CREATE TABLE IF NOT EXISTS `coverage` (
    `source` varchar(255) NOT NULL,
    `series` varchar(255) NOT NULL,
    `start_at` datetime(6) NOT NULL,
    `end_at` datetime(6) NOT NULL,
    `state` longtext NOT NULL,
    `rows` bigint NOT NULL,
    `requested_to` datetime(6),
    `reason` longtext,
    `noted_at` datetime(6) NOT NULL,
    PRIMARY KEY (`source`, `series`, `start_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};

-- Rows that were not taken, and why. Only where a source is told to go on without them.
CREATE TABLE IF NOT EXISTS `quarantine` (
    `source` varchar(255) NOT NULL,
    `place` varchar(255) NOT NULL,
    `table_name` longtext NOT NULL,
    `reason` longtext NOT NULL,
    `content` longtext NOT NULL,
    `noted_at` datetime(6) NOT NULL,
    PRIMARY KEY (`source`, `place`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};
