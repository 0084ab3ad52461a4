-- The built-in tables (crates/core/src/tables), and how far each source has been loaded.
-- A released migration never changes: what comes later is a file of its own.

CREATE TABLE IF NOT EXISTS "_tidegauge_cursors" (
    "source" text NOT NULL,
    "cursor" text NOT NULL,
    PRIMARY KEY ("source")
);

-- Prices of crypto assets as a source observed them.
CREATE TABLE IF NOT EXISTS "raw_crypto_market_data" (
    "symbol" text NOT NULL,
    "observed_at" timestamp with time zone NOT NULL,
    "source" text NOT NULL,
    "name" text NOT NULL,
    "price_usd" numeric(28,8) NOT NULL,
    "volume_24h_usd" numeric(18,2),
    "market_cap_usd" numeric(18,2),
    PRIMARY KEY ("symbol", "observed_at", "source")
);

-- Open, high, low and close of an interval.
CREATE TABLE IF NOT EXISTS "candles" (
    "source" text NOT NULL,
    "symbol" text NOT NULL,
    "interval" text NOT NULL,
    "open_at" timestamp with time zone NOT NULL,
    "open" numeric(28,8) NOT NULL,
    "high" numeric(28,8) NOT NULL,
    "low" numeric(28,8) NOT NULL,
    "close" numeric(28,8) NOT NULL,
    "volume" numeric(28,8),
    "base_volume" numeric(28,8),
    "currency" text NOT NULL,
    PRIMARY KEY ("source", "symbol", "interval", "open_at")
);

-- The latest price of an instrument as a source saw it, with bid and ask.
CREATE TABLE IF NOT EXISTS "quotes" (
    "source" text NOT NULL,
    "symbol" text NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "price" numeric(28,8) NOT NULL,
    "currency" text NOT NULL,
    "bid" numeric(28,8),
    "ask" numeric(28,8),
    "base_volume" numeric(28,8),
    PRIMARY KEY ("source", "symbol", "at")
);

-- What was traded on a market, trade by trade; `trades` are the exchange's own users'.
CREATE TABLE IF NOT EXISTS "market_trades" (
    "source" text NOT NULL,
    "symbol" text NOT NULL,
    "trade_id" bigint NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "side" text NOT NULL,
    "price" numeric(28,8) NOT NULL,
    "base_amount" numeric(28,8) NOT NULL,
    "currency" text NOT NULL,
    PRIMARY KEY ("source", "symbol", "trade_id")
);

-- The single source of truth: one price per instrument and five minutes out of all sources.
CREATE TABLE IF NOT EXISTS "market_prices" (
    "symbol" text NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "price_usd" numeric(28,8) NOT NULL,
    "source" text NOT NULL,
    "sources" bigint NOT NULL,
    "other_source" text,
    "other_price_usd" numeric(28,8),
    "difference" double precision,
    "is_disputed" boolean NOT NULL,
    PRIMARY KEY ("symbol", "at")
);

-- Exchange rates of currencies.
CREATE TABLE IF NOT EXISTS "fx_rates" (
    "base" text NOT NULL,
    "quote" text NOT NULL,
    "rate_date" date NOT NULL,
    "source" text NOT NULL,
    "rate" numeric(28,8) NOT NULL,
    PRIMARY KEY ("base", "quote", "rate_date", "source")
);

-- One US dollar rate per currency and calendar day, from `fx_rates`, without a hole.
CREATE TABLE IF NOT EXISTS "fx_daily" (
    "base" text NOT NULL,
    "quote" text NOT NULL,
    "rate_date" date NOT NULL,
    "rate" numeric(28,8) NOT NULL,
    "fixed_on" date NOT NULL,
    "is_filled" boolean NOT NULL,
    "via" text,
    PRIMARY KEY ("base", "quote", "rate_date")
);

-- Changes and volatility of crypto assets, from `market_prices`.
CREATE TABLE IF NOT EXISTS "crypto_metrics" (
    "symbol" text NOT NULL,
    "metric_time" timestamp with time zone NOT NULL,
    "price_change_5m" double precision,
    "price_change_15m" double precision,
    "price_change_1h" double precision,
    "price_change_24h" double precision,
    "mean_price_1h" double precision,
    "min_price_1h" double precision,
    "max_price_1h" double precision,
    "volatility" double precision,
    "volume" double precision,
    PRIMARY KEY ("symbol", "metric_time")
);

-- Posts that mention an instrument; one that mentions two is there for each.
CREATE TABLE IF NOT EXISTS "social_posts" (
    "post_id" text NOT NULL,
    "author_id" text NOT NULL,
    "text" text NOT NULL,
    "lang" text,
    "created_at" timestamp with time zone NOT NULL,
    "like_count" bigint NOT NULL,
    "repost_count" bigint NOT NULL,
    "reply_count" bigint NOT NULL,
    "symbol" text NOT NULL,
    "sentiment" double precision,
    PRIMARY KEY ("post_id", "symbol")
);

-- Number of posts that mention an instrument.
CREATE TABLE IF NOT EXISTS "social_counts" (
    "symbol" text NOT NULL,
    "start_at" timestamp with time zone NOT NULL,
    "end_at" timestamp with time zone NOT NULL,
    "posts" bigint NOT NULL,
    PRIMARY KEY ("symbol", "start_at")
);

-- The exchange's customers.
CREATE TABLE IF NOT EXISTS "users" (
    "user_id" bigint NOT NULL,
    "email" text NOT NULL,
    "country" text NOT NULL,
    "kyc_status" text NOT NULL,
    "kyc_verified_at" timestamp with time zone,
    "account_tier" text NOT NULL,
    "is_active" boolean NOT NULL,
    "signup_at" timestamp with time zone NOT NULL,
    "acquisition_channel" text NOT NULL,
    "campaign" text,
    PRIMARY KEY ("user_id")
);

-- Money and coins coming in.
CREATE TABLE IF NOT EXISTS "deposits" (
    "deposit_id" bigint NOT NULL,
    "user_id" bigint NOT NULL,
    "deposit_type" text NOT NULL,
    "currency" text NOT NULL,
    "amount" numeric(28,8) NOT NULL,
    "payment_method" text NOT NULL,
    "status" text NOT NULL,
    "blockchain_confirmations" bigint,
    "created_at" timestamp with time zone NOT NULL,
    "completed_at" timestamp with time zone,
    PRIMARY KEY ("deposit_id")
);
CREATE INDEX IF NOT EXISTS "deposits_user_id" ON "deposits" ("user_id");

-- Money and coins going out.
CREATE TABLE IF NOT EXISTS "withdrawals" (
    "withdrawal_id" bigint NOT NULL,
    "user_id" bigint NOT NULL,
    "withdrawal_type" text NOT NULL,
    "currency" text NOT NULL,
    "amount" numeric(28,8) NOT NULL,
    "fee" numeric(28,8) NOT NULL,
    "destination_type" text NOT NULL,
    "tx_hash" text,
    "status" text NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "completed_at" timestamp with time zone,
    PRIMARY KEY ("withdrawal_id")
);
CREATE INDEX IF NOT EXISTS "withdrawals_user_id" ON "withdrawals" ("user_id");

-- What users asked the market for.
CREATE TABLE IF NOT EXISTS "orders" (
    "order_id" bigint NOT NULL,
    "user_id" bigint NOT NULL,
    "trading_pair" text NOT NULL,
    "side" text NOT NULL,
    "order_type" text NOT NULL,
    "base_currency" text NOT NULL,
    "quote_currency" text NOT NULL,
    "base_amount" numeric(28,8) NOT NULL,
    "filled_amount" numeric(28,8) NOT NULL,
    "limit_price" numeric(28,8),
    "status" text NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "updated_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("order_id")
);
CREATE INDEX IF NOT EXISTS "orders_user_id" ON "orders" ("user_id");

-- The fills of orders.
CREATE TABLE IF NOT EXISTS "trades" (
    "trade_id" bigint NOT NULL,
    "order_id" bigint NOT NULL,
    "user_id" bigint NOT NULL,
    "trading_pair" text NOT NULL,
    "side" text NOT NULL,
    "base_currency" text NOT NULL,
    "quote_currency" text NOT NULL,
    "base_amount" numeric(28,8) NOT NULL,
    "quote_amount" numeric(28,8) NOT NULL,
    "price" numeric(28,8) NOT NULL,
    "fee_amount" numeric(28,8) NOT NULL,
    "fee_currency" text NOT NULL,
    "is_maker" boolean NOT NULL,
    "executed_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("trade_id")
);
CREATE INDEX IF NOT EXISTS "trades_order_id" ON "trades" ("order_id");
CREATE INDEX IF NOT EXISTS "trades_user_id" ON "trades" ("user_id");

-- Purchases of coins with a card or a bank account, without an order.
CREATE TABLE IF NOT EXISTS "ramp_transactions" (
    "transaction_id" bigint NOT NULL,
    "user_id" bigint NOT NULL,
    "fiat_currency" text NOT NULL,
    "fiat_amount" numeric(18,2) NOT NULL,
    "crypto_token" text NOT NULL,
    "crypto_amount" numeric(28,8) NOT NULL,
    "payment_method" text NOT NULL,
    "country" text NOT NULL,
    "status" text NOT NULL,
    "fee_usd" numeric(18,2) NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("transaction_id")
);
CREATE INDEX IF NOT EXISTS "ramp_transactions_user_id" ON "ramp_transactions" ("user_id");

-- What was spent on acquisition.
CREATE TABLE IF NOT EXISTS "marketing_spend" (
    "day" date NOT NULL,
    "channel" text NOT NULL,
    "campaign" text NOT NULL,
    "currency" text NOT NULL,
    "spend" numeric(18,2) NOT NULL,
    PRIMARY KEY ("day", "channel", "campaign")
);

-- Numbers of the business itself: tickets, uptime, cost; filled from your own files and databases.
CREATE TABLE IF NOT EXISTS "operational_metrics" (
    "metric" text NOT NULL,
    "at" timestamp with time zone NOT NULL,
    "value" double precision NOT NULL,
    "dimensions" text,
    PRIMARY KEY ("metric", "at")
);

-- The gap ledger: which spans of which series a source has read, and how that went.
CREATE TABLE IF NOT EXISTS "coverage" (
    "source" text NOT NULL,
    "series" text NOT NULL,
    "start_at" timestamp with time zone NOT NULL,
    "end_at" timestamp with time zone NOT NULL,
    "state" text NOT NULL,
    "rows" bigint NOT NULL,
    "requested_to" timestamp with time zone,
    "reason" text,
    "noted_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("source", "series", "start_at")
);

-- Rows that were not taken, and why. Only where a source is told to go on without them.
CREATE TABLE IF NOT EXISTS "quarantine" (
    "source" text NOT NULL,
    "place" text NOT NULL,
    "table_name" text NOT NULL,
    "reason" text NOT NULL,
    "content" text NOT NULL,
    "noted_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("source", "place")
);
