//! Helpers of the tests of all stores.
#![allow(dead_code)] // what of it is used depends on the features

pub(crate) mod by_hand;
#[cfg(feature = "object-store")]
pub(crate) mod gcs;
pub(crate) mod proxy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tempfile::TempDir;
use tidegauge_core::conformance::Subject;
pub(crate) use tidegauge_core::conformance::rows::*;
use tidegauge_core::tables::{SURROGATES, User};
use tidegauge_core::{Batch, Sink, TableRef, Warehouse, WarehouseExt};
#[cfg(feature = "bigquery")]
use tidegauge_testkit::BigQuery;
#[cfg(feature = "mysql")]
use tidegauge_testkit::MariaDb;
#[cfg(feature = "object-store")]
use tidegauge_testkit::S3;

/// The kinds of store in this build.
pub(crate) const SCHEMES: &[&str] = &[
    #[cfg(feature = "csv")]
    "csv",
    #[cfg(feature = "sqlite")]
    "sqlite",
    #[cfg(feature = "parquet")]
    "parquet",
    #[cfg(feature = "postgres")]
    "postgres",
    #[cfg(feature = "mysql")]
    "mysql",
    #[cfg(feature = "bigquery")]
    "bigquery",
];

/// Returns a number that is unique in this process.
fn next_number() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::SeqCst)
}

/// A store for one test, in a folder that is removed with it, or in a schema of a server that is.
pub(crate) struct Store {
    pub(crate) url: String,
    /// The name that the store's sink returns.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    _dir: TempDir,
}

/// Returns the URL of a new, empty database. Runs on its own thread, because the caller's may be in
/// a runtime.
#[cfg(feature = "mysql")]
fn new_database(server: &'static MariaDb, number: usize) -> String {
    use mysql_async::Conn;
    use mysql_async::prelude::Queryable;

    let name = format!("a-database {number}");
    let sql = format!("CREATE DATABASE `{name}` CHARACTER SET latin1");
    let create = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = Conn::from_url(server.url()).await.unwrap();
            connection.query_drop(sql).await.unwrap();
            connection.disconnect().await.unwrap();
        });
    };
    std::thread::spawn(create).join().unwrap();
    server.database_url(&name.replace(' ', "%20"))
}

#[cfg(feature = "bigquery")]
impl Drop for Store {
    fn drop(&mut self) {
        if let Some((_, dataset)) = self.name.split_once("bigquery://tidegauge/dataset_")
            && let Some(server) = BigQuery::shared()
        {
            server.remove(&format!("dataset_{dataset}"));
        }
    }
}

impl Store {
    /// Returns a new store of the kind `scheme`; `None` if its server is not installed.
    pub(crate) fn of(scheme: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(if scheme == "sqlite" { "store.db" } else { "store" });
        let url = match scheme {
            #[cfg(feature = "postgres")]
            "postgres" => {
                // A name that must be quoted in SQL.
                let schema = format!("Schema \"{}\"", next_number());
                let server = tidegauge_testkit::Postgres::shared()?;
                let mut url = url::Url::parse(&server.url()).unwrap();
                url.query_pairs_mut().append_pair("schema", &schema);
                url.to_string()
            }
            #[cfg(feature = "mysql")]
            "mysql" => new_database(MariaDb::shared()?, next_number()),
            #[cfg(feature = "object-store")]
            "s3" => {
                let number = next_number();
                S3::shared()?.folder_url(&format!("a folder/{number}"))
            }
            #[cfg(feature = "bigquery")]
            "bigquery" => {
                let number = next_number();
                BigQuery::shared()?.dataset_url(&format!("dataset_{number}"))
            }
            _ => format!("{scheme}://{}", path.display()),
        };
        Some(Self::within(dir, url, path))
    }

    /// Returns the store at `url`, which is not removed when this is dropped.
    pub(crate) fn at(url: String) -> Self {
        Self::within(tempfile::tempdir().unwrap(), url, PathBuf::new())
    }

    fn within(dir: TempDir, url: String, path: PathBuf) -> Self {
        let name = tidegauge_storage::connect_sink(&url).unwrap().name().to_owned();
        Self { url, name, path, _dir: dir }
    }

    /// Returns a new store of a kind that needs no server.
    pub(crate) fn new(scheme: &str) -> Self {
        Self::of(scheme).unwrap()
    }

    pub(crate) fn sink(&self) -> Arc<dyn Sink> {
        tidegauge_storage::connect_sink(&self.url).unwrap()
    }

    pub(crate) fn warehouse(&self) -> Arc<dyn Warehouse> {
        tidegauge_storage::connect(&self.url).unwrap()
    }

    /// Returns the number of rows of `table`, read from the store itself.
    pub(crate) async fn rows(&self, table: &TableRef) -> usize {
        if !self.url.starts_with("csv") {
            return self.warehouse().count(table).await.unwrap();
        }
        match csv::Reader::from_path(self.path.join(format!("{}.csv", table.name))) {
            Ok(mut reader) => reader.records().map(Result::unwrap).count(),
            Err(_) => 0,
        }
    }
}

/// Returns a client of the service behind `url`, and the folder in the URL.
#[cfg(feature = "object-store")]
pub(crate) fn bucket(url: &str) -> (object_store::aws::AmazonS3, object_store::path::Path) {
    let parsed = url::Url::parse(url).unwrap();
    let endpoint = parsed.query_pairs().find(|(name, _)| name == "endpoint").unwrap().1;
    let bucket = object_store::aws::AmazonS3Builder::new()
        .with_bucket_name(parsed.host_str().unwrap())
        .with_endpoint(endpoint)
        .with_allow_http(true)
        .with_skip_signature(true)
        .build();
    (bucket.unwrap(), object_store::path::Path::from_url_path(parsed.path()).unwrap())
}

/// Returns every file under `dir` with its content.
pub(crate) fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[async_trait]
impl Subject for Store {
    fn another(&self) -> Box<dyn Subject> {
        Box::new(Self::new(self.url.split_once(':').unwrap().0))
    }

    fn sink(&self) -> Arc<dyn Sink> {
        self.sink()
    }

    fn warehouse(&self) -> Option<Arc<dyn Warehouse>> {
        (!self.url.starts_with("csv")).then(|| self.warehouse())
    }

    async fn rows(&self, table: &TableRef) -> usize {
        self.rows(table).await
    }

    async fn drop_table(&self, table: &TableRef) -> bool {
        by_hand::run(self, &format!("DROP TABLE \"{}\"", table.name)).await
    }

    async fn empty_table(&self, table: &TableRef) -> bool {
        by_hand::run(self, &format!("DELETE FROM \"{}\" WHERE 1 = 1", table.name)).await
    }

    async fn change_cursor(&self, source: &str, cursor: &str) -> bool {
        let sql = format!(
            "UPDATE \"_tidegauge_cursors\" SET \"cursor\" = '{cursor}' WHERE \"source\" = '{source}'"
        );
        by_hand::run(self, &sql).await
    }
}

/// Returns a user as an online shop records one: a text id, an optional name, and no other values.
pub(crate) fn shop_user(external_id: &str, name: Option<&str>) -> Batch {
    let user = User {
        user_id: SURROGATES.start() + 7,
        email: None,
        country: None,
        kyc_status: None,
        kyc_verified_at: None,
        account_tier: None,
        is_active: None,
        signup_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        acquisition_channel: None,
        campaign: None,
        name: name.map(Into::into),
        phone: None,
        address: None,
        device: None,
        referred_by: None,
        balances: None,
        external_id: Some(external_id.into()),
    };
    Batch::from_rows(User::table(), [user]).unwrap()
}
