ALTER TABLE "users" ADD COLUMN "external_id" TEXT;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"email" TEXT NOT NULL', '"email" TEXT') WHERE type = 'table' AND name = 'users';
UPDATE sqlite_master SET sql = replace(sql, '"country" TEXT NOT NULL', '"country" TEXT') WHERE type = 'table' AND name = 'users';
UPDATE sqlite_master SET sql = replace(sql, '"kyc_status" TEXT NOT NULL', '"kyc_status" TEXT') WHERE type = 'table' AND name = 'users';
UPDATE sqlite_master SET sql = replace(sql, '"account_tier" TEXT NOT NULL', '"account_tier" TEXT') WHERE type = 'table' AND name = 'users';
UPDATE sqlite_master SET sql = replace(sql, '"is_active" BOOLEAN NOT NULL', '"is_active" BOOLEAN') WHERE type = 'table' AND name = 'users';
UPDATE sqlite_master SET sql = replace(sql, '"acquisition_channel" TEXT NOT NULL', '"acquisition_channel" TEXT') WHERE type = 'table' AND name = 'users';
PRAGMA writable_schema = RESET;

ALTER TABLE "deposits" ADD COLUMN "external_id" TEXT;
ALTER TABLE "deposits" ADD COLUMN "external_user_id" TEXT;

ALTER TABLE "withdrawals" ADD COLUMN "external_id" TEXT;
ALTER TABLE "withdrawals" ADD COLUMN "external_user_id" TEXT;

ALTER TABLE "orders" ADD COLUMN "external_id" TEXT;
ALTER TABLE "orders" ADD COLUMN "external_user_id" TEXT;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"trading_pair" TEXT NOT NULL', '"trading_pair" TEXT') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"side" TEXT NOT NULL', '"side" TEXT') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"order_type" TEXT NOT NULL', '"order_type" TEXT') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"quote_currency" TEXT NOT NULL', '"quote_currency" TEXT') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"filled_amount" DECIMAL(38,18) NOT NULL', '"filled_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"status" TEXT NOT NULL', '"status" TEXT') WHERE type = 'table' AND name = 'orders';
UPDATE sqlite_master SET sql = replace(sql, '"updated_at" TIMESTAMP NOT NULL', '"updated_at" TIMESTAMP') WHERE type = 'table' AND name = 'orders';
PRAGMA writable_schema = RESET;

ALTER TABLE "trades" ADD COLUMN "external_id" TEXT;
ALTER TABLE "trades" ADD COLUMN "external_order_id" TEXT;
ALTER TABLE "trades" ADD COLUMN "external_user_id" TEXT;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"order_id" INTEGER NOT NULL', '"order_id" INTEGER') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"trading_pair" TEXT NOT NULL', '"trading_pair" TEXT') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"side" TEXT NOT NULL', '"side" TEXT') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"base_currency" TEXT NOT NULL', '"base_currency" TEXT') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"base_amount" DECIMAL(38,18) NOT NULL', '"base_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"price" DECIMAL(38,18) NOT NULL', '"price" DECIMAL(38,18)') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"fee_amount" DECIMAL(38,18) NOT NULL', '"fee_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"fee_currency" TEXT NOT NULL', '"fee_currency" TEXT') WHERE type = 'table' AND name = 'trades';
UPDATE sqlite_master SET sql = replace(sql, '"is_maker" BOOLEAN NOT NULL', '"is_maker" BOOLEAN') WHERE type = 'table' AND name = 'trades';
PRAGMA writable_schema = RESET;

ALTER TABLE "ramp_transactions" ADD COLUMN "external_id" TEXT;
ALTER TABLE "ramp_transactions" ADD COLUMN "external_user_id" TEXT;

PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, '"crypto_token" TEXT NOT NULL', '"crypto_token" TEXT') WHERE type = 'table' AND name = 'ramp_transactions';
UPDATE sqlite_master SET sql = replace(sql, '"crypto_amount" DECIMAL(38,18) NOT NULL', '"crypto_amount" DECIMAL(38,18)') WHERE type = 'table' AND name = 'ramp_transactions';
UPDATE sqlite_master SET sql = replace(sql, '"payment_method" TEXT NOT NULL', '"payment_method" TEXT') WHERE type = 'table' AND name = 'ramp_transactions';
UPDATE sqlite_master SET sql = replace(sql, '"country" TEXT NOT NULL', '"country" TEXT') WHERE type = 'table' AND name = 'ramp_transactions';
UPDATE sqlite_master SET sql = replace(sql, '"fee_usd" DECIMAL(18,2) NOT NULL', '"fee_usd" DECIMAL(18,2)') WHERE type = 'table' AND name = 'ramp_transactions';
PRAGMA writable_schema = RESET;

ALTER TABLE "chargebacks" ADD COLUMN "external_id" TEXT;
ALTER TABLE "chargebacks" ADD COLUMN "external_transaction_id" TEXT;
ALTER TABLE "chargebacks" ADD COLUMN "external_user_id" TEXT;
