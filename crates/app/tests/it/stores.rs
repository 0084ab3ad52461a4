//! The demo job in every kind of warehouse: the same rows, the same answers.

use crate::common::{assert_same, done, says, tidegauge, url, warehouse};
#[cfg(feature = "object-store")]
use tidegauge_testkit::S3;
use tidegauge_testkit::{BigQuery, MariaDb, Postgres};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_holds_what_a_file_holds_and_answers_the_same() {
    if let Some(server) = Postgres::shared() {
        holds_the_same(&format!("{}?schema=job", server.url()), "postgres://127.0.0.1:").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_holds_what_a_file_holds_and_answers_the_same() {
    if let Some(server) = MariaDb::shared() {
        holds_the_same(&server.url(), "mysql://127.0.0.1:").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bigquery_holds_what_a_file_holds_and_answers_the_same() {
    if let Some(server) = BigQuery::shared() {
        holds_the_same(&server.dataset_url("job"), "bigquery://tidegauge/job").await;
    }
}

#[cfg(feature = "object-store")]
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_holds_what_a_file_holds_and_answers_the_same() {
    if let Some(server) = S3::shared() {
        holds_the_same(&server.folder_url("job"), "s3://tidegauge/job").await;
    }
}

async fn holds_the_same(theirs: &str, name: &str) {
    let dir = tempfile::tempdir().unwrap();
    // The password comes from the environment, as in production.
    let run = |words: &[&str]| {
        let said = says(tidegauge(dir.path()).env("TIDEGAUGE_WAREHOUSE", theirs).args(words));
        assert_eq!(said.code, Some(0), "{said:?}");
        let password = theirs.split('@').next().unwrap().rsplit(':').next().unwrap();
        assert!(!format!("{said:?}").contains(&format!(":{password}@")), "{said:?}");
        // The cost of a query is logged before it is executed.
        let costs = theirs.starts_with("bigquery") && words == ["report"];
        assert!(!costs || said.err.contains("on demand"), "{said:?}");
        said.out
    };
    let loaded = run(&["run", "--until", "2021-01-10"]);
    assert!(loaded.contains(&format!("warehouse  {name}")), "{loaded}");
    run(&["run"]);
    assert!(run(&["verify"]).contains("rules hold"));
    let answers = run(&["report"]);

    let ours = url("sqlite", dir.path(), "tidegauge.db");
    done(dir.path(), &["run", "--until", "2021-01-10"]);
    done(dir.path(), &["run"]);
    assert_same(warehouse(&ours).as_ref(), warehouse(theirs).as_ref()).await;
    assert_eq!(answers, done(dir.path(), &["report"]));
}
