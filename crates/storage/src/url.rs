//! Which store a URL means.

use std::path::PathBuf;

use crate::{Error, Result, bigquery, mysql, postgres};

/// A store, and where it is.
#[derive(Debug)]
pub(crate) enum StoreUrl {
    Sqlite {
        path: PathBuf,
        read_only: bool,
    },
    Postgres(postgres::Place),
    MySql(mysql::Place),
    BigQuery(bigquery::Place),
    Parquet(PathBuf),
    /// Parquet, in a bucket.
    #[cfg(feature = "object-store")]
    Bucket(crate::folder::Bucket),
    Csv(PathBuf),
}

impl StoreUrl {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        // Of a URL of an unknown kind only the scheme is ever shown: the rest may hold a password.
        let Some((scheme, rest)) = url.split_once("://") else {
            let scheme = url.split([':', '/', '@']).next().unwrap_or_default();
            return Err(Error::UnknownStore { scheme: scheme.into() });
        };
        match scheme {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => Ok(Self::Postgres(postgres::Place::parse(url)?)),
            "mysql" | "mariadb" => Ok(Self::MySql(mysql::Place::parse(url)?)),
            "bigquery" => Ok(Self::BigQuery(bigquery::Place::parse(url)?)),
            "parquet" => Ok(Self::Parquet(path("parquet", rest)?)),
            "s3" | "gs" => bucket(url),
            "csv" => Ok(Self::Csv(path("csv", rest)?)),
            _ => Err(Error::UnknownStore { scheme: scheme.into() }),
        }
    }
}

fn sqlite(rest: &str) -> Result<StoreUrl> {
    let invalid = |reason: &str| Error::InvalidUrl { scheme: "sqlite", reason: reason.into() };
    let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
    if file == ":memory:" {
        return Err(invalid(
            "means a database that is gone when its connection closes; name a file",
        ));
    }
    let read_only = match query {
        "" => false,
        "mode=ro" => true,
        _ => return Err(invalid("takes no option but ?mode=ro")),
    };
    Ok(StoreUrl::Sqlite { path: path("sqlite", file)?, read_only })
}

#[cfg(feature = "object-store")]
fn bucket(url: &str) -> Result<StoreUrl> {
    Ok(StoreUrl::Bucket(crate::folder::Bucket::parse(url)?))
}

#[cfg(not(feature = "object-store"))]
fn bucket(url: &str) -> Result<StoreUrl> {
    let scheme = if url.starts_with("gs") { "gs" } else { "s3" };
    let reason = "needs the feature `object-store`, which this was built without; build it with \
                  `--features object-store`, or load into parquet://dir and copy that";
    Err(Error::InvalidUrl { scheme, reason: reason.into() })
}

fn path(scheme: &'static str, text: &str) -> Result<PathBuf> {
    if text.is_empty() || text.contains('\0') {
        return Err(Error::InvalidUrl {
            scheme,
            reason: "names no path; write one after ://".into(),
        });
    }
    Ok(PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_or_absolute() {
        for (url, store) in [
            ("sqlite://a.db", StoreUrl::Sqlite { path: "a.db".into(), read_only: false }),
            ("sqlite:///a b/c.db", StoreUrl::Sqlite { path: "/a b/c.db".into(), read_only: false }),
            ("sqlite://a.db?mode=ro", StoreUrl::Sqlite { path: "a.db".into(), read_only: true }),
            ("parquet://../lake", StoreUrl::Parquet("../lake".into())),
            ("csv:///backup", StoreUrl::Csv("/backup".into())),
        ] {
            assert_eq!(format!("{:?}", StoreUrl::parse(url).unwrap()), format!("{store:?}"));
        }
    }

    #[test]
    fn a_url_of_no_store_is_refused_without_showing_its_secrets() {
        for (url, says) in [
            ("oracle://scott:tiger@db/x", "`oracle` is not a kind of store; use sqlite://"),
            ("scott:tiger@db", "`scott` is not a kind of store"),
            ("tidegauge.db", "gs://bucket/folder or csv://dir"),
            ("sqlite://", "names no path"),
            ("sqlite://:memory:", "name a file"),
            ("sqlite://a.db?key=tiger", "takes no option but ?mode=ro"),
        ] {
            let error = StoreUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
            assert!(!error.contains("tiger"), "{error}");
        }
    }
}
