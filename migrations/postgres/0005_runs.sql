ALTER TABLE "runs"
    ADD COLUMN IF NOT EXISTS "inserted" bigint,
    ADD COLUMN IF NOT EXISTS "updated" bigint,
    ADD COLUMN IF NOT EXISTS "identical" bigint,
    ADD COLUMN IF NOT EXISTS "conflicting" bigint;
    ADD COLUMN IF NOT EXISTS "notes" text;
