//! Migrations of the built-in tables. MySQL commits every `CREATE` immediately, so every migration
//! is written to be restartable.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::client::MySql;
use crate::sql::{CURSORS, LOCK_TIMEOUT, refuse_views};
use crate::{Error, Result};

/// The migrations, forward only: a released file never changes.
const MIGRATIONS: &[(i64, &str, &str)] = include!("../../migrations/mysql/list.rs");

/// The code of the error for an existing column: `ER_DUP_FIELDNAME`.
const DUPLICATE_COLUMN: u16 = 1060;

/// The code of the error for a view in the place of a table: `ER_WRONG_OBJECT`.
const WRONG_OBJECT: u16 = 1347;

/// The table of the applied migrations.
const VERSIONS_TABLE: &str = "_tidegauge_migrations";

/// The statement that creates the table of the applied migrations.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS `_tidegauge_migrations` (\
                        `version` bigint NOT NULL PRIMARY KEY, \
                        `applied_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))";

impl MySql {
    /// Applies missing migrations of the built-in tables, in one process at a time.
    pub(super) async fn migrate(&self, connection: &mut Conn, collation: &str) -> Result<()> {
        self.acquire_lock(connection, "migrations").await?;
        let done = self.apply(connection, collation).await;
        self.release_lock(connection, "migrations").await?;
        done
    }

    async fn apply(&self, connection: &mut Conn, collation: &str) -> Result<()> {
        let to_error = |error| self.to_error(error, None);
        let tables =
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";
        let tables: Vec<String> = connection.query(tables).await.map_err(to_error)?;
        let is_there = |name: &str| tables.iter().any(|table| table == name);
        if is_there(CURSORS) && !is_there(VERSIONS_TABLE) {
            let reason = format!(
                "its table `{VERSIONS_TABLE}`, which says how far its tables were brought up to date, is gone"
            );
            return Err(Error::Damaged { path: self.target.name.clone(), reason });
        }
        connection.query_drop(VERSIONS).await.map_err(to_error)?;
        let newest = "SELECT MAX(version) FROM `_tidegauge_migrations`";
        let newest: Option<Option<usize>> =
            connection.query_first(newest).await.map_err(to_error)?;
        let newest = newest.flatten().unwrap_or_default();
        if newest > MIGRATIONS.len() {
            return Err(Error::NewerVersion { path: self.target.name.clone() });
        }
        for (version, _, migration) in MIGRATIONS.iter().skip(newest) {
            for statement in migration.split_terminator(";\n") {
                let statement = statement.replace("{collation}", collation);
                match connection.query_drop(statement).await {
                    // The previous run was killed after this statement: MySQL has no `ADD COLUMN IF
                    // NOT EXISTS`, and one statement adds all columns or none.
                    Err(mysql_async::Error::Server(error)) if error.code == DUPLICATE_COLUMN => {}
                    Err(mysql_async::Error::Server(error)) if error.code == WRONG_OBJECT => {
                        let views = "SELECT TABLE_NAME FROM information_schema.VIEWS \
                                     WHERE TABLE_SCHEMA = DATABASE()";
                        let views: Vec<String> = connection.query(views).await.map_err(to_error)?;
                        refuse_views(&views)?;
                        return Err(to_error(mysql_async::Error::Server(error)));
                    }
                    done => done.map_err(to_error)?,
                }
            }
            let noted = "INSERT INTO `_tidegauge_migrations` (version) VALUES (?)";
            connection.exec_drop(noted, (version,)).await.map_err(to_error)?;
        }
        Ok(())
    }

    /// Acquires the exclusive lock on `what` of this database; it is held until this connection
    /// releases it or is closed.
    pub(super) async fn acquire_lock(&self, connection: &mut Conn, what: &str) -> Result<()> {
        let sql = format!(
            "SELECT GET_LOCK(CONCAT('tidegauge ', MD5(CONCAT(CONVERT(DATABASE() USING utf8mb4), ' ', ?))), {})",
            LOCK_TIMEOUT.as_secs()
        );
        let got: Option<Option<i64>> = connection
            .exec_first(sql, (what,))
            .await
            .map_err(|error| self.to_error(error, None))?;
        match got.flatten() {
            Some(1) => Ok(()),
            _ => Err(Error::Busy { path: self.target.name.clone() }),
        }
    }

    /// Releases the exclusive lock on `what`.
    pub(super) async fn release_lock(&self, connection: &mut Conn, what: &str) -> Result<()> {
        let sql = "DO RELEASE_LOCK(CONCAT('tidegauge ', MD5(CONCAT(CONVERT(DATABASE() USING utf8mb4), ' ', ?))))";
        connection.exec_drop(sql, (what,)).await.map_err(|error| self.to_error(error, None))
    }
}

#[cfg(test)]
mod tests {
    use tidegauge_core::{Column, Sink, tables};
    use tidegauge_testkit::MariaDb;

    use super::super::{MySqlTarget, ddl, open};
    use super::*;
    use crate::sql::diff_schema;
    use crate::sql::migrations::Migrations;

    const MIGRATIONS_OF_TABLES: Migrations = Migrations {
        folder: "mysql",
        dialect: &ddl::DIALECT,
        create: |table| format!("{};\n", ddl::create(table, "{collation}")),
        add: |table, columns| {
            let add = |column: &&Column| {
                let name = ddl::DIALECT.quoted(&column.name);
                format!("\n    ADD COLUMN {name} {}", ddl::column_type_in(table, column))
            };
            let added: Vec<_> = columns.iter().map(add).collect();
            format!("ALTER TABLE {}{};\n", ddl::DIALECT.quoted(&table.name), added.join(","))
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

    /// Checks that the migrations agree with the definitions in core, which are authoritative; the
    /// migrations repeat them in readable form.
    #[tokio::test]
    async fn migrations_say_what_the_definitions_say() {
        let Some(server) = MariaDb::start() else { return };
        let store = open(MySqlTarget::parse(&server.url()).unwrap());
        store.prepare(&[]).await.unwrap();
        let mut connection = store.database.connection().await.unwrap();
        for table in tables::all() {
            let found = ddl::stored_columns(&mut connection, &table.name).await.unwrap();
            assert!(!found.is_empty(), "{} is missing", table.name);
            assert!(
                diff_schema(&ddl::DIALECT, &table, &found).unwrap().is_empty(),
                "{}",
                table.name
            );

            let name = ddl::DIALECT.quoted(&table.name);
            let sql = format!("SHOW CREATE TABLE {name}");
            let there: Option<(String, String)> = connection.query_first(&sql).await.unwrap();
            connection.query_drop(format!("DROP TABLE {name}")).await.unwrap();
            connection.query_drop(ddl::create(&table, "utf8mb4_nopad_bin")).await.unwrap();
            let wanted: Option<(String, String)> = connection.query_first(&sql).await.unwrap();
            assert_eq!(there, wanted);
        }
    }
}
