-- What each source has loaded, as of its cursor: by it a table that was dropped or emptied, and a cursor that was
-- changed by hand, are noticed. Null for a cursor that an earlier release wrote.
ALTER TABLE "_tidegauge_cursors"
    ADD COLUMN IF NOT EXISTS "loaded" text;
