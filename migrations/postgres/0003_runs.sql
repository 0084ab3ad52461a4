-- The history of runs: what each run did with each of its sources, and how that ended.
CREATE TABLE IF NOT EXISTS "runs" (
    "run_id" text NOT NULL,
    "source" text NOT NULL,
    "started_at" timestamp with time zone NOT NULL,
    "ended_at" timestamp with time zone,
    "outcome" text NOT NULL,
    "rows" bigint NOT NULL,
    "rows_by_table" text,
    "bytes" bigint NOT NULL,
    "requests" bigint NOT NULL,
    "retries" bigint NOT NULL,
    "seconds" double precision,
    "error_kind" text,
    "error_message" text,
    "version" text NOT NULL,
    PRIMARY KEY ("run_id", "source")
);
