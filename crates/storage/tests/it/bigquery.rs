//! Tests of BigQuery. The emulator plays the service; a script of answers plays it where the
//! emulator falls short.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tidegauge_core::{
    Cursor, ErrorKind, Fiat, Filter, Removal, Reset, Scan, WarehouseExt, WriteMode, tables,
};
use tidegauge_testkit::BigQuery;
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Store, batch, by_hand, everything, load, pairs, simple};

/// Returns the emulator's answer to a request for the resource `path` of the project.
async fn asked(method: Method, path: &str) -> Option<Value> {
    let server = BigQuery::shared()?;
    let url = format!("{}/bigquery/v2/projects/tidegauge/{path}", server.endpoint());
    let answer = Client::new().request(method, url).send().await.unwrap();
    Some(serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

fn dataset(store: &Store) -> &str {
    store.name.rsplit_once('/').unwrap().1
}

#[tokio::test]
async fn tables_are_partitioned_by_month_and_clustered_by_user() {
    let Some(store) = Store::of("bigquery") else { return };
    store.sink().prepare(&tables::all()).await.unwrap();
    let path = format!("datasets/{}/tables/trades", dataset(&store));
    let trades = asked(Method::GET, &path).await.unwrap();
    assert_eq!(trades["timePartitioning"], json!({ "type": "MONTH", "field": "executed_at" }));
    assert_eq!(trades["clustering"]["fields"], json!(["user_id", "trade_id"]));
    assert_eq!(trades["tableConstraints"]["primaryKey"]["columns"], json!(["trade_id"]));
}

/// Checks that a new dataset, and one that has applied no migration, get the tables that the
/// definitions in core, the only source of truth, describe.
#[tokio::test]
async fn new_and_migrated_tables_match_their_definitions() {
    for has_versions in [false, true] {
        let Some(store) = Store::of("bigquery") else { return };
        if has_versions {
            let dataset = json!({ "datasetReference": { "datasetId": dataset(&store) } });
            let server = BigQuery::shared().unwrap();
            let url = format!("{}/bigquery/v2/projects/tidegauge/datasets", server.endpoint());
            let request = Client::new().post(url).header("content-type", "application/json");
            let answer = request.body(dataset.to_string()).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
            let versions = "CREATE TABLE \"_tidegauge_migrations\" (\"version\" INT64 NOT NULL, \
                            \"applied_at\" TIMESTAMP NOT NULL)";
            assert!(by_hand::run(&store, versions).await);
        }
        // Creates the tables of a new dataset. Of a migrated one it compares every column, and has
        // nothing to change.
        store.sink().prepare(&tables::all()).await.unwrap();
        let path = format!("datasets/{}/tables?maxResults=100", dataset(&store));
        let listed = asked(Method::GET, &path).await.unwrap();
        let names = listed["tables"].as_array().unwrap().iter();
        let names: Vec<_> =
            names.map(|table| table["tableReference"]["tableId"].as_str().unwrap()).collect();
        for table in tables::all() {
            assert!(names.contains(&table.name.as_ref()), "{} is missing", table.name);
        }
        let versions = format!("datasets/{}/tables/_tidegauge_migrations/data", dataset(&store));
        let versions = asked(Method::GET, &versions).await.unwrap();
        let versions = versions["rows"].as_array().unwrap().len();
        let files = include_str!("../../migrations/bigquery/list.rs").matches(".sql").count();
        assert_eq!(versions, files, "{has_versions}");
    }
}

#[tokio::test]
async fn no_staging_tables_are_left() {
    let Some(store) = Store::of("bigquery") else { return };
    let table = simple("t", WriteMode::Append);
    let (first, again) = (batch(&table, &[(1, "a")]), batch(&table, &[(1, "b")]));
    load(&*store.sink(), None, "1", &[first]).await.unwrap();
    load(&*store.sink(), Some("1"), "2", &[again]).await.unwrap_err();
    let path = format!("datasets/{}/tables?maxResults=100", dataset(&store));
    let listed = asked(Method::GET, &path).await.unwrap().to_string();
    assert!(!listed.contains("_stage_"), "{listed}");
}

/// Checks a load that was killed between the load job and the transaction: the next run finds the
/// job. If the job is known, but its rows are gone, it is run again: a 409 alone does not prove
/// that the rows are stored.
#[tokio::test]
async fn an_interrupted_load_is_resumed() {
    let Some(store) = Store::of("bigquery") else { return };
    // Jobs belong to the whole project, so the name is different from those of other tests.
    let table = simple("broken_off", WriteMode::Append);
    let rows = [batch(&table, &[(1, "a"), (2, "b")])];
    load(&*store.sink(), None, "1", &rows).await.unwrap();
    let jobs = || async {
        let listed = asked(Method::GET, "jobs?maxResults=1000").await.unwrap();
        let ids = listed["jobs"].as_array().unwrap().iter();
        let mut ids: Vec<String> = ids
            .filter_map(|job| job["jobReference"]["jobId"].as_str())
            .filter(|id| id.contains("_stage_broken_off_"))
            .map(ToOwned::to_owned)
            .collect();
        ids.sort();
        ids
    };
    let before = jobs().await;
    // As if the load had never been committed: the same load, in a dataset that was emptied.
    BigQuery::shared().unwrap().remove(dataset(&store));
    load(&*store.sink(), None, "1", &rows).await.unwrap();
    let after = jobs().await;
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    let wanted = [(1, "a".to_owned()), (2, "b".to_owned())];
    assert_eq!(pairs(&*store.warehouse(), &table).await, wanted);
}

/// Checks that rows can be reset and loaded again, although the history of jobs keeps their names:
/// each load gets a new name.
#[tokio::test]
async fn rows_can_be_reset_and_loaded_again_repeatedly() {
    let Some(store) = Store::of("bigquery") else { return };
    let table = simple("anew", WriteMode::Append);
    let rows = [batch(&table, &[(1, "a"), (2, "b")])];
    let (sink, cursor) = (store.sink(), Cursor::new("1"));
    for _ in 0..11 {
        load(&*sink, None, "1", &rows).await.unwrap();
        let cursors = [("test", Some(&cursor))];
        let removals = [Removal::all(&table)];
        let reset = Reset { cursors: &cursors, removals: &removals, dry_run: false };
        assert_eq!(sink.reset(reset).await.unwrap(), [2]);
    }
}

/// Returns a service that answers every request with `status` and `body`.
async fn refusing(status: u16, body: Value) -> (MockServer, String) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    let url = format!("bigquery://shop/tidegauge?location=EU&endpoint={}", server.uri());
    (server, url)
}

fn problem(reason: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "errors": [{ "reason": reason, "message": message }] } })
}

#[tokio::test]
async fn errors_name_the_cause_and_the_remedy() {
    let denied = "Access Denied: Project shop: User does not have bigquery.jobs.create permission";
    use ErrorKind::{Authentication, Bug, Configuration, NotFound, Permission, RateLimited};
    let limit = problem("bytesBilledLimitExceeded", "limit for bytes");
    let billing = problem("billingNotEnabled", "Billing has not been enabled");
    for (status, body, says, kind) in [
        (401, problem("authError", "Invalid Credentials"), "renew them", Authentication),
        (403, problem("accessDenied", denied), "`BigQuery Job User` of project `shop`", Permission),
        (403, billing, "enable billing", Configuration),
        (403, problem("quotaExceeded", "Quota exceeded"), "wait until the quota", RateLimited),
        (400, limit, "raise `max_bytes_billed`", Configuration),
        (400, problem("invalidQuery", "Syntax\nerror"), "Syntax error; nothing was written", Bug),
        (404, json!("a page"), "Not Found; check project and dataset", NotFound),
    ] {
        let (_server, url) = refusing(status, body).await;
        let sink = tidegauge_storage::connect_sink(&url).unwrap();
        let error = sink.prepare(&[]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let error = error.to_string();
        let named = error.contains("bigquery://shop/tidegauge");
        assert!(named && error.contains(says) && !error.contains('\n'), "{error}");
    }
}

#[tokio::test]
async fn an_unreachable_service_is_named() {
    let url = "bigquery://shop/tidegauge?endpoint=http://127.0.0.1:9";
    let sink = tidegauge_storage::connect_sink(url).unwrap();
    let error = sink.cursor("test").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let error = error.to_string();
    assert!(error.contains("cannot be reached") && error.contains("check the network"), "{error}");
}

/// Checks that a job sets its location and its limit of billed bytes, and that values are bound as
/// parameters.
#[tokio::test]
async fn a_query_has_location_cost_limit_and_parameters_and_is_paged() {
    let server = MockServer::start().await;
    let url = format!(
        "bigquery://shop/tidegauge?location=EU&max_bytes_billed=1000000&endpoint={}",
        server.uri()
    );
    let said = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    // Unavailable once, so that the request is retried.
    Mock::given(method("POST"))
        .and(path("/bigquery/v2/projects/shop/jobs"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/bigquery/v2/projects/shop/jobs"))
        .and(body_partial_json(json!({
            "jobReference": { "location": "EU" },
            "configuration": { "query": {
                "useLegacySql": false,
                "maximumBytesBilled": "1000000",
                "parameterMode": "NAMED",
                "queryParameters": [{ "name": "source", "parameterValue": { "value": "x'y" } }],
            } },
        })))
        .respond_with(said(json!({ "status": { "state": "RUNNING" } })))
        .expect(1)
        .mount(&server)
        .await;
    let waited = json!({ "jobComplete": false });
    let done = json!({ "jobComplete": true, "rows": [{ "f": [{ "v": "7" }] }] });
    for (times, body) in [(1, waited), (2, done)] {
        Mock::given(method("GET"))
            .and(wiremock::matchers::query_param("location", "EU"))
            .respond_with(said(body))
            .up_to_n_times(times)
            .mount(&server)
            .await;
    }
    let sink = tidegauge_storage::connect_sink(&url).unwrap();
    assert_eq!(sink.cursor("x'y").await.unwrap(), Some(Cursor::new("7")));
}

fn said(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// Returns a service with a table of `fields` that accepts any query and estimates its cost.
async fn serving(name: &str, fields: Value, key: Value) -> MockServer {
    let server = MockServer::start().await;
    let there = json!({
        "schema": { "fields": fields },
        "tableConstraints": { "primaryKey": { "columns": key } },
    });
    Mock::given(path(format!("/bigquery/v2/projects/shop/datasets/d/tables/{name}")))
        .respond_with(said(there))
        .mount(&server)
        .await;
    Mock::given(path("/bigquery/v2/projects/shop/queries"))
        .and(body_partial_json(json!({ "dryRun": true })))
        .respond_with(said(json!({ "totalBytesProcessed": "1099511627776" })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/bigquery/v2/projects/shop/jobs"))
        .respond_with(said(json!({ "status": { "state": "DONE" } })))
        .mount(&server)
        .await;
    server
}

/// Answers requests for rows: with `last` if they have a page token, otherwise with `first`.
async fn answering(server: &MockServer, first: Value, last: Value) {
    Mock::given(method("GET"))
        .and(wiremock::matchers::query_param("pageToken", "a/b="))
        .respond_with(said(last))
        .mount(server)
        .await;
    Mock::given(method("GET")).respond_with(said(first)).mount(server).await;
}

/// Checks that the cost of a query is estimated before it is run, and that pages are fetched one by
/// one, as they are read.
#[tokio::test]
async fn the_cost_is_estimated_first_and_pages_are_streamed() {
    let fields = json!([
        { "name": "id", "type": "INTEGER", "mode": "REQUIRED" },
        { "name": "text", "type": "STRING", "mode": "REQUIRED" },
    ]);
    let server = serving("t", fields, json!(["id"])).await;
    let row = |id: &str| json!({ "f": [{ "v": id }, { "v": "text" }] });
    let first = json!({ "jobComplete": true, "rows": [row("1"), row("2")], "pageToken": "a/b=" });
    answering(&server, first, json!({ "jobComplete": true, "rows": [row("3")] })).await;
    let url = format!("bigquery://shop/d?endpoint={}", server.uri());
    let warehouse = tidegauge_storage::connect(&url).unwrap();
    let table = simple("t", WriteMode::Append);
    let mut batches = warehouse.scan(&Scan::all(&table)).await.unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().rows(), 2);
    let asked = |token: &'static str| {
        let server = &server;
        async move {
            let requests = server.received_requests().await.unwrap();
            requests.iter().filter(|request| request.url.as_str().contains(token)).count()
        }
    };
    assert_eq!(asked("pageToken").await, 0, "nobody has asked for more yet");
    assert_eq!(batches.next().await.unwrap().unwrap().rows(), 1);
    assert!(batches.next().await.is_none());
    assert_eq!(asked("pageToken").await, 1);
}

/// Checks that no value of a filter is in the text of the query, except decimals that the emulator
/// would truncate.
#[tokio::test]
async fn filter_values_are_bound() {
    let fields = json!([
        { "name": "group", "type": "INTEGER", "mode": "REQUIRED" },
        { "name": "select", "type": "STRING", "mode": "REQUIRED" },
        { "name": "fiat", "type": "NUMERIC", "precision": "18", "scale": "2" },
        { "name": "at", "type": "TIMESTAMP" },
        { "name": "huge", "type": "BIGNUMERIC", "precision": "38", "scale": "20" },
        { "name": "where", "type": "STRING" },
    ]);
    let server = serving("order", fields, json!(["group", "select"])).await;
    let rows = json!({ "jobComplete": true, "rows": [] });
    answering(&server, rows.clone(), rows).await;
    let url = format!("bigquery://shop/d?endpoint={}", server.uri());
    let warehouse = tidegauge_storage::connect(&url).unwrap();
    let fiat = |text: &str| text.parse::<Fiat>().unwrap();
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let filter = Filter::is_in("select", ["b'c", "a"])
        .and(Filter::range("fiat", fiat("-1.50")..))
        .and(Filter::range("at", at("2020-02-29T12:34:56.789Z")..at("2021-03-01T00:00:00Z")))
        .and(Filter::is_in("huge", [-1i64, 7]))
        .and(Filter::is_null("where"));
    let scan = Scan::columns(&everything(WriteMode::Append), ["group", "at"]).filter(filter);
    assert_eq!(warehouse.read(&scan.limit(7)).await.unwrap().rows(), 0);
    let requests = server.received_requests().await.unwrap();
    let job = requests.iter().find(|request| request.url.path().ends_with("/jobs")).unwrap();
    let job: Value = job.body_json().unwrap();
    let query = &job["configuration"]["query"];
    let sql = query["query"].as_str().unwrap();
    assert!(sql.contains("`select` IN UNNEST(@p0)") && sql.contains("`fiat` >= @p1"), "{sql}");
    assert!(sql.contains("`at` >= @p2 AND `at` <= @p3"), "{sql}");
    let zeros = "0".repeat(20);
    let huge = format!("`huge` IN (BIGNUMERIC '-1.{zeros}', BIGNUMERIC '7.{zeros}')");
    assert!(sql.contains(&huge), "{sql}");
    assert!(sql.contains("`where` IS NULL") && sql.ends_with("LIMIT 7"), "{sql}");
    let one = |name: &str, dtype: &str, value: &str| {
        let (dtype, value) = (json!({ "type": dtype }), json!({ "value": value }));
        json!({ "name": name, "parameterType": dtype, "parameterValue": value })
    };
    let list = json!({
        "name": "p0",
        "parameterType": { "type": "ARRAY", "arrayType": { "type": "STRING" } },
        "parameterValue": { "arrayValues": [{ "value": "a" }, { "value": "b'c" }] },
    });
    assert_eq!(
        query["queryParameters"],
        json!([
            list,
            one("p1", "NUMERIC", "-1.50"),
            one("p2", "TIMESTAMP", "2020-02-29 12:34:56.789000+00"),
            one("p3", "TIMESTAMP", "2021-02-28 23:59:59.999999+00"),
        ])
    );
}

#[tokio::test]
async fn all_cursors_are_read_by_one_query() {
    let server = MockServer::start().await;
    Mock::given(path("/bigquery/v2/projects/shop/jobs"))
        .respond_with(said(json!({ "status": { "state": "DONE" } })))
        .expect(1)
        .mount(&server)
        .await;
    let row = |name: &str, at: &str| json!({ "f": [{ "v": name }, { "v": at }] });
    let first = json!({ "jobComplete": true, "rows": [row("a", "1")], "pageToken": "a/b=" });
    answering(&server, first, json!({ "jobComplete": true, "rows": [row("b", "2")] })).await;
    let url = format!("bigquery://shop/d?endpoint={}", server.uri());
    let cursors = tidegauge_storage::connect_sink(&url).unwrap().cursors().await.unwrap();
    let cursor = |name: &str, at: &str| (name.to_owned(), Cursor::new(at));
    assert_eq!(cursors, BTreeMap::from([cursor("a", "1"), cursor("b", "2")]));
}
