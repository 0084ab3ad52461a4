ALTER TABLE `users`
    ADD COLUMN `external_id` longtext;

ALTER TABLE `users`
    MODIFY COLUMN `email` longtext,
    MODIFY COLUMN `country` longtext,
    MODIFY COLUMN `kyc_status` longtext,
    MODIFY COLUMN `account_tier` longtext,
    MODIFY COLUMN `is_active` tinyint(1),
    MODIFY COLUMN `acquisition_channel` longtext;

ALTER TABLE `deposits`
    ADD COLUMN `external_id` longtext,
    ADD COLUMN `external_user_id` longtext;

ALTER TABLE `withdrawals`
    ADD COLUMN `external_id` longtext,
    ADD COLUMN `external_user_id` longtext;

ALTER TABLE `orders`
    ADD COLUMN `external_id` longtext,
    ADD COLUMN `external_user_id` longtext;

ALTER TABLE `orders`
    MODIFY COLUMN `trading_pair` longtext,
    MODIFY COLUMN `side` longtext,
    MODIFY COLUMN `order_type` longtext,
    MODIFY COLUMN `quote_currency` longtext,
    MODIFY COLUMN `filled_amount` decimal(38,18),
    MODIFY COLUMN `status` longtext,
    MODIFY COLUMN `updated_at` datetime(6);

ALTER TABLE `trades`
    ADD COLUMN `external_id` longtext,
    ADD COLUMN `external_order_id` longtext,
    ADD COLUMN `external_user_id` longtext;

ALTER TABLE `trades`
    MODIFY COLUMN `order_id` bigint,
    MODIFY COLUMN `trading_pair` longtext,
    MODIFY COLUMN `side` longtext,
    MODIFY COLUMN `base_currency` longtext,
    MODIFY COLUMN `base_amount` decimal(38,18),
    MODIFY COLUMN `price` decimal(38,18),
    MODIFY COLUMN `fee_amount` decimal(38,18),
    MODIFY COLUMN `fee_currency` longtext,
    MODIFY COLUMN `is_maker` tinyint(1);

ALTER TABLE `ramp_transactions`
    ADD COLUMN `external_id` longtext,
    ADD COLUMN `external_user_id` longtext;

ALTER TABLE `ramp_transactions`
    MODIFY COLUMN `crypto_token` longtext,
    MODIFY COLUMN `crypto_amount` decimal(38,18),
    MODIFY COLUMN `payment_method` longtext,
    MODIFY COLUMN `country` longtext,
    MODIFY COLUMN `fee_usd` decimal(18,2);

ALTER TABLE `chargebacks`
    ADD COLUMN `external_id` longtext,
    ADD COLUMN `external_transaction_id` longtext,
    ADD COLUMN `external_user_id` longtext;
