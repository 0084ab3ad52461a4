//! Migrations of the built-in tables. BigQuery has no locks: each statement of a migration is
//! idempotent, so that two processes may run it at once.

use reqwest::Method;
use serde_json::json;
use tidegauge_core::tables;

use super::api_error::ApiError;
use super::ddl;
use super::dialect::DROP_NOT_NULL;
use super::query::Query;
use super::retries::retry_on_conflict;
use super::store::BigQuery;
use crate::{Error, Result};

/// The migrations, forward only: a released file never changes.
const MIGRATIONS: &[(i64, &str, &str)] = include!("../../migrations/bigquery/list.rs");

/// The table of the applied migrations.
const CREATE_VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS `_tidegauge_migrations` (\
                        `version` INT64 NOT NULL, `applied_at` TIMESTAMP NOT NULL)";

impl BigQuery {
    /// Creates the dataset if it does not exist, and applies missing migrations.
    pub(super) async fn migrate(&self) -> Result<()> {
        let to_error = |error| self.to_error(error, None);
        let is_new =
            self.table_resource("_tidegauge_migrations").await.map_err(to_error)?.is_none();
        if is_new {
            retry_on_conflict(|| self.create_dataset()).await.map_err(to_error)?;
            self.run_with_retry(&Query::new(CREATE_VERSIONS_TABLE)).await.map_err(to_error)?;
            // New tables are created in their current form, so that no column has to be widened,
            // which takes a job for every few columns.
            let tables = tables::all();
            let create = tables.iter().map(|table| format!("{};\n", ddl::create(table)));
            self.run_with_retry(&Query::new(create.collect::<String>())).await.map_err(to_error)?;
        } else {
            self.drop_expired_staging_tables().await.map_err(to_error)?;
        }
        let newest = "SELECT MAX(`version`) FROM `_tidegauge_migrations`";
        let newest = self.query_value(&Query::new(newest)).await.map_err(to_error)?;
        let newest: usize = newest.and_then(|version| version.parse().ok()).unwrap_or_default();
        if newest > MIGRATIONS.len() {
            return Err(Error::NewerVersion { path: self.dataset.name.clone() });
        }
        for (version, _, migration) in MIGRATIONS.iter().skip(newest) {
            for script in scripts(migration, is_new) {
                if self.is_already_nullable(&script).await.map_err(to_error)? {
                    continue;
                }
                self.run_with_retry(&Query::new(script)).await.map_err(to_error)?;
            }
            let noted = format!(
                "INSERT INTO `_tidegauge_migrations` (`version`, `applied_at`) \
                 VALUES ({version}, CURRENT_TIMESTAMP())"
            );
            self.run_with_retry(&Query::new(noted)).await.map_err(to_error)?;
        }
        Ok(())
    }

    /// Returns `true` if a script makes a column nullable that is so already, which the service
    /// treats as an error.
    async fn is_already_nullable(&self, script: &str) -> Result<bool, ApiError> {
        let mut names = script.split('`').skip(1).step_by(2);
        let (Some(table), Some(column), true) =
            (names.next(), names.next(), drops_not_null(script))
        else {
            return Ok(false);
        };
        let stored = self.stored_columns(table).await?;
        Ok(stored.iter().any(|stored| stored.name == column && !stored.not_null))
    }

    async fn create_dataset(&self) -> Result<(), ApiError> {
        let (project, dataset) = (&self.dataset.project_id, &self.dataset.dataset_id);
        let path = format!("datasets/{dataset}");
        match self.client.request_json(Method::GET, &self.client.url(&path), None).await {
            Err(error) if error.is_not_found() => {}
            found => return found.map(|_| ()),
        }
        let mut new = json!({ "datasetReference": { "projectId": project, "datasetId": dataset } });
        if let Some(location) = &self.dataset.location {
            new["location"] = json!(location);
        }
        match self.client.request_json(Method::POST, &self.client.url("datasets"), Some(&new)).await
        {
            // Another process was quicker.
            Err(error) if error.is_duplicate() => Ok(()),
            done => done.map(|_| ()),
        }
    }
}

/// The maximum number of statements per script that change the type of a column: the service
/// accepts five changes of a table in ten seconds, and retries a script as a whole.
const MAX_TYPE_CHANGES: usize = 4;

/// Splits a migration into the scripts that it is run as; a statement that makes a column nullable
/// is a script of its own. Statements that change types or nullability are left out if the tables
/// `are_new`.
fn scripts(migration: &str, are_new: bool) -> Vec<String> {
    const SET_DATA_TYPE: &str = " SET DATA TYPE ";
    if !migration.contains(SET_DATA_TYPE) && !migration.contains(DROP_NOT_NULL) {
        return vec![migration.to_owned()];
    }
    let statements = migration.split_inclusive(";\n");
    let (nullability, mut others): (Vec<&str>, Vec<&str>) =
        statements.partition(|statement| drops_not_null(statement));
    others.retain(|statement| !are_new || !statement.contains(SET_DATA_TYPE));
    let others = others.chunks(MAX_TYPE_CHANGES).map(|statements| statements.concat());
    let nullability = nullability.into_iter().filter(|_| !are_new).map(str::to_owned);
    others.chain(nullability).collect()
}

/// Returns `true` for a statement that makes a column nullable.
fn drops_not_null(statement: &str) -> bool {
    statement.trim_end().trim_end_matches(';').ends_with(DROP_NOT_NULL)
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{Column, DataType, Table};

    use super::super::dialect::DIALECT;
    use super::*;
    use crate::sql::migrations::Migrations;

    const MIGRATIONS_OF_TABLES: Migrations = Migrations {
        folder: "bigquery",
        dialect: &DIALECT,
        create: |table| format!("{};\n", ddl::create(table)),
        add: |table, columns| {
            let add = |column: &&Column| format!("{};\n", ddl::add(table, column));
            columns.iter().map(add).collect()
        },
    };

    #[test]
    fn migrations_follow_from_the_definitions() {
        MIGRATIONS_OF_TABLES.check();
    }

    #[test]
    #[ignore = "run by `cargo xtask migrations`"]
    fn write_migrations() {
        MIGRATIONS_OF_TABLES.write();
    }

    #[test]
    fn nullability_changes_run_one_by_one_and_not_for_new_tables() {
        let migration = "ALTER TABLE `a` ALTER COLUMN `x` SET DATA TYPE INT64;\n\n\
                         ALTER TABLE `a` ALTER COLUMN `y` DROP NOT NULL;\n\
                         ALTER TABLE `a` ALTER COLUMN `z` DROP NOT NULL;\n\n\
                         ALTER TABLE `a` ADD COLUMN IF NOT EXISTS `w` STRING;\n";
        let old = scripts(migration, false);
        assert_eq!(old.len(), 3, "{old:?}");
        assert!(old[0].contains("`x`") && old[0].contains("`w`") && !drops_not_null(&old[0]));
        assert!(drops_not_null(&old[1]) && old[1].contains("`y`") && drops_not_null(&old[2]));
        let new = scripts(migration, true).concat();
        assert_eq!(new.trim(), "ALTER TABLE `a` ADD COLUMN IF NOT EXISTS `w` STRING;");
    }

    /// Checks that the migrations agree with the definitions in core, which are authoritative; the
    /// migrations repeat them in readable form.
    #[test]
    fn migrations_say_what_the_definitions_say() {
        let all: String = MIGRATIONS.iter().map(|(_, _, sql)| *sql).collect();
        let says = |statement: String| all.contains(&format!("{statement};\n"));
        for table in tables::all() {
            // Decimals that were widened later were created with fewer digits.
            let name = DIALECT.quoted(&table.name);
            let before = DataType::Decimal { precision: 28, scale: 8 };
            let mut table = Table::clone(&table);
            for at in 0..table.columns.len() {
                let wider = (&table.columns[at], String::new());
                let sql = (DIALECT.widen_decimals)(&name, &table, &[wider]);
                if all.contains(&sql) {
                    table.columns[at].dtype = before;
                }
                // Columns that were made nullable later were created as not nullable.
                let sql = (DIALECT.drop_not_null)(&name, &table, &[&table.columns[at]]);
                if all.contains(&sql) {
                    table.columns[at].nullable = false;
                }
            }
            // The table as it was created, and then the columns that were added later, in their
            // order.
            let made = (1..=table.columns.len()).rev().find(|count| {
                let columns = table.columns[..*count].to_vec();
                says(ddl::create(&Table { columns, ..table.clone() }))
            });
            let made = made.unwrap_or_else(|| panic!("{} is not said", ddl::create(&table)));
            for column in &table.columns[made..] {
                let added = ddl::add(&table, column);
                assert!(column.nullable && says(added.clone()), "{added} is not said");
            }
        }
    }
}
