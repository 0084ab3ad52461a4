//! Tests of X poll by poll: pages, ids, hours, and what is only paid for once.
#![cfg(feature = "x")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::support::log::Log;
use crate::support::{Act, Scripted, Turned, at, batches, context, everything_said, hurried, json};
use crate::support::{query, recording, round, rows};
use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_acquisition::backfill::{Backfill, BackfillTask, BadRows, HistoricalSource};
use tidegauge_acquisition::sentiment::Sentiment;
use tidegauge_acquisition::x::{Client, Config, Scorer, SearchRecent, X};
use tidegauge_acquisition::{Context, Error};
use tidegauge_core::coverage::CoverageLedger;
use tidegauge_core::{Clock, Cursor, Page, Source, Span};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const CANARY: &str = "AAAAAAAAcanary7f3a%2Bx";
const NOW: &str = "2026-05-18T12:34:56Z";

/// A post of the fake, whose id has the time at which it was written.
#[derive(Debug, Clone)]
struct Said {
    id: u64,
    at: DateTime<Utc>,
    /// The time at which X finds it.
    found_at: DateTime<Utc>,
}

/// The optional behaviors of the fake.
#[derive(Debug, Default)]
struct Mood {
    /// It rejects every `since_id`, however recent.
    forgets_ids: bool,
    /// It rejects every `next_token` given before.
    forgets_pages: bool,
    /// The number of requests left in the quarter of an hour.
    left: Option<u32>,
    /// It leaves out the counts of hours.
    silent_hours: bool,
    /// It names a total that is too large.
    wrong_total: bool,
}

/// A fake of X, with its posts in memory.
#[derive(Clone)]
struct Fake {
    clock: Arc<Turned>,
    posts: Arc<Mutex<Vec<Said>>>,
    mood: Arc<Mutex<Mood>>,
}

fn id_of(at: DateTime<Utc>, number: u64) -> u64 {
    (u64::try_from(at.timestamp_millis()).unwrap() - 1_288_834_974_657) << 22 | number
}

fn invalid(parameter: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_raw(
        format!(
            r#"{{"errors":[{{"parameters":{{"{parameter}":["…"]}},"message":"{message}"}}],"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"https://api.twitter.com/2/problems/invalid-request"}}"#
        ),
        "application/problem+json",
    )
}

impl Fake {
    fn new(clock: &Arc<Turned>) -> Self {
        Self { clock: clock.clone(), posts: Arc::default(), mood: Arc::default() }
    }

    /// Adds a post that X finds at once. Returns its id.
    fn say(&self, written_at: DateTime<Utc>) -> String {
        self.say_late(written_at, written_at)
    }

    fn say_late(&self, at: DateTime<Utc>, found_at: DateTime<Utc>) -> String {
        let mut posts = self.posts.lock().unwrap();
        let id = id_of(at, u64::try_from(posts.len()).unwrap());
        posts.push(Said { id, at, found_at });
        id.to_string()
    }

    /// Adds posts at regular intervals within a time span. Returns their number.
    fn chatter(&self, from: &str, to: &str, every: TimeDelta) -> usize {
        let (mut next, to, mut count) = (at(from), at(to), 0);
        while next < to {
            self.say(next);
            (next, count) = (next + every, count + 1);
        }
        count
    }

    fn search(&self, request: &Request) -> ResponseTemplate {
        let (now, mood) = (self.clock.now(), self.mood.lock().unwrap());
        let time = |name: &str| {
            let text = query(request, name);
            (!text.is_empty()).then(|| at(&text))
        };
        let size: usize = query(request, "max_results").parse().unwrap();
        if !(10..=100).contains(&size) {
            return invalid("max_results", "must be 10 to 100");
        }
        let (start, end, since) =
            (time("start_time"), time("end_time"), query(request, "since_id"));
        if !since.is_empty() && (start.is_some() || end.is_some()) {
            return invalid(
                "since_id",
                "Invalid use of 'since_id' in conjunction with 'start_time'",
            );
        }
        if let Some(refused) = refuse_times(start, end, now) {
            return refused;
        }
        let since: Option<u64> = (!since.is_empty()).then(|| since.parse().unwrap());
        let oldest = id_of(now - TimeDelta::days(7), 0);
        if mood.forgets_ids && since.is_some() || since.is_some_and(|since| since < oldest) {
            return invalid("since_id", "'since_id' must be a tweet id created after then.");
        }
        let token = query(request, "next_token");
        if mood.forgets_pages && !token.is_empty() {
            return invalid("next_token", "the token has expired");
        }
        let end = end.unwrap_or(now - TimeDelta::seconds(30));
        let mut found: Vec<_> = self.posts.lock().unwrap().clone();
        found.retain(|post| {
            post.found_at <= now && post.at < end && post.at >= now - TimeDelta::days(7)
        });
        found.retain(|post| start.is_none_or(|start| post.at >= start));
        found.retain(|post| since.is_none_or(|since| post.id > since));
        found.sort_by_key(|post| std::cmp::Reverse(post.id));
        // A token has the id after which the page begins.
        let before = token.strip_prefix("b26v").map(|id| id.parse::<u64>().unwrap());
        found.retain(|post| before.is_none_or(|before| post.id < before));
        let next = (found.len() > size).then(|| found[size - 1].id);
        found.truncate(size);
        let (Some(newest), Some(oldest)) = (found.first(), found.last()) else {
            return json(r#"{"meta":{"result_count":0}}"#.into());
        };
        let next = next.map(|id| format!(r#","next_token":"b26v{id}""#)).unwrap_or_default();
        let meta = format!(
            r#"{{"newest_id":"{}","oldest_id":"{}","result_count":{}{next}}}"#,
            newest.id,
            oldest.id,
            found.len()
        );
        let posts: Vec<_> = found.iter().map(|posted| post(posted.id, posted.at)).collect();
        json(format!(r#"{{"data":[{}],"meta":{meta}}}"#, posts.join(",")))
    }

    fn counts(&self, request: &Request) -> ResponseTemplate {
        let (now, mood) = (self.clock.now(), self.mood.lock().unwrap());
        let (start, end) = (at(&query(request, "start_time")), at(&query(request, "end_time")));
        if let Some(refused) = refuse_times(Some(start), Some(end), now) {
            return refused;
        }
        assert_eq!(query(request, "granularity"), "hour");
        let (posts, mut buckets, mut total) = (self.posts.lock().unwrap(), Vec::new(), 0);
        let mut from = start;
        while from < end {
            let next = at(&(from + TimeDelta::hours(1)).format("%Y-%m-%dT%H:00:00Z").to_string());
            let to = next.min(end);
            let count = posts.iter().filter(|post| from <= post.at && post.at < to).count();
            total += count;
            if count > 0 && !mood.silent_hours {
                buckets.push(format!(
                    r#"{{"end":"{}","start":"{}","tweet_count":{count}}}"#,
                    to.to_rfc3339(),
                    from.to_rfc3339()
                ));
            }
            from = to;
        }
        let total = total + usize::from(mood.wrong_total);
        let data = if buckets.is_empty() {
            String::new()
        } else {
            format!(r#""data":[{}],"#, buckets.join(","))
        };
        json(format!(r#"{{{data}"meta":{{"total_tweet_count":{total}}}}}"#))
    }
}

fn refuse_times(
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<ResponseTemplate> {
    if start.is_some_and(|start| start < now - TimeDelta::days(7)) {
        return Some(invalid("start_time", "'start_time' must be on or after a week ago"));
    }
    if end.is_some_and(|end| end > now - TimeDelta::seconds(10)) {
        return Some(invalid("end_time", "'end_time' must be a minimum of 10 seconds ago"));
    }
    (start.is_some() && start >= end).then(|| invalid("end_time", "must be behind 'start_time'"))
}

fn post(id: u64, at: DateTime<Utc>) -> String {
    let at = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    format!(
        r#"{{"id":"{id}","text":"A made-up post &amp; a good one &lt;3","author_id":"42","created_at":"{at}","lang":"en","edit_history_tweet_ids":["{id}"],"public_metrics":{{"retweet_count":1,"reply_count":2,"like_count":3,"quote_count":4}}}}"#
    )
}

impl Respond for Fake {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let key = request.headers.get("authorization").unwrap().to_str().unwrap();
        assert_eq!(key, format!("Bearer {CANARY}"));
        assert!(query(request, "query").contains("bitcoin"), "as in the registry");
        let reset = (self.clock.now() + TimeDelta::minutes(10)).timestamp();
        let mut left = 450;
        if let Some(mood) = &mut self.mood.lock().unwrap().left {
            if *mood == 0 {
                let body = recording("x/error_429.recorded.json");
                return ResponseTemplate::new(429)
                    .set_body_raw(body, "application/json")
                    .insert_header("x-rate-limit-remaining", "0")
                    .insert_header("x-rate-limit-reset", reset.to_string());
            }
            *mood -= 1;
            left = *mood;
        }
        let reply = match request.url.path() {
            "/2/tweets/search/recent" => self.search(request),
            "/2/tweets/counts/recent" => self.counts(request),
            path => panic!("{path}"),
        };
        reply
            .insert_header("x-rate-limit-remaining", left.to_string())
            .insert_header("x-rate-limit-reset", reset.to_string())
    }
}

/// Starts a fake, and creates a source that requests posts about Bitcoin.
async fn x(clock: &Arc<Turned>, config: Config) -> (MockServer, Fake, X) {
    let (server, fake) = (MockServer::start().await, Fake::new(clock));
    Mock::given(method("GET")).respond_with(fake.clone()).mount(&server).await;
    let config = Config { http: hurried(&server.uri()), symbols: vec!["BTC".into()], ..config };
    let source = X::new(config, Some(CANARY.into()), &Context::new(clock.clone())).unwrap();
    (server, fake, source)
}

fn posts_alone() -> Config {
    Config { counts: false, ..Config::default() }
}

fn counts_alone() -> Config {
    Config { posts: false, ..Config::default() }
}

/// Returns the text cells of a column over all pages.
fn texts(pages: &[Page], table: &str, column: &str) -> Vec<String> {
    let cells = batches(pages, table).into_iter().flat_map(|batch| {
        let column = batch.column(column).unwrap().as_text().unwrap();
        column.iter().map(|text| text.unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    cells.collect()
}

/// Returns the requests after the first `seen`.
async fn asked(server: &MockServer, seen: usize) -> Vec<Request> {
    server.received_requests().await.unwrap().split_off(seen)
}

#[tokio::test]
async fn every_post_is_read_once_and_then_only_new_ones() {
    let clock = Turned::new(NOW);
    let (server, fake, source) = x(&clock, Config { history_days: 2, ..posts_alone() }).await;
    fake.chatter("2026-05-14T00:00:00Z", NOW, TimeDelta::minutes(5));
    let (pages, cursor) = round(&source, None).await;
    let found = texts(&pages, "social_posts", "post_id");
    // Two days of twelve posts an hour; the last post is 4 minutes and 56 seconds old, more than the
    // 30 seconds that X holds back.
    assert_eq!(found.len(), 2 * 24 * 12);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "none twice");
    let first = asked(&server, 0).await;
    assert_eq!(first.len(), 6, "two days, of three pages each");
    let by_id = |request: &Request| !query(request, "since_id").is_empty();
    assert!(!first[..3].iter().any(by_id) && first[3..].iter().all(by_id), "once at the present");
    assert_eq!(rows(&pages, "coverage"), 2, "a row when a window is whole");

    // Without new posts: one request, by the last id seen, and an empty page.
    clock.on(TimeDelta::hours(12));
    let (pages, cursor) = round(&source, Some(cursor)).await;
    assert_eq!(rows(&pages, "social_posts"), 0);
    let second = asked(&server, 6).await;
    assert_eq!(second.len(), 1);
    assert_eq!(query(&second[0], "since_id"), found.iter().max().unwrap().as_str());
    assert_eq!(query(&second[0], "start_time"), "");

    // With new posts: the same id, since no post came in between.
    clock.on(TimeDelta::hours(12));
    let new: Vec<_> = (1..=150)
        .map(|minutes| fake.say(clock.now() - TimeDelta::minutes(minutes)))
        .rev()
        .collect();
    let (pages, cursor) = round(&source, Some(cursor)).await;
    let mut found = texts(&pages, "social_posts", "post_id");
    found.sort();
    assert_eq!(found, new);
    let third = asked(&server, 7).await;
    assert_eq!(query(&third[0], "since_id"), query(&second[0], "since_id"));
    assert_eq!(third.len(), 2, "two pages");
    assert_eq!(query(&third[1], "since_id"), query(&third[0], "since_id"), "as the page was given");

    // The next poll continues from the newest post of the first page.
    clock.on(TimeDelta::hours(12));
    round(&source, Some(cursor)).await;
    let fourth = asked(&server, 9).await;
    assert_eq!(query(&fourth[0], "since_id"), new.last().unwrap().as_str());
}

#[tokio::test]
async fn a_round_before_the_refresh_makes_no_request() {
    let clock = Turned::new(NOW);
    let (server, _fake, source) = x(&clock, Config::default()).await;
    let (_, cursor) = round(&source, None).await;
    let seen = asked(&server, 0).await.len();
    clock.on(TimeDelta::hours(11));
    let page = source.fetch(Some(&cursor)).await.unwrap();
    assert!(page.done && page.batches.is_empty() && page.cursor == cursor);
    assert_eq!(asked(&server, seen).await.len(), 0);
}

#[tokio::test]
async fn posts_indexed_late_are_read() {
    let clock = Turned::new(NOW);
    let (_server, fake, source) = x(&clock, posts_alone()).await;
    fake.say(at("2026-05-18T12:00:00Z"));
    let late = fake.say_late(at("2026-05-18T12:30:00Z"), at("2026-05-18T13:00:00Z"));
    let (pages, cursor) = round(&source, None).await;
    assert_eq!(rows(&pages, "social_posts"), 1);
    clock.on(TimeDelta::hours(12));
    let (pages, _) = round(&source, Some(cursor)).await;
    assert_eq!(texts(&pages, "social_posts", "post_id"), [late]);
}

#[tokio::test]
async fn a_kill_between_pages_resumes_at_the_page() {
    let clock = Turned::new(NOW);
    let (server, fake, source) = x(&clock, posts_alone()).await;
    let all = fake.chatter("2026-05-17T13:00:00Z", "2026-05-18T12:30:00Z", TimeDelta::minutes(5));
    let mut found = BTreeSet::new();
    let mut cursor: Option<Cursor> = None;
    for step in 0.. {
        let page = source.fetch(cursor.as_ref()).await.unwrap();
        // After a kill a new process continues with the same cursor, a little later.
        if cursor.is_some() {
            clock.on(TimeDelta::minutes(3));
        }
        let again = source.fetch(cursor.as_ref()).await.unwrap();
        assert_eq!(again.cursor, page.cursor, "page {step}");
        let (one, two) = ([page], [again]);
        let ids = texts(&one, "social_posts", "post_id");
        assert_eq!(ids, texts(&two, "social_posts", "post_id"), "page {step}");
        found.extend(ids);
        let [page] = one;
        if page.done {
            break;
        }
        cursor = Some(page.cursor);
    }
    assert_eq!(found.len(), all);
    let requests = asked(&server, 0).await;
    assert_eq!(requests.len(), 2 * all.div_ceil(100));
    for pair in requests.chunks(2) {
        assert_eq!(pair[0].url, pair[1].url);
    }
}

#[tokio::test]
async fn an_expired_id_is_dropped_before_or_after_a_refusal() {
    let clock = Turned::new(NOW);
    let (server, fake, source) = x(&clock, posts_alone()).await;
    fake.say(at("2026-05-18T12:00:00Z"));
    let (_, cursor) = round(&source, None).await;

    // X rejects the id, and the window is requested by time.
    clock.on(TimeDelta::days(1));
    let new = fake.say(clock.now() - TimeDelta::hours(1));
    fake.mood.lock().unwrap().forgets_ids = true;
    let (pages, cursor) = round(&source, Some(cursor)).await;
    assert_eq!(texts(&pages, "social_posts", "post_id"), [new]);
    let requests = asked(&server, 1).await;
    assert_eq!(requests.len(), 2, "by id, then by time");
    assert_eq!(query(requests.last().unwrap(), "since_id"), "");
    assert_ne!(query(requests.last().unwrap(), "start_time"), "");

    // The id is known to be too old, and the days that X no longer has are noted as lost.
    fake.mood.lock().unwrap().forgets_ids = false;
    clock.on(TimeDelta::days(20));
    let new = fake.say(clock.now() - TimeDelta::hours(1));
    let (pages, _) = round(&source, Some(cursor)).await;
    assert_eq!(texts(&pages, "social_posts", "post_id"), [new]);
    assert!(texts(&pages, "coverage", "state").contains(&"failed".to_owned()));
    assert!(asked(&server, 3).await.iter().all(|request| query(request, "since_id").is_empty()));
}

#[tokio::test]
async fn an_expired_page_restarts_its_window() {
    let clock = Turned::new(NOW);
    let (_server, fake, source) = x(&clock, posts_alone()).await;
    let all = fake.chatter("2026-05-18T00:00:00Z", "2026-05-18T12:00:00Z", TimeDelta::minutes(5));
    let first = source.fetch(None).await.unwrap();
    assert!(!first.done);
    fake.mood.lock().unwrap().forgets_pages = true;
    let again = source.fetch(Some(&first.cursor)).await.unwrap();
    assert_eq!(rows(std::slice::from_ref(&again), "social_posts"), 100, "the first page again");
    fake.mood.lock().unwrap().forgets_pages = false;
    let (rest, _) = round(&source, Some(again.cursor.clone())).await;
    let mut found: BTreeSet<_> = texts(&[again], "social_posts", "post_id").into_iter().collect();
    found.extend(texts(&rest, "social_posts", "post_id"));
    assert_eq!(found.len(), all);
}

#[tokio::test]
async fn a_page_that_is_always_refused_is_not_retried_forever() {
    let clock = Turned::new(NOW);
    let (server, fake, source) = x(&clock, posts_alone()).await;
    fake.chatter("2026-05-18T00:00:00Z", "2026-05-18T12:00:00Z", TimeDelta::minutes(5));
    fake.mood.lock().unwrap().forgets_pages = true;
    let (pages, _) = round(&source, None).await;
    assert_eq!(texts(&pages, "coverage", "state"), ["failed"]);
    assert!(texts(&pages, "coverage", "reason").concat().contains("the token has expired"));
    assert_eq!(asked(&server, 0).await.len(), 4, "a page, the next, the first again, the next");
}

#[tokio::test]
async fn a_post_has_all_its_columns() {
    let clock = Turned::new(NOW);
    let (_server, fake, source) = x(&clock, posts_alone()).await;
    fake.say(at("2026-05-18T12:00:00.123Z"));
    let (pages, _) = round(&source, None).await;
    let posts = batches(&pages, "social_posts")[0];
    let text = |name: &str| posts.column(name).unwrap().as_text().unwrap().get(0).unwrap();
    let count = |name: &str| posts.column(name).unwrap().as_i64().unwrap().value(0);
    assert_eq!((text("symbol"), text("author_id"), text("lang")), ("BTC", "42", "en"));
    assert_eq!(text("text"), "A made-up post &amp; a good one &lt;3", "as it came");
    assert_eq!([count("like_count"), count("repost_count"), count("reply_count")], [3, 1, 2]);
    let written = posts.column("created_at").unwrap().as_timestamp().unwrap().value(0);
    assert_eq!(written, at("2026-05-18T12:00:00.123Z").timestamp_micros());
    let sentiment = posts.column("sentiment").unwrap().as_f64().unwrap().value(0);
    // 1.9 for "good", 1.9 for the heart that X writes as `&lt;3`.
    assert!((sentiment - 3.8 / (3.8f64 * 3.8 + 15.0).sqrt()).abs() < 1e-9, "{sentiment}");
}

#[derive(Debug)]
struct Constant(Option<f64>);

impl Sentiment for Constant {
    fn name(&self) -> &str {
        "constant"
    }
    fn score(&self, _: &str, _: Option<&str>) -> Option<f64> {
        self.0
    }
}

#[tokio::test]
async fn any_sentiment_model_may_score_within_the_scale() {
    let clock = Turned::new(NOW);
    for (score, right) in
        [(Some(0.25), true), (None, true), (Some(1.5), false), (Some(f64::NAN), false)]
    {
        let (_server, fake, source) = x(&clock, posts_alone()).await;
        fake.say(at("2026-05-18T12:00:00Z"));
        let source = source.with_sentiment(Arc::new(Constant(score)));
        match source.fetch(None).await {
            Ok(page) => {
                assert!(right);
                let found = page.batches[0].column("sentiment").unwrap().as_f64().unwrap();
                assert_eq!(found.iter().next(), Some(score));
            }
            Err(error) => {
                assert!(!right && error.to_string().contains("sentiment by `constant`"), "{error}");
            }
        }
    }
    let (_server, fake, source) =
        x(&clock, Config { sentiment: Scorer::None, ..posts_alone() }).await;
    fake.say(at("2026-05-18T12:00:00Z"));
    let page = source.fetch(None).await.unwrap();
    assert_eq!(page.batches[0].column("sentiment").unwrap().null_count(), 1);
}

/// Starts a server that sends the posts `body` for every request, and creates a source that reads
/// from it.
async fn fixed(body: String, bad_rows: BadRows) -> (MockServer, X) {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(json(body)).mount(&server).await;
    let config =
        Config { http: hurried(&server.uri()), symbols: vec!["BTC".into()], ..posts_alone() };
    let context = Context { bad_rows, ..context(NOW) };
    (server, X::new(config, Some(CANARY.into()), &context).unwrap())
}

#[tokio::test]
async fn duplicate_or_unordered_posts_are_stored_once() {
    let (one, two) = (at("2026-05-18T10:00:00Z"), at("2026-05-18T11:00:00Z"));
    let (old, new) = (id_of(one, 0), id_of(two, 0));
    let rows_sent = [post(old, one), post(new, two), post(old, one)].join(",");
    // A post of the day before yesterday, which was not requested.
    let stray = at("2026-05-16T10:00:00Z");
    let body = format!(
        r#"{{"data":[{rows_sent},{}],"meta":{{"newest_id":"{new}","result_count":4}}}}"#,
        post(id_of(stray, 0), stray)
    );
    let (_server, source) = fixed(body, BadRows::Fail).await;
    let page = source.fetch(None).await.unwrap();
    let mut found = texts(&[page], "social_posts", "post_id");
    found.sort();
    assert_eq!(found, [old.to_string(), new.to_string()]);
}

#[tokio::test]
async fn a_bad_post_fails_its_page_or_is_quarantined() {
    let written = at("2026-05-18T10:00:00Z");
    let good = post(id_of(written, 0), written);
    let ahead = at("2026-05-19T10:00:00Z");
    for (bad, says) in [
        (r#"{"id":"7","text":"no more than that"}"#.to_owned(), "`public_metrics`: it is missing"),
        (post(8, written).replace(r#""author_id":"42","#, ""), "`author_id`: it is missing"),
        (r#"{"text":"nobody's"}"#.to_owned(), "`id`: it is missing"),
        (post(id_of(ahead, 0), ahead), "in the future"),
    ] {
        let body = format!(r#"{{"data":[{bad},{good}],"meta":{{"result_count":2}}}}"#);
        let (_server, source) = fixed(body.clone(), BadRows::Fail).await;
        let error = source.fetch(None).await.unwrap_err().to_string();
        assert!(error.contains(says), "{error} should say {says}");

        let (_server, source) = fixed(body, BadRows::Quarantine).await;
        let page = [source.fetch(None).await.unwrap()];
        assert_eq!(rows(&page, "social_posts"), 1);
        let reason = texts(&page, "quarantine", "reason").concat();
        assert!(reason.contains(says), "{reason} should say {says}");
        assert_eq!(texts(&page, "quarantine", "content"), [bad]);
        assert_eq!(texts(&page, "quarantine", "table_name"), ["social_posts"]);
    }
}

#[tokio::test]
async fn a_partial_answer_is_stored_and_logged() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let written = at("2026-05-18T10:00:00Z");
    let body = format!(
        r#"{{"data":[{}],"meta":{{"result_count":1}},"errors":[{{"resource_id":"9","resource_type":"user","title":"Not Found Error","detail":"Could not find user with id: [9].","type":"https://api.twitter.com/2/problems/resource-not-found"}}]}}"#,
        post(id_of(written, 0), written)
    );
    let (_server, source) = fixed(body, BadRows::Fail).await;
    let page = [source.fetch(None).await.unwrap()];
    assert_eq!(rows(&page, "social_posts"), 1);
    let message = log.output();
    assert!(message.contains("Not Found Error: Could not find user with id: [9]."), "{message}");
}

/// Returns the start, the end and the count of all hours, in order.
fn hours(pages: &[Page]) -> Vec<(i64, i64, i64)> {
    let all = batches(pages, "social_counts").into_iter().flat_map(|batch| {
        let time = |name: &str| batch.column(name).unwrap().as_timestamp().unwrap();
        let (starts, ends) = (time("start_at"), time("end_at"));
        let posts = batch.column("posts").unwrap().as_i64().unwrap();
        let hour = |micros: i64| micros / 1_000_000 / 3600;
        (0..batch.rows())
            .map(|at| (hour(starts.value(at)), hour(ends.value(at)), posts.value(at)))
            .collect::<Vec<_>>()
    });
    all.collect()
}

#[tokio::test]
async fn counts_are_of_whole_hours_and_zero_without_posts() {
    let clock = Turned::new(NOW);
    let (server, fake, source) = x(&clock, Config { history_days: 7, ..counts_alone() }).await;
    fake.chatter("2026-05-17T00:30:00Z", "2026-05-17T02:00:00Z", TimeDelta::minutes(10));
    fake.say(at("2026-05-18T12:30:00Z"));
    let (pages, cursor) = round(&source, None).await;
    let found = hours(&pages);
    // X looks back 7 days, the source an hour less; neither the first hour nor the last one is
    // complete.
    let noon = at("2026-05-18T12:00:00Z").timestamp() / 3600;
    assert_eq!(found.len(), 7 * 24 - 2);
    assert_eq!(texts(&pages, "coverage", "state"), ["present"], "nothing is lost from the first");
    assert_eq!(found.last(), Some(&(noon - 1, noon, 0)));
    assert!(found.windows(2).all(|pair| pair[0].1 == pair[1].0), "they touch");
    let midnight = at("2026-05-17T00:00:00Z").timestamp() / 3600;
    let some: Vec<_> = found.iter().filter(|hour| hour.2 > 0).copied().collect();
    assert_eq!(some, [(midnight, midnight + 1, 3), (midnight + 1, midnight + 2, 6)]);
    assert_eq!(asked(&server, 0).await.len(), 1, "one request for all of it");

    clock.on(TimeDelta::hours(13));
    let (pages, _) = round(&source, Some(cursor)).await;
    let found = hours(&pages);
    assert_eq!(found.len(), 13);
    assert_eq!(found[0], (noon, noon + 1, 1), "where the round before ended");
}

#[tokio::test]
async fn a_gap_is_filled_to_the_instant() {
    let clock = Turned::new(NOW);
    let (_server, fake, source) = x(&clock, Config::default()).await;
    fake.chatter("2026-05-18T00:00:00.500Z", NOW, TimeDelta::minutes(10));
    let wanted = Span::new(at("2026-05-18T06:00:00.500Z"), at("2026-05-18T09:10:00.500Z"));
    let (archive, ledger) = (Arc::new(source), CoverageLedger::default());
    let tasks = BackfillTask::all(archive.as_ref(), &ledger, Some(wanted), clock.now());
    let fill = Backfill::new(archive, tasks, &Context::new(clock.clone()));
    let (pages, _) = round(&fill, None).await;
    let seven = at("2026-05-18T07:00:00Z").timestamp() / 3600;
    assert_eq!(
        hours(&pages),
        [(seven, seven + 1, 6), (seven + 1, seven + 2, 6), (seven + 2, seven + 3, 6)],
        "the hours that begin in it"
    );
    assert_eq!(rows(&pages, "social_posts"), 19, "from the first one on, without the last");
}

#[tokio::test]
async fn an_hour_is_zero_only_if_the_total_confirms_it() {
    let clock = Turned::new(NOW);
    for (silent, wrong) in [(true, false), (false, true)] {
        let (_server, fake, source) = x(&clock, counts_alone()).await;
        fake.chatter("2026-05-18T00:30:00Z", "2026-05-18T02:00:00Z", TimeDelta::minutes(10));
        {
            let mut mood = fake.mood.lock().unwrap();
            (mood.silent_hours, mood.wrong_total) = (silent, wrong);
        }
        let (pages, _) = round(&source, None).await;
        assert_eq!(hours(&pages).len(), if silent { 0 } else { 2 });
    }
}

#[tokio::test]
async fn a_partial_hour_is_rejected() {
    let bucket =
        r#"{"end":"2026-05-18T08:00:00.000Z","start":"2026-05-18T07:18:24.000Z","tweet_count":1}"#;
    let server = MockServer::start().await;
    let body = format!(r#"{{"data":[{bucket}],"meta":{{"total_tweet_count":1}}}}"#);
    Mock::given(method("GET")).respond_with(json(body)).mount(&server).await;
    let config =
        Config { http: hurried(&server.uri()), symbols: vec!["BTC".into()], ..counts_alone() };
    let source = X::new(config, Some(CANARY.into()), &context(NOW)).unwrap();
    let error = source.fetch(None).await.unwrap_err().to_string();
    assert!(error.contains("does not make a whole hour"), "{error}");
}

#[tokio::test]
async fn without_remaining_requests_the_source_pauses_until_the_reset() {
    let clock = Turned::new(NOW);
    let (server, fake, source) = x(&clock, posts_alone()).await;
    fake.chatter("2026-05-18T00:00:00Z", "2026-05-18T12:00:00Z", TimeDelta::minutes(5));
    fake.mood.lock().unwrap().left = Some(1);
    // The last request of the quarter is answered, and the reply says that it was the last.
    let first = source.fetch(None).await.unwrap();
    assert_eq!(rows(std::slice::from_ref(&first), "social_posts"), 100);
    for _ in 0..2 {
        let error = source.fetch(Some(&first.cursor)).await.unwrap_err();
        assert!(everything_said(&error).contains("left alone for 60"), "{error}");
    }
    assert_eq!(asked(&server, 0).await.len(), 1, "and nobody was asked");
    // After the quarter the source continues where it was.
    clock.on(TimeDelta::minutes(10) + TimeDelta::seconds(2));
    fake.mood.lock().unwrap().left = None;
    let (pages, _) = round(&source, Some(first.cursor)).await;
    assert_eq!(rows(&pages, "social_posts"), 144 - 100);
}

#[tokio::test]
async fn a_429_is_not_retried_before_its_reset() {
    let clock = Turned::new(NOW);
    let (server, fake, source) = x(&clock, counts_alone()).await;
    fake.mood.lock().unwrap().left = Some(0);
    let error = source.fetch(None).await.unwrap_err();
    assert!(everything_said(&error).contains("retry_after: 601"), "{error:?}");
    assert_eq!(asked(&server, 0).await.len(), 1);
    clock.on(TimeDelta::minutes(11));
    fake.mood.lock().unwrap().left = None;
    assert!(source.fetch(None).await.is_ok());
}

#[tokio::test]
async fn a_spent_monthly_quota_is_an_error() {
    let clock = Turned::new(NOW);
    let (server, fake) = (MockServer::start().await, Fake::new(&clock));
    Mock::given(method("GET")).respond_with(fake.clone()).mount(&server).await;
    let http =
        tidegauge_acquisition::http::HttpConfig { per_month: Some(2), ..hurried(&server.uri()) };
    let config = Config { http, symbols: vec!["BTC".into()], ..Config::default() };
    fake.chatter("2026-05-18T00:00:00Z", "2026-05-18T12:00:00Z", TimeDelta::minutes(5));
    let source = X::new(config, Some(CANARY.into()), &Context::new(clock.clone())).unwrap();
    let counts = source.fetch(None).await.unwrap();
    let posts = source.fetch(Some(&counts.cursor)).await.unwrap();
    assert_eq!(source.budget().unwrap().left_this_month, Some(0));
    let error = source.fetch(Some(&posts.cursor)).await.unwrap_err();
    assert!(error.to_string().contains("2 credits a month and they are gone"), "{error}");
    clock.on(TimeDelta::days(14));
    assert!(source.fetch(Some(&posts.cursor)).await.is_ok(), "of the next month");
}

#[tokio::test]
async fn a_window_that_expires_while_it_is_read_is_recorded_and_skipped() {
    let clock = Turned::new(NOW);
    let (_server, fake, source) = x(&clock, posts_alone()).await;
    fake.chatter("2026-05-18T00:00:00Z", "2026-05-18T12:00:00Z", TimeDelta::minutes(5));
    let first = source.fetch(None).await.unwrap();
    clock.on(TimeDelta::days(30));
    let new = fake.say(clock.now() - TimeDelta::hours(1));
    // The continued round ends in one that reaches the present.
    let (pages, _) = round(&source, Some(first.cursor)).await;
    assert_eq!(texts(&pages, "coverage", "state"), ["failed", "present"]);
    let reason = texts(&pages[..1], "coverage", "reason").concat();
    assert!(reason.contains("start_time"), "{reason}");
    assert_eq!(texts(&pages, "social_posts", "post_id"), [new]);
}

#[test]
fn an_invalid_configuration_is_rejected_with_advice() {
    let context = context(NOW);
    for (config, says) in [
        (Config { symbols: vec!["NOPE".into()], ..Config::default() }, "known are BTC, ETH"),
        (Config { symbols: vec![], ..Config::default() }, "name at least one"),
        (Config { history_days: 8, ..Config::default() }, "X looks back 7 days"),
        (Config { history_days: 0, ..Config::default() }, "between 1 and 7"),
        (Config { max_results: 5, ..Config::default() }, "between 10 and 100"),
        (Config { posts: false, ..counts_alone() }, ""),
        (Config { posts: false, ..posts_alone() }, "neither posts nor counts"),
    ] {
        match X::new(config, Some("k".into()), &context) {
            Ok(_) => assert_eq!(says, ""),
            Err(error) => assert!(error.to_string().contains(says), "{error} should say {says}"),
        }
    }
    let error = X::new(Config::default(), None, &context).unwrap_err().to_string();
    assert!(error.contains("set TIDEGAUGE_X_KEY"), "{error}");
}

#[tokio::test]
async fn the_client_rejects_invalid_parameters() {
    let client =
        Client::new(Some(&"k".into()), &hurried("http://127.0.0.1:1"), &context(NOW)).unwrap();
    let of = SearchRecent::of("bitcoin");
    let now = at(NOW);
    for (ask, setting) in [
        (SearchRecent { max_results: 9, ..of }, "max_results"),
        (SearchRecent { end_time: Some(now), ..of }, "end_time"),
        (SearchRecent { since_id: Some("1"), start_time: Some(now), ..of }, "since_id"),
    ] {
        let error = client.search_recent(&ask).await.unwrap_err();
        assert!(matches!(&error, Error::Config { setting: it, .. } if *it == setting), "{error}");
    }
    let empty = Span::new(now - TimeDelta::hours(1), now - TimeDelta::hours(2));
    let error = client.counts_recent("bitcoin", empty, None).await.unwrap_err();
    assert!(matches!(error, Error::Config { setting: "end_time", .. }), "{error}");
}

#[tokio::test]
async fn the_key_never_appears_in_errors_or_logs() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let echo = format!(r#"{{"title":"Unauthorized","detail":"no app has the token {CANARY}"}}"#);
    let mut message = String::new();
    for act in [
        Act::reply("401 X", "", &echo),
        Act::reply("403 X", "", &format!("<html>{CANARY}</html>")),
        Act::reply("400 X", "", &format!("since_id {CANARY}")),
        Act::reply("429 X", "x-rate-limit-remaining: 0\r\nx-rate-limit-reset: 1\r\n", &echo),
        Act::reply("503 X", "", &echo),
        Act::ok(&echo),
        Act::ok(&format!(r#"{{"data":[{{"id":"{CANARY}"}}],"meta":{{}}}}"#)),
        Act::ok(&format!(r#"{{"data":[{{"id":"1","text":1}}],"meta":{{}},"errors":[{echo}]}}"#)),
        Act::Say(Vec::new()),
    ] {
        let server = Scripted::start(vec![act]).await;
        let config = Config { http: hurried(&server.url), ..posts_alone() };
        let source = X::new(config, Some(CANARY.into()), &context(NOW)).unwrap();
        match source.fetch(None).await {
            Err(error) => message += &everything_said(&error),
            // A refusal of this very window is recorded in the ledger.
            Ok(page) => message += &texts(&[page], "coverage", "reason").concat(),
        }
        message += &format!("{source:?}");
        assert!(server.requests()[0].contains(&format!("authorization: Bearer {CANARY}")));
    }
    for message in [message, log.output()] {
        assert!(!message.is_empty());
        assert!(!message.contains(CANARY), "{message}");
        assert!(!message.contains("max_results="), "no query is shown: {message}");
    }
}
