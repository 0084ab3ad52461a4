//! Which server and database a URL means.

use std::fmt;

use mysql_async::{Opts, OptsBuilder};

use crate::{Error, Result};

/// A database on a server.
#[derive(Clone)]
pub(crate) struct Target {
    pub(super) options: Opts,
    /// What it is called, without its secrets.
    pub(super) name: String,
    /// The user who connects.
    pub(super) user: String,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let invalid = |reason: &str| Error::InvalidUrl {
            scheme: "mysql",
            reason: format!("{reason}; it looks like mysql://user:password@host:3306/database"),
        };
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        // What is wrong with it is not repeated: it may be a part of the password.
        let options = Opts::from_url(&format!("mysql://{rest}"))
            .map_err(|_| invalid("cannot be read, or has a part that is no option"))?;
        let Some(database) = options.db_name().filter(|name| !name.is_empty()) else {
            return Err(invalid("names no database"));
        };
        let name =
            format!("mysql://{}:{}/{database}", options.ip_or_hostname(), options.tcp_port());
        let user = options.user().unwrap_or_default().to_owned();
        // By TCP as the URL says, never by a socket that the server names.
        let options = OptsBuilder::from_opts(options).prefer_socket(false).into();
        Ok(Self { options, name, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_without_the_secrets_of_its_url() {
        for url in
            ["mysql://me:secret@db/shop", "mariadb://me:secret@db:3306/shop?require_ssl=true"]
        {
            let target = Target::parse(url).unwrap();
            assert_eq!(format!("{target:?} of {}", target.user), "mysql://db:3306/shop of me");
        }
        for (url, says) in [
            ("mysql://me:secret@db", "names no database"),
            ("mysql://me:secret@db:secret/shop", "cannot be read"),
            ("mysql://me:secret@db/shop?secret=1", "no option"),
        ] {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("secret"), "{error}");
        }
    }
}
