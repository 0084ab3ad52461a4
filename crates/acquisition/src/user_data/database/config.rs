//! What a user may choose about a database of their own.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegauge_core::Table;

use crate::bad_rows::BadRows;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::mapping::{Columns, Condition, OnMissing};
use crate::user_data::snapshot::WriteRows;
use crate::{Error, Result};

/// What a user may choose about a database of their own. Its URL is a secret, and no part of this.
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
    /// The source's name, under which sinks keep its cursor.
    pub name: String,
    /// The environment variable that holds the URL; whoever makes the source reads it.
    pub url_env: String,
    /// A SELECT, without ORDER BY and LIMIT.
    pub query: String,
    /// A column of the query that never goes down from one row to a later one: a number that counts
    /// up, or the time of the last change. Without one the query is read whole in every run.
    pub incremental: Option<String>,
    /// How far behind the last row a run begins anew, for rows that are committed late; only where
    /// `incremental` is a time. Rows that are there already are skipped.
    #[serde(with = "crate::duration::option")]
    pub lag: Option<Duration>,
    /// The table that it fills.
    pub table: String,
    /// Whether a run reads this source unasked.
    pub enabled: bool,
    /// Whether another source may fill the same table.
    pub shared: bool,
    /// How the rows are written.
    pub write: WriteRows,
    /// What becomes of a row that does not fit.
    pub bad_rows: BadRows,
    /// What becomes of a row that has the key of another one and differs from it; by default it is refused where
    /// the table is written by append, and the last one counts where it is merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_duplicate: Option<DuplicateRows>,
    /// How columns are filled that the query calls otherwise, or does not have.
    pub columns: Columns,
    /// What becomes of a column of the table that the query does not have, and that may be null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<OnMissing>,
    /// What must hold of rows that are taken, in a configuration `where`; others are left out and counted. They are read
    /// all the same: a WHERE in the query is quicker.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Condition>,
    /// Texts that mean that there is no value, beside NULL.
    pub nulls: Vec<String>,
    /// The rows of a page, at most.
    pub page_rows: usize,
    /// How long the server may take to let us in.
    #[serde(with = "crate::duration")]
    pub connect_timeout: Duration,
    /// How long the server may take over a page.
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
    /// Returns what becomes of a row of `table` that has the key of another one.
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
