//! The target of a URL: server, database and schema.

use std::fmt;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tidegauge_core::connection_url;

use super::ddl::DIALECT;
use crate::{Error, Result};

/// The default schema, separate from the tables of other programs.
const DEFAULT_SCHEMA: &str = "tidegauge";

/// A schema in a database.
#[derive(Clone)]
pub(crate) struct PostgresTarget {
    pub(super) options: Box<PgConnectOptions>,
    pub(super) schema: String,
    /// The name for users, without secrets.
    pub(super) name: String,
    /// The user name of the connection.
    pub(super) user: String,
}

impl fmt::Debug for PostgresTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PostgresTarget {
    /// Returns the name for messages, without secrets.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Parses the URL of a schema.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let invalid = |reason: &str| Error::InvalidUrl {
            scheme: "postgres",
            reason: format!(
                "{reason}; it looks like postgres://user:password@host:5432/database?schema=mine"
            ),
        };
        connection_url::check_server(url).map_err(|reason| invalid(&reason))?;
        let known = [&["schema"], connection_url::POSTGRES_OPTIONS.as_slice()].concat();
        connection_url::check_options(url, &known).map_err(|reason| invalid(&reason))?;
        // The invalid part is not repeated, since it may be part of the password.
        let mut url = url::Url::parse(url).map_err(|_| invalid("cannot be read"))?;
        if url.path().trim_matches('/').is_empty() {
            return Err(invalid("names no database"));
        }
        let mut schema = DEFAULT_SCHEMA.to_owned();
        let mut rest = Vec::new();
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "schema" => schema = value.into_owned(),
                _ => rest.push((name.into_owned(), value.into_owned())),
            }
        }
        if schema.is_empty() || schema.len() > 63 || schema.contains('\0') {
            return Err(invalid("has a schema that cannot be one"));
        }
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        let options = PgConnectOptions::from_url(&url)
            .map_err(|_| invalid("has an option whose value cannot be"))?;
        let database = options.get_database().unwrap_or_default();
        let (host, port) = (options.get_host(), options.get_port());
        let name = format!("postgres://{host}:{port}/{database}?schema={schema}");
        let user = options.get_username().to_owned();
        let options = match options.get_application_name() {
            None => options.application_name("tidegauge"),
            Some(_) => options,
        };
        let options = options.disable_statement_logging();
        Ok(Self { options: Box::new(options), schema, name, user })
    }

    /// Returns the quoted name of the table `name`.
    pub(super) fn table(&self, name: &str) -> String {
        format!("{}.{}", DIALECT.quoted(&self.schema), DIALECT.quoted(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_a_default_and_the_name_contains_no_secrets() {
        for (url, name) in [
            (
                "postgres://me:secret@db.example:5433/shop",
                "postgres://db.example:5433/shop?schema=tidegauge",
            ),
            (
                "postgresql://me:secret@db/shop?schema=mine&sslmode=require",
                "postgres://db:5432/shop?schema=mine",
            ),
        ] {
            let target = PostgresTarget::parse(url).unwrap();
            assert_eq!((target.name.as_str(), format!("{target:?}").as_str()), (name, name));
            assert_eq!(target.user, "me");
        }
        for (url, says) in [
            ("postgres://me:secret@db", "names no database"),
            ("postgres://me:secret@db:secret/shop", "cannot be read"),
            ("postgres://me:secret@db/shop?schema=", "schema"),
            ("postgres://me:secret@db/shop?sslmode=secret", "option whose value cannot be"),
            ("postgres://me@db/shop?passwrd=secret", "has an option `passwrd` that there is not"),
            ("postgres://me:1/secret@db/shop", "write / as %2F"),
        ] {
            let error = PostgresTarget::parse(url).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{error}");
        }
    }
}
