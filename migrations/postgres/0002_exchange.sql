-- What an exchange knows of its users, chargebacks, the simulated books and the truth behind them.

-- What the exchange knows of its users: who they are, who brought them, what they hold.
ALTER TABLE "users"
    ADD COLUMN IF NOT EXISTS "name" text,
    ADD COLUMN IF NOT EXISTS "phone" text,
    ADD COLUMN IF NOT EXISTS "address" text,
    ADD COLUMN IF NOT EXISTS "device" text,
    ADD COLUMN IF NOT EXISTS "referred_by" bigint,
    ADD COLUMN IF NOT EXISTS "balances" text;

-- Where coins went, and the card that paid.
ALTER TABLE "deposits" ADD COLUMN IF NOT EXISTS "tx_hash" text;
ALTER TABLE "withdrawals" ADD COLUMN IF NOT EXISTS "address" text;
ALTER TABLE "ramp_transactions" ADD COLUMN IF NOT EXISTS "card" text;

-- Purchases that the card's owner had undone.
CREATE TABLE IF NOT EXISTS "chargebacks" (
    "chargeback_id" bigint NOT NULL,
    "transaction_id" bigint NOT NULL,
    "user_id" bigint NOT NULL,
    "currency" text NOT NULL,
    "amount" numeric(18,2) NOT NULL,
    "reason" text NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("chargeback_id")
);
CREATE INDEX IF NOT EXISTS "chargebacks_transaction_id" ON "chargebacks" ("transaction_id");
CREATE INDEX IF NOT EXISTS "chargebacks_user_id" ON "chargebacks" ("user_id");

-- The simulated exchange's books, by double entry: the amounts of every event add up to zero in every asset.
CREATE TABLE IF NOT EXISTS "ledger_entries" (
    "entry_id" bigint NOT NULL,
    "posting_id" bigint NOT NULL,
    "user_id" bigint NOT NULL,
    "kind" text NOT NULL,
    "reference_id" bigint NOT NULL,
    "account" text NOT NULL,
    "asset" text NOT NULL,
    "amount" numeric(28,8) NOT NULL,
    "posted_at" timestamp with time zone NOT NULL,
    PRIMARY KEY ("entry_id")
);
CREATE INDEX IF NOT EXISTS "ledger_entries_user_id" ON "ledger_entries" ("user_id");

-- What a simulated user is really like, which nobody sees who looks at the exchange's records.
CREATE TABLE IF NOT EXISTS "truth_users" (
    "user_id" bigint NOT NULL,
    "signup_at" timestamp with time zone NOT NULL,
    "channel" text NOT NULL,
    "started_at" timestamp with time zone,
    "rate" double precision NOT NULL,
    "dropout" double precision NOT NULL,
    "mean_value" double precision NOT NULL,
    "lasts" bigint NOT NULL,
    "value_30d" double precision NOT NULL,
    "value_90d" double precision NOT NULL,
    "value_180d" double precision NOT NULL,
    "value_365d" double precision NOT NULL,
    PRIMARY KEY ("user_id")
);
CREATE INDEX IF NOT EXISTS "truth_users_user_id" ON "truth_users" ("user_id");

-- What the users of a channel of the simulated exchange are really like.
CREATE TABLE IF NOT EXISTS "truth_channels" (
    "channel" text NOT NULL,
    "r" double precision NOT NULL,
    "alpha" double precision NOT NULL,
    "a" double precision NOT NULL,
    "b" double precision NOT NULL,
    "p" double precision NOT NULL,
    "q" double precision NOT NULL,
    "gamma" double precision NOT NULL,
    "starts" double precision NOT NULL,
    "cost" double precision NOT NULL,
    "value_365d" double precision NOT NULL,
    "revenue_365d" double precision NOT NULL,
    "roas_365d" double precision,
    PRIMARY KEY ("channel")
);
