-- The history of runs: what each run did with each of its sources, and how that ended.
CREATE TABLE IF NOT EXISTS `runs` (
    `run_id` varchar(255) NOT NULL,
    `source` varchar(255) NOT NULL,
    `started_at` datetime(6) NOT NULL,
    `ended_at` datetime(6),
    `outcome` longtext NOT NULL,
    `rows` bigint NOT NULL,
    `rows_by_table` longtext,
    `bytes` bigint NOT NULL,
    `requests` bigint NOT NULL,
    `retries` bigint NOT NULL,
    `seconds` double,
    `error_kind` longtext,
    `error_message` longtext,
    `version` longtext NOT NULL,
    PRIMARY KEY (`run_id`, `source`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={collation};
