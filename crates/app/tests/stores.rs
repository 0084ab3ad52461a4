//! The whole job into every warehouse: the same rows, the same answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may
#![allow(dead_code)] // of what is shared

mod common;

use common::{assert_same, done, says, tidegauge, url, warehouse};
use tidegauge_testkit::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_holds_what_a_file_holds_and_answers_the_same() {
    let Some(server) = Postgres::shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let theirs = format!("{}?schema=job", server.url());
    // The password comes from the environment, as a user would have it.
    let run = |words: &[&str]| {
        let said = says(tidegauge(dir.path()).env("TIDEGAUGE_WAREHOUSE", &theirs).args(words));
        assert_eq!(said.code, Some(0), "{said:?}");
        let password = theirs.split('@').next().unwrap().rsplit(':').next().unwrap();
        assert!(!format!("{said:?}").contains(&format!(":{password}@")), "{said:?}");
        said.out
    };
    let loaded = run(&["run", "--until", "2021-01-10"]);
    assert!(loaded.contains("warehouse  postgres://127.0.0.1:"), "{loaded}");
    run(&["run"]);
    assert!(run(&["verify"]).contains("rules hold"));
    let answers = run(&["report"]);

    let ours = url("sqlite", dir.path(), "tidegauge.db");
    done(dir.path(), &["run", "--until", "2021-01-10"]);
    done(dir.path(), &["run"]);
    assert_same(warehouse(&ours).as_ref(), warehouse(&theirs).as_ref()).await;
    assert_eq!(answers, done(dir.path(), &["report"]));
}
