//! Tables of operations: the business's own metrics, coverage, quarantine and the history of runs.

use chrono::{DateTime, Utc};

table! {
    /// Numbers of the business itself: tickets, uptime, cost; filled from your own files and databases.
    "operational_metrics" => OperationalMetric;
    key: ["metric", "at"];
    time: "at";
    write: Merge;
    /// What is measured.
    metric: String,
    /// When.
    at: DateTime<Utc>,
    /// The value, in the metric's own unit.
    value: f64,
    /// What it was measured of, a JSON object; null for the whole.
    dimensions: Option<String>,
}

table! {
    /// The gap ledger: which spans of which series a source has read, and how that went.
    "coverage" => Coverage;
    key: ["source", "series", "start_at"];
    time: "start_at";
    write: Merge;
    /// The source.
    source: String,
    /// The series within the source, as in `candles BTC 1h`.
    series: String,
    /// Where the span begins.
    start_at: DateTime<Utc>,
    /// Where it ends; that instant is not in it.
    end_at: DateTime<Utc>,
    /// `present`, `empty` (the source has nothing there), `requested`, or `failed`.
    state: String,
    /// The rows that came.
    rows: i64,
    /// How far it is to be read that was asked for by hand; null once it is read to there.
    requested_to: Option<DateTime<Utc>>,
    /// Why it failed, in the source's own words; null unless `failed`.
    reason: Option<String>,
    /// When this was written.
    noted_at: DateTime<Utc>,
}

table! {
    /// Rows that were not taken, and why: bad ones, where a source goes on without them, and numbers of too many digits.
    "quarantine" => Quarantine;
    key: ["source", "place"];
    time: "noted_at";
    write: Merge;
    /// The source.
    source: String,
    /// Where the row stands in the source: file and line, series and place in the reply, or table and key.
    place: String,
    /// The table that it was meant for.
    table_name: String,
    /// Why it was not taken.
    reason: String,
    /// The row as it came, cut to 2,000 characters.
    content: String,
    /// When this was written.
    noted_at: DateTime<Utc>,
}

table! {
    /// The history of runs: what each run did with each of its sources, and how that ended.
    "runs" => RunRecord;
    key: ["run_id", "source"];
    time: "started_at";
    write: Merge;
    /// The run; its sources share it.
    run_id: String,
    /// The source; `market` for the derived market tables.
    source: String,
    /// When the source began.
    started_at: DateTime<Utc>,
    /// When it ended; null while it is running, and for good if the run was killed.
    ended_at: Option<DateTime<Utc>>,
    /// `running`, `succeeded`, `failed`, `cancelled`, or `reset` of a source whose rows were removed.
    outcome: String,
    /// The rows that were committed; of a reset, those that were removed.
    rows: i64,
    /// The rows by table, a JSON object; null while it is running.
    rows_by_table: Option<String>,
    /// Bytes of the answers of its service, after decompression.
    bytes: i64,
    /// Requests sent to its service, retries among them.
    requests: i64,
    /// Requests that were retries.
    retries: i64,
    /// The duration in seconds; null while it is running.
    seconds: Option<f64>,
    /// What kind of error ended it, as in `unavailable`; null unless `failed`.
    error_kind: Option<String>,
    /// Why it failed, without secrets; null unless `failed`.
    error_message: Option<String>,
    /// The version of Tidegauge.
    version: String,
    /// The rows whose keys were new in the warehouse; null while it is running.
    inserted: Option<i64>,
    /// The rows that replaced one of their key which differed; null while it is running.
    updated: Option<i64>,
    /// The rows that were there already; null while it is running.
    identical: Option<i64>,
    /// The rows that differed from the one of their key, and were set aside; null while it is running.
    conflicting: Option<i64>,
    /// What reading came upon that is no error, a JSON list of sentences; null if that is nothing.
    notes: Option<String>,
}
