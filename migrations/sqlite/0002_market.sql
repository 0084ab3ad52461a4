-- Quotes, trades and the merged market; the gap ledger and the quarantine.

-- Candles say what their prices are in; all that are there are in US dollars.
ALTER TABLE "candles" RENAME TO "candles_before";
CREATE TABLE "candles" (
    "source" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "interval" TEXT NOT NULL,
    "open_at" TIMESTAMP NOT NULL,
    "open" DECIMAL(28,8) NOT NULL,
    "high" DECIMAL(28,8) NOT NULL,
    "low" DECIMAL(28,8) NOT NULL,
    "close" DECIMAL(28,8) NOT NULL,
    "volume" DECIMAL(28,8),
    "base_volume" DECIMAL(28,8),
    "currency" TEXT NOT NULL,
    PRIMARY KEY ("source", "symbol", "interval", "open_at")
) WITHOUT ROWID;
INSERT INTO "candles" SELECT *, NULL, 'USD' FROM "candles_before";
DROP TABLE "candles_before";

-- The latest price of an instrument as a source saw it, with bid and ask.
CREATE TABLE IF NOT EXISTS "quotes" (
    "source" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "price" DECIMAL(28,8) NOT NULL,
    "currency" TEXT NOT NULL,
    "bid" DECIMAL(28,8),
    "ask" DECIMAL(28,8),
    "base_volume" DECIMAL(28,8),
    PRIMARY KEY ("source", "symbol", "at")
) WITHOUT ROWID;

-- What was traded on a market, trade by trade.
CREATE TABLE IF NOT EXISTS "market_trades" (
    "source" TEXT NOT NULL,
    "symbol" TEXT NOT NULL,
    "trade_id" INTEGER NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "side" TEXT NOT NULL,
    "price" DECIMAL(28,8) NOT NULL,
    "base_amount" DECIMAL(28,8) NOT NULL,
    "currency" TEXT NOT NULL,
    PRIMARY KEY ("source", "symbol", "trade_id")
) WITHOUT ROWID;

-- Nothing has filled these two until now.
DROP TABLE "market_prices";
DROP TABLE "social_posts";

-- The single source of truth: one price per instrument and five minutes out of all sources.
CREATE TABLE "market_prices" (
    "symbol" TEXT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "price_usd" DECIMAL(28,8) NOT NULL,
    "source" TEXT NOT NULL,
    "sources" INTEGER NOT NULL,
    "other_source" TEXT,
    "other_price_usd" DECIMAL(28,8),
    "difference" REAL,
    "is_disputed" BOOLEAN NOT NULL,
    PRIMARY KEY ("symbol", "at")
) WITHOUT ROWID;

-- Posts that mention an instrument; one that mentions two is there for each.
CREATE TABLE "social_posts" (
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
    PRIMARY KEY ("post_id", "symbol")
) WITHOUT ROWID;

-- One US dollar rate per currency and calendar day, from `fx_rates`, without a hole.
CREATE TABLE IF NOT EXISTS "fx_daily" (
    "base" TEXT NOT NULL,
    "quote" TEXT NOT NULL,
    "rate_date" DATE NOT NULL,
    "rate" DECIMAL(28,8) NOT NULL,
    "fixed_on" DATE NOT NULL,
    "is_filled" BOOLEAN NOT NULL,
    "via" TEXT,
    PRIMARY KEY ("base", "quote", "rate_date")
) WITHOUT ROWID;

-- The gap ledger: which spans of which series a source has read, and how that went.
CREATE TABLE IF NOT EXISTS "coverage" (
    "source" TEXT NOT NULL,
    "series" TEXT NOT NULL,
    "start_at" TIMESTAMP NOT NULL,
    "end_at" TIMESTAMP NOT NULL,
    "state" TEXT NOT NULL,
    "rows" INTEGER NOT NULL,
    "requested_to" TIMESTAMP,
    "reason" TEXT,
    "noted_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("source", "series", "start_at")
) WITHOUT ROWID;

-- Rows that were not taken, and why.
CREATE TABLE IF NOT EXISTS "quarantine" (
    "source" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    "table_name" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "noted_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("source", "place")
) WITHOUT ROWID;
