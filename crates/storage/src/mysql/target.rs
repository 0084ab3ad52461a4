//! The target of a URL: server and database.

use std::fmt;

use mysql_async::{Opts, OptsBuilder, UrlError};
use tidegauge_core::connection_url;

use crate::{Error, Result};

/// The URL options that the driver knows.
const OPTIONS: [&str; 23] = [
    "require_ssl",
    "verify_ca",
    "verify_identity",
    "built_in_roots",
    "compression",
    "tcp_keepalive",
    "tcp_nodelay",
    "max_allowed_packet",
    "wait_timeout",
    "socket",
    "prefer_socket",
    "secure_auth",
    "enable_cleartext_plugin",
    "client_found_rows",
    "reset_connection",
    "stmt_cache_size",
    "pool_min",
    "pool_max",
    "inactive_connection_ttl",
    "ttl_check_interval",
    "conn_ttl",
    "abs_conn_ttl",
    "abs_conn_ttl_jitter",
];

/// A database on a server.
#[derive(Clone)]
pub(crate) struct MySqlTarget {
    pub(super) options: Opts,
    /// The name for users, without secrets.
    pub(super) name: String,
    /// The user name of the connection.
    pub(super) user: String,
}

impl fmt::Debug for MySqlTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl MySqlTarget {
    /// Returns the name for messages, without secrets.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Parses the URL of a database.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let invalid = |reason: &str| Error::InvalidUrl {
            scheme: "mysql",
            reason: format!("{reason}; it looks like mysql://user:password@host:3306/database"),
        };
        connection_url::check_server(url).map_err(|reason| invalid(&reason))?;
        connection_url::check_options(url, &OPTIONS).map_err(|reason| invalid(&reason))?;
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        // The invalid part is not repeated, since it may be part of the password.
        let options = Opts::from_url(&format!("mysql://{rest}")).map_err(|error| match error {
            UrlError::InvalidParamValue { param, .. } => {
                invalid(&format!("has an option `{param}` whose value cannot be"))
            }
            _ => invalid("cannot be read"),
        })?;
        let Some(database) = options.db_name().filter(|name| !name.is_empty()) else {
            return Err(invalid("names no database"));
        };
        let name =
            format!("mysql://{}:{}/{database}", options.ip_or_hostname(), options.tcp_port());
        let user = options.user().unwrap_or_default().to_owned();
        // The connection uses TCP as in the URL, never a socket that the server names.
        let options = OptsBuilder::from_opts(options).prefer_socket(false).into();
        Ok(Self { options, name, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_and_errors_contain_no_secrets() {
        for url in
            ["mysql://me:secret@db/shop", "mariadb://me:secret@db:3306/shop?require_ssl=true"]
        {
            let target = MySqlTarget::parse(url).unwrap();
            assert_eq!(format!("{target:?} of {}", target.user), "mysql://db:3306/shop of me");
        }
        for (url, says) in [
            ("mysql://me:secret@db", "names no database"),
            ("mysql://me:secret@db:secret/shop", "cannot be read"),
            ("mysql://me@db/shop?passwrd=secret", "has an option `passwrd` that there is not"),
            ("mysql://me@db/shop?verify_ca=secret", "option `verify_ca` whose value cannot be"),
            ("mysql://me:1/secret@db/shop", "write / as %2F"),
        ] {
            let error = MySqlTarget::parse(url).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{error}");
        }
    }
}
