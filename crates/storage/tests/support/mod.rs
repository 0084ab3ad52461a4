//! What the tests of all stores share.
#![allow(dead_code)] // every test file uses its part of it

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde::Serialize;
use tempfile::TempDir;
use tidegauge_core::polars::frame::DataFrame;
use tidegauge_core::{
    Batch, Cursor, DataType, Error, Load, Scan, Sink, Table, TableRef, Warehouse, WriteMode,
};
use tidegauge_testkit::{MariaDb, Postgres};
use url::Url;

/// A store of one's own, in a folder that goes with it or a schema of a server that does.
pub(crate) struct Store {
    pub(crate) url: String,
    /// What it calls itself.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    _dir: TempDir,
}

/// The URL of a new, empty database. On a thread of its own: the caller's may be in a runtime.
fn new_database(server: &'static MariaDb, number: usize) -> String {
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

impl Store {
    /// A new store of that kind; none where its server is not installed.
    pub(crate) fn of(scheme: &str) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(if scheme == "sqlite" { "store.db" } else { "store" });
        let url = match scheme {
            "postgres" => {
                // A name that SQL has to quote.
                let schema = format!("Schema \"{}\"", COUNT.fetch_add(1, Ordering::SeqCst));
                let mut url = Url::parse(&Postgres::shared()?.url()).unwrap();
                url.query_pairs_mut().append_pair("schema", &schema);
                url.to_string()
            }
            "mysql" => new_database(MariaDb::shared()?, COUNT.fetch_add(1, Ordering::SeqCst)),
            _ => format!("{scheme}://{}", path.display()),
        };
        let name = tidegauge_storage::connect_sink(&url).unwrap().name().to_owned();
        Some(Self { url, name, path, _dir: dir })
    }

    /// A new store of a kind that needs no server.
    pub(crate) fn new(scheme: &str) -> Self {
        Self::of(scheme).unwrap()
    }

    /// A new store of the same kind.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.url.split_once(':').unwrap().0)
    }

    pub(crate) fn sink(&self) -> Arc<dyn Sink> {
        tidegauge_storage::connect_sink(&self.url).unwrap()
    }

    pub(crate) fn warehouse(&self) -> Arc<dyn Warehouse> {
        tidegauge_storage::connect(&self.url).unwrap()
    }

    /// The rows that somebody finds who looks into the store.
    pub(crate) async fn rows(&self, table: &TableRef) -> usize {
        if !self.url.starts_with("csv") {
            return self.warehouse().scan(&Scan::all(table)).await.unwrap().height();
        }
        match csv::Reader::from_path(self.path.join(format!("{}.csv", table.name))) {
            Ok(mut reader) => reader.records().map(Result::unwrap).count(),
            Err(_) => 0,
        }
    }
}

/// Loads `batches` on behalf of `source`.
pub(crate) async fn load(
    sink: &dyn Sink,
    before: Option<&str>,
    after: &str,
    batches: &[Batch],
) -> tidegauge_core::Result<()> {
    let (before, after) = (before.map(Cursor::new), Cursor::new(after));
    sink.load(Load { source: "test", batches, before: before.as_ref(), after: &after }).await
}

/// A table with a column of every type, and names that SQL keeps for itself.
pub(crate) fn everything(write: WriteMode) -> TableRef {
    Table::builder("order", "All types")
        .column("group", DataType::Int64, "")
        .column("select", DataType::Text, "")
        .nullable("flag", DataType::Bool, "")
        .nullable("share", DataType::Float64, "")
        .nullable("day", DataType::Date, "")
        .nullable("at", DataType::Timestamp, "")
        .nullable("fiat", DataType::FIAT, "")
        .nullable("crypto", DataType::CRYPTO, "")
        .nullable("huge", DataType::Decimal { precision: 38, scale: 20 }, "")
        .nullable("where", DataType::Text, "")
        .key(["group", "select"])
        .time("at")
        .write(write)
        .build()
        .unwrap()
}

#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Everything {
    pub(crate) group: i64,
    pub(crate) select: &'static str,
    pub(crate) flag: Option<bool>,
    pub(crate) share: Option<f64>,
    pub(crate) day: Option<&'static str>,
    pub(crate) at: Option<&'static str>,
    pub(crate) fiat: Option<&'static str>,
    pub(crate) crypto: Option<&'static str>,
    pub(crate) huge: Option<&'static str>,
    #[serde(rename = "where")]
    pub(crate) place: Option<&'static str>,
}

/// Rows at the edges of what a column may hold.
pub(crate) fn extremes() -> Vec<Everything> {
    vec![
        Everything {
            group: i64::MIN,
            select: "",
            flag: Some(false),
            share: Some(f64::MIN_POSITIVE),
            day: Some("0001-01-01"),
            at: Some("1969-12-31T23:59:59.999999Z"),
            fiat: Some("-9999999999999999.99"),
            crypto: Some("-99999999999999999999.99999999"),
            huge: Some("0.00000000000000000001"),
            place: Some(""),
        },
        Everything {
            group: i64::MAX,
            select: "a,\"b\"\r\n😀=1+1",
            flag: Some(true),
            share: Some(-f64::MAX),
            day: Some("9999-12-31"),
            at: Some("9999-12-31T23:59:59.999999Z"),
            fiat: Some("9999999999999999.99"),
            crypto: Some("99999999999999999999.99999999"),
            huge: Some("999999999999999999.99999999999999999999"),
            place: Some("2020-01-01"),
        },
        Everything { group: 0, select: "nulls", ..Everything::default() },
        Everything {
            group: 1,
            select: "numbers",
            share: Some(1.0),
            day: Some("1970-01-01"),
            at: Some("1970-01-01T00:00:00Z"),
            fiat: Some("12.50"),
            crypto: Some("34265.19345116"),
            huge: Some("0"),
            place: Some("007"),
            ..Everything::default()
        },
    ]
}

/// A table of one number and a text.
pub(crate) fn simple(name: &'static str, write: WriteMode) -> TableRef {
    Table::builder(name, "A number and a text")
        .column("id", DataType::Int64, "")
        .column("text", DataType::Text, "")
        .key(["id"])
        .write(write)
        .build()
        .unwrap()
}

/// A batch of a [`simple`] table.
pub(crate) fn batch(table: &TableRef, rows: &[(i64, &'static str)]) -> Batch {
    #[derive(Serialize)]
    struct Row {
        id: i64,
        text: &'static str,
    }
    Batch::from_rows(table, rows.iter().map(|(id, text)| Row { id: *id, text })).unwrap()
}

/// The rows of a [`simple`] table, by number.
pub(crate) async fn pairs(warehouse: &dyn Warehouse, table: &TableRef) -> Vec<(i64, String)> {
    let frame = warehouse.scan(&Scan::all(table)).await.unwrap();
    let ids = frame.column("id").unwrap().i64().unwrap().into_no_null_iter();
    let texts = frame.column("text").unwrap().str().unwrap().iter().flatten();
    let mut rows: Vec<_> = ids.zip(texts.map(str::to_owned)).collect();
    rows.sort();
    rows
}

/// `frame` with its rows in the order of its first column, an integer.
pub(crate) fn sorted(frame: &DataFrame) -> DataFrame {
    frame.sort([frame.get_column_names()[0].clone()], Default::default()).unwrap()
}

/// Whether `error` is a conflict.
pub(crate) fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::Conflict { .. })
}

/// Every file under `dir` with its content.
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
