//! Tables of social media posts.

use chrono::{DateTime, Utc};

table! {
    /// Posts that mention an instrument; a post that mentions two has two rows.
    "social_posts" => SocialPost;
    key: ["post_id", "symbol"];
    time: "created_at";
    write: Merge;
    /// The id of the post.
    post_id: String,
    /// The id of the author.
    author_id: String,
    /// The text of the post.
    text: String,
    /// The language, BCP 47.
    lang: Option<String>,
    /// The time at which it was written.
    created_at: DateTime<Utc>,
    /// The number of likes.
    like_count: i64,
    /// The number of reposts.
    repost_count: i64,
    /// The number of replies.
    reply_count: i64,
    /// The instrument.
    symbol: String,
    /// The sentiment score from -1 (negative) to 1 (positive); null if not scored.
    sentiment: Option<f64>,
}

table! {
    /// Number of posts that mention an instrument.
    "social_counts" => SocialCount;
    key: ["symbol", "start_at"];
    time: "start_at";
    write: Merge;
    /// The instrument.
    symbol: String,
    /// The start of the interval, included.
    start_at: DateTime<Utc>,
    /// The end, excluded.
    end_at: DateTime<Utc>,
    /// The number of posts in the interval.
    posts: i64,
}
