ALTER TABLE "users"
    ADD COLUMN IF NOT EXISTS "external_id" text;

ALTER TABLE "users"
    ALTER COLUMN "email" DROP NOT NULL,
    ALTER COLUMN "country" DROP NOT NULL,
    ALTER COLUMN "kyc_status" DROP NOT NULL,
    ALTER COLUMN "account_tier" DROP NOT NULL,
    ALTER COLUMN "is_active" DROP NOT NULL,
    ALTER COLUMN "acquisition_channel" DROP NOT NULL;

ALTER TABLE "deposits"
    ADD COLUMN IF NOT EXISTS "external_id" text,
    ADD COLUMN IF NOT EXISTS "external_user_id" text;

ALTER TABLE "withdrawals"
    ADD COLUMN IF NOT EXISTS "external_id" text,
    ADD COLUMN IF NOT EXISTS "external_user_id" text;

ALTER TABLE "orders"
    ADD COLUMN IF NOT EXISTS "external_id" text,
    ADD COLUMN IF NOT EXISTS "external_user_id" text;

ALTER TABLE "orders"
    ALTER COLUMN "trading_pair" DROP NOT NULL,
    ALTER COLUMN "side" DROP NOT NULL,
    ALTER COLUMN "order_type" DROP NOT NULL,
    ALTER COLUMN "quote_currency" DROP NOT NULL,
    ALTER COLUMN "filled_amount" DROP NOT NULL,
    ALTER COLUMN "status" DROP NOT NULL,
    ALTER COLUMN "updated_at" DROP NOT NULL;

ALTER TABLE "trades"
    ADD COLUMN IF NOT EXISTS "external_id" text,
    ADD COLUMN IF NOT EXISTS "external_order_id" text,
    ADD COLUMN IF NOT EXISTS "external_user_id" text;

ALTER TABLE "trades"
    ALTER COLUMN "order_id" DROP NOT NULL,
    ALTER COLUMN "trading_pair" DROP NOT NULL,
    ALTER COLUMN "side" DROP NOT NULL,
    ALTER COLUMN "base_currency" DROP NOT NULL,
    ALTER COLUMN "base_amount" DROP NOT NULL,
    ALTER COLUMN "price" DROP NOT NULL,
    ALTER COLUMN "fee_amount" DROP NOT NULL,
    ALTER COLUMN "fee_currency" DROP NOT NULL,
    ALTER COLUMN "is_maker" DROP NOT NULL;

ALTER TABLE "ramp_transactions"
    ADD COLUMN IF NOT EXISTS "external_id" text,
    ADD COLUMN IF NOT EXISTS "external_user_id" text;

ALTER TABLE "ramp_transactions"
    ALTER COLUMN "crypto_token" DROP NOT NULL,
    ALTER COLUMN "crypto_amount" DROP NOT NULL,
    ALTER COLUMN "payment_method" DROP NOT NULL,
    ALTER COLUMN "country" DROP NOT NULL,
    ALTER COLUMN "fee_usd" DROP NOT NULL;

ALTER TABLE "chargebacks"
    ADD COLUMN IF NOT EXISTS "external_id" text,
    ADD COLUMN IF NOT EXISTS "external_transaction_id" text,
    ADD COLUMN IF NOT EXISTS "external_user_id" text;
