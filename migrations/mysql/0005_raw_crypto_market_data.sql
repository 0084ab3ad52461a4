ALTER TABLE `raw_crypto_market_data`
    MODIFY COLUMN `price_usd` decimal(38,18) NOT NULL;

ALTER TABLE `candles`
    MODIFY COLUMN `open` decimal(38,18) NOT NULL,
    MODIFY COLUMN `high` decimal(38,18) NOT NULL,
    MODIFY COLUMN `low` decimal(38,18) NOT NULL,
    MODIFY COLUMN `close` decimal(38,18) NOT NULL,
    MODIFY COLUMN `volume` decimal(38,18),
    MODIFY COLUMN `base_volume` decimal(38,18);

ALTER TABLE `quotes`
    MODIFY COLUMN `price` decimal(38,18) NOT NULL,
    MODIFY COLUMN `bid` decimal(38,18),
    MODIFY COLUMN `ask` decimal(38,18),
    MODIFY COLUMN `base_volume` decimal(38,18);

ALTER TABLE `market_trades`
    MODIFY COLUMN `price` decimal(38,18) NOT NULL,
    MODIFY COLUMN `base_amount` decimal(38,18) NOT NULL;

ALTER TABLE `market_prices`
    MODIFY COLUMN `price_usd` decimal(38,18) NOT NULL,
    MODIFY COLUMN `other_price_usd` decimal(38,18);

ALTER TABLE `fx_rates`
    MODIFY COLUMN `rate` decimal(38,18) NOT NULL;

ALTER TABLE `fx_daily`
    MODIFY COLUMN `rate` decimal(38,18) NOT NULL;

ALTER TABLE `deposits`
    MODIFY COLUMN `amount` decimal(38,18) NOT NULL;

ALTER TABLE `withdrawals`
    MODIFY COLUMN `amount` decimal(38,18) NOT NULL,
    MODIFY COLUMN `fee` decimal(38,18) NOT NULL;

ALTER TABLE `orders`
    MODIFY COLUMN `base_amount` decimal(38,18) NOT NULL,
    MODIFY COLUMN `filled_amount` decimal(38,18) NOT NULL,
    MODIFY COLUMN `limit_price` decimal(38,18);

ALTER TABLE `trades`
    MODIFY COLUMN `base_amount` decimal(38,18) NOT NULL,
    MODIFY COLUMN `quote_amount` decimal(38,18) NOT NULL,
    MODIFY COLUMN `price` decimal(38,18) NOT NULL,
    MODIFY COLUMN `fee_amount` decimal(38,18) NOT NULL;

ALTER TABLE `ramp_transactions`
    MODIFY COLUMN `crypto_amount` decimal(38,18) NOT NULL;

ALTER TABLE `ledger_entries`
    MODIFY COLUMN `amount` decimal(38,18) NOT NULL;

ALTER TABLE `runs`
    ADD COLUMN `inserted` bigint,
    ADD COLUMN `updated` bigint,
    ADD COLUMN `identical` bigint,
    ADD COLUMN `conflicting` bigint,
    ADD COLUMN `notes` longtext;
