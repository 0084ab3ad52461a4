ALTER TABLE "raw_crypto_market_data"
    ALTER COLUMN "price_usd" TYPE numeric(38,18);

ALTER TABLE "candles"
    ALTER COLUMN "open" TYPE numeric(38,18),
    ALTER COLUMN "high" TYPE numeric(38,18),
    ALTER COLUMN "low" TYPE numeric(38,18),
    ALTER COLUMN "close" TYPE numeric(38,18),
    ALTER COLUMN "volume" TYPE numeric(38,18),
    ALTER COLUMN "base_volume" TYPE numeric(38,18);

ALTER TABLE "quotes"
    ALTER COLUMN "price" TYPE numeric(38,18),
    ALTER COLUMN "bid" TYPE numeric(38,18),
    ALTER COLUMN "ask" TYPE numeric(38,18),
    ALTER COLUMN "base_volume" TYPE numeric(38,18);

ALTER TABLE "market_trades"
    ALTER COLUMN "price" TYPE numeric(38,18),
    ALTER COLUMN "base_amount" TYPE numeric(38,18);

ALTER TABLE "market_prices"
    ALTER COLUMN "price_usd" TYPE numeric(38,18),
    ALTER COLUMN "other_price_usd" TYPE numeric(38,18);

ALTER TABLE "fx_rates"
    ALTER COLUMN "rate" TYPE numeric(38,18);

ALTER TABLE "fx_daily"
    ALTER COLUMN "rate" TYPE numeric(38,18);

ALTER TABLE "deposits"
    ALTER COLUMN "amount" TYPE numeric(38,18);

ALTER TABLE "withdrawals"
    ALTER COLUMN "amount" TYPE numeric(38,18),
    ALTER COLUMN "fee" TYPE numeric(38,18);

ALTER TABLE "orders"
    ALTER COLUMN "base_amount" TYPE numeric(38,18),
    ALTER COLUMN "filled_amount" TYPE numeric(38,18),
    ALTER COLUMN "limit_price" TYPE numeric(38,18);

ALTER TABLE "trades"
    ALTER COLUMN "base_amount" TYPE numeric(38,18),
    ALTER COLUMN "quote_amount" TYPE numeric(38,18),
    ALTER COLUMN "price" TYPE numeric(38,18),
    ALTER COLUMN "fee_amount" TYPE numeric(38,18);

ALTER TABLE "ramp_transactions"
    ALTER COLUMN "crypto_amount" TYPE numeric(38,18);

ALTER TABLE "ledger_entries"
    ALTER COLUMN "amount" TYPE numeric(38,18);

ALTER TABLE "runs"
    ADD COLUMN IF NOT EXISTS "inserted" bigint,
    ADD COLUMN IF NOT EXISTS "updated" bigint,
    ADD COLUMN IF NOT EXISTS "identical" bigint,
    ADD COLUMN IF NOT EXISTS "conflicting" bigint,
    ADD COLUMN IF NOT EXISTS "notes" text;
