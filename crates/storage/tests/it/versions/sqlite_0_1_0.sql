-- A warehouse of version 0.1.0 before batches were Arrow, as `sqlite3 .dump` writes it: the simulator's,
-- cut down to a few rows of a table.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'tables','2026-11-27 07:35:49',1,X'5b631a43cafead9598d0d2327e7e10bdd6297270e8f2cb26f7fa49618b273ff8e6ecbf0600039c52020011da954ebdd1',0);
INSERT INTO _sqlx_migrations VALUES(2,'market','2026-11-27 07:35:49',1,X'ad1846f9e7ffd3dac371734f2913b66466bce590101ac4055233db30dd1409986044bb706cafc17aefa8ed04c3259397',0);
INSERT INTO _sqlx_migrations VALUES(3,'exchange','2026-11-27 07:35:49',1,X'ed8fbc8d414de310625ec83306a89f8f7b2ada6d4d6218793ef33ee00d933fa922075b9050c024f6ce347a7b54da29b6',0);
CREATE TABLE IF NOT EXISTS "_tidegauge_cursors" (
    "source" TEXT PRIMARY KEY NOT NULL,
    "cursor" TEXT NOT NULL
);
INSERT INTO _tidegauge_cursors VALUES('recorded','{"prices":1292,"fx":234}');
INSERT INTO _tidegauge_cursors VALUES('pipeline','{"until":"2020-08-01","finished":true}');
INSERT INTO _tidegauge_cursors VALUES('simulation','{"seed":42,"first_day":"2020-05-03","days":30,"users":60,"stationary":false,"market":"021a6a9dcb26f919","from":"2020-08-01","user":0}');
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
INSERT INTO raw_crypto_market_data VALUES('BTC','2020-04-11 23:59:59.000000','recorded','Bitcoin',6859.0829634299998358,31222085946.270000458,125651623116.07000731);
INSERT INTO raw_crypto_market_data VALUES('BTC','2020-04-12 23:59:59.000000','recorded','Bitcoin',6971.0915910800003983,35759567632.290000915,127716846208.30999755);
CREATE TABLE IF NOT EXISTS "fx_rates" (
    "base" TEXT NOT NULL,
    "quote" TEXT NOT NULL,
    "rate_date" DATE NOT NULL,
    "source" TEXT NOT NULL,
    "rate" DECIMAL(28,8) NOT NULL,
    PRIMARY KEY ("base", "quote", "rate_date", "source")
) WITHOUT ROWID;
INSERT INTO fx_rates VALUES('EUR','CAD','2020-04-01','recorded',1.5601000000000000422);
INSERT INTO fx_rates VALUES('EUR','CAD','2020-04-02','recorded',1.5450999999999999179);
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
CREATE TABLE IF NOT EXISTS "social_counts" (
    "symbol" TEXT NOT NULL,
    "start_at" TIMESTAMP NOT NULL,
    "end_at" TIMESTAMP NOT NULL,
    "posts" INTEGER NOT NULL,
    PRIMARY KEY ("symbol", "start_at")
) WITHOUT ROWID;
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
    "campaign" TEXT, "name" TEXT, "phone" TEXT, "address" TEXT, "device" TEXT, "referred_by" INTEGER, "balances" TEXT,
    PRIMARY KEY ("user_id")
);
INSERT INTO users VALUES(1,'derrick.hartmann1@example.com','CA','verified','2020-05-03 13:55:29.271726','intermediate',1,'2020-05-03 07:11:26.922053','paid_search','generic-search','Derrick Hartmann','+1 613 555 0161','2155 King Street, Calgary, AB T2W 5E0','ios-66d718945bad',NULL,'{"BTC":"0.43461017","CAD":"609.78405569","ETH":"3.54929855","SOL":"274.48800681"}');
INSERT INTO users VALUES(2,'thomas.schuster2@example.net','DE','pending',NULL,'starter',0,'2020-05-04 12:49:29.717022','organic',NULL,'Thomas Schuster','+49 176 040690 25','Gartenstraße 11, 60392 Frankfurt am Main','android-db9f0bc5f637',NULL,'{}');
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
    "completed_at" TIMESTAMP, "tx_hash" TEXT,
    PRIMARY KEY ("deposit_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
INSERT INTO deposits VALUES(1048577,1,'fiat','CAD',270,'bank_transfer','failed',NULL,'2020-05-03 13:55:29.271726',NULL,NULL);
INSERT INTO deposits VALUES(1048578,1,'fiat','CAD',270,'bank_transfer','completed',NULL,'2020-05-03 13:55:29.271726','2020-05-03 16:30:06.927181',NULL);
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
    "completed_at" TIMESTAMP, "address" TEXT,
    PRIMARY KEY ("withdrawal_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
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
INSERT INTO orders VALUES(1048579,1,'BTC/CAD','buy','market','BTC','CAD',0.016405320000000001012,0.016405320000000001012,NULL,'filled','2020-05-03 23:01:01.571357','2020-05-03 23:01:01.571357');
INSERT INTO orders VALUES(1048582,1,'ETH/CAD','buy','market','ETH','CAD',4.9248889699999995883,4.9248889699999995883,NULL,'filled','2020-05-06 02:32:46.787128','2020-05-06 02:32:46.787128');
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
INSERT INTO trades VALUES(1048580,1048579,1,'BTC/CAD','buy','BTC','CAD',0.016405320000000001012,201.11913975999999592,12259.385355200000048,0.8044765600000000072,'CAD',0,'2020-05-03 23:01:01.571357');
INSERT INTO trades VALUES(1048583,1048582,1,'ETH/CAD','buy','ETH','CAD',4.9248889699999995883,1429.5749510799998916,290.27556961999999884,5.7182997999999995997,'CAD',0,'2020-05-06 02:32:46.787128');
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
    "created_at" TIMESTAMP NOT NULL, "card" TEXT,
    PRIMARY KEY ("transaction_id"),
    FOREIGN KEY ("user_id") REFERENCES "users" ("user_id")
);
INSERT INTO ramp_transactions VALUES(1048610,1,'CAD',529.0299999999999727,'BTC',0.039768140000000000433,'card','CA','failed',5.9000000000000003552,'2020-06-07 15:19:07.874751','card-49e4e445c1890bdb');
INSERT INTO ramp_transactions VALUES(1048611,1,'CAD',529.0299999999999727,'BTC',0.039768140000000000433,'card','CA','completed',5.9000000000000003552,'2020-06-07 15:27:29.579474','card-49e4e445c1890bdb');
CREATE TABLE IF NOT EXISTS "marketing_spend" (
    "day" DATE NOT NULL,
    "channel" TEXT NOT NULL,
    "campaign" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "spend" DECIMAL(18,2) NOT NULL,
    PRIMARY KEY ("day", "channel", "campaign")
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "operational_metrics" (
    "metric" TEXT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "value" REAL NOT NULL,
    "dimensions" TEXT,
    PRIMARY KEY ("metric", "at")
) WITHOUT ROWID;
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
    "base_volume" DECIMAL(28,8),
    "currency" TEXT NOT NULL,
    PRIMARY KEY ("source", "symbol", "interval", "open_at")
) WITHOUT ROWID;
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
CREATE TABLE IF NOT EXISTS "market_prices" (
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
INSERT INTO market_prices VALUES('BTC','2020-04-12 00:00:00.000000',6859.0829634299998358,'recorded',1,NULL,NULL,NULL,0);
INSERT INTO market_prices VALUES('BTC','2020-04-13 00:00:00.000000',6971.0915910800003983,'recorded',1,NULL,NULL,NULL,0);
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
    PRIMARY KEY ("post_id", "symbol")
) WITHOUT ROWID;
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
CREATE TABLE IF NOT EXISTS "quarantine" (
    "source" TEXT NOT NULL,
    "place" TEXT NOT NULL,
    "table_name" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "noted_at" TIMESTAMP NOT NULL,
    PRIMARY KEY ("source", "place")
) WITHOUT ROWID;
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
INSERT INTO ledger_entries VALUES(1048577,1048577,1,'deposit',1048578,'user','CAD',270,'2020-05-03 16:30:06.927181');
INSERT INTO ledger_entries VALUES(1048578,1048577,1,'deposit',1048578,'outside','CAD',-270,'2020-05-03 16:30:06.927181');
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
CREATE INDEX "deposits_user_id" ON "deposits" ("user_id");
CREATE INDEX "withdrawals_user_id" ON "withdrawals" ("user_id");
CREATE INDEX "orders_user_id" ON "orders" ("user_id");
CREATE INDEX "trades_order_id" ON "trades" ("order_id");
CREATE INDEX "trades_user_id" ON "trades" ("user_id");
CREATE INDEX "ramp_transactions_user_id" ON "ramp_transactions" ("user_id");
CREATE INDEX "chargebacks_transaction_id" ON "chargebacks" ("transaction_id");
CREATE INDEX "chargebacks_user_id" ON "chargebacks" ("user_id");
CREATE INDEX "ledger_entries_user_id" ON "ledger_entries" ("user_id");
CREATE INDEX "truth_users_user_id" ON "truth_users" ("user_id");
COMMIT;
