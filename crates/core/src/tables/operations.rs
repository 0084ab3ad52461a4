//! Tables of operations: the business's own metrics, coverage, quarantine and the history of runs.

use chrono::{DateTime, Utc};

table! {
    /// Operational metrics of the business, such as tickets, uptime and cost, from your own files and databases.
    "operational_metrics" => OperationalMetric;
    key: ["metric", "at"];
    time: "at";
    write: Merge;
    /// The name of the metric.
    metric: String,
    /// The time of the measurement.
    at: DateTime<Utc>,
    /// Value, in the unit of the metric.
    value: f64,
    /// The dimensions of the value, a JSON object; null for a total.
    dimensions: Option<String>,
}

table! {
    /// The coverage ledger: which spans of which series a source has read, and with which result.
    "coverage" => Coverage;
    key: ["source", "series", "start_at"];
    time: "start_at";
    write: Merge;
    /// The source.
    source: String,
    /// The series within the source, as in `candles BTC 1h`.
    series: String,
    /// The start of the span, included.
    start_at: DateTime<Utc>,
    /// The end, excluded.
    end_at: DateTime<Utc>,
    /// The state: `present`, `empty` (the source has no rows there), `requested`, or `failed`.
    state: String,
    /// The number of rows that were read.
    rows: i64,
    /// The end of the span requested by the user; null once it is read up to there.
    requested_to: Option<DateTime<Utc>>,
    /// The error message of the source; null unless `failed`.
    reason: Option<String>,
    /// The time at which the row was written.
    noted_at: DateTime<Utc>,
}

table! {
    /// Rejected rows with their reasons: malformed rows that a source skips, and numbers with too many digits.
    "quarantine" => Quarantine;
    key: ["source", "place"];
    time: "noted_at";
    write: Merge;
    /// The source.
    source: String,
    /// The position of the row in the source: file and line, series and position in the response, or table and key.
    place: String,
    /// The table that it was read for.
    table_name: String,
    /// The reason why it was not loaded.
    reason: String,
    /// The row as it was read, truncated to 2,000 characters.
    content: String,
    /// The time at which the row was written.
    noted_at: DateTime<Utc>,
}

table! {
    /// The run history: one row per run and source, with counts and outcome.
    "runs" => RunRecord;
    key: ["run_id", "source"];
    time: "started_at";
    write: Merge;
    /// The id of the run, shared by all its sources.
    run_id: String,
    /// The source; `market` for the derived market tables.
    source: String,
    /// The time at which the source started.
    started_at: DateTime<Utc>,
    /// The time at which it ended; null while it is running, and permanently if the run was killed.
    ended_at: Option<DateTime<Utc>>,
    /// The outcome: `running`, `succeeded`, `failed`, `cancelled`, or `reset` if rows of the source were removed.
    outcome: String,
    /// The number of rows committed; for a reset, of rows removed.
    rows: i64,
    /// The number of rows by table, a JSON object; null while it is running.
    rows_by_table: Option<String>,
    /// The number of bytes of responses of the source's service, after decompression.
    bytes: i64,
    /// The number of requests to the source's service, including retries.
    requests: i64,
    /// The number of requests that were retries.
    retries: i64,
    /// The duration in seconds; null while it is running.
    seconds: Option<f64>,
    /// The kind of the error that ended it, as in `unavailable`; null unless `failed`.
    error_kind: Option<String>,
    /// The error message, without secrets; null unless `failed`.
    error_message: Option<String>,
    /// The version of Tidegauge.
    version: String,
    /// The number of rows with new keys; null while it is running.
    inserted: Option<i64>,
    /// The number of rows that replaced a different row with the same key; null while it is running.
    updated: Option<i64>,
    /// The number of rows that were stored already and skipped; null while it is running.
    identical: Option<i64>,
    /// The number of rows that differed from the stored row with the same key and were set aside; null while it is running.
    conflicting: Option<i64>,
    /// Notes on the reading that are not errors, a JSON list of sentences; null if there are none.
    notes: Option<String>,
}
