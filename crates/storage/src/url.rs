//! Parsing of store URLs.

#[cfg(any(feature = "sqlite", feature = "_folder"))]
use std::path::PathBuf;

#[cfg(any(feature = "sqlite", feature = "_folder"))]
use tidegauge_core::connection_url;

use crate::{Error, Result};

/// A store, as its URL addresses it.
#[derive(Debug)]
pub(crate) enum StoreUrl {
    #[cfg(feature = "sqlite")]
    Sqlite { path: PathBuf, read_only: bool },
    #[cfg(feature = "postgres")]
    Postgres(crate::postgres::PostgresTarget),
    #[cfg(feature = "mysql")]
    MySql(crate::mysql::MySqlTarget),
    #[cfg(feature = "bigquery")]
    BigQuery(crate::bigquery::DatasetRef),
    #[cfg(feature = "parquet")]
    Parquet(PathBuf),
    /// Parquet files in a bucket.
    #[cfg(feature = "object-store")]
    Bucket(crate::folder::Bucket),
    #[cfg(feature = "csv")]
    Csv(PathBuf),
}

impl StoreUrl {
    /// Parses the URL of a store.
    ///
    /// # Errors
    /// Returns an error if the scheme is not one of this crate's, its feature is disabled, or the
    /// rest does not name a location.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        // Of an unknown URL, only a valid scheme is shown: the rest may contain a password.
        let unknown = |scheme: &str| {
            let is_scheme =
                scheme.len() <= 12 && scheme.bytes().all(|byte| byte.is_ascii_lowercase());
            Error::UnknownStore { scheme: if is_scheme { scheme.into() } else { "…".into() } }
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| unknown("…"))?;
        match scheme {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => postgres(url),
            "mysql" | "mariadb" => mysql(url),
            "bigquery" => bigquery(url),
            "parquet" => parquet(rest),
            "s3" => bucket("s3", url),
            "gs" => bucket("gs", url),
            "csv" => csv(rest),
            _ => Err(unknown(scheme)),
        }
    }

    /// Returns the name of the store for messages: the URL without secrets.
    pub(crate) fn name(&self) -> String {
        match *self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { ref path, .. } => format!("sqlite://{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(ref target) => target.name().to_owned(),
            #[cfg(feature = "mysql")]
            Self::MySql(ref target) => target.name().to_owned(),
            #[cfg(feature = "bigquery")]
            Self::BigQuery(ref dataset) => dataset.name().to_owned(),
            #[cfg(feature = "parquet")]
            Self::Parquet(ref path) => format!("parquet://{}", path.display()),
            #[cfg(feature = "object-store")]
            Self::Bucket(ref bucket) => crate::folder::Directory::name(bucket, ""),
            #[cfg(feature = "csv")]
            Self::Csv(ref path) => format!("csv://{}", path.display()),
        }
    }

    /// Returns the text that identifies the location of the store.
    pub(crate) fn identity(&self) -> String {
        match *self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { ref path, .. } => crate::identity::path_identity(path),
            #[cfg(feature = "parquet")]
            Self::Parquet(ref path) => crate::identity::path_identity(path),
            #[cfg(feature = "csv")]
            Self::Csv(ref path) => crate::identity::path_identity(path),
            #[cfg(feature = "object-store")]
            Self::Bucket(ref bucket) => bucket.identity(),
            #[cfg(any(feature = "postgres", feature = "mysql", feature = "bigquery"))]
            _ => crate::identity::server_identity(&self.name()),
        }
    }
}

/// Defines the parser of a store's URL, and its substitute if the feature is disabled.
macro_rules! parser {
    ($name:ident, $feature:literal, |$rest:ident| $parse:expr) => {
        #[cfg(feature = $feature)]
        fn $name($rest: &str) -> Result<StoreUrl> {
            Ok($parse)
        }

        #[cfg(not(feature = $feature))]
        fn $name(_: &str) -> Result<StoreUrl> {
            Err(Error::MissingFeature {
                scheme: stringify!($name),
                feature: $feature,
                instead: "use a store whose feature is on",
            })
        }
    };
}

parser!(postgres, "postgres", |url| StoreUrl::Postgres(crate::postgres::PostgresTarget::parse(
    url
)?));
parser!(mysql, "mysql", |url| StoreUrl::MySql(crate::mysql::MySqlTarget::parse(url)?));
parser!(bigquery, "bigquery", |url| StoreUrl::BigQuery(crate::bigquery::DatasetRef::parse(url)?));
parser!(parquet, "parquet", |rest| StoreUrl::Parquet(path("parquet", rest)?));
parser!(csv, "csv", |rest| StoreUrl::Csv(path("csv", rest)?));
parser!(sqlite, "sqlite", |rest| {
    let invalid = |reason: &str| Error::InvalidUrl { scheme: "sqlite", reason: reason.into() };
    let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
    connection_url::check_options(rest, &["mode"]).map_err(|reason| invalid(&reason))?;
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
    StoreUrl::Sqlite { path: path("sqlite", file)?, read_only }
});

#[cfg(feature = "object-store")]
fn bucket(_: &'static str, url: &str) -> Result<StoreUrl> {
    Ok(StoreUrl::Bucket(crate::folder::Bucket::parse(url)?))
}

#[cfg(not(feature = "object-store"))]
fn bucket(scheme: &'static str, _: &str) -> Result<StoreUrl> {
    let instead = "load into parquet://dir and copy that";
    Err(Error::MissingFeature { scheme, feature: "object-store", instead })
}

#[cfg(any(feature = "sqlite", feature = "_folder"))]
fn path(scheme: &'static str, text: &str) -> Result<PathBuf> {
    let invalid = |reason| Error::InvalidUrl { scheme, reason };
    if text.is_empty() || text.contains('\0') {
        return Err(invalid("names no path; write one after ://".into()));
    }
    connection_url::check_path(text).map_err(invalid)?;
    connection_url::check_options(text, &[]).map_err(invalid)?;
    Ok(PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(feature = "sqlite", feature = "parquet", feature = "csv"))]
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

    #[cfg(all(feature = "sqlite", feature = "postgres", feature = "csv"))]
    #[test]
    fn names_contain_no_secrets() {
        for (url, name) in [
            ("sqlite://a.db?mode=ro", "sqlite://a.db"),
            ("postgres://me:secret@db/shop", "postgres://db:5432/shop?schema=tidegauge"),
            ("csv:///backup", "csv:///backup"),
        ] {
            assert_eq!(StoreUrl::parse(url).unwrap().name(), name);
        }
    }

    #[test]
    fn an_unknown_url_is_refused_without_its_secrets() {
        for (url, says) in [
            ("oracle://scott:tiger@db/x", "`oracle` is not a kind of store; use sqlite://"),
            ("scott:tiger@db", "`…` is not a kind of store"),
            ("scott:tiger@db/x?next=a://b", "`…` is not a kind of store"),
            ("tiger", "`…` is not a kind of store"),
            ("tidegauge.db", "gs://bucket/folder or csv://dir"),
        ] {
            let error = StoreUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
            assert!(!error.contains("tiger"), "{error}");
        }
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_sqlite_url_accepts_only_a_file_and_its_mode() {
        for (url, says) in [
            ("sqlite://", "names no path"),
            ("sqlite://:memory:", "name a file"),
            ("sqlite://a.db?key=tiger", "has an option `key` that there is not; it takes mode"),
            ("sqlite://a.db?mode=tiger", "takes no option but ?mode=ro"),
            ("sqlite://me:tiger@db/shop", "takes no user and password"),
        ] {
            let error = StoreUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("tiger"), "{error}");
        }
    }

    #[cfg(all(feature = "parquet", feature = "csv"))]
    #[test]
    fn a_folder_url_accepts_no_options_and_no_password() {
        for (url, says) in [
            ("parquet://lake?key=tiger", "has an option `key` that there is not; it takes none"),
            ("parquet://me:tiger@db/shop", "takes no user and password"),
        ] {
            let error = StoreUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("tiger"), "{error}");
        }
    }

    #[test]
    fn the_error_of_a_disabled_store_names_its_feature() {
        for (url, feature, is_on) in [
            ("sqlite://a.db", "sqlite", cfg!(feature = "sqlite")),
            ("postgres://me:secret@db/shop", "postgres", cfg!(feature = "postgres")),
            ("mariadb://me:secret@db/shop", "mysql", cfg!(feature = "mysql")),
            ("bigquery://project/dataset", "bigquery", cfg!(feature = "bigquery")),
            ("parquet://lake", "parquet", cfg!(feature = "parquet")),
            ("s3://bucket/lake", "object-store", cfg!(feature = "object-store")),
            ("csv://backup", "csv", cfg!(feature = "csv")),
        ] {
            match StoreUrl::parse(url) {
                Ok(_) => assert!(is_on, "{url}"),
                Err(error) => {
                    let says = format!("`--features {feature}`");
                    assert!(!is_on && error.to_string().contains(&says), "{error}");
                }
            }
        }
    }
}
