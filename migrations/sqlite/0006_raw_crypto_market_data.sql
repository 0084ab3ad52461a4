PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"price_usd" DECIMAL(28,8)', '"price_usd" DECIMAL(38,18)') WHERE type = 'table' AND name = 'raw_crypto_market_data';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"open" DECIMAL(28,8)', '"open" DECIMAL(38,18)') WHERE type = 'table' AND name = 'candles';
UPDATE sqlite_master SET sql = replace(sql, '"high" DECIMAL(28,8)', '"high" DECIMAL(38,18)') WHERE type = 'table' AND name = 'candles';
UPDATE sqlite_master SET sql = replace(sql, '"low" DECIMAL(28,8)', '"low" DECIMAL(38,18)') WHERE type = 'table' AND name = 'candles';
UPDATE sqlite_master SET sql = replace(sql, '"close" DECIMAL(28,8)', '"close" DECIMAL(38,18)') WHERE type = 'table' AND name = 'candles';
UPDATE sqlite_master SET sql = replace(sql, '"volume" DECIMAL(28,8)', '"volume" DECIMAL(38,18)') WHERE type = 'table' AND name = 'candles';
UPDATE sqlite_master SET sql = replace(sql, '"base_volume" DECIMAL(28,8)', '"base_volume" DECIMAL(38,18)') WHERE type = 'table' AND name = 'candles';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"price" DECIMAL(28,8)', '"price" DECIMAL(38,18)') WHERE type = 'table' AND name = 'quotes';
UPDATE sqlite_master SET sql = replace(sql, '"bid" DECIMAL(28,8)', '"bid" DECIMAL(38,18)') WHERE type = 'table' AND name = 'quotes';
UPDATE sqlite_master SET sql = replace(sql, '"ask" DECIMAL(28,8)', '"ask" DECIMAL(38,18)') WHERE type = 'table' AND name = 'quotes';
UPDATE sqlite_master SET sql = replace(sql, '"base_volume" DECIMAL(28,8)', '"base_volume" DECIMAL(38,18)') WHERE type = 'table' AND name = 'quotes';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"price" DECIMAL(28,8)', '"price" DECIMAL(38,18)') WHERE type = 'table' AND name = 'market_trades';
UPDATE sqlite_master SET sql = replace(sql, '"base_amount" DECIMAL(28,8)', '"base_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'market_trades';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"price_usd" DECIMAL(28,8)', '"price_usd" DECIMAL(38,18)') WHERE type = 'table' AND name = 'market_prices';
UPDATE sqlite_master SET sql = replace(sql, '"other_price_usd" DECIMAL(28,8)', '"other_price_usd" DECIMAL(38,18)') WHERE type = 'table' AND name = 'market_prices';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"rate" DECIMAL(28,8)', '"rate" DECIMAL(38,18)') WHERE type = 'table' AND name = 'fx_rates';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"rate" DECIMAL(28,8)', '"rate" DECIMAL(38,18)') WHERE type = 'table' AND name = 'fx_daily';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"amount" DECIMAL(28,8)', '"amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'deposits';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"amount" DECIMAL(28,8)', '"amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'withdrawals';
UPDATE sqlite_master SET sql = replace(sql, '"fee" DECIMAL(28,8)', '"fee" DECIMAL(38,18)') WHERE type = 'table' AND name = 'withdrawals';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"base_amount" DECIMAL(28,8)', '"base_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"filled_amount" DECIMAL(28,8)', '"filled_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"limit_price" DECIMAL(28,8)', '"limit_price" DECIMAL(38,18)') WHERE type = 'table' AND name = 'orders';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"base_amount" DECIMAL(28,8)', '"base_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"quote_amount" DECIMAL(28,8)', '"quote_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"price" DECIMAL(28,8)', '"price" DECIMAL(38,18)') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"fee_amount" DECIMAL(28,8)', '"fee_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'trades';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"crypto_amount" DECIMAL(28,8)', '"crypto_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'ramp_transactions';
PRAGMA writable_schema = RESET;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"amount" DECIMAL(28,8)', '"amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'ledger_entries';
PRAGMA writable_schema = RESET;

ALTER TABLE "runs" ADD COLUMN "inserted" INTEGER;
ALTER TABLE "runs" ADD COLUMN "updated" INTEGER;
ALTER TABLE "runs" ADD COLUMN "identical" INTEGER;
ALTER TABLE "runs" ADD COLUMN "conflicting" INTEGER;
ALTER TABLE "runs" ADD COLUMN "notes" TEXT;
