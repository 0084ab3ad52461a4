//! Scans: the parameters of reading a table.

use std::ops::RangeBounds;
use std::sync::Arc;

use super::filter;
use crate::{Batch, Column, Error, Filter, Predicate, Result, Span, Table, TableRef};

/// The parameters of reading a table: projection, filter, time range and limit.
///
/// ```
/// use tidegauge_core::{Filter, Scan, tables::Trade};
///
/// let few = Scan::columns(Trade::table(), ["trade_id", "price"])
///     .range("user_id", 0..100)
///     .filter(Filter::eq("base_currency", "BTC"))
///     .limit(10);
/// let needed: Vec<_> = few.required_columns()?.iter().map(|column| column.name.to_string()).collect();
/// assert_eq!(needed, ["trade_id", "price", "user_id", "base_currency"]);
/// assert_eq!(few.output_schema()?.columns.len(), 2);
/// # Ok::<(), tidegauge_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scan {
    /// The table.
    pub table: TableRef,
    /// The columns to read, in this order (`None`: all, in the table's order).
    pub projection: Option<Vec<String>>,
    /// The row filter (`None`: all rows).
    pub filter: Option<Filter>,
    /// The range of the event time, the table's own column (`None`: all rows).
    pub time_range: Option<Span>,
    /// The maximum number of rows, in no particular order (`None`: all rows).
    pub limit: Option<usize>,
}

impl Scan {
    /// Reads all of `table`.
    pub fn all(table: &TableRef) -> Self {
        let table = table.clone();
        Self { table, projection: None, filter: None, time_range: None, limit: None }
    }

    /// Reads only `columns` of `table`.
    pub fn columns<S: Into<String>>(
        table: &TableRef,
        columns: impl IntoIterator<Item = S>,
    ) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { projection: Some(columns), ..Self::all(table) }
    }

    /// Reads only rows that `filter` keeps, in addition to earlier filters.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(match self.filter {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Reads only rows whose integer `column` lies in `range`. Null lies in no range.
    #[must_use]
    pub fn range(self, column: impl Into<String>, range: impl RangeBounds<i64>) -> Self {
        self.filter(Filter::range(column, range))
    }

    /// Reads only rows whose event time lies in `span`; a date counts as its midnight (UTC).
    #[must_use]
    pub fn time_range(mut self, span: Span) -> Self {
        self.time_range = Some(span);
        self
    }

    /// Reads at most `rows` rows.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Returns the definitions of the projected columns, in the projection's order.
    ///
    /// # Errors
    /// When a projected column is not in the table or appears twice, or the projection is empty.
    pub fn projected_columns(&self) -> Result<Vec<&Column>> {
        let Some(names) = &self.projection else { return Ok(self.table.columns.iter().collect()) };
        if names.is_empty() {
            return Err(Error::schema(&self.table.name, "a scan of it needs a column"));
        }
        let mut columns: Vec<&Column> = Vec::with_capacity(names.len());
        for name in names {
            let column = self.table.column(name)?;
            if columns.iter().any(|other| other.name == column.name) {
                let reason = format!("column `{name}` cannot be read twice at once");
                return Err(Error::schema(&self.table.name, reason));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// Returns the schema of the batches read, as a table: the projected columns, without a key.
    /// Without a projection it is the table itself.
    ///
    /// # Errors
    /// The same as for [`projected_columns`](Self::projected_columns).
    pub fn output_schema(&self) -> Result<TableRef> {
        if self.projection.is_none() {
            return Ok(self.table.clone());
        }
        let columns: Vec<Column> = self.projected_columns()?.into_iter().cloned().collect();
        let time = self.table.time.clone();
        Ok(Arc::new(Table {
            name: self.table.name.clone(),
            description: self.table.description.clone(),
            time: time.filter(|time| columns.iter().any(|column| column.name == *time)),
            columns,
            key: Vec::new(),
            foreign_keys: Vec::new(),
            write: self.table.write,
        }))
    }

    /// Returns the predicate that the filter and the time range form together.
    ///
    /// # Errors
    /// The same as for [`Filter::check`], and when there is a time range and the table has no event
    /// time.
    pub fn predicate(&self) -> Result<Predicate> {
        filter::combined_predicate(&self.table, self.filter.as_ref(), self.time_range)
    }

    /// Returns the columns that must be read: first the projected ones, then those that only the
    /// predicate needs.
    ///
    /// # Errors
    /// The same as for [`projected_columns`](Self::projected_columns) and [`predicate`](Self::predicate).
    pub fn required_columns(&self) -> Result<Vec<&Column>> {
        let mut columns = self.projected_columns()?;
        for condition in self.predicate()?.conditions {
            let column = self.table.column(&condition.name)?;
            if !columns.iter().any(|other| other.name == column.name) {
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// Applies the predicate and the projection to `batch`, which must have the
    /// [`required_columns`](Self::required_columns) columns; the limit is not applied. An in-memory warehouse needs
    /// nothing more.
    ///
    /// # Errors
    /// The same as for [`required_columns`](Self::required_columns), and when the batch lacks a column.
    pub fn apply(&self, batch: &Batch) -> Result<Batch> {
        let predicate = self.predicate()?;
        let projected = batch.project(&self.output_schema()?)?;
        if predicate.is_empty() {
            Ok(projected)
        } else {
            projected.filter(&predicate.keeps(batch)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{FxRate, Trade};
    use crate::{Cell, Test};

    #[test]
    fn filters_accumulate_and_time_ranges_need_an_event_time() {
        let scan = Scan::all(Trade::table()).range("user_id", 3..5).range("order_id", 7..);
        assert_eq!(scan.predicate().unwrap().conditions.len(), 2);
        let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        let noon = Span::new(at("2026-01-01T12:00:00Z"), at("2026-01-03T12:00:00Z"));
        let scan = Scan::columns(FxRate::table(), ["rate"]).time_range(noon);
        let predicate = scan.predicate().unwrap();
        let days = |day| Some(crate::Scalar::Date(day));
        assert_eq!(predicate.conditions[0].test, Test::Between(days(20_455), days(20_456)));
        let timeless = Table::builder("t", "").column("id", crate::DataType::Int64, "").key(["id"]);
        let error = Scan::all(&timeless.build().unwrap()).time_range(noon).predicate().unwrap_err();
        assert!(error.to_string().contains("no event time"), "{error}");
    }

    #[test]
    fn duplicate_and_unknown_columns_are_refused() {
        for (columns, says) in [(["rate", "rate"], "twice"), (["rate", "nope"], "no column `nope`")]
        {
            let error =
                Scan::columns(FxRate::table(), columns).output_schema().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn apply_filters_and_projects() {
        let table = Table::builder("t", "")
            .column("id", crate::DataType::Int64, "")
            .nullable("text", crate::DataType::Text, "")
            .key(["id"])
            .build()
            .unwrap();
        let ids = crate::Values::Ints(vec![1, 2, 3]);
        let texts = crate::Values::SomeTexts(vec![Some("a"), None, Some("c")]);
        let batch = Batch::from_columns(&table, 3, vec![ids, texts]).unwrap();
        let scan = Scan::columns(&table, ["text"]).range("id", 2..);
        let found = scan.apply(&batch).unwrap();
        assert_eq!(found.table().columns.len(), 1);
        let texts: Vec<_> = (0..found.rows()).map(|row| found.view(0).unwrap().cell(row)).collect();
        assert_eq!(texts, [Cell::Null, Cell::Text("c")]);
    }
}
