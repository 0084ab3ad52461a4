//! The decoder of X's replies to plain rows: pure functions of the bytes, which do not panic on any reply.
//!
//! X is renaming its fields from *tweet* and *retweet* to *post* and *repost*: both names are read.

use chrono::{DateTime, Utc};

use crate::decode::json_object::Object;
use crate::{Error, Result};

pub use super::problem::refusal;

/// A page of `/2/tweets/search/recent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The posts as raw JSON, newest first.
    pub rows: Vec<String>,
    /// The id of the newest post; `None` without posts.
    pub newest_id: Option<String>,
    /// The pagination token of the next page; `None` on the last one.
    pub next_token: Option<String>,
    /// The problems of a partial answer, in X's own words.
    pub problems: Vec<String>,
}

impl Search {
    /// Returns the posts, each as raw JSON and decoded.
    pub fn posts(&self) -> impl Iterator<Item = (&str, Result<Post>)> {
        self.rows.iter().map(|row| (row.as_str(), post(row)))
    }
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The id, a number.
    pub id: String,
    /// The text, with `&`, `<` and `>` escaped as in HTML.
    pub text: String,
    /// The author; `None` if it was not requested, like all that follows.
    pub author_id: Option<String>,
    /// The time of writing.
    pub created_at: Option<DateTime<Utc>>,
    /// The language, BCP 47; `und` if X cannot tell.
    pub lang: Option<String>,
    /// The engagement metrics.
    pub metrics: Option<Metrics>,
}

/// The engagement metrics of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// The number of likes.
    pub likes: i64,
    /// The number of reposts.
    pub reposts: i64,
    /// The number of replies.
    pub replies: i64,
}

/// A page of `/2/tweets/counts/recent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// The counts as raw JSON, oldest first.
    pub rows: Vec<String>,
    /// The total as reported by X.
    pub total: Option<i64>,
    /// The pagination token of the next page; `None` on the last one.
    pub next_token: Option<String>,
    /// The problems of a partial answer, in X's own words.
    pub problems: Vec<String>,
}

impl Counts {
    /// Returns the counts, each as raw JSON and decoded.
    pub fn buckets(&self) -> impl Iterator<Item = (&str, Result<Bucket>)> {
        self.rows.iter().map(|row| (row.as_str(), bucket(row)))
    }
}

/// The number of posts from `start`, inclusive, to `end`, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The inclusive start.
    pub start: DateTime<Utc>,
    /// The exclusive end.
    pub end: DateTime<Utc>,
    /// The number of posts.
    pub posts: i64,
}

/// The envelope of the rows of any answer.
struct Envelope<'a> {
    /// The rows as raw JSON; X omits the field if nothing matches.
    rows: Vec<String>,
    meta: Object<'a>,
    problems: Vec<String>,
}

impl<'a> Envelope<'a> {
    fn parse(of: &str, body: &'a [u8]) -> Result<Self> {
        let fields = Object::parse(of, body)?;
        let rows = fields.maybe_list("data")?.into_iter().map(str::to_owned).collect();
        let problems = fields.find("errors").map(super::problem::messages_in).unwrap_or_default();
        Ok(Self { rows, meta: fields.object("meta")?, problems })
    }
}

/// Decodes `/2/tweets/search/recent`.
///
/// # Errors
/// When the reply has another shape. The error of an invalid post is in [`Search::posts`].
pub fn search(body: &[u8]) -> Result<Search> {
    let Envelope { rows, meta, problems } = Envelope::parse("search/recent", body)?;
    let (newest_id, next_token) = (meta.maybe_text("newest_id")?, meta.maybe_text("next_token")?);
    Ok(Search { rows, newest_id, next_token, problems })
}

/// Decodes `/2/tweets/counts/recent`.
///
/// # Errors
/// When the reply has another shape. The error of an invalid count is in [`Counts::buckets`].
pub fn counts(body: &[u8]) -> Result<Counts> {
    const TOTAL: [&str; 2] = ["total_tweet_count", "total_post_count"];
    let Envelope { rows, meta, problems } = Envelope::parse("counts/recent", body)?;
    let is_present = TOTAL.iter().any(|name| meta.find(name).is_some());
    let total = if is_present { Some(count("counts/recent", &meta, TOTAL)?) } else { None };
    Ok(Counts { rows, total, next_token: meta.maybe_text("next_token")?, problems })
}

/// Decodes a post of a search.
///
/// # Errors
/// When a field is missing or has another type, or the id or the time is invalid.
pub fn post(row: &str) -> Result<Post> {
    let fields = Object::parse("a post", row.as_bytes())?;
    let id = fields.text("id")?;
    if id.parse::<u64>().is_err() {
        return Err(Error::value("a post", "id", &id, "which is not a number of 64 bits"));
    }
    let of = format!("post {id}");
    let fields = fields.with_subject(of.clone());
    let metrics = match fields.find("public_metrics") {
        Some(_) => Some(metrics(&of, &fields.object("public_metrics")?)?),
        None => None,
    };
    let created_at = fields.maybe_text("created_at")?;
    Ok(Post {
        id,
        text: fields.text("text")?,
        author_id: fields.maybe_text("author_id")?,
        created_at: created_at.map(|at| time(&of, "created_at", &at)).transpose()?,
        lang: fields.maybe_text("lang")?,
        metrics,
    })
}

fn metrics(of: &str, fields: &Object<'_>) -> Result<Metrics> {
    Ok(Metrics {
        likes: count(of, fields, ["like_count"])?,
        reposts: count(of, fields, ["retweet_count", "repost_count"])?,
        replies: count(of, fields, ["reply_count"])?,
    })
}

/// Decodes a count of a span.
///
/// # Errors
/// When a field is missing or has another type, the count is negative, or the span is empty.
pub fn bucket(row: &str) -> Result<Bucket> {
    let fields = Object::parse("a count", row.as_bytes())?;
    let (start, end) = (fields.text("start")?, fields.text("end")?);
    let of = format!("the count of {start}");
    let bucket = Bucket {
        start: time(&of, "start", &start)?,
        end: time(&of, "end", &end)?,
        posts: count(&of, &fields, ["tweet_count", "post_count"])?,
    };
    if bucket.end <= bucket.start {
        return Err(Error::value(of, "end", &end, "which is not behind its start"));
    }
    Ok(bucket)
}

/// Returns an integer of zero or more, from the first of `names` that exists.
fn count<const N: usize>(of: &str, fields: &Object<'_>, names: [&str; N]) -> Result<i64> {
    let there = names.into_iter().find(|name| fields.find(name).is_some());
    let name = there.or(names.first().copied()).unwrap_or_default();
    let count: i64 = fields.integer(name)?;
    if count < 0 {
        return Err(Error::value(of, name, &count.to_string(), "which is negative"));
    }
    Ok(count)
}

fn time(of: &str, field: &str, text: &str) -> Result<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.map_err(|_| Error::value(of, field, text, "which is not a time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_field_names_are_read() {
        for name in ["retweet_count", "repost_count"] {
            let row = format!(
                r#"{{"id":"1","text":"","public_metrics":{{"like_count":1,"{name}":2,"reply_count":3}}}}"#
            );
            let metrics = post(&row).unwrap().metrics.unwrap();
            assert_eq!((metrics.likes, metrics.reposts, metrics.replies), (1, 2, 3));
        }
        for (one, all) in [("tweet_count", "total_tweet_count"), ("post_count", "total_post_count")]
        {
            let body = format!(
                r#"{{"data":[{{"start":"2026-01-01T00:00:00Z","end":"2026-01-01T01:00:00.000Z","{one}":7}}],"meta":{{"{all}":7}}}}"#
            );
            let counts = counts(body.as_bytes()).unwrap();
            assert_eq!(counts.total, Some(7));
            assert_eq!(counts.buckets().next().unwrap().1.unwrap().posts, 7);
        }
    }

    #[test]
    fn an_impossible_row_is_rejected_with_its_name() {
        for (row, says) in [
            (r#"{"id":"12x","text":""}"#, "`12x`"),
            (r#"{"id":1,"text":""}"#, "`id`"),
            (r#"{"id":"1"}"#, "`text`"),
            (r#"{"id":"1","text":"","created_at":"noon"}"#, "`noon`"),
            (r#"{"id":"1","text":"","public_metrics":{"like_count":1}}"#, "`retweet_count`"),
            (r#"{"id":"1","text":"","public_metrics":{"like_count":-1}}"#, "negative"),
        ] {
            let error = post(row).unwrap_err().to_string();
            assert!(error.contains(says), "{error} should say {says}");
        }
        let backwards =
            r#"{"start":"2026-01-01T01:00:00Z","end":"2026-01-01T00:00:00Z","post_count":7}"#;
        assert!(bucket(backwards).unwrap_err().to_string().contains("behind its start"));
    }
}
