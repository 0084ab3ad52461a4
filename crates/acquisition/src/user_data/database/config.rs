//! The configuration of a database source.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegauge_core::Table;

use crate::bad_rows::BadRows;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::mapping::{Columns, Condition, OnMissing};
use crate::user_data::snapshot::WriteRows;
use crate::{Error, Result};

/// The configuration of a database source. Its URL is a secret, and not part of it.
///
/// ```
/// use tidegauge_acquisition::database::Config;
///
/// let config: Config = serde_json::from_value(serde_json::json!({
///     "name": "crm",
///     "url_env": "CRM_DATABASE_URL",
///     "query": "SELECT * FROM customers",
///     "incremental": "updated_at",
///     "lag": "10m",
///     "table": "users",
///     "columns": { "user_id": "id" },
/// }))?;
/// assert_eq!(config.page_rows, 50_000);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The source's name, under which sinks store its cursor.
    pub name: String,
    /// The environment variable that holds the URL; the caller that creates the source reads it.
    pub url_env: String,
    /// A SELECT statement, without ORDER BY and LIMIT.
    pub query: String,
    /// The incremental column: a column of the query that never decreases from one row to a later
    /// one, such as an increasing number or the time of the last change. Without one, each run
    /// reads the whole query.
    pub incremental: Option<String>,
    /// The lag: the time before the last row at which a run starts, for rows that are committed
    /// late; only valid if `incremental` is a time. Rows that are stored already are skipped.
    #[serde(with = "crate::duration::option")]
    pub lag: Option<Duration>,
    /// The table that the source fills.
    pub table: String,
    /// Whether a run reads this source by default.
    pub enabled: bool,
    /// Whether another source may fill the same table.
    pub shared: bool,
    /// The write mode of the rows.
    pub write: WriteRows,
    /// The policy for rows that do not fit the table.
    pub bad_rows: BadRows,
    /// The policy for a row whose key another row has, and that differs from it. By default it is
    /// rejected if the table is written by append, and the last row is taken if the table is
    /// merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_duplicate: Option<DuplicateRows>,
    /// The mapping of columns that have another name in the query, or are not in it.
    pub columns: Columns,
    /// The policy for nullable columns of the table that the query does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<OnMissing>,
    /// The conditions that rows must meet, `where` in a configuration; other rows are left out and
    /// counted. They are read nevertheless, so a WHERE clause in the query is faster.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Condition>,
    /// The null markers: texts that stand for a missing value, in addition to NULL.
    pub nulls: Vec<String>,
    /// The maximum number of rows of a page.
    pub page_rows: usize,
    /// The timeout for connecting to the server.
    #[serde(with = "crate::duration")]
    pub connect_timeout: Duration,
    /// The timeout for the statement that reads a page.
    #[serde(with = "crate::duration")]
    pub statement_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: String::new(),
            url_env: String::new(),
            query: String::new(),
            incremental: None,
            lag: None,
            table: String::new(),
            enabled: true,
            shared: false,
            write: WriteRows::ByTable,
            bad_rows: BadRows::Fail,
            on_duplicate: None,
            columns: Columns::new(),
            on_missing: None,
            filter: Vec::new(),
            nulls: Vec::new(),
            page_rows: 50_000,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(300),
        }
    }
}

impl Config {
    /// Returns the policy for rows of `table` whose key another row has.
    pub(super) fn duplicates(&self, table: &Table) -> DuplicateRows {
        self.on_duplicate.unwrap_or_else(|| DuplicateRows::of(table))
    }

    pub(super) fn validate(&self) -> Result<()> {
        if self.name.is_empty() {
            return Err(Error::config(
                "name",
                "the source needs one, for sinks to keep its cursor",
            ));
        }
        if self.query.trim().is_empty() {
            return Err(Error::config("query", "it is empty: it is a SELECT"));
        }
        if self.page_rows == 0 || i64::try_from(self.page_rows).is_err() {
            return Err(Error::config("page_rows", "a page has at least one row"));
        }
        for (setting, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("statement_timeout", self.statement_timeout),
        ] {
            if timeout == Duration::ZERO {
                return Err(Error::config(setting, "nothing is done in no time: 10s, 5m"));
            }
        }
        if self.incremental.is_some() && self.write == WriteRows::Replace {
            let reason = "`write = \"replace\"` reads all of the query in each run: leave it out";
            return Err(Error::config("incremental", reason));
        }
        if self.lag.is_some() && self.incremental.is_none() {
            return Err(Error::config("lag", "it goes with `incremental`, which is not set"));
        }
        Ok(())
    }
}
