-- The built-in tables (crates/core/src/tables), and how far each source has been loaded.
-- A released migration never changes: what comes later is a file of its own.

CREATE TABLE IF NOT EXISTS "_tidegauge_cursors" (
    "source" TEXT PRIMARY KEY NOT NULL,
    "cursor" TEXT NOT NULL
);

-- Prices of crypto assets as a source observed them.
CREATE TABLE IF NOT EXISTS "raw_crypto_market_data" (
    "symbol" TEXT NOT NULL,
    "observed_at" TIMESTAMP NOT NULL,
    "source" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "price_usd" DECIMAL(28,8) NOT NULL,
    "volume_24h_usd" DECIMAL(18,2),
    "market_cap_usd" DECIMAL(18,2),
    PRIMARY KEY ("symbol", "observed_at", "source")
) WITHOUT ROWID;

-- Open, high, low and close of an interval.
CREATE TABLE IF NOT EXISTS "candles" (
    "source" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "interval" TEXT NOT NULL,
    "open_at" TIMESTAMP NOT NULL,
    "open" DECIMAL(28,8) NOT NULL,
    "high" DECIMAL(28,8) NOT NULL,
    "low" DECIMAL(28,8) NOT NULL,
    "close" DECIMAL(28,8) NOT NULL,
    "volume" DECIMAL(28,8),
    PRIMARY KEY ("source", "symbol", "interval", "open_at")
) WITHOUT ROWID;

-- The single source of truth: one price per instrument and time out of all sources.
CREATE TABLE IF NOT EXISTS "market_prices" (
    "symbol" TEXT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "price_usd" DECIMAL(28,8) NOT NULL,
    "source" TEXT NOT NULL,
    PRIMARY KEY ("symbol", "at")
) WITHOUT ROWID;

-- Exchange rates of currencies.
CREATE TABLE IF NOT EXISTS "fx_rates" (
    "base" TEXT NOT NULL,
    "quote" TEXT NOT NULL,
    "rate_date" DATE NOT NULL,
    "source" TEXT NOT NULL,
    "rate" DECIMAL(28,8) NOT NULL,
    PRIMARY KEY ("base", "quote", "rate_date", "source")
) WITHOUT ROWID;

-- Changes and volatility, from `market_prices`.
CREATE TABLE IF NOT EXISTS "crypto_metrics" (
    "symbol" TEXT NOT NULL,
    "metric_time" TIMESTAMP NOT NULL,
    "price_change_5m" REAL,
    "price_change_15m" REAL,
    "price_change_1h" REAL,
    "price_change_24h" REAL,
    "mean_price_1h" REAL,
    "min_price_1h" REAL,
    "max_price_1h" REAL,
    "volatility" REAL,
    "volume" REAL,
    PRIMARY KEY ("symbol", "metric_time")
) WITHOUT ROWID;

-- Posts that mention an instrument.
CREATE TABLE IF NOT EXISTS "social_posts" (
    "post_id" TEXT NOT NULL,
    "author_id" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "lang" TEXT,
    "created_at" TIMESTAMP NOT NULL,
    "like_count" INTEGER NOT NULL,
    "repost_count" INTEGER NOT NULL,
    "reply_count" INTEGER NOT NULL,
    "symbol" TEXT NOT NULL,
    "sentiment" REAL,
    PRIMARY KEY ("post_id")
);

-- Number of posts that mention an instrument.
CREATE TABLE IF NOT EXISTS "social_counts" (
    "symbol" TEXT NOT NULL,
    "start_at" TIMESTAMP NOT NULL,
    "end_at" TIMESTAMP NOT NULL,
    "posts" INTEGER NOT NULL,
    PRIMARY KEY ("symbol", "start_at")
) WITHOUT ROWID;

-- The exchange's customers.
CREATE TABLE IF NOT EXISTS "users" (
    "user_id" INTEGER NOT NULL,
    "email" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "kyc_status" TEXT NOT NULL,
    "kyc_verified_at" TIMESTAMP,
    "account_tier" TEXT NOT NULL,
    "is_active" BOOLEAN NOT NULL,
    "signup_at" TIMESTAMP NOT NULL,
    "acquisition_channel" TEXT NOT NULL,
    "campaign" TEXT,
    PRIMARY KEY ("user_id")
);

-- Money and coins coming in.
CREATE TABLE IF NOT EXISTS "deposits" (
    "deposit_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "deposit_type" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "amount" DECIMAL(28,8) NOT NULL,
    "payment_method" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "blockchain_confirmations" INTEGER,
    "created_at" TIMESTAMP NOT NULL,
    "completed_at" TIMESTAMP,
    PRIMARY KEY ("deposit_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "deposits_user_id" ON "deposits" ("user_id");

-- Money and coins going out.
CREATE TABLE IF NOT EXISTS "withdrawals" (
    "withdrawal_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "withdrawal_type" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "amount" DECIMAL(28,8) NOT NULL,
    "fee" DECIMAL(28,8) NOT NULL,
    "destination_type" TEXT NOT NULL,
    "tx_hash" TEXT,
    "status" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "completed_at" TIMESTAMP,
    PRIMARY KEY ("withdrawal_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "withdrawals_user_id" ON "withdrawals" ("user_id");

-- What users asked the market for.
CREATE TABLE IF NOT EXISTS "orders" (
    "order_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "trading_pair" TEXT NOT NULL,
    "side" TEXT NOT NULL,
    "order_type" TEXT NOT NULL,
    "base_currency" TEXT NOT NULL,
    "quote_currency" TEXT NOT NULL,
    "base_amount" DECIMAL(28,8) NOT NULL,
    "filled_amount" DECIMAL(28,8) NOT NULL,
    "limit_price" DECIMAL(28,8),
    "status" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "updated_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("order_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "orders_user_id" ON "orders" ("user_id");

-- The fills of orders.
CREATE TABLE IF NOT EXISTS "trades" (
    "trade_id" INTEGER NOT NULL,
    "order_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "trading_pair" TEXT NOT NULL,
    "side" TEXT NOT NULL,
    "base_currency" TEXT NOT NULL,
    "quote_currency" TEXT NOT NULL,
    "base_amount" DECIMAL(28,8) NOT NULL,
    "quote_amount" DECIMAL(28,8) NOT NULL,
    "price" DECIMAL(28,8) NOT NULL,
    "fee_amount" DECIMAL(28,8) NOT NULL,
    "fee_currency" TEXT NOT NULL,
    "is_maker" BOOLEAN NOT NULL,
    "executed_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("trade_id"),
    FOREIGN KEY ("order_id") REFERENCES "orders" ("order_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "trades_order_id" ON "trades" ("order_id");
CREATE INDEX IF NOT EXISTS "trades_user_id" ON "trades" ("user_id");

-- Purchases of coins with a card or a bank account, without an order.
CREATE TABLE IF NOT EXISTS "ramp_transactions" (
    "transaction_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "fiat_currency" TEXT NOT NULL,
    "fiat_amount" DECIMAL(18,2) NOT NULL,
    "crypto_token" TEXT NOT NULL,
    "crypto_amount" DECIMAL(28,8) NOT NULL,
    "payment_method" TEXT NOT NULL,
    "country" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "fee_usd" DECIMAL(18,2) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("transaction_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "ramp_transactions_user_id" ON "ramp_transactions" ("user_id");

-- What was spent on acquisition.
CREATE TABLE IF NOT EXISTS "marketing_spend" (
    "day" DATE NOT NULL,
    "channel" TEXT NOT NULL,
    "campaign" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "spend" DECIMAL(18,2) NOT NULL,
    PRIMARY KEY ("day", "channel", "campaign")
) WITHOUT ROWID;

-- Numbers of the business itself: tickets, uptime, cost.
CREATE TABLE IF NOT EXISTS "operational_metrics" (
    "metric" TEXT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "value" REAL NOT NULL,
    "dimensions" TEXT,
    PRIMARY KEY ("metric", "at")
) WITHOUT ROWID;
