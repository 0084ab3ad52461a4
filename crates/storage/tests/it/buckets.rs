//! Tests of folders in buckets, against a service that speaks S3 and a fake of Google Cloud
//! Storage.

use crate::support::gcs::Gcs;
use crate::support::{Store, batch, is_conflict, load, simple};
use tidegauge_core::{
    Aggregate, BatchBuilder, Cell, Cursor, DataType, Load, Scan, Table, WarehouseExt, WriteMode,
};
use tidegauge_testkit::S3;

#[tokio::test]
async fn google_stores_loads_and_commits_one_of_two_conflicting_ones() {
    let (_server, url) = Gcs::default().serve().await;
    let table = simple("t", WriteMode::Merge);
    let store = Store::at(url);
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a"), (2, "b")])]).await.unwrap();
    load(&*store.sink(), Some("1"), "2", &[batch(&table, &[(2, "c")])]).await.unwrap();
    let error = load(&*store.sink(), Some("1"), "2", &[]).await.unwrap_err();
    assert!(is_conflict(&error), "{error}");
    assert_eq!(store.rows(&table).await, 2);
    assert_eq!(store.name, "gs://bucket/lake");
}

/// Checks a commit whose manifest the service has stored, but has reported as failed, with another
/// commit in between.
#[tokio::test]
async fn a_commit_whose_response_is_lost_is_applied_once() {
    let gcs = Gcs::default();
    let (_server, url) = gcs.serve().await;
    let (store, table) = (Store::at(url), simple("t", WriteMode::Append));
    store.sink().prepare(std::slice::from_ref(&table)).await.unwrap();
    gcs.0.lock().unwrap().loses_an_answer = true;
    load(&*store.sink(), None, "1", &[batch(&table, &[(1, "a")])]).await.unwrap();
    gcs.0.lock().unwrap().loses_an_answer = true;
    let sink = store.sink();
    let rows = [batch(&table, &[(2, "b")])];
    let between = async {
        // While the first load waits before its retry.
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let (rows, after) = ([batch(&table, &[(3, "c")])], Cursor::new("1"));
        let load = Load::new("another", &rows, None, &after);
        store.sink().load(load).await
    };
    let (one, another) = tokio::join!(load(&*sink, Some("1"), "2", &rows), between);
    one.unwrap();
    another.unwrap();
    assert_eq!(store.rows(&table).await, 3);
}

#[tokio::test]
async fn a_service_without_conditional_writes_is_refused() {
    let gcs = Gcs::default();
    gcs.0.lock().unwrap().ignores_conditions = true;
    let (_server, url) = gcs.serve().await;
    let said = load(&*Store::at(url).sink(), None, "1", &[]).await.unwrap_err().to_string();
    assert!(said.contains("use one with conditional writes"), "{said}");
}

#[tokio::test]
async fn service_errors_are_reported_without_the_token() {
    let body = "<?xml version=\"1.0\"?>\n<Error><Code>ExpiredToken</Code><Message>The provided token\n\
                has expired.</Message><Token-0>tiger</Token-0></Error>";
    let server = wiremock::MockServer::start().await;
    let answer = wiremock::ResponseTemplate::new(400).set_body_string(body);
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    for scheme in ["s3", "gs"] {
        let url = format!("{scheme}://bucket/lake?endpoint={}&anonymous=true", server.uri());
        let said = Store::at(url).warehouse().cursor("test").await.unwrap_err().to_string();
        assert!(said.contains("ExpiredToken: The provided token has expired."), "{said}");
        assert!(said.contains("set credentials in the environment"), "{said}");
        assert!(!said.contains("tiger") && !said.contains('\n'), "{said}");
    }
}

#[tokio::test]
async fn a_folder_is_named_by_its_url() {
    let gcs = Gcs::default();
    let (_server, url) = gcs.serve().await;
    let store = Store::at(url.replace("/lake", "/w%C3%A4hrung/~1"));
    load(&*store.sink(), None, "1", &[batch(&simple("t", WriteMode::Append), &[(1, "a")])])
        .await
        .unwrap();
    let names: Vec<String> = gcs.0.lock().unwrap().objects.keys().cloned().collect();
    assert!(names.iter().all(|name| name.starts_with("währung/~1/")), "{names:?}");
}

#[tokio::test]
async fn only_projected_columns_of_long_files_are_read() {
    let gcs = Gcs::default();
    let (_server, url) = gcs.serve().await;
    let table = Table::builder("t", "Numbers, and long texts")
        .column("id", DataType::Int64, "")
        .column("text", DataType::Text, "")
        .key(["id"])
        .build()
        .unwrap();
    let mut builder = BatchBuilder::new(&table);
    for id in 0..20_000i64 {
        builder.push(Cell::Int(id.into())).unwrap();
        // Text that does not compress.
        let text: String = (0..8)
            .map(|at| format!("{:x}", (id * 8 + at).wrapping_mul(6_364_136_223_846_793_005)))
            .collect();
        builder.push(Cell::Text(&text)).unwrap();
    }
    let store = Store::at(url);
    load(&*store.sink(), None, "1", &[builder.finish().unwrap()]).await.unwrap();
    let length =
        gcs.0.lock().unwrap().objects.values().map(|(content, _)| content.len()).max().unwrap();
    assert!(length > 1_000_000, "{length}");
    gcs.0.lock().unwrap().read = 0;
    let summed = Aggregate::new(&table).count().sum("id");
    let sums = store.warehouse().aggregate(&summed).await.unwrap();
    assert_eq!(sums.column("count").unwrap().as_i64().unwrap().value(0), 20_000);
    let read = gcs.0.lock().unwrap().read;
    assert!(read < length / 4, "{read} of {length} bytes");
    let all = store.warehouse().read(&Scan::all(&table)).await.unwrap();
    assert_eq!(all.rows(), 20_000);
}

#[tokio::test]
async fn only_files_that_can_no_longer_commit_are_removed() {
    let gcs = Gcs::default();
    let (_server, url) = gcs.serve().await;
    let (store, table) = (Store::at(url), simple("t", WriteMode::Append));
    let rows = |id| [batch(&table, &[(id, "a")])];
    load(&*store.sink(), None, "1", &rows(1)).await.unwrap();
    let put = |name: &str| {
        let object = (b"half a fi".to_vec(), 0);
        gcs.0.lock().unwrap().objects.insert(format!("lake/{name}"), object);
    };
    // The files of a killed load, of a running load that begins at the next commit, and of a user.
    let (killed, at_it) =
        ("t/000000000002-00000000000000ab.parquet", "t/000000000003-00000000000000ab.parquet");
    let theirs = ["t/mine.parquet", "t/000000000002-copy.parquet", "t/202401031200.csv"];
    [killed, at_it].into_iter().chain(theirs).for_each(put);
    // The notes that both loads wrote when they began.
    for note in ["000000000002-00000000000000ab", "000000000003-00000000000000ab"] {
        put(&format!("_tidegauge/loading/{note}"));
    }
    let has = |name: &str| gcs.0.lock().unwrap().objects.contains_key(&format!("lake/{name}"));
    let sink = store.sink();
    load(&*sink, Some("1"), "2", &rows(2)).await.unwrap();
    assert!(!has(killed) && has(at_it) && theirs.iter().all(|name| has(name)));
    // A load of this process that fails in its second table, and leaves the file of its first.
    let both = [batch(&simple("first", WriteMode::Merge), &[(1, "a")]), rows(3)[0].clone()];
    gcs.0.lock().unwrap().refuses = Some("lake/t/");
    load(&*sink, Some("2"), "3", &both).await.unwrap_err();
    gcs.0.lock().unwrap().refuses = None;
    let left = || {
        let state = gcs.0.lock().unwrap();
        state.objects.keys().filter(|name| name.starts_with("lake/first/")).count()
    };
    assert_eq!(left(), 1, "it might still be committed");
    load(&*sink, Some("2"), "3", &rows(3)).await.unwrap();
    assert_eq!(left(), 0);
    assert!(!has(at_it) && theirs.iter().all(|name| has(name)));
    assert_eq!(store.rows(&table).await, 3);
}

#[tokio::test]
async fn s3_errors_name_the_cause_and_the_remedy() {
    let Some(server) = S3::shared() else { return };
    let url = server.folder_url("wrong").replace("s3://tidegauge/", "s3://elsewhere/");
    for said in [
        load(&*Store::at(url.clone()).sink(), None, "1", &[]).await.unwrap_err(),
        Store::at(url).warehouse().cursor("test").await.unwrap_err(),
    ] {
        let said = said.to_string();
        assert!(said.contains("s3://elsewhere/wrong"), "{said}");
        assert!(said.contains("create it, or correct its name"), "{said}");
    }
}

#[tokio::test]
async fn two_sources_can_load_concurrently() {
    let Some(store) = Store::of("s3") else { return };
    let table = simple("t", WriteMode::Merge);
    let one = |at: i64| {
        let (sink, rows) = (store.sink(), [batch(&table, &[(at, "a")])]);
        async move {
            let (source, after) = (format!("source {at}"), Cursor::new("1"));
            let load = Load::new(&source, &rows, None, &after);
            sink.load(load).await
        }
    };
    let done = futures_util::future::join_all((0..8).map(one)).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(store.rows(&table).await, 8);
}
