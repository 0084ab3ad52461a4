//! Tests of folders of CSV files: the files of a killed load are removed, and the contents are as
//! expected.

use std::fs;

use tidegauge_core::{Batch, WriteMode};

use crate::support::{Store, batch, everything, extremes, load, simple};

#[test]
fn csv_cannot_be_read_back() {
    let error = tidegauge_storage::connect("csv://backup").unwrap_err().to_string();
    assert!(error.contains("backup that cannot be read back"), "{error}");
}

#[tokio::test]
async fn csv_truncates_the_rows_of_a_killed_load() {
    let store = Store::new("csv");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    let path = store.path.join("t.csv");
    let mut killed = fs::read(&path).unwrap();
    killed.extend(b"2,half a li");
    fs::write(&path, killed).unwrap();
    fs::write(store.path.join("_tidegauge/lock"), "loading 00000000000000000002\n").unwrap();
    load(&*store.sink(), Some("1"), "2", &[batch(&table, &[(3, "c")])]).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "id,text\n1,a\n3,c\n");
}

#[tokio::test]
async fn csv_recovers_from_a_kill_during_preparation() {
    let store = Store::new("csv");
    fs::create_dir_all(&store.path).unwrap();
    fs::write(store.path.join("t.csv"), "id,te").unwrap();
    let table = simple("t", WriteMode::Append);
    store.sink().prepare(&[table]).await.unwrap();
    assert_eq!(fs::read_to_string(store.path.join("t.csv")).unwrap(), "id,text\n");
}

#[tokio::test]
async fn csv_refuses_and_keeps_a_foreign_file() {
    let store = Store::new("csv");
    fs::create_dir_all(&store.path).unwrap();
    fs::write(store.path.join("t.csv"), "my own data\n").unwrap();
    let table = simple("t", WriteMode::Append);
    let error = store.sink().prepare(&[table]).await.unwrap_err().to_string();
    assert!(error.contains("t.csv` was not written by this store"), "{error}");
    assert_eq!(fs::read_to_string(store.path.join("t.csv")).unwrap(), "my own data\n");
}

#[tokio::test]
async fn csv_with_missing_rows_is_not_appended_to() {
    let store = Store::new("csv");
    let table = simple("t", WriteMode::Append);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    fs::write(store.path.join("t.csv"), "id,text\n").unwrap();
    let error = load(&*store.sink(), Some("1"), "2", &[]).await.unwrap_err().to_string();
    assert!(error.contains("t.csv` is damaged: it has 8 bytes, and 12 were written"), "{error}");
}

#[tokio::test]
async fn csv_contains_exactly_the_loaded_rows() {
    let store = Store::new("csv");
    let table = everything(WriteMode::Append);
    let rows = Batch::from_rows(&table, extremes()).unwrap();
    load(&*store.sink(), None, "1", &[rows]).await.unwrap();
    let text = fs::read_to_string(store.path.join("order.csv")).unwrap();
    assert_eq!(
        text,
        "group,select,flag,share,day,at,fiat,crypto,huge,where\n\
         -9223372036854775808,\"\",false,2.2250738585072014e-308,0001-01-01,\
         1969-12-31T23:59:59.999999Z,-9999999999999999.99,-99999999999999999999.999999999999999999,\
         0.00000000000000000001,\"\"\n\
         9223372036854775807,\"a,\"\"b\"\"\r\n😀=1+1\",true,-1.7976931348623157e308,9999-12-31,\
         9999-12-31T23:59:59.999999Z,9999999999999999.99,99999999999999999999.999999999999999999,\
         999999999999999999.99999999999999999999,2020-01-01\n\
         0,nulls,,,,,,,,\n\
         2,dust,,,,,,0.0000000000042,,\n\
         3,dust,,,,,,0.000000000000000001,,\n\
         4,wei,,,,,,512.700000000000000113,,\n\
         1,numbers,,1.0,1970-01-01,1970-01-01T00:00:00.000000Z,12.50,34265.19345116,\
         0.00000000000000000000,007\n"
    );
    let mut reader = csv::Reader::from_path(store.path.join("order.csv")).unwrap();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(&records[1][1], "a,\"b\"\r\n😀=1+1");
}

#[tokio::test]
async fn csv_content_is_independent_of_the_page_size() {
    let rows: Vec<(i64, &str)> = (0..1000).map(|id| (id % 100, "text, \"quoted\"")).collect();
    let mut contents = Vec::new();
    for page in [1, 7, 100, 1000] {
        let store = Store::new("csv");
        let (sink, table) = (store.sink(), simple("t", WriteMode::Merge));
        let mut before = None;
        for (at, rows) in rows.chunks(page * 10).enumerate() {
            let pages: Vec<_> = rows.chunks(page).map(|rows| batch(&table, rows)).collect();
            load(&*sink, before.as_deref(), &at.to_string(), &pages).await.unwrap();
            before = Some(at.to_string());
        }
        contents.push(fs::read(store.path.join("t.csv")).unwrap());
    }
    assert!(contents.iter().all(|content| *content == contents[0]));
    assert_eq!(contents[0].iter().filter(|byte| **byte == b'\n').count(), 1001);
}
