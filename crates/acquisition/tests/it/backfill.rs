//! Tests of backfills: the sync of pages, the gap ledger, backfill tasks, and the answers to a
//! window.
#![cfg(feature = "_series")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{Turned, at, batches, round as whole_round};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_acquisition::backfill::{
    self, Backfill, BackfillTask, BadRow, Continuation, HistoricalSource, Series, WindowRequest,
    WindowResponse,
};
use tidegauge_acquisition::http::{Budget, Quota};
use tidegauge_acquisition::{Context, Error, Result};
use tidegauge_core::coverage::{CoverageLedger, GapReason};
use tidegauge_core::tables::{Coverage, FxRate};
use tidegauge_core::{Batch, Cell, Cursor, Page, Source, Span, TableRef};

type Reply = fn(&WindowRequest<'_>) -> Result<WindowResponse>;

/// A source with one row per day.
#[derive(Debug)]
struct Days {
    context: Context,
    series: Vec<Series>,
    reply: Reply,
    asked: Mutex<Vec<String>>,
}

fn days(request: &WindowRequest<'_>) -> Vec<Batch> {
    let mut rows = Vec::new();
    let mut day = request.window.from;
    while day < request.window.to {
        rows.push(FxRate {
            base: "EUR".into(),
            quote: request.series.name.clone(),
            rate_date: day.date_naive(),
            source: "days".into(),
            rate: "1".parse().unwrap(),
        });
        day += TimeDelta::days(1);
    }
    vec![Batch::from_rows(FxRate::table(), rows).unwrap()]
}

fn plain(request: &WindowRequest<'_>) -> Result<WindowResponse> {
    Ok(WindowResponse { batches: days(request), ..WindowResponse::default() })
}

impl Days {
    fn new(clock: &Arc<Turned>, reply: Reply) -> Self {
        let since = at("2026-01-01T00:00:00Z");
        let series = |name: &str| {
            let (week, hour) = (TimeDelta::days(7), Duration::from_secs(3_600));
            let series = Series::history(name, since, week, hour);
            Series { alignment: Some(TimeDelta::days(1)), ..series }
        };
        let (context, asked) = (Context::new(clock.clone()), Mutex::new(Vec::new()));
        Self { context, series: vec![series("A"), series("B")], reply, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl HistoricalSource for Days {
    fn series(&self, _: DateTime<Utc>) -> Vec<Series> {
        self.series.clone()
    }

    fn budget(&self) -> Result<Budget> {
        Ok(Budget { quota: Quota::per_minute(60), left_today: None, left_this_month: None })
    }

    async fn read(&self, request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let day = |at: DateTime<Utc>| at.format("%m-%d").to_string();
        let page = request.page_token.map(|page| format!(" page {page}")).unwrap_or_default();
        let resume_token = request
            .resume_token
            .map(|resume_token| format!(" mark {resume_token}"))
            .unwrap_or_default();
        let (from, to) = (day(request.window.from), day(request.window.to));
        self.asked
            .lock()
            .unwrap()
            .push(format!("{} {from}..{to}{page}{resume_token}", request.series.name));
        (self.reply)(request)
    }
}

#[async_trait]
impl Source for Days {
    fn name(&self) -> &str {
        "days"
    }

    fn tables(&self) -> Vec<TableRef> {
        backfill::tables([FxRate::table()])
    }

    async fn fetch(&self, cursor: Option<&Cursor>) -> tidegauge_core::Result<Page> {
        let page = backfill::sync_page(self, &self.context, cursor).await;
        page.map_err(|error| tidegauge_core::Error::source("days", error.kind(), error))
    }
}

/// The gap ledger that pages leave: a later row replaces the one with its key.
#[derive(Default)]
struct Kept(std::collections::BTreeMap<(String, i64), Coverage>);

impl Kept {
    fn take(&mut self, pages: &[Page]) {
        for batch in batches(pages, "coverage") {
            for row in rows(batch) {
                self.0.insert((row.series.clone(), row.start_at.timestamp()), row);
            }
        }
    }

    fn rows(&self) -> Vec<String> {
        let shown = |row: &Coverage| {
            let day = |at: DateTime<Utc>| at.format("%m-%d").to_string();
            let (from, to) = (day(row.start_at), day(row.end_at));
            format!("{} {from}..{to} {} {}", row.series, row.state, row.rows)
        };
        self.0.values().map(shown).collect()
    }

    fn ledger(&self) -> CoverageLedger {
        let batch = Batch::from_rows(Coverage::table(), self.0.values()).unwrap();
        let mut ledger = CoverageLedger::default();
        ledger.add(&batch).unwrap();
        ledger
    }
}

fn rows(batch: &Batch) -> Vec<Coverage> {
    let text = |name: &str, row: usize| {
        batch.column(name).unwrap().as_text().unwrap().get(row).map(str::to_owned)
    };
    let time = |name: &str, row: usize| match batch.column(name).unwrap().cell(row) {
        Cell::Timestamp(micros) => DateTime::from_timestamp_micros(micros),
        _ => None,
    };
    let row = |row: usize| Coverage {
        source: text("source", row).unwrap(),
        series: text("series", row).unwrap(),
        start_at: time("start_at", row).unwrap(),
        end_at: time("end_at", row).unwrap(),
        state: text("state", row).unwrap(),
        rows: batch.column("rows").unwrap().as_i64().unwrap().value(row),
        requested_to: time("requested_to", row),
        reason: text("reason", row),
        noted_at: time("noted_at", row).unwrap(),
    };
    (0..batch.rows()).map(row).collect()
}

fn span(from: &str, to: &str) -> Span {
    let day = |day: &str| at(&format!("2026-{day}T00:00:00Z"));
    Span::new(day(from), day(to))
}

#[tokio::test]
async fn a_round_reads_oldest_first_and_the_next_catches_up_two_days() {
    let clock = Turned::new("2026-01-17T12:00:00Z");
    let source = Days::new(&clock, plain);
    let (pages, cursor) = whole_round(&source, None).await;
    assert_eq!(
        source.asked(),
        [
            "A 01-01..01-08",
            "A 01-08..01-15",
            "A 01-15..01-17",
            "B 01-01..01-08",
            "B 01-08..01-15",
            "B 01-15..01-17"
        ]
    );
    let mut kept = Kept::default();
    kept.take(&pages);
    assert_eq!(kept.rows(), ["A 01-01..01-17 present 16", "B 01-01..01-17 present 16"]);

    // Nothing is requested before an hour has passed or a day is over.
    clock.on(TimeDelta::minutes(59));
    let page = source.fetch(Some(&cursor)).await.unwrap();
    assert!(page.done && page.cursor == cursor && source.asked().is_empty());
    clock.on(TimeDelta::minutes(2));
    let (_, cursor) = whole_round(&source, Some(cursor)).await;
    assert!(source.asked().is_empty(), "the day is not over");

    clock.on(TimeDelta::days(2));
    let (pages, _) = whole_round(&source, Some(cursor)).await;
    assert_eq!(source.asked(), ["A 01-17..01-19", "B 01-17..01-19"]);
    kept.take(&pages);
    assert_eq!(kept.rows(), ["A 01-01..01-19 present 18", "B 01-01..01-19 present 18"]);
}

#[tokio::test]
async fn spans_beyond_the_lookback_are_recorded_as_gaps_with_a_reason() {
    let clock = Turned::new("2026-01-17T12:00:00Z");
    let mut source = Days::new(&clock, plain);
    source.series.truncate(1);
    let (pages, cursor) = whole_round(&source, None).await;
    let mut kept = Kept::default();
    kept.take(&pages);
    source.asked();
    source.series[0].lookback = Some(TimeDelta::days(3));
    clock.on(TimeDelta::days(10));
    let (pages, _) = whole_round(&source, Some(cursor)).await;
    assert_eq!(source.asked(), ["A 01-25..01-27"]);
    kept.take(&pages);
    assert_eq!(
        kept.rows(),
        ["A 01-01..01-17 present 16", "A 01-17..01-25 failed 0", "A 01-25..01-27 present 2"]
    );
    let gaps = kept.ledger().gaps("days", "A", span("01-01", "01-27"));
    assert!(
        matches!(&gaps[..], [gap] if matches!(&gap.reason, GapReason::Failed(why) if why.contains("look back")))
    );
}

#[tokio::test]
async fn windows_without_rows_are_recorded_as_empty() {
    fn pause(request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let quiet = request.window.from == at("2026-01-08T00:00:00Z");
        if quiet { Ok(WindowResponse::default()) } else { plain(request) }
    }
    let source = Days::new(&Turned::new("2026-01-29T00:00:00Z"), pause);
    let (pages, _) = whole_round(&source, None).await;
    let mut kept = Kept::default();
    kept.take(&pages);
    let of_a: Vec<_> = kept.rows().into_iter().filter(|row| row.starts_with('A')).collect();
    assert_eq!(
        of_a,
        ["A 01-01..01-08 present 7", "A 01-08..01-15 empty 0", "A 01-15..01-29 present 14"]
    );
    assert!(kept.ledger().gaps("days", "A", span("01-01", "01-29")).is_empty());
}

#[tokio::test]
async fn windows_are_paginated_by_token_and_resume_tokens_are_kept() {
    fn paged(request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let next = match request.page_token {
            None => Continuation::Page("2".into()),
            Some("2") => Continuation::Page("3".into()),
            _ => Continuation::Done,
        };
        let resume_token =
            request.page_token.is_none().then(|| request.window.to.format("%d").to_string());
        let batches = if request.page_token == Some("3") { days(request) } else { Vec::new() };
        Ok(WindowResponse { batches, next, resume_token, ..WindowResponse::default() })
    }
    let clock = Turned::new("2026-01-08T00:00:00Z");
    let mut source = Days::new(&clock, paged);
    source.series.truncate(1);
    let (pages, cursor) = whole_round(&source, None).await;
    let week = "A 01-01..01-08";
    assert_eq!(source.asked(), [week.into(), format!("{week} page 2"), format!("{week} page 3")]);
    // After a kill between pages the same cursor returns the same page.
    let again = source.fetch(Some(&pages[0].cursor)).await.unwrap();
    assert_eq!(
        (source.asked(), again.cursor),
        (vec![format!("{week} page 2")], pages[1].cursor.clone())
    );
    clock.on(TimeDelta::days(1));
    whole_round(&source, Some(cursor)).await;
    assert_eq!(source.asked()[0], "A 01-08..01-09 mark 08", "of the first page");
}

#[tokio::test]
async fn an_answer_without_progress_is_an_error() {
    fn stuck(request: &WindowRequest<'_>) -> Result<WindowResponse> {
        Ok(WindowResponse {
            next: Continuation::From(request.window.from),
            ..WindowResponse::default()
        })
    }
    let source = Days::new(&Turned::new("2026-01-08T00:00:00Z"), stuck);
    let error = source.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("`A`") && error.contains("goes on at"), "{error}");
}

#[tokio::test]
async fn a_refused_series_is_recorded_and_a_bad_key_stops_the_source() {
    fn refuses_a(request: &WindowRequest<'_>) -> Result<WindowResponse> {
        if request.series.name != "A" {
            return plain(request);
        }
        Err(Error::NoInstrument { service: "days", symbol: "A".into(), known: "B".into() })
    }
    let source = Days::new(&Turned::new("2026-01-08T00:00:00Z"), refuses_a);
    let (pages, _) = whole_round(&source, None).await;
    let mut kept = Kept::default();
    kept.take(&pages);
    assert_eq!(kept.rows(), ["A 01-01..01-08 failed 0", "B 01-01..01-08 present 7"]);

    fn spent(_: &WindowRequest<'_>) -> Result<WindowResponse> {
        let until = "2026-01-09".parse().unwrap();
        Err(Error::CreditsSpent { service: "days", limit: 8, per: "day", until })
    }
    let source = Days::new(&Turned::new("2026-01-08T00:00:00Z"), spent);
    let error = source.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("run again on 2026-01-09"), "{error}");
}

#[tokio::test]
async fn quarantined_rows_are_in_the_page_of_the_good_ones() {
    fn one_bad(request: &WindowRequest<'_>) -> Result<WindowResponse> {
        let bad = BadRow {
            place: format!("{} 7", request.series.name),
            table: "fx_rates".into(),
            reason: "it is negative".into(),
            content: "-1".into(),
        };
        Ok(WindowResponse { batches: days(request), bad: vec![bad], ..WindowResponse::default() })
    }
    let source = Days::new(&Turned::new("2026-01-08T00:00:00Z"), one_bad);
    let page = source.fetch(None).await.unwrap();
    let tables: Vec<_> = page.batches.iter().map(|batch| batch.table().name.to_string()).collect();
    assert_eq!(tables, ["fx_rates", "quarantine", "coverage"]);
}

#[tokio::test]
async fn a_backfill_requests_exactly_the_gaps_of_the_ledger() {
    let clock = Turned::new("2026-01-17T12:00:00Z");
    let source = Arc::new(Days::new(&clock, plain));
    let mut kept = Kept::default();
    let (pages, _) = whole_round(source.as_ref(), None).await;
    kept.take(&pages);
    source.asked();
    // The days from the tenth to the twelfth are lost, and the year before is requested as well.
    let of_a = kept.0.values().find(|row| row.series == "A").unwrap().clone();
    kept.0.insert(
        ("A".into(), of_a.start_at.timestamp()),
        Coverage { end_at: at("2026-01-10T00:00:00Z"), ..of_a.clone() },
    );
    kept.0.insert(("A".into(), 1), Coverage { start_at: at("2026-01-12T00:00:00Z"), ..of_a });
    let wanted = Span::new(at("2025-12-20T00:00:00Z"), at("2026-01-17T00:00:00Z"));
    let now = at("2026-01-17T12:00:00Z");
    let tasks = BackfillTask::all(source.as_ref(), &kept.ledger(), Some(wanted), now);
    let spans: Vec<_> =
        tasks.iter().map(|task| format!("{} {}", task.series.name, task.span)).collect();
    assert_eq!(
        spans,
        [
            "A 2025-12-20T00:00:00Z to 2026-01-01T00:00:00Z",
            "A 2026-01-10T00:00:00Z to 2026-01-12T00:00:00Z",
            "B 2025-12-20T00:00:00Z to 2026-01-01T00:00:00Z",
        ]
    );
    let fill = Backfill::new(source.clone(), tasks, &source.context);
    let (pages, cursor) = whole_round(&fill, None).await;
    assert_eq!(
        source.asked(),
        ["A 12-20..12-27", "A 12-27..01-01", "A 01-10..01-12", "B 12-20..12-27", "B 12-27..01-01"]
    );
    // After a kill behind the first window the ledger tells what was requested and is missing.
    let mut killed = Kept::default();
    killed.take(&pages[..2]);
    let gaps = killed.ledger().gaps("days", "A", wanted);
    assert_eq!(gaps[0].span, Span::new(at("2025-12-27T00:00:00Z"), at("2026-01-01T00:00:00Z")));
    assert_eq!(gaps[0].reason, GapReason::Requested);
    kept.take(&pages);
    assert!(BackfillTask::all(source.as_ref(), &kept.ledger(), Some(wanted), now).is_empty());
    // A finished backfill has no more pages.
    let page = fill.fetch(Some(&cursor)).await.unwrap();
    assert!(page.done && page.batches.is_empty() && page.cursor == cursor);
}
