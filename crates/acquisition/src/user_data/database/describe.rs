//! The description of a query: its columns, bound to the mapping, and the order in which it is read.

use tidegauge_core::DataType;

use super::client::Connection;
use super::described_query::DescribedQuery;
use super::dialect::{ParameterForm, SelectForm};
use super::error::DatabaseError;
use super::source::DatabaseSource;
use super::sql::{self, OrderColumn, Select};
use crate::text::cut;
use crate::user_data::mapping::{self, KnownColumns, Notes, names};
use crate::{Error, Result};

impl DatabaseSource {
    /// Describes the query: binds its columns to the mapping, and checks that they can be read in
    /// order.
    pub(super) async fn describe(
        &self,
        connection: &mut Connection,
        filled: &mut KnownColumns,
        notes: &mut Notes,
    ) -> Result<DescribedQuery> {
        let have = self.client.columns(connection, sql::columns(&self.config.query)).await?;
        let names: Vec<&str> = have.iter().map(|(name, _)| name.as_str()).collect();
        let of_query = format!("the query of `{}`", self.config.name);
        let bound = self.mapping.bind_after(&of_query, &names, filled)?;
        notes.begin(mapping::QUERY);
        filled.learn(&self.mapping, &bound, notes);
        let mut order = Vec::with_capacity(self.order.len());
        for column in &self.order {
            order.push(self.order_column(connection, column, &have, &names).await?);
        }
        let wanted = bound.fields();
        let bound = bound.projected(&wanted);
        let (uses, table) = (bound.uses(), self.mapping.table());
        let column_of = |at: Option<usize>| at.and_then(|at| table.columns.get(at));
        let written = |place: usize| {
            let fed = uses.iter().filter(|used| used.field == place);
            let fed: Vec<DataType> =
                fed.filter_map(|used| Some(column_of(used.column)?.dtype)).collect();
            let is_float = !fed.is_empty() && fed.iter().all(|dtype| *dtype == DataType::Float64);
            match fed.contains(&DataType::Text) {
                true => SelectForm::Text,
                false => self.client.dialect.select_form(&have[wanted[place]].1, is_float),
            }
        };
        let columns = (0..wanted.len()).map(|at| (have[wanted[at]].0.clone(), written(at)));
        let columns = columns.collect();
        let is_key = |place: &usize| {
            let keys = uses.iter().filter_map(|used| Some((used.field, column_of(used.column)?)));
            keys.into_iter()
                .any(|(field, column)| field == *place && table.key.contains(&column.name))
        };
        let keys = (0..wanted.len()).filter(is_key).collect();
        Ok(DescribedQuery { bound, columns, keys, order })
    }

    /// Returns the ordering column of the query whose name is `column`, or resembles it, and the
    /// form in which its values are passed back.
    async fn order_column(
        &self,
        connection: &mut Connection,
        column: &str,
        have: &[(String, String)],
        names: &[&str],
    ) -> Result<OrderColumn> {
        let found = names::find(names, column);
        let found = found.map_err(|reason| Error::Database(self.order_error(column, reason)))?;
        let column = found.map_or(column, |at| names[at]).to_owned();
        let native = self.parameter_form(connection, &column, have).await?;
        Ok(OrderColumn { column, native })
    }

    /// Returns the form in which values of the ordering column `column` are passed back to the
    /// database.
    async fn parameter_form(
        &self,
        connection: &mut Connection,
        column: &str,
        have: &[(String, String)],
    ) -> Result<ParameterForm, DatabaseError> {
        let Some((_, dtype)) = have.iter().find(|(name, _)| name == column) else {
            return Err(DatabaseError::NoColumn {
                name: self.config.name.clone(),
                column: column.into(),
                has: have.iter().map(|(name, _)| cut(name, 60)).collect::<Vec<_>>().join(", "),
            });
        };
        let dialect = self.client.dialect;
        if let Some(native) = dialect.parameter_form(dtype) {
            return Ok(native);
        }
        let refused = || {
            self.order_error(column, format!(
                "it is a {dtype}, which cannot be given back exactly; cast it in the query to a \
                 whole number, a decimal, a day, a time or text"
            ))
        };
        if !dialect.may_be_text(dtype) {
            return Err(refused());
        }
        let select =
            Select { dialect, query: &self.config.query, columns: &[], order: &[], limit: 1 };
        let (rows, _) = self.client.rows(connection, select.charset(column), &[]).await?;
        match rows.first().and_then(|row| row.first()?.as_deref()) {
            Some(b"binary") => Err(refused()),
            _ => Ok(ParameterForm::Cast("")),
        }
    }

    /// Rejects the query if rows are null in an ordering column: no page would contain them, and
    /// they would be lost silently.
    pub(super) async fn reject_nulls(
        &self,
        connection: &mut Connection,
        select: &Select<'_>,
    ) -> Result<()> {
        match self.client.count(connection, select.nulls()).await? {
            0 => Ok(()),
            count => Err(Error::Database(DatabaseError::Nulls {
                name: self.config.name.clone(),
                count,
                columns: self.order.join(" or "),
            })),
        }
    }

    /// Returns the error of an ordering column that cannot be used.
    pub(super) fn order_error(&self, column: &str, reason: String) -> DatabaseError {
        DatabaseError::Order { name: self.config.name.clone(), column: column.into(), reason }
    }
}
