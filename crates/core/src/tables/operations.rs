//! The business's own numbers.

use chrono::{DateTime, Utc};

table! {
    /// Numbers of the business itself: tickets, uptime, cost. Not filled yet.
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
