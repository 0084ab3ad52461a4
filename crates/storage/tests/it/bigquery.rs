//! BigQuery: what is particular to it. The emulator plays the service, and a script of answers where
//! the service does what the emulator cannot.

use crate::support::{Store, batch, load, pairs, simple};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tidegauge_core::{Cursor, Scan, WriteMode, tables};
use tidegauge_testkit::BigQuery;
use wiremock::matchers::{body_partial_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// What the emulator answers to a request for a part of the project.
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
async fn tables_are_parted_by_month_and_clustered_by_user() {
    let Some(store) = Store::of("bigquery") else { return };
    store.sink().prepare(&tables::all()).await.unwrap();
    let path = format!("datasets/{}/tables/trades", dataset(&store));
    let trades = asked(Method::GET, &path).await.unwrap();
    assert_eq!(trades["timePartitioning"], json!({ "type": "MONTH", "field": "executed_at" }));
    assert_eq!(trades["clustering"]["fields"], json!(["user_id", "trade_id"]));
    assert_eq!(trades["tableConstraints"]["primaryKey"]["columns"], json!(["trade_id"]));
}

/// Nothing but the definitions in core says what a built-in table is.
#[tokio::test]
async fn migrated_tables_are_those_that_are_defined() {
    let Some(store) = Store::of("bigquery") else { return };
    store.sink().prepare(&[]).await.unwrap();
    // Compares every column of what the migration made, and would change nothing.
    store.sink().prepare(&tables::all()).await.unwrap();
    let path = format!("datasets/{}/tables?maxResults=100", dataset(&store));
    let listed = asked(Method::GET, &path).await.unwrap();
    let names = listed["tables"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|it| it["tableReference"]["tableId"].as_str().unwrap()).collect();
    for table in tables::all() {
        assert!(names.contains(&table.name.as_ref()), "{} is missing", table.name);
    }
}

#[tokio::test]
async fn nothing_is_left_beside_the_tables() {
    let Some(store) = Store::of("bigquery") else { return };
    let table = simple("t", WriteMode::Append);
    let (first, again) = (batch(&table, &[(1, "a")]), batch(&table, &[(1, "b")]));
    load(&*store.sink(), None, "1", &[first]).await.unwrap();
    load(&*store.sink(), Some("1"), "2", &[again]).await.unwrap_err();
    let path = format!("datasets/{}/tables?maxResults=100", dataset(&store));
    let listed = asked(Method::GET, &path).await.unwrap().to_string();
    assert!(!listed.contains("_stage_"), "{listed}");
}

/// Killed between the load job and the transaction: whoever begins again finds the job. And where the
/// job is known, but what it loaded is gone, it is loaded anew: a 409 proves nothing.
#[tokio::test]
async fn a_load_that_was_broken_off_is_gone_on_with() {
    let Some(store) = Store::of("bigquery") else { return };
    // Jobs are the project's, and other tests have theirs: a name that is nobody else's.
    let table = simple("broken_off", WriteMode::Append);
    let rows = [batch(&table, &[(1, "a"), (2, "b")])];
    load(&*store.sink(), None, "1", &rows).await.unwrap();
    let jobs = || async {
        let listed = asked(Method::GET, "jobs?maxResults=1000").await.unwrap();
        let ids = listed["jobs"].as_array().unwrap().iter();
        let mut ids: Vec<String> = ids
            .filter_map(|it| it["jobReference"]["jobId"].as_str())
            .filter(|it| it.contains("_stage_broken_off_"))
            .map(ToOwned::to_owned)
            .collect();
        ids.sort();
        ids
    };
    let before = jobs().await;
    // As if it had never been committed: the same load, in a dataset that was emptied.
    BigQuery::shared().unwrap().remove(dataset(&store));
    load(&*store.sink(), None, "1", &rows).await.unwrap();
    let after = jobs().await;
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    let wanted = [(1, "a".to_owned()), (2, "b".to_owned())];
    assert_eq!(pairs(&*store.warehouse(), &table).await, wanted);
}

/// A service that answers `status` with `body` to everything.
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
async fn what_is_refused_is_said_with_the_way_out() {
    let denied = "Access Denied: Project shop: User does not have bigquery.jobs.create permission";
    for (status, body, says) in [
        (401, problem("authError", "Invalid Credentials"), "renew them"),
        (403, problem("accessDenied", denied), "`BigQuery Job User` of project `shop`"),
        (403, problem("billingNotEnabled", "Billing has not been enabled"), "enable billing"),
        (403, problem("quotaExceeded", "Quota exceeded"), "wait until the quota"),
        (400, problem("bytesBilledLimitExceeded", "limit for bytes"), "raise `max_bytes_billed`"),
        (400, problem("invalidQuery", "Syntax\nerror"), "Syntax error; nothing was written"),
        (404, json!("a page"), "Not Found; check project and dataset"),
    ] {
        let (_server, url) = refusing(status, body).await;
        let sink = tidegauge_storage::connect_sink(&url).unwrap();
        let error = sink.prepare(&[]).await.unwrap_err().to_string();
        let named = error.contains("bigquery://shop/tidegauge");
        assert!(named && error.contains(says) && !error.contains('\n'), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named() {
    let url = "bigquery://shop/tidegauge?endpoint=http://127.0.0.1:9";
    let sink = tidegauge_storage::connect_sink(url).unwrap();
    let error = sink.cursor("test").await.unwrap_err().to_string();
    assert!(error.contains("cannot be reached") && error.contains("check the network"), "{error}");
}

/// Jobs say where they run, what they may be billed for, and have their values beside the query.
#[tokio::test]
async fn a_query_is_located_capped_and_bound_and_comes_in_pages() {
    let server = MockServer::start().await;
    let url = format!(
        "bigquery://shop/tidegauge?location=EU&max_bytes_billed=1000000&endpoint={}",
        server.uri()
    );
    let said = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    // Busy once: what passes is asked for again.
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

/// What a query reads is asked for before it is run, and pages are put together.
#[tokio::test]
async fn the_cost_is_asked_for_first_and_pages_are_put_together() {
    let server = MockServer::start().await;
    let said = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    let fields = json!([
        { "name": "id", "type": "INTEGER", "mode": "REQUIRED" },
        { "name": "text", "type": "STRING", "mode": "REQUIRED" },
    ]);
    let there = json!({
        "schema": { "fields": fields },
        "tableConstraints": { "primaryKey": { "columns": ["id"] } },
    });
    Mock::given(path("/bigquery/v2/projects/shop/datasets/d/tables/t"))
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
    let row = |id: &str| json!({ "f": [{ "v": id }, { "v": "text" }] });
    Mock::given(method("GET"))
        .and(wiremock::matchers::query_param("pageToken", "a/b="))
        .respond_with(said(json!({ "jobComplete": true, "rows": [row("3")] })))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .respond_with(said(
            json!({ "jobComplete": true, "rows": [row("1"), row("2")], "pageToken": "a/b=" }),
        ))
        .mount(&server)
        .await;
    let url = format!("bigquery://shop/d?endpoint={}", server.uri());
    let warehouse = tidegauge_storage::connect(&url).unwrap();
    let table = simple("t", WriteMode::Append);
    assert_eq!(warehouse.scan(&Scan::all(&table)).await.unwrap().height(), 3);
}
