//! X's replies as plain rows. Pure functions of the bytes: no reply makes them panic.
//!
//! X renames its fields, from *tweet* and *retweet* to *post* and *repost*: both names are read.

use chrono::{DateTime, Utc};

use crate::decode::json::Object;
use crate::{Error, Result};

pub use super::problem::refusal;

/// A page of `/2/tweets/search/recent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The posts as they came, newest first.
    pub rows: Vec<String>,
    /// The id of the newest one; none where there is none.
    pub newest_id: Option<String>,
    /// Leads to the next page; none on the last one.
    pub next_token: Option<String>,
    /// What X could not do, in its words.
    pub problems: Vec<String>,
}

impl Search {
    /// The posts, each as it came and as it is read.
    pub fn posts(&self) -> impl Iterator<Item = (&str, Result<Post>)> {
        self.rows.iter().map(|row| (row.as_str(), post(row)))
    }
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its id, a number.
    pub id: String,
    /// What it says, with `&`, `<` and `>` written as in HTML.
    pub text: String,
    /// Whose it is; none where it was not asked for, as all that follows.
    pub author_id: Option<String>,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// Its language, BCP 47; `und` where X cannot tell.
    pub lang: Option<String>,
    /// What others did with it.
    pub metrics: Option<Metrics>,
}

/// What others did with a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// Likes.
    pub likes: i64,
    /// Reposts.
    pub reposts: i64,
    /// Replies.
    pub replies: i64,
}

/// A page of `/2/tweets/counts/recent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// The counts as they came, oldest first.
    pub rows: Vec<String>,
    /// What they add up to, as X says.
    pub total: Option<i64>,
    /// Leads to the next page; none on the last one.
    pub next_token: Option<String>,
    /// What X could not do, in its words.
    pub problems: Vec<String>,
}

impl Counts {
    /// The counts, each as it came and as it is read.
    pub fn buckets(&self) -> impl Iterator<Item = (&str, Result<Bucket>)> {
        self.rows.iter().map(|row| (row.as_str(), bucket(row)))
    }
}

/// How many posts there were from `start` up to, and without, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Where it begins.
    pub start: DateTime<Utc>,
    /// Where it ends.
    pub end: DateTime<Utc>,
    /// Posts in it.
    pub posts: i64,
}

/// What stands around the rows of any answer.
struct Envelope<'a> {
    /// Not there where nothing matches.
    rows: Vec<String>,
    meta: Object<'a>,
    problems: Vec<String>,
}

impl<'a> Envelope<'a> {
    fn parse(of: &str, body: &'a [u8]) -> Result<Self> {
        let fields = Object::parse(of, body)?;
        let rows = fields.maybe_list("data")?.into_iter().map(str::to_owned).collect();
        let problems = fields.find("errors").map(super::problem::said_in).unwrap_or_default();
        Ok(Self { rows, meta: fields.object("meta")?, problems })
    }
}

/// `/2/tweets/search/recent`.
///
/// # Errors
/// When the reply is of another shape. A post of another shape is one of [`Search::posts`].
pub fn search(body: &[u8]) -> Result<Search> {
    let Envelope { rows, meta, problems } = Envelope::parse("search/recent", body)?;
    let (newest_id, next_token) = (meta.maybe_text("newest_id")?, meta.maybe_text("next_token")?);
    Ok(Search { rows, newest_id, next_token, problems })
}

/// `/2/tweets/counts/recent`.
///
/// # Errors
/// When the reply is of another shape. A count of another shape is one of [`Counts::buckets`].
pub fn counts(body: &[u8]) -> Result<Counts> {
    const TOTAL: [&str; 2] = ["total_tweet_count", "total_post_count"];
    let Envelope { rows, meta, problems } = Envelope::parse("counts/recent", body)?;
    let is_told = TOTAL.iter().any(|name| meta.find(name).is_some());
    let total = if is_told { Some(count("counts/recent", &meta, TOTAL)?) } else { None };
    Ok(Counts { rows, total, next_token: meta.maybe_text("next_token")?, problems })
}

/// A post of a search.
///
/// # Errors
/// When a field is of another type than it was, or its id or its time are none.
pub fn post(row: &str) -> Result<Post> {
    let fields = Object::parse("a post", row.as_bytes())?;
    let id = fields.text("id")?;
    if id.parse::<u64>().is_err() {
        return Err(Error::value("a post", "id", &id, "which is not a number of 64 bits"));
    }
    let of = format!("post {id}");
    let fields = fields.about(of.clone());
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

/// A count of a span.
///
/// # Errors
/// When a field is of another type than it was, the count is negative, or the span is empty.
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

/// A whole number of zero or more, under the first of `names` that is there.
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
    fn the_old_names_and_the_new_ones_are_read() {
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
    fn a_row_that_cannot_be_is_refused_by_name() {
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
