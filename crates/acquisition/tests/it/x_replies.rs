//! Tests that every recorded reply of X gives the right rows, or the right error.
#![cfg(feature = "x")]

use std::collections::BTreeSet;

use crate::support::{Act, Scripted, at, context, everything_said, hurried, recording};
use tidegauge_acquisition::__internal::x::decode;
use tidegauge_acquisition::Error;
use tidegauge_acquisition::http::RefusalKind;
use tidegauge_acquisition::x::{Client, SearchRecent};

/// Recording, number of rows, newest id, token of the next page, the first and the last row.
const SEARCHES: &[(&str, usize, &str, &str, [&str; 2])] = &[
    (
        "search_recent_tweepy.recorded-2022-10-07.json",
        10,
        "1578516068309794817",
        "b26v89c19zqg8o3fpzbn1e0ffhxjiofzw6po136rvbnul",
        [
            "1578516068309794817 - - - - 2022-10-07 22:42:12.637103 tweepy",
            "1578511538419212288 - - - - 2022-10-07 22:24:12.640234 tweepy",
        ],
    ),
    (
        "search_recent_with_expansions.official-docs.json",
        1,
        "1234567890123456789",
        "",
        [
            "1234567890123456789 9876543210 2024-01-15T10:30:00+00:00 - 42/5/2 Just started learning Python and loving it!",
            "1234567890123456789 9876543210 2024-01-15T10:30:00+00:00 - 42/5/2 Just started learning Python and loving it!",
        ],
    ),
    ("search_recent_empty.json", 0, "", "", ["", ""]),
];

/// Recording, number of buckets, their total, the first and the last.
const COUNTS: &[(&str, usize, i64, [&str; 2])] = &[
    (
        "counts_recent_tweepy.recorded-2021-09-20.json",
        169,
        411,
        [
            "2021-09-13T19:18:24+00:00 2021-09-13T20:00:00+00:00 1",
            "2021-09-20T19:00:00+00:00 2021-09-20T19:18:24+00:00 1",
        ],
    ),
    (
        "counts_recent_day.official-docs.json",
        3,
        16,
        [
            "2024-01-15T00:00:00+00:00 2024-01-16T00:00:00+00:00 5",
            "2024-01-17T00:00:00+00:00 2024-01-18T00:00:00+00:00 8",
        ],
    ),
];

enum Refused {
    Auth,
    Status,
    RateLimited,
    Spent,
}
use Refused::{Auth, RateLimited, Spent, Status};

/// Recording, HTTP status, error, number of attempts, parts of the message.
const REFUSALS: &[(&str, u16, Refused, usize, &[&str])] = &[
    (
        "error_400_invalid_request.json",
        400,
        Status,
        1,
        &["code invalid-request", "Invalid Request: start_time: Invalid 'start_time'"],
    ),
    ("error_401.json", 401, Auth, 1, &["Unauthorized", "the bearer token of an app"]),
    (
        "error_403_client_forbidden.recorded.json",
        403,
        Auth,
        1,
        &["code client-forbidden", "attach the app to a project"],
    ),
    (
        "error_403_unsupported_authentication.official-playground.json",
        403,
        Auth,
        1,
        &["code unsupported-authentication", "has to be the bearer token"],
    ),
    ("error_429.recorded.json", 429, RateLimited, 3, &["Too Many Requests"]),
    (
        "error_429_usage_capped.json",
        429,
        Spent,
        1,
        &["code usage-capped", "Monthly product cap", "wait for the next period"],
    ),
    ("error_503.recorded.json", 503, Status, 3, &["Service Unavailable"]),
];

fn shown(row: &str, post: tidegauge_acquisition::Result<decode::Post>) -> String {
    let post = post.unwrap_or_else(|error| panic!("{row}: {error}"));
    let or = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let metrics = post
        .metrics
        .map(|metrics| format!("{}/{}/{}", metrics.likes, metrics.reposts, metrics.replies));
    let at = or(post.created_at.map(|at| at.to_rfc3339()));
    let (author, lang) = (or(post.author_id), or(post.lang));
    format!("{} {author} {at} {lang} {} {}", post.id, or(metrics), post.text)
}

#[test]
fn recordings_decode_to_their_rows() {
    for (name, count, newest, next, [first, last]) in SEARCHES {
        let found = decode::search(&recording(&format!("x/{name}"))).expect(name);
        let posts: Vec<_> = found.posts().map(|(row, post)| shown(row, post)).collect();
        assert_eq!(posts.len(), *count, "{name}");
        assert_eq!(posts.first().map_or("", String::as_str), *first, "{name}");
        assert_eq!(posts.last().map_or("", String::as_str), *last, "{name}");
        assert_eq!(found.newest_id.unwrap_or_default(), *newest, "{name}");
        assert_eq!(found.next_token.unwrap_or_default(), *next, "{name}");
        assert!(found.problems.is_empty(), "{name}");
    }
    for (name, count, total, [first, last]) in COUNTS {
        let found = decode::counts(&recording(&format!("x/{name}"))).expect(name);
        let buckets: Vec<_> = found.buckets().map(|(_, bucket)| bucket.expect(name)).collect();
        let shown = |bucket: &decode::Bucket| {
            format!("{} {} {}", bucket.start.to_rfc3339(), bucket.end.to_rfc3339(), bucket.posts)
        };
        assert_eq!((buckets.len(), found.total), (*count, Some(*total)), "{name}");
        assert_eq!(buckets.iter().map(|bucket| bucket.posts).sum::<i64>(), *total, "{name}");
        assert_eq!(shown(&buckets[0]), *first, "{name}");
        assert_eq!(shown(&buckets[count - 1]), *last, "{name}");
        assert!(found.next_token.is_none(), "{name}");
    }
}

#[test]
fn a_reply_of_another_kind_is_rejected_by_name() {
    let body = recording("x/counts_recent_day.official-docs.json");
    let found = decode::search(&body).unwrap();
    let error = found.posts().next().unwrap().1.unwrap_err().to_string();
    assert!(error.contains("`id`"), "{error}");
    let found = decode::counts(&recording("x/search_recent_with_expansions.official-docs.json"));
    let error = found.unwrap().buckets().next().unwrap().1.unwrap_err().to_string();
    assert!(error.contains("`start`"), "{error}");
    let error = decode::search(b"{}").unwrap_err().to_string();
    assert!(error.contains("`meta`"), "{error}");
}

/// Sends one search that is refused. Returns the error, and the number of requests.
async fn search(status: u16, headers: &str, body: &str) -> (Error, usize) {
    let server = Scripted::start(vec![Act::reply(&format!("{status} X"), headers, body)]).await;
    let context = context("2026-05-18T00:00:00Z");
    let client = Client::new(Some(&"k".into()), &hurried(&server.url), &context).unwrap();
    let error = client.search_recent(&SearchRecent::of("bitcoin")).await.unwrap_err();
    (error, server.requests().len())
}

#[tokio::test]
async fn recorded_refusals_become_typed_errors() {
    for (name, status, refused, attempts, says) in REFUSALS {
        let body = String::from_utf8(recording(&format!("x/{name}"))).unwrap();
        let (error, requests) = search(*status, "", &body).await;
        let right = match refused {
            Auth => matches!(&error, Error::Auth { status: it, .. } if it == status),
            Status => matches!(&error, Error::Status { status: it, .. } if it == status),
            RateLimited => matches!(&error, Error::RateLimited { .. }),
            Spent => matches!(&error, Error::Status { kind: RefusalKind::Spent, .. }),
        };
        assert!(right, "{name}: {error:?}");
        assert_eq!(requests, *attempts, "{name}");
        let later = *attempts > 1 || matches!(refused, Spent);
        assert_eq!(error.is_temporary(), later, "{name}");
        for says in *says {
            assert!(error.to_string().contains(says), "{name}: {error} should say {says}");
        }
    }
}

#[tokio::test]
async fn unrecorded_refusals_are_classified() {
    let credits = r#"{"account_id":1905378120345678901234,"title":"CreditsDepleted","detail":"Your enrolled account [1] does not have any credits to fulfill this request.","type":"https://api.twitter.com/2/problems/credits"}"#;
    let (error, requests) = search(402, "", credits).await;
    assert!(matches!(error, Error::Auth { status: 402, .. }) && requests == 1, "{error:?}");
    assert!(error.to_string().contains("buy some in X's developer console"), "{error}");
    // The cap also comes with status 403, and a refusal with status 200.
    let capped = String::from_utf8(recording("x/error_429_usage_capped.json")).unwrap();
    let (error, requests) = search(403, "", &capped).await;
    let spent = matches!(error, Error::Status { status: 403, kind: RefusalKind::Spent, .. });
    assert!(spent && requests == 1, "{error:?}");
    let (error, _) =
        search(200, "", r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#).await;
    assert!(matches!(error, Error::Auth { status: 200, .. }), "{error:?}");
    let (error, _) = search(403, "", "<html>no</html>").await;
    assert!(matches!(error, Error::NotJson { status: 403, .. }), "{error:?}");
}

#[tokio::test]
async fn recorded_headers_pause_only_with_nothing_left() {
    let text = recording("x/search_recent_tweepy.headers.recorded-2022-10-07.json");
    let recorded: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let header = |name: &str| recorded[name][0].as_str().unwrap().to_owned();
    let (left, reset) = (header("x-rate-limit-remaining"), header("x-rate-limit-reset"));
    let found = recording("x/search_recent_tweepy.recorded-2022-10-07.json");
    for (left, held) in [(left.as_str(), false), ("0", true)] {
        let headers = format!("x-rate-limit-remaining: {left}\r\nx-rate-limit-reset: {reset}\r\n");
        let body = String::from_utf8(found.clone()).unwrap();
        let server = Scripted::start(vec![Act::reply("200 OK", &headers, &body)]).await;
        let context = context("2022-10-07T22:43:19Z");
        let client = Client::new(Some(&"k".into()), &hurried(&server.url), &context).unwrap();
        let ask = SearchRecent::of("tweepy");
        let ask = SearchRecent { start_time: Some(at("2022-10-07T22:00:00Z")), ..ask };
        assert!(client.search_recent(&ask).await.is_ok());
        let second = client.search_recent(&ask).await;
        assert_eq!(second.is_err(), held, "{left}");
        if let Err(error) = second {
            // 22:53:49 is the reset; one second is added.
            assert!(everything_said(&error).contains("left alone for 631 s"), "{error}");
        }
    }
}

#[test]
fn every_recording_is_tested() {
    let mut listed: BTreeSet<&str> = SEARCHES.iter().map(|row| row.0).collect();
    listed.extend(COUNTS.iter().map(|row| row.0));
    listed.extend(REFUSALS.iter().map(|row| row.0));
    listed.insert("search_recent_tweepy.headers.recorded-2022-10-07.json");
    for file in std::fs::read_dir("tests/recordings/x").unwrap() {
        let name = file.unwrap().file_name().to_string_lossy().into_owned();
        assert!(listed.contains(name.as_str()), "{name} is in no table of this test");
    }
}
