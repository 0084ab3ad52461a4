//! The database source: pages of a query by keyset pagination.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use tidegauge_core::{
    Clock, Cursor, Fingerprint, OnDuplicate, Page, Source, SourceCapabilities, TableRef, WriteMode,
};

use super::client::{Client, Connection, RawRow};
use super::config::Config;
use super::described_query::DescribedQuery;
use super::dialect::ParameterForm;
use super::progress::{self, KeysetValue, QueryProgress};
use super::sql::{OrderColumn, PageStart, Select};
use crate::text::cut;
use crate::user_data::duplicate_rows::DuplicateRows;
use crate::user_data::mapping::{self, Field, Mapping, NoteLog, Notes, PageRows};
use crate::user_data::settings;
use crate::user_data::snapshot::{SnapshotPages, WriteRows};
use crate::{Error, Result, cursor};

/// A source that reads a query from PostgreSQL, MySQL, MariaDB or SQLite.
///
/// With an incremental column, each run continues after the last row by keyset pagination: the rows
/// are ordered by that column and by the columns that fill the table's key, so that rows with the
/// same time are neither lost nor read twice where a page ends between them. Without an incremental
/// column, each run reads all rows.
///
/// ```no_run
/// # use std::sync::Arc;
/// use tidegauge_acquisition::database::{Config, DatabaseSource};
/// use tidegauge_core::{Source, SystemClock, tables::User};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config {
///     name: "crm".into(),
///     query: "SELECT * FROM customers WHERE updated_at IS NOT NULL".into(),
///     incremental: Some("updated_at".into()),
///     columns: serde_json::from_str(r#"{ "user_id": "id" }"#)?,
///     ..Config::default()
/// };
/// let url = "postgres://reader:secret@db.example.com/crm".into();
/// let source = DatabaseSource::new(config, &url, User::table().clone(), Arc::new(SystemClock))?;
/// let page = source.fetch(None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DatabaseSource {
    pub(super) config: Config,
    /// The fingerprint of the settings that decide what rows of the query become.
    pub(super) settings: Fingerprint,
    pub(super) client: Client,
    pub(super) mapping: Mapping,
    pub(super) clock: Arc<dyn Clock>,
    /// The ordering columns: the incremental column, then those that fill the key of the table.
    pub(super) order: Vec<String>,
    pub(super) note_log: NoteLog,
}

/// Returns a fingerprint of the settings that decide what rows of the query become.
fn settings_of(config: &Config, table: &TableRef) -> Result<Fingerprint> {
    let without = Config::default();
    let config = Config {
        url_env: String::new(),
        lag: without.lag,
        enabled: without.enabled,
        shared: without.shared,
        bad_rows: without.bad_rows,
        page_rows: without.page_rows,
        connect_timeout: without.connect_timeout,
        statement_timeout: without.statement_timeout,
        ..config.clone()
    };
    settings::fingerprint(&config, table)
        .map_err(|error| Error::config("columns", format!("they cannot be written down: {error}")))
}

impl DatabaseSource {
    /// Creates the source that `config` describes, which reads from `url` and fills `table`.
    ///
    /// It does not connect yet.
    ///
    /// # Errors
    /// Returns an error if the configuration contradicts itself, the URL is invalid, or the mapping
    /// does not fit `table`.
    pub fn new(
        config: Config,
        url: &SecretString,
        table: TableRef,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        config.validate()?;
        if !config.table.is_empty() && config.table != table.name {
            let reason =
                format!("it is `{}`, and the table given is `{}`", config.table, table.name);
            return Err(Error::config("table", reason));
        }
        let appended = table.write == WriteMode::Append;
        let replaced = config.write == WriteRows::Replace;
        if appended && !replaced && config.incremental.is_none() {
            let reason = format!(
                "`{}` is written by append, and without an incremental column every run would \
                 append all rows again: name one, or use a table that is merged",
                table.name
            );
            return Err(Error::config("incremental", reason));
        }
        let mapping = Mapping::new(&config.name, &table, &config.columns)?;
        let mapping = mapping.on_missing(config.on_missing).filter(&config.filter)?;
        let mut order: Vec<String> = config.incremental.iter().cloned().collect();
        for name in table.key.iter().flat_map(|key| mapping.sources_of(key)) {
            if !order.contains(name) {
                order.push(name.clone());
            }
        }
        if order.is_empty() {
            let reason = format!("the key of `{}` is made of constants alone", table.name);
            return Err(Error::config("columns", reason));
        }
        let client = Client::new(&config, url)?;
        let settings = settings_of(&config, &table)?;
        Ok(Self { config, settings, client, mapping, clock, order, note_log: NoteLog::default() })
    }

    fn duplicates(&self) -> DuplicateRows {
        self.config.duplicates(self.mapping.table())
    }

    async fn page(&self, before: Option<&Cursor>) -> Result<Page> {
        let progress: QueryProgress = match before {
            None => QueryProgress::default(),
            Some(before) => cursor::read(&self.config.name, before)?,
        };
        if !progress.last.is_empty() && progress.order != self.order {
            return Err(Error::Core(tidegauge_core::Error::Cursor {
                source_name: self.config.name.clone(),
                reason: format!(
                    "it was read in the order of {}, and now would be of {}; `tidegauge reset {}` \
                     has it read from the beginning",
                    progress.order.join(", "),
                    self.order.join(", "),
                    self.config.name
                ),
            }));
        }
        let mut connection = self.client.connect().await?;
        let page = self.read(&mut connection, progress).await?;
        // After an error it is dropped instead: a server that does not answer cannot close it.
        self.client.close(connection).await;
        Ok(page)
    }

    /// Returns all rows of the query as one page. They are read page by page, in the order of the
    /// key, so a row that changes meanwhile may have its old or its new values.
    async fn snapshot(&self, before: Option<&Cursor>) -> Result<Page> {
        let name = &self.config.name;
        let QueryProgress { rounds, columns, .. } = match before {
            None => QueryProgress::default(),
            Some(before) => cursor::read(name, before)?,
        };
        let mut at =
            cursor::write(name, &QueryProgress { rounds, columns, ..QueryProgress::default() })?;
        let mut pages = SnapshotPages::default();
        loop {
            let page = self.page(Some(&at)).await?;
            let (next, done) = (page.cursor.clone(), page.done);
            pages.take(name, page)?;
            at = next;
            if done {
                return Ok(Page { batches: pages.finish(name)?, cursor: at, done });
            }
        }
    }

    async fn read(&self, connection: &mut Connection, progress: QueryProgress) -> Result<Page> {
        let now = self.clock.now();
        let (mut notes, mut filled) = (Notes::new(now), progress.columns.clone());
        let settings = self.settings;
        if !progress.last.is_empty() && progress.settings.is_some_and(|before| before != settings) {
            notes.other_settings();
        }
        let query = self.describe(connection, &mut filled, &mut notes).await?;
        let select = Select {
            dialect: self.client.dialect,
            query: &self.config.query,
            columns: &query.columns,
            order: &query.order,
            limit: self.config.page_rows,
        };
        if progress == QueryProgress::default() {
            self.reject_nulls(connection, &select).await?;
        }
        let (start, keyset) = self.page_start(&progress)?;
        let (statement, parameters) = select.page(start);
        let keyset: Vec<&KeysetValue> =
            parameters.iter().filter_map(|at| keyset.get(*at)).collect();
        let (raw, whole) = self.client.rows(connection, statement, &keyset).await?;
        let done = whole && raw.len() < self.config.page_rows;
        if done && progress != QueryProgress::default() {
            self.reject_nulls(connection, &select).await?;
        }
        let policies = (self.config.bad_rows, self.duplicates());
        let mut rows = PageRows::new(self.mapping.table(), policies, usize::MAX, false);
        for row in &raw {
            self.push(&query, row, &mut rows, &mut notes)?;
        }
        let last = match raw.last() {
            Some(row) => self.keyset(&query, row)?,
            None => progress.last,
        };
        // Without an incremental column the next round starts from the first row.
        let whole_rounds = self.config.incremental.is_none();
        let next = match done && whole_rounds {
            true => QueryProgress { done, rounds: progress.rounds + 1, ..QueryProgress::default() },
            false => {
                let (order, rounds) = (self.order.clone(), progress.rounds);
                let settings = Some(settings);
                QueryProgress { last, order, done, rounds, settings, ..QueryProgress::default() }
            }
        };
        let next = QueryProgress { columns: filled, ..next };
        let (batches, _) = rows.finish(&self.config.name, now, &mut notes)?;
        notes.report_to(&self.mapping, &self.note_log);
        Ok(Page { batches, cursor: cursor::write(&self.config.name, &next)?, done })
    }

    /// Returns the position at which the page starts, and the values of the ordering columns there.
    fn page_start(&self, progress: &QueryProgress) -> Result<(PageStart, Vec<KeysetValue>)> {
        let Some(first) = progress.last.first() else { return Ok((PageStart::Start, Vec::new())) };
        let (true, Some(lag)) = (progress.done, self.config.lag) else {
            return Ok((PageStart::After, progress.last.clone()));
        };
        let text = progress::minus_lag(&first.text, lag).ok_or_else(|| {
            let reason = format!("`{}` is not a time, which `lag` needs", cut(&first.text, 80));
            Error::Database(self.order_error(&self.order[0], reason))
        })?;
        Ok((PageStart::FirstAtLeast, vec![KeysetValue { text, ..first.clone() }]))
    }

    fn push(
        &self,
        query: &DescribedQuery,
        row: &RawRow,
        rows: &mut PageRows,
        notes: &mut Notes,
    ) -> Result<()> {
        let field = |at: usize| self.field(row.get(at).and_then(Option::as_deref));
        let fields: Vec<Field<'_>> = (0..query.columns.len()).map(field).collect();
        let bytes = fields.iter().map(Field::size).sum();
        let shown = |places: &mut dyn Iterator<Item = usize>| {
            let cell = |at: usize| format!("{}={}", query.columns[at].0, field(at).shown());
            places.map(cell).collect::<Vec<_>>().join(", ")
        };
        let keys = || cut(&shown(&mut query.keys.iter().copied()), 400);
        let by = (&self.mapping, &query.bound, notes);
        rows.take(by, Ok(fields), bytes, keys, || shown(&mut (0..query.columns.len())))
    }

    fn field<'c>(&self, cell: Option<&'c [u8]>) -> Field<'c> {
        match cell.map(|cell| (cell, std::str::from_utf8(cell))) {
            None => Field::Null,
            Some((_, Ok(text))) => Field::from(text).with_null_markers(&self.config.nulls),
            Some((bytes, Err(_))) => Field::Bytes(bytes.into()),
        }
    }

    /// Returns the values of the ordering columns, which follow the others in a row.
    fn keyset(&self, query: &DescribedQuery, row: &RawRow) -> Result<Vec<KeysetValue>> {
        let count = query.order.len();
        let value = |(at, ordered): (usize, &OrderColumn)| {
            let text = |at: usize| {
                let cell = row.get(at).and_then(Option::as_deref).unwrap_or_default();
                std::str::from_utf8(cell).ok().map(str::to_owned)
            };
            let at = query.columns.len() + at;
            let dtype = match ordered.native {
                ParameterForm::Sqlite => text(at + count).unwrap_or_default(),
                ParameterForm::Cast(_) => String::new(),
            };
            let text = text(at).filter(|text| dtype != "blob" && !text.contains('\0'));
            let text = text.ok_or_else(|| {
                self.order_error(
                    &ordered.column,
                    "it holds bytes that are no text; use HEX()".into(),
                )
            })?;
            Ok(KeysetValue { text, dtype })
        };
        query.order.iter().enumerate().map(value).collect()
    }
}

#[async_trait]
impl Source for DatabaseSource {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn tables(&self) -> Vec<TableRef> {
        mapping::tables(&self.mapping, self.config.bad_rows, self.duplicates())
    }

    fn on_duplicate(&self) -> OnDuplicate {
        self.duplicates().policy(self.clock.now())
    }

    fn capabilities(&self) -> SourceCapabilities {
        let snapshot = self.config.write == WriteRows::Replace;
        SourceCapabilities { snapshot, ..SourceCapabilities::default() }
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let page = match self.config.write {
            WriteRows::ByTable => self.page(cursor).await,
            WriteRows::Replace => self.snapshot(cursor).await,
        };
        page.map_err(|error| error.into_source_error(&self.config.name))
    }

    fn take_notes(&self) -> Vec<String> {
        self.note_log.take()
    }
}
