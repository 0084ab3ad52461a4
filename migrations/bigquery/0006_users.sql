ALTER TABLE `users` ADD COLUMN IF NOT EXISTS `external_id` STRING;

ALTER TABLE `users` ALTER COLUMN `email` DROP NOT NULL;
ALTER TABLE `users` ALTER COLUMN `country` DROP NOT NULL;
ALTER TABLE `users` ALTER COLUMN `kyc_status` DROP NOT NULL;
ALTER TABLE `users` ALTER COLUMN `account_tier` DROP NOT NULL;
ALTER TABLE `users` ALTER COLUMN `is_active` DROP NOT NULL;
ALTER TABLE `users` ALTER COLUMN `acquisition_channel` DROP NOT NULL;

ALTER TABLE `deposits` ADD COLUMN IF NOT EXISTS `external_id` STRING;
ALTER TABLE `deposits` ADD COLUMN IF NOT EXISTS `external_user_id` STRING;

ALTER TABLE `withdrawals` ADD COLUMN IF NOT EXISTS `external_id` STRING;
ALTER TABLE `withdrawals` ADD COLUMN IF NOT EXISTS `external_user_id` STRING;

ALTER TABLE `orders` ADD COLUMN IF NOT EXISTS `external_id` STRING;
ALTER TABLE `orders` ADD COLUMN IF NOT EXISTS `external_user_id` STRING;

ALTER TABLE `orders` ALTER COLUMN `trading_pair` DROP NOT NULL;
ALTER TABLE `orders` ALTER COLUMN `side` DROP NOT NULL;
ALTER TABLE `orders` ALTER COLUMN `order_type` DROP NOT NULL;
ALTER TABLE `orders` ALTER COLUMN `quote_currency` DROP NOT NULL;
ALTER TABLE `orders` ALTER COLUMN `filled_amount` DROP NOT NULL;
ALTER TABLE `orders` ALTER COLUMN `status` DROP NOT NULL;
ALTER TABLE `orders` ALTER COLUMN `updated_at` DROP NOT NULL;

ALTER TABLE `trades` ADD COLUMN IF NOT EXISTS `external_id` STRING;
ALTER TABLE `trades` ADD COLUMN IF NOT EXISTS `external_order_id` STRING;
ALTER TABLE `trades` ADD COLUMN IF NOT EXISTS `external_user_id` STRING;

ALTER TABLE `trades` ALTER COLUMN `order_id` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `trading_pair` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `side` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `base_currency` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `base_amount` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `price` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `fee_amount` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `fee_currency` DROP NOT NULL;
ALTER TABLE `trades` ALTER COLUMN `is_maker` DROP NOT NULL;

ALTER TABLE `ramp_transactions` ADD COLUMN IF NOT EXISTS `external_id` STRING;
ALTER TABLE `ramp_transactions` ADD COLUMN IF NOT EXISTS `external_user_id` STRING;

ALTER TABLE `ramp_transactions` ALTER COLUMN `crypto_token` DROP NOT NULL;
ALTER TABLE `ramp_transactions` ALTER COLUMN `crypto_amount` DROP NOT NULL;
ALTER TABLE `ramp_transactions` ALTER COLUMN `payment_method` DROP NOT NULL;
ALTER TABLE `ramp_transactions` ALTER COLUMN `country` DROP NOT NULL;
ALTER TABLE `ramp_transactions` ALTER COLUMN `fee_usd` DROP NOT NULL;

ALTER TABLE `chargebacks` ADD COLUMN IF NOT EXISTS `external_id` STRING;
ALTER TABLE `chargebacks` ADD COLUMN IF NOT EXISTS `external_transaction_id` STRING;
ALTER TABLE `chargebacks` ADD COLUMN IF NOT EXISTS `external_user_id` STRING;
