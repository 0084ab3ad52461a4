-- The history of runs: what each run did with each of its sources, and how that ended.
CREATE TABLE IF NOT EXISTS "runs" (
    "run_id" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "started_at" TIMESTAMP NOT NULL,
    "ended_at" TIMESTAMP,
    "outcome" TEXT NOT NULL,
    "rows" INTEGER NOT NULL,
    "rows_by_table" TEXT,
    "bytes" INTEGER NOT NULL,
    "requests" INTEGER NOT NULL,
    "retries" INTEGER NOT NULL,
    "seconds" REAL,
    "error_kind" TEXT,
    "error_message" TEXT,
    "version" TEXT NOT NULL,
    PRIMARY KEY ("run_id", "source")
) WITHOUT ROWID;
