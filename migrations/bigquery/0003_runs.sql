-- The history of runs: what each run did with each of its sources, and how that ended.
CREATE TABLE IF NOT EXISTS `runs` (
    `run_id` STRING NOT NULL,
    `source` STRING NOT NULL,
    `started_at` TIMESTAMP NOT NULL,
    `ended_at` TIMESTAMP,
    `outcome` STRING NOT NULL,
    `rows` INT64 NOT NULL,
    `rows_by_table` STRING,
    `bytes` INT64 NOT NULL,
    `requests` INT64 NOT NULL,
    `retries` INT64 NOT NULL,
    `seconds` FLOAT64,
    `error_kind` STRING,
    `error_message` STRING,
    `version` STRING NOT NULL,
    PRIMARY KEY (`run_id`, `source`) NOT ENFORCED
)
PARTITION BY TIMESTAMP_TRUNC(`started_at`, MONTH)
CLUSTER BY `run_id`, `source`;
