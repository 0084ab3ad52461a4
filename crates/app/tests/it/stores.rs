//! The demo job in every kind of warehouse: the same rows, the same answers.

use crate::common::{assert_same, command_in, output_of, succeed, url, warehouse};
#[cfg(feature = "object-store")]
use tidegauge_testkit::S3;
use tidegauge_testkit::{BigQuery, MariaDb, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_has_the_same_rows_and_answers_as_sqlite() {
    if let Some(server) = Postgres::shared() {
        holds_the_same(&format!("{}?schema=job", server.url()), "postgres://127.0.0.1:").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_has_the_same_rows_and_answers_as_sqlite() {
    if let Some(server) = MariaDb::shared() {
        holds_the_same(&server.url(), "mysql://127.0.0.1:").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bigquery_has_the_same_rows_and_answers_as_sqlite() {
    if let Some(server) = BigQuery::shared() {
        holds_the_same(&server.dataset_url("job"), "bigquery://tidegauge/job").await;
    }
}

#[cfg(feature = "object-store")]
#[tokio::test(flavor = "multi_thread")]
async fn bucket_has_the_same_rows_and_answers_as_sqlite() {
    if let Some(server) = S3::shared() {
        holds_the_same(&server.folder_url("job"), "s3://tidegauge/job").await;
    }
}

async fn holds_the_same(theirs: &str, name: &str) {
    let dir = tempfile::tempdir().unwrap();
    // The password comes from the environment, as in production.
    let run = |words: &[&str]| {
        let output =
            output_of(command_in(dir.path()).env("TIDEGAUGE_WAREHOUSE", theirs).args(words));
        assert_eq!(output.code, Some(0), "{output:?}");
        let password = theirs.split('@').next().unwrap().rsplit(':').next().unwrap();
        assert!(!format!("{output:?}").contains(&format!(":{password}@")), "{output:?}");
        // The cost of a query is logged before it is executed.
        let costs = theirs.starts_with("bigquery") && words == ["report"];
        assert!(!costs || output.err.contains("on demand"), "{output:?}");
        output.out
    };
    let loaded = run(&["run", "--until", "2021-01-10"]);
    assert!(loaded.contains(&format!("warehouse  {name}")), "{loaded}");
    run(&["run"]);
    assert!(run(&["verify"]).contains("rules hold"));
    let answers = run(&["report"]);

    let ours = url("sqlite", dir.path(), "tidegauge.db");
    succeed(dir.path(), &["run", "--until", "2021-01-10"]);
    succeed(dir.path(), &["run"]);
    assert_same(warehouse(&ours).as_ref(), warehouse(theirs).as_ref()).await;
    assert_eq!(answers, succeed(dir.path(), &["report"]));
}
