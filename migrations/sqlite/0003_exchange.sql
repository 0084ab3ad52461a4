-- What an exchange knows of its users, chargebacks, the simulated books and the truth behind them.

-- What the exchange knows of its users: who they are, who brought them, what they hold.
ALTER TABLE "users" ADD COLUMN "name" TEXT;
ALTER TABLE "users" ADD COLUMN "phone" TEXT;
ALTER TABLE "users" ADD COLUMN "address" TEXT;
ALTER TABLE "users" ADD COLUMN "device" TEXT;
ALTER TABLE "users" ADD COLUMN "referred_by" INTEGER;
ALTER TABLE "users" ADD COLUMN "balances" TEXT;

-- Where coins went, and the card that paid.
ALTER TABLE "deposits" ADD COLUMN "tx_hash" TEXT;
ALTER TABLE "withdrawals" ADD COLUMN "address" TEXT;
ALTER TABLE "ramp_transactions" ADD COLUMN "card" TEXT;

-- Purchases that the card's owner had undone.
CREATE TABLE IF NOT EXISTS "chargebacks" (
    "chargeback_id" INTEGER NOT NULL,
    "transaction_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "currency" TEXT NOT NULL,
    "amount" DECIMAL(18,2) NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("chargeback_id"),
    FOREIGN KEY ("transaction_id") REFERENCES "ramp_transactions" ("transaction_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "chargebacks_transaction_id" ON "chargebacks" ("transaction_id");
CREATE INDEX IF NOT EXISTS "chargebacks_user_id" ON "chargebacks" ("user_id");

-- The simulated exchange's books, by double entry: the amounts of every event add up to zero in every asset.
CREATE TABLE IF NOT EXISTS "ledger_entries" (
    "entry_id" INTEGER NOT NULL,
    "posting_id" INTEGER NOT NULL,
    "user_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "reference_id" INTEGER NOT NULL,
    "account" TEXT NOT NULL,
    "asset" TEXT NOT NULL,
    "amount" DECIMAL(28,8) NOT NULL,
    "posted_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("entry_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "ledger_entries_user_id" ON "ledger_entries" ("user_id");

-- What a simulated user is really like, which nobody sees who looks at the exchange's records.
CREATE TABLE IF NOT EXISTS "truth_users" (
    "user_id" INTEGER NOT NULL,
    "signup_at" TIMESTAMP NOT NULL,
    "channel" TEXT NOT NULL,
    "started_at" TIMESTAMP,
    "rate" REAL NOT NULL,
    "dropout" REAL NOT NULL,
    "mean_value" REAL NOT NULL,
    "lasts" INTEGER NOT NULL,
    "value_30d" REAL NOT NULL,
    "value_90d" REAL NOT NULL,
    "value_180d" REAL NOT NULL,
    "value_365d" REAL NOT NULL,
    PRIMARY KEY ("user_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
CREATE INDEX IF NOT EXISTS "truth_users_user_id" ON "truth_users" ("user_id");

-- What the users of a channel of the simulated exchange are really like.
CREATE TABLE IF NOT EXISTS "truth_channels" (
    "channel" TEXT NOT NULL,
    "r" REAL NOT NULL,
    "alpha" REAL NOT NULL,
    "a" REAL NOT NULL,
    "b" REAL NOT NULL,
    "p" REAL NOT NULL,
    "q" REAL NOT NULL,
    "gamma" REAL NOT NULL,
    "starts" REAL NOT NULL,
    "cost" REAL NOT NULL,
    "value_365d" REAL NOT NULL,
    "revenue_365d" REAL NOT NULL,
    "roas_365d" REAL,
    PRIMARY KEY ("channel")
);
