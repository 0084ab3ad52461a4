//! The target of a connection: a database server or file, parsed from its URL.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tidegauge_core::connection_url;

use super::config::Config;
use super::dialect::Dialect;
use super::error::DatabaseError;

/// A database server or file.
pub(super) struct Target {
    pub(super) dialect: Dialect,
    /// The server and the database, without credentials.
    pub(super) place: String,
    pub(super) options: Options,
}

/// The options of a driver, with the password.
pub(super) enum Options {
    Postgres(Box<PgConnectOptions>),
    MySql(Box<MySqlConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

/// The URL options that the MySQL driver knows; those of PostgreSQL are in [`connection_url`].
const MYSQL_OPTIONS: [&str; 14] = [
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "charset",
    "collation",
    "socket",
    "timezone",
    "time-zone",
    "statement-cache-capacity",
];
const SQLITE_OPTIONS: [&str; 4] = ["mode", "cache", "immutable", "vfs"];

/// A check of a URL, which returns what is wrong with it.
type Check = fn(&str) -> Result<(), String>;

impl Target {
    /// Parses the URL of a database.
    ///
    /// # Errors
    /// Returns an error if the URL is invalid, or has an option that the driver does not know.
    pub(super) fn parse(config: &Config, url: &SecretString) -> Result<Self, DatabaseError> {
        let url = url.expose_secret().trim();
        let wrong = |reason: &str| DatabaseError::Url {
            name: config.name.clone(),
            reason: format!(
                "{reason}; it looks like postgres://user:password@host:5432/database, mysql://…, \
                 or sqlite:///path/to/file.db"
            ),
        };
        let scheme = url.split(':').next().unwrap_or_default();
        let (check, known): (Check, &[&str]) = match scheme {
            "postgres" | "postgresql" => {
                (connection_url::check_server, &connection_url::POSTGRES_OPTIONS)
            }
            "mysql" | "mariadb" => (connection_url::check_server, &MYSQL_OPTIONS),
            "sqlite" => (connection_url::check_path, &SQLITE_OPTIONS),
            _ => return Err(wrong("it is of no kind that is known")),
        };
        // Drivers ignore options that they do not know, and one of them logs these with their
        // values.
        check(url)
            .and_then(|()| connection_url::check_options(url, known))
            .map_err(|reason| wrong(&format!("it {reason}")))?;
        let (dialect, options) = match scheme {
            "postgres" | "postgresql" | "mysql" | "mariadb" if !url.contains("://") => {
                return Err(wrong("it is no URL"));
            }
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(url).map_err(|_| wrong("it is no URL"))?;
                // Without named prepared statements, so that it works behind a connection pooler as
                // well.
                let options = options.statement_cache_capacity(0);
                let options = match options.get_application_name() {
                    None => options.application_name("tidegauge"),
                    Some(_) => options,
                };
                (Dialect::Postgres, Options::Postgres(Box::new(options)))
            }
            "mysql" | "mariadb" => {
                let url = format!("mysql{}", &url[scheme.len()..]);
                let options =
                    MySqlConnectOptions::from_str(&url).map_err(|_| wrong("it is no URL"))?;
                // The query means the same as in any other client.
                let options = options.pipes_as_concat(false).no_engine_substitution(false);
                let options = options.statement_cache_capacity(0);
                (Dialect::MySql, Options::MySql(Box::new(options)))
            }
            _ => {
                let options =
                    SqliteConnectOptions::from_str(url).map_err(|_| wrong("it is no URL"))?;
                let options = options.read_only(true).create_if_missing(false);
                let options = options.busy_timeout(config.statement_timeout);
                (Dialect::Sqlite, Options::Sqlite(Box::new(options)))
            }
        };
        let place = match &options {
            Options::Postgres(options) => {
                let database = options.get_database().unwrap_or_default();
                format!("postgres://{}:{}/{database}", options.get_host(), options.get_port())
            }
            Options::MySql(options) => {
                let database = options.get_database().unwrap_or_default();
                format!("mysql://{}:{}/{database}", options.get_host(), options.get_port())
            }
            Options::Sqlite(options) => format!("sqlite://{}", options.get_filename().display()),
        };
        Ok(Self { dialect, place, options })
    }
}
