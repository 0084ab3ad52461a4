//! The built-in tables, brought up to date. There are no locks here: a migration consists of
//! statements that do nothing a second time, so two may be at it at once.

use reqwest::Method;
use serde_json::json;
use tidegauge_core::tables;

use super::client::{Refusal, retry_on_conflict};
use super::ddl::RELAXES;
use super::jobs::Query;
use super::{BigQuery, ddl};
use crate::{Error, Result};

/// Forward only: a released file never changes.
const MIGRATIONS: &[(i64, &str, &str)] = include!("../../migrations/bigquery/list.rs");

/// Which of them a dataset has.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS `_tidegauge_migrations` (\
                        `version` INT64 NOT NULL, `applied_at` TIMESTAMP NOT NULL)";

impl BigQuery {
    /// Creates the dataset, if it is not there, and what is missing in it.
    pub(super) async fn migrate(&self) -> Result<()> {
        let failed = |refusal| self.failed(refusal, None);
        let is_new = self.described("_tidegauge_migrations").await.map_err(failed)?.is_none();
        if is_new {
            retry_on_conflict(|| self.create_dataset()).await.map_err(failed)?;
            self.change(&Query::new(VERSIONS)).await.map_err(failed)?;
            // As they are now: then nothing of them has to be widened, which is a job for every few columns.
            let tables = tables::all();
            let create = tables.iter().map(|table| format!("{};\n", ddl::create(table)));
            self.change(&Query::new(create.collect::<String>())).await.map_err(failed)?;
        } else {
            self.sweep().await.map_err(failed)?;
        }
        let newest = "SELECT MAX(`version`) FROM `_tidegauge_migrations`";
        let newest = self.value(&Query::new(newest)).await.map_err(failed)?;
        let newest: usize = newest.and_then(|it| it.parse().ok()).unwrap_or_default();
        if newest > MIGRATIONS.len() {
            return Err(Error::Newer { path: self.place.name.clone() });
        }
        for (version, _, migration) in MIGRATIONS.iter().skip(newest) {
            for script in scripts(migration, is_new) {
                if self.is_relaxed(&script).await.map_err(failed)? {
                    continue;
                }
                self.change(&Query::new(script)).await.map_err(failed)?;
            }
            let noted = format!(
                "INSERT INTO `_tidegauge_migrations` (`version`, `applied_at`) \
                 VALUES ({version}, CURRENT_TIMESTAMP())"
            );
            self.change(&Query::new(noted)).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Returns `true` if a script lets a column be null that may be already, which the service takes for an error.
    async fn is_relaxed(&self, script: &str) -> Result<bool, Refusal> {
        let mut names = script.split('`').skip(1).step_by(2);
        let (Some(table), Some(column), true) = (names.next(), names.next(), relaxes(script))
        else {
            return Ok(false);
        };
        let stored = self.stored(table).await?;
        Ok(stored.iter().any(|stored| stored.name == column && !stored.not_null))
    }

    async fn create_dataset(&self) -> Result<(), Refusal> {
        let (project, dataset) = (&self.place.project, &self.place.dataset);
        let path = format!("datasets/{dataset}");
        match self.client.ask(Method::GET, &self.client.url(&path), None).await {
            Err(refusal) if refusal.is_not_found() => {}
            there => return there.map(|_| ()),
        }
        let mut new = json!({ "datasetReference": { "projectId": project, "datasetId": dataset } });
        if let Some(location) = &self.place.location {
            new["location"] = json!(location);
        }
        match self.client.ask(Method::POST, &self.client.url("datasets"), Some(&new)).await {
            // Somebody was quicker.
            Err(refusal) if refusal.is_duplicate() => Ok(()),
            done => done.map(|_| ()),
        }
    }
}

/// Statements that change the type of a column, run together at most: the service takes five changes of a table in ten
/// seconds, and what goes beyond is tried again as a whole.
const TYPES_AT_ONCE: usize = 4;

/// Takes a migration apart into the scripts that it is run as: each statement that lets a column be null by itself. Types
/// and nulls of columns are left alone if the tables `are_new`.
fn scripts(migration: &str, are_new: bool) -> Vec<String> {
    const WIDENS: &str = " SET DATA TYPE ";
    if !migration.contains(WIDENS) && !migration.contains(RELAXES) {
        return vec![migration.to_owned()];
    }
    let statements = migration.split_inclusive(";\n");
    let (relaxing, mut others): (Vec<&str>, Vec<&str>) = statements.partition(|it| relaxes(it));
    others.retain(|statement| !are_new || !statement.contains(WIDENS));
    let others = others.chunks(TYPES_AT_ONCE).map(|statements| statements.concat());
    let relaxing = relaxing.into_iter().filter(|_| !are_new).map(str::to_owned);
    others.chain(relaxing).collect()
}

/// Returns `true` for a statement that lets a column be null.
fn relaxes(statement: &str) -> bool {
    statement.trim_end().trim_end_matches(';').ends_with(RELAXES)
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{Column, DataType, Table};

    use super::*;
    use crate::sql::migrations::Migrations;

    const MIGRATIONS_OF_TABLES: Migrations = Migrations {
        folder: "bigquery",
        dialect: &ddl::DIALECT,
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
    fn nulls_are_let_in_one_by_one_and_not_in_tables_that_are_new() {
        let migration = "ALTER TABLE `a` ALTER COLUMN `x` SET DATA TYPE INT64;\n\n\
                         ALTER TABLE `a` ALTER COLUMN `y` DROP NOT NULL;\n\
                         ALTER TABLE `a` ALTER COLUMN `z` DROP NOT NULL;\n\n\
                         ALTER TABLE `a` ADD COLUMN IF NOT EXISTS `w` STRING;\n";
        let old = scripts(migration, false);
        assert_eq!(old.len(), 3, "{old:?}");
        assert!(old[0].contains("`x`") && old[0].contains("`w`") && !relaxes(&old[0]));
        assert!(relaxes(&old[1]) && old[1].contains("`y`") && relaxes(&old[2]));
        let new = scripts(migration, true).concat();
        assert_eq!(new.trim(), "ALTER TABLE `a` ADD COLUMN IF NOT EXISTS `w` STRING;");
    }

    /// Nothing but the definitions in core says what a built-in table is: the migrations say it
    /// again, for whoever reads them, and this holds them together.
    #[test]
    fn migrations_say_what_the_definitions_say() {
        let all: String = MIGRATIONS.iter().map(|(_, _, sql)| *sql).collect();
        let says = |statement: String| all.contains(&format!("{statement};\n"));
        for table in tables::all() {
            // Decimals that were widened had fewer digits when they were made.
            let name = ddl::DIALECT.quoted(&table.name);
            let before = DataType::Decimal { precision: 28, scale: 8 };
            let mut table = Table::clone(&table);
            for at in 0..table.columns.len() {
                let wider = (&table.columns[at], String::new());
                let sql = (ddl::DIALECT.widen)(&name, &table, &[wider]);
                if all.contains(&sql) {
                    table.columns[at].dtype = before;
                }
                // And those that may be null by now may not have been then.
                let sql = (ddl::DIALECT.relax)(&name, &table, &[&table.columns[at]]);
                if all.contains(&sql) {
                    table.columns[at].nullable = false;
                }
            }
            // As it was made, and the columns that came later, in their order.
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
