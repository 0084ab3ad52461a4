//! Migrations of the built-in tables. BigQuery has no locks: each statement of a migration is
//! idempotent, so that two processes may run it at once.

use reqwest::Method;
use serde_json::json;

use super::api_error::ApiError;
use super::dialect::DROP_NOT_NULL;
use super::query::Query;
use super::retries::retry_on_conflict;
use super::store::BigQuery;
use crate::{Error, Result};

/// The migrations, forward only: a released file never changes.
const MIGRATIONS: &[(i64, &str, &str)] = include!("../../migrations/bigquery/list.rs");

/// The table of the applied migrations.
const CREATE_VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS `_tidegauge_migrations` (\
                        `version` INT64 NOT NULL, `applied_at` TIMESTAMP NOT NULL);\n";

impl BigQuery {
    /// Creates the dataset if it does not exist, and applies missing migrations.
    pub(super) async fn migrate(&self) -> Result<()> {
        let to_error = |error| self.to_error(error, None);
        if self.table_resource("_tidegauge_migrations").await.map_err(to_error)?.is_none() {
            return self.create_in_current_form().await.map_err(to_error);
        }
        self.drop_expired_staging_tables().await.map_err(to_error)?;
        let newest = "SELECT MAX(`version`) FROM `_tidegauge_migrations`";
        let newest = self.query_value(&Query::new(newest)).await.map_err(to_error)?;
        let newest: usize = newest.and_then(|version| version.parse().ok()).unwrap_or_default();
        if newest > MIGRATIONS.len() {
            return Err(Error::NewerVersion { path: self.dataset.name.clone() });
        }
        for (version, _, migration) in MIGRATIONS.iter().skip(newest) {
            for script in scripts(migration) {
                if self.is_already_nullable(&script).await.map_err(to_error)? {
                    continue;
                }
                self.run_with_retry(&Query::new(script)).await.map_err(to_error)?;
            }
            self.run_with_retry(&record_versions([*version])).await.map_err(to_error)?;
        }
        Ok(())
    }

    /// Creates the dataset with the store's own tables, without a migration: each statement takes
    /// the service seconds, and a built-in table is created in its current form when it is first
    /// prepared. A process that is killed in between leaves a dataset that has applied no
    /// migration, and the next one applies them all.
    async fn create_in_current_form(&self) -> Result<(), ApiError> {
        retry_on_conflict(|| self.create_dataset()).await?;
        let create: String = [CREATE_VERSIONS_TABLE].into_iter().chain(own_tables()).collect();
        self.run_with_retry(&Query::new(create)).await?;
        let versions = MIGRATIONS.iter().map(|(version, ..)| *version);
        self.run_with_retry(&record_versions(versions)).await
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

/// Returns the statements of the migrations that create and fill the tables of the store itself,
/// which have no definition in core.
fn own_tables() -> impl Iterator<Item = &'static str> {
    let statements = MIGRATIONS.iter().flat_map(|(_, _, sql)| sql.split_inclusive(";\n"));
    statements.filter(|statement| statement.contains("`_tidegauge_"))
}

/// Returns the statement that records applied migrations.
fn record_versions(versions: impl IntoIterator<Item = i64>) -> Query {
    let rows = versions.into_iter().map(|version| format!("({version}, CURRENT_TIMESTAMP())"));
    let rows = rows.collect::<Vec<_>>().join(", ");
    Query::new(format!(
        "INSERT INTO `_tidegauge_migrations` (`version`, `applied_at`) VALUES {rows}"
    ))
}

/// Splits a migration into the scripts that it is run as; a statement that makes a column nullable
/// is a script of its own. Tables that were never prepared are not there to be changed.
fn scripts(migration: &str) -> Vec<String> {
    let migration = migration.replace("ALTER TABLE `", "ALTER TABLE IF EXISTS `");
    if !migration.contains(" SET DATA TYPE ") && !migration.contains(DROP_NOT_NULL) {
        return vec![migration];
    }
    let statements = migration.split_inclusive(";\n");
    let (nullability, others): (Vec<&str>, Vec<&str>) =
        statements.partition(|statement| drops_not_null(statement));
    let others = others.chunks(MAX_TYPE_CHANGES).map(|statements| statements.concat());
    others.chain(nullability.into_iter().map(str::to_owned)).collect()
}

/// Returns `true` for a statement that makes a column nullable.
fn drops_not_null(statement: &str) -> bool {
    statement.trim_end().trim_end_matches(';').ends_with(DROP_NOT_NULL)
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{Column, DataType, Table, tables};

    use super::super::ddl;
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
    fn nullability_changes_run_one_by_one() {
        let migration = "ALTER TABLE `a` ALTER COLUMN `x` SET DATA TYPE INT64;\n\n\
                         ALTER TABLE `a` ALTER COLUMN `y` DROP NOT NULL;\n\
                         ALTER TABLE `a` ALTER COLUMN `z` DROP NOT NULL;\n\n\
                         ALTER TABLE `a` ADD COLUMN IF NOT EXISTS `w` STRING;\n";
        let scripts = scripts(migration);
        assert_eq!(scripts.len(), 3, "{scripts:?}");
        assert!(scripts[0].contains("`x`") && scripts[0].contains("`w`"));
        assert!(!drops_not_null(&scripts[0]));
        assert!(drops_not_null(&scripts[1]) && scripts[1].contains("`y`"));
        assert!(drops_not_null(&scripts[2]));
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
