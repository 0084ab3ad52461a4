//! Runs under a scheduler: sources fail separately, runs are cancelled between pages, and the
//! history records each outcome.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{
    command_in, counts, open_demo, open_demo_at, output_of, rows, succeed, url, warehouse,
};
use async_trait::async_trait;
use tidegauge::core::tables::{MarketPrice, RunRecord};
use tidegauge::core::{
    BatchBuilder, Cell, Cursor, DataType, Error, ErrorKind, FixedClock, Lease, Load, Page, Result,
    Sink, SinkExt, Source, Table, TableRef,
};
use tidegauge::pipeline::{Events, Observer, Observers, Outcome, RunEvent, Silent};
use tidegauge::{CancellationToken, Tidegauge, storage};

/// Writes three sources of a user's own files; the first has an invalid day, the last has currency
/// rates.
fn three_sources(dir: &Path) {
    fs::write(dir.join("broken.csv"), "at,note\n2024-01-01T00:00:00Z,fine\nyesterday,not\n")
        .unwrap();
    fs::write(dir.join("notes.csv"), "at,note\n2024-01-01T00:00:00Z,one\n").unwrap();
    let rates = "base,quote,day,rate\nEUR,USD,2024-01-02,1.0956\nEUR,USD,2024-01-03,1.0919\n";
    fs::write(dir.join("rates.csv"), rates).unwrap();
    let table = |name: &str| {
        format!(
            "[[tables]]\nname = \"{name}\"\nkey = [\"at\"]\ntime = \"at\"\nwrite = \"merge\"\n\
             columns = [ {{ name = \"at\", type = \"timestamp\" }}, {{ name = \"note\", type = \"text\" }} ]\n\
             [[files]]\nname = \"{name}\"\npath = \"{name}.csv\"\ntable = \"{name}\"\nsettle = \"0s\"\n\
             [files.columns]\nat = \"at\"\nnote = \"note\"\n"
        )
    };
    let rates = "[[files]]\nname = \"rates\"\npath = \"rates.csv\"\ntable = \"fx_rates\"\nsettle = \"0s\"\n\
                 [files.columns]\nbase = \"base\"\nquote = \"quote\"\nrate_date = \"day\"\nrate = \"rate\"\n\
                 source = { value = \"own\" }\n";
    let settings = format!(
        "sources = [\"broken\", \"notes\", \"rates\"]\n{}{}{rates}",
        table("broken"),
        table("notes")
    );
    fs::write(dir.join("tidegauge.toml"), settings).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_source_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    three_sources(dir.path());
    let run = output_of(command_in(dir.path()).arg("run"));
    assert_eq!(run.code, Some(1), "{run:?}");
    let errors: Vec<_> = run.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "one failure reads as it is: {run:?}");
    assert!(errors[0].starts_with("error: source `broken`: broken.csv:3"), "{run:?}");
    let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
    let held = counts(store.as_ref()).await;
    assert_eq!(held["fx_rates"], 2, "{held:?}");
    assert!(held["fx_daily"] >= 2, "what follows is worked out: {held:?}");

    let status = succeed(dir.path(), &["status"]);
    let line = |source: &str| {
        let (_, runs) = status.split_once("last run of").unwrap();
        runs.lines().find(|line| line.trim_start().starts_with(source)).unwrap().to_owned()
    };
    assert!(
        line("broken").contains("failed") && line("broken").contains("broken.csv:3"),
        "{status}"
    );
    for source in ["notes", "rates", "market"] {
        assert!(line(source).contains("succeeded"), "{status}");
    }
    let runs = rows(store.as_ref(), RunRecord::table()).await;
    assert_eq!(runs.rows(), 4, "{runs:?}");
    let verify = succeed(dir.path(), &["verify"]);
    assert!(verify.contains("The last run of broken") && verify.contains("failed"), "{verify}");

    // Once it is fixed, it is loaded, and no other source is loaded again.
    fs::write(dir.path().join("broken.csv"), "at,note\n2024-01-01T00:00:00Z,fine\n").unwrap();
    succeed(dir.path(), &["run"]);
    assert!(!succeed(dir.path(), &["status"]).contains("failed"));
    assert!(!succeed(dir.path(), &["verify"]).contains("The last run of"));

    // Several failures are named one by one.
    for name in ["broken.csv", "notes.csv"] {
        fs::write(dir.path().join(name), "at,note\nnever,not\n").unwrap();
    }
    let run = output_of(command_in(dir.path()).arg("run"));
    assert_eq!(run.code, Some(1), "{run:?}");
    let errors: Vec<_> = run.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 2, "{run:?}");
    assert!(errors[0].contains("broken.csv:2") && errors[1].contains("notes.csv:2"), "{run:?}");
}

/// A source of twenty rows in ten pages that calls `before` for each page.
struct Pages {
    table: TableRef,
    name: &'static str,
    before: Box<dyn Fn(i64) -> Result<()> + Send + Sync>,
    /// The page that never completes.
    hangs_at: Option<i64>,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn pages(
    name: &'static str,
    before: impl Fn(i64) -> Result<()> + Send + Sync + 'static,
) -> Arc<Pages> {
    let table = Table::builder(name, "Numbers").column("id", DataType::Int64, "").key(["id"]);
    let table = table.build().unwrap();
    Arc::new(Pages { table, name, before: Box::new(before), hangs_at: None })
}

#[async_trait]
impl Source for Pages {
    fn name(&self) -> &str {
        self.name
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![self.table.clone()]
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> Result<Page> {
        let from: i64 = cursor.map_or(0, |cursor| cursor.as_str().parse().unwrap());
        (self.before)(from)?;
        if self.hangs_at == Some(from) {
            std::future::pending::<()>().await;
        }
        let mut builder = BatchBuilder::new(&self.table);
        for id in from..from + 2 {
            builder.push(Cell::Int(id.into()))?;
        }
        let cursor = Cursor::new((from + 2).to_string());
        Ok(Page { batches: vec![builder.finish()?], cursor, done: from == 18 })
    }
}

/// Returns the relevant columns of the history: source, outcome, rows, kind, message.
async fn history(tidegauge: &Tidegauge) -> Vec<(String, String, i64, String, String)> {
    let runs = tidegauge.runs().await.unwrap();
    let mut reported: Vec<_> = runs
        .into_iter()
        .map(|run| {
            let kind = run.error_kind.unwrap_or_default();
            (run.source, run.outcome, run.rows, kind, run.error_message.unwrap_or_default())
        })
        .collect();
    reported.sort();
    reported
}

#[tokio::test]
async fn cancellation_between_pages_keeps_the_committed_page() {
    for scheme in ["sqlite", "parquet"] {
        let dir = tempfile::tempdir().unwrap();
        let token = CancellationToken::new();
        let tidegauge = open_demo(dir.path(), |config| {
            config.warehouse = url(scheme, dir.path(), "store").into();
        });
        let cancelled = tidegauge.clone().cancelled_by(token.clone());
        let stop = move |from: i64| {
            if from == 6 {
                token.cancel();
            }
            Ok(())
        };
        let pipeline = || cancelled.pipeline().source(pages("later", |_| Ok(())));
        let error = pipeline().source(pages("numbers", stop)).run(&Silent).await;
        // `later` is loaded first, and is complete.
        let error = error.unwrap_err();
        assert!(error.is_cancelled() && error.failures().is_empty(), "{error}");
        assert_eq!(error.to_string(), interrupted());
        assert_eq!(error.summary().rows(), 20 + 8);
        let cursor = tidegauge.warehouse().cursor("numbers").await.unwrap();
        assert_eq!(cursor, Some(Cursor::new("8")), "the page in hand is committed");
        // A pipeline with a cancelled token starts nothing.
        let error = pipeline().run(&Silent).await.unwrap_err();
        assert!(error.is_cancelled() && error.summary().rows() == 0);

        let rest = tidegauge.pipeline().source(pages("numbers", |_| Ok(()))).run(&Silent).await;
        assert_eq!(rest.unwrap().rows(), 12, "{scheme}");
        let reported = history(&tidegauge).await;
        let of = |source: &str, outcome: &str, rows: i64| {
            (source.to_owned(), outcome.to_owned(), rows, String::new(), String::new())
        };
        let expected = [
            of("later", "succeeded", 20),
            of("numbers", "cancelled", 8),
            of("numbers", "succeeded", 12),
        ];
        assert_eq!(reported, expected, "{scheme}");
    }
}

fn interrupted() -> &'static str {
    "interrupted; what was loaded stays, the next run goes on from there"
}

/// An observer that records the events in short form.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn observe(&self, event: &RunEvent) {
        self.0.lock().unwrap().push(match event {
            RunEvent::RunStarted { .. } => "run".into(),
            RunEvent::SourceStarted { source, .. } => format!("{source} begins"),
            RunEvent::PageCommitted { source, rows, .. } => format!("{source} +{rows}"),
            RunEvent::SourceFinished { source, rows, .. } => format!("{source} has {rows}"),
            RunEvent::SourceFailed { source, rows, kind, .. } => {
                format!("{source} failed after {rows}: {kind}")
            }
            RunEvent::SourceCancelled { source, rows, .. } => format!("{source} left at {rows}"),
            RunEvent::RunFinished { outcome, .. } => outcome.name().into(),
            _ => "something else".into(),
        });
    }
}

#[tokio::test]
async fn events_reach_all_observers_and_subscribers_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = open_demo(dir.path(), |_| {});
    let fails = |from: i64| match from {
        4 => Err(Error::source("fails", ErrorKind::Authentication, "the key abcdefgh is wrong")),
        _ => Ok(()),
    };
    let (one, other, hub) = (Told::default(), Told::default(), Events::default());
    let mut heard = [tidegauge.subscribe(), hub.subscribe()];
    let observers = Observers(&[&one, &other, &hub]);
    let pipeline =
        tidegauge.pipeline().source(pages("fails", fails)).source(pages("goes", |_| Ok(())));
    let error = pipeline.run(&observers).await.unwrap_err();
    assert_eq!(error.failures().len(), 1);
    assert_eq!(error.summary().rows(), 24);
    let mut expected =
        vec!["run", "fails begins", "fails +2", "fails +2", "fails failed after 4: authentication"];
    expected.push("goes begins");
    expected.extend(["goes +2"; 10]);
    expected.extend(["goes has 20", "failed"]);
    for reported in [&one, &other] {
        assert_eq!(*reported.0.lock().unwrap(), expected);
    }
    for heard in &mut heard {
        let later = Told::default();
        let mut ids = Vec::new();
        while let Ok(event) = heard.try_recv() {
            let json = serde_json::to_value(&event).unwrap();
            ids.push(json["run_id"].as_str().unwrap().to_owned());
            later.observe(&event);
        }
        assert_eq!(*later.0.lock().unwrap(), expected);
        ids.dedup();
        assert_eq!(ids.len(), 1);
        assert_eq!(ids[0], tidegauge.runs().await.unwrap()[0].run_id);
    }
    let finished = RunEvent::RunFinished { run_id: "1".into(), outcome: Outcome::Failed };
    let json = r#"{"event":"run_finished","run_id":"1","outcome":"failed"}"#;
    assert_eq!(serde_json::to_string(&finished).unwrap(), json);
}

/// Checks the layout of the previous version: the state of the simulation under the name
/// `pipeline`, and no history.
#[tokio::test(flavor = "multi_thread")]
async fn warehouse_of_the_previous_version_resumes() {
    for scheme in ["sqlite", "parquet"] {
        for (finished, next) in [(false, "2020-10-03"), (true, "2020-10-04")] {
            let dir = tempfile::tempdir().unwrap();
            let open = || {
                open_demo(dir.path(), |config| {
                    config.warehouse = url(scheme, dir.path(), "store").into();
                    config.simulation.start_day = "2020-10-01".parse().unwrap();
                })
            };
            open().run("2020-10-03".parse().ok(), &Silent).await.unwrap();
            let store = open().warehouse().clone();
            let now = store.cursor("pipeline").await.unwrap();
            assert!(now.is_some());
            let old = Cursor::new(format!(r#"{{"until":"2020-10-03","finished":{finished}}}"#));
            let (before, after) = (now.as_ref(), &old);
            store.load(Load::new("pipeline", &[], before, after)).await.unwrap();

            let run = open().begin(None).await.unwrap();
            assert_eq!(run.until(), next.parse().ok(), "{scheme}");
            open().run(None, &Silent).await.unwrap();
            let state = store.cursor("pipeline").await.unwrap().unwrap();
            let reported = format!(r#"{{"until":"{next}","finished":true,"rows":"#);
            assert!(state.as_str().starts_with(&reported), "{state}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_source_does_not_delay_the_simulation() {
    let dir = tempfile::tempdir().unwrap();
    three_sources(dir.path());
    let run = || {
        let mut command = command_in(dir.path());
        output_of(command.args([
            "run",
            "--source",
            "broken",
            "--source",
            "recorded",
            "--source",
            "simulation",
        ]))
    };
    let state = async || {
        let store = warehouse(&url("sqlite", dir.path(), "tidegauge.db"));
        store.cursor("pipeline").await.unwrap().unwrap().to_string()
    };
    for day in ["2020-10-01", "2020-10-02"] {
        let output = run();
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.err.contains("broken.csv:3"), "{output:?}");
        assert!(state().await.contains(&format!(r#""until":"{day}","finished":true"#)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn single_source_is_loaded_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = open_demo(dir.path(), |_| {});
    let summary = tidegauge.load_source("recorded", &Silent).await.unwrap();
    assert!(
        summary.rows() > 1_000 && summary.tables.iter().all(|entry| entry.source == "recorded")
    );
    assert_eq!(tidegauge.load_source("recorded", &Silent).await.unwrap().rows(), 0);
    assert_eq!(rows(tidegauge.warehouse().as_ref(), MarketPrice::table()).await.rows(), 0);
    tidegauge.derive(&Silent).await.unwrap();
    let summary = tidegauge.load_source("simulation", &Silent).await.unwrap();
    assert!(summary.tables.iter().all(|entry| entry.source == "simulation"));
    assert_eq!(tidegauge.load_source("simulation", &Silent).await.unwrap().rows(), 500);
    for (name, expected) in [("nobody", "no source `nobody`"), ("kraken_stream", "never ends")] {
        let error = tidegauge.load_source(name, &Silent).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let reported = tidegauge.runs().await.unwrap();
    let outcomes: Vec<_> = reported.iter().map(|run| run.outcome.as_str()).collect();
    assert_eq!(outcomes, ["succeeded"; 5]);
    assert!(
        reported.iter().all(|run| run.ended_at.is_some() && run.seconds.is_some()),
        "{reported:?}"
    );
    let simulated = reported.iter().find(|run| run.rows == 500).unwrap();
    assert_eq!(simulated.rows_by_table.as_deref(), Some(r#"{"ramp_transactions":500}"#));
    assert_eq!(simulated.version, env!("CARGO_PKG_VERSION"));
}

/// Checks that a run that is dropped during a page leaves its first row in the history, as a kill
/// does.
#[tokio::test]
async fn killed_run_stays_running_in_the_history_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let mut config = tidegauge::Config::demo();
        config.warehouse = url("sqlite", dir.path(), "tidegauge.db").into();
        let clock = FixedClock("2021-03-01T00:00:00Z".parse().unwrap());
        let secrets = tidegauge::Secrets::default().with_key("x", "abcdefgh".to_owned().into());
        Tidegauge::open(config, secrets, Arc::new(clock)).unwrap()
    };
    let tidegauge = open();
    let is_asked = Arc::new(AtomicBool::new(false));
    let asked = is_asked.clone();
    let mut hangs = pages("hangs", move |from| {
        asked.fetch_or(from == 2, Ordering::SeqCst);
        Ok(())
    });
    Arc::get_mut(&mut hangs).unwrap().hangs_at = Some(2);
    let pipeline = tidegauge.pipeline().source(hangs);
    let run = pipeline.run(&Silent);
    let gone = async {
        while !is_asked.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        biased;
        () = gone => {}
        _ = run => panic!("it came to its end"),
    }
    let fails = pages("fails", |_| {
        Err(Error::source("fails", ErrorKind::Authentication, "the key abcdefgh is wrong"))
    });
    let error = open().pipeline().source(fails).run(&Silent).await.unwrap_err();
    assert_eq!(error.failures()[0].source, "fails");
    let reported = history(&open()).await;
    assert_eq!(
        (reported[0].3.as_str(), reported[0].4.as_str()),
        ("authentication", "source `fails`: the key *** is wrong")
    );
    assert_eq!((reported[1].0.as_str(), reported[1].1.as_str()), ("hangs", "running"));
    // After a day it is no longer presumed to be running.
    let outcome = async |at: &str| {
        let clock = Arc::new(FixedClock(at.parse().unwrap()));
        let status = open_demo_at(dir.path(), |_| {}, clock).status().await.unwrap();
        status.runs.into_iter().find(|run| run.source == "hangs").unwrap().outcome
    };
    assert_eq!(outcome("2021-03-01T23:59:59Z").await, "running");
    assert_eq!(outcome("2021-03-02T00:00:01Z").await, "interrupted");
}

#[tokio::test]
async fn run_history_does_not_change_the_data_version() {
    let dir = tempfile::tempdir().unwrap();
    let tidegauge = open_demo(dir.path(), |_| {});
    let version = async || tidegauge.warehouse().data_version().await.unwrap();
    tidegauge.load_source("recorded", &Silent).await.unwrap();
    let first = version().await;
    // Nothing is new: the history grows, and the data stays the same.
    tidegauge.load_source("recorded", &Silent).await.unwrap();
    let sink: Arc<dyn Sink> = tidegauge.warehouse().clone();
    let clock = Arc::new(FixedClock("2021-03-01T00:00:00Z".parse().unwrap()));
    let mut lease = Lease::new(sink, "recorded", "a test", Duration::from_secs(60), clock);
    assert!(lease.acquire().await.unwrap());
    assert_eq!(version().await, first);
    tidegauge.derive(&Silent).await.unwrap();
    assert_ne!(version().await, first);
}

/// Checks that two concurrent runners lose no row of the history.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_runs_write_one_history() {
    for scheme in ["sqlite", "parquet"] {
        let dir = tempfile::tempdir().unwrap();
        let runner = async |name: &'static str| {
            let tidegauge = open_demo(dir.path(), |config| {
                config.warehouse = url(scheme, dir.path(), "store").into();
            });
            tidegauge.pipeline().source(pages(name, |_| Ok(()))).run(&Silent).await.unwrap();
        };
        tokio::join!(runner("one"), runner("two"), runner("three"));
        let store = storage::connect(&url(scheme, dir.path(), "store")).unwrap();
        let reported = rows(store.as_ref(), RunRecord::table()).await;
        assert_eq!(reported.rows(), 3, "{scheme}: {reported:?}");
        let outcomes = reported.column("outcome").unwrap().as_text().unwrap();
        assert!(outcomes.iter().all(|outcome| outcome == Some("succeeded")), "{reported:?}");
    }
}

#[tokio::test]
async fn lease_works_with_a_write_only_sink() {
    let dir = tempfile::tempdir().unwrap();
    let sink = storage::connect_sink(&url("csv", dir.path(), "csv")).unwrap();
    let clock = Arc::new(FixedClock("2021-03-01T00:00:00Z".parse().unwrap()));
    let lease = |holder: &str| {
        Lease::new(sink.clone(), "numbers", holder, Duration::from_secs(60), clock.clone())
    };
    let (mut one, mut two) = (lease("one"), lease("two"));
    let both = tokio::join!(one.acquire(), two.acquire());
    assert!(both.0.unwrap() != both.1.unwrap(), "exactly one has it");
}

#[cfg(unix)]
#[test]
fn first_signal_finishes_the_page_and_second_exits_at_once() {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    let dir = tempfile::tempdir().unwrap();
    // A service that accepts requests and does not answer: the current page is never delivered.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut open = Vec::new();
        let (stream, _) = listener.accept().unwrap();
        open.push(stream);
        std::thread::sleep(Duration::from_secs(4));
        drop(open);
    });
    let mut command = command_in(dir.path());
    command.env("TIDEGAUGE_OPEN_ER_API__HTTP__BASE_URL", format!("http://127.0.0.1:{port}"));
    command.args(["run", "--source", "open_er_api"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("open_er_api: loading")));
    std::thread::sleep(Duration::from_millis(500));
    let signal = |name: &str| {
        let id = run.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    };
    signal("-TERM");
    std::thread::sleep(Duration::from_millis(500));
    let second = Instant::now();
    signal("-INT");
    let end = crate::common::CommandOutput::from(run.wait_with_output().unwrap());
    assert!(second.elapsed() < Duration::from_secs(2), "at once");
    assert_eq!(end.code, Some(130), "{end:?}");
    let output: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(output.join("\n").contains(interrupted()), "{output:?}");
    server.join().unwrap();
    let status = succeed(dir.path(), &["status"]);
    assert!(status.contains("it is running, or was killed"), "{status}");
}
