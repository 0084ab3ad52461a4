ALTER TABLE `runs`
    ADD COLUMN `inserted` bigint,
    ADD COLUMN `updated` bigint,
    ADD COLUMN `identical` bigint,
    ADD COLUMN `conflicting` bigint;
    ADD COLUMN `notes` longtext;
