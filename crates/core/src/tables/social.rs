//! Tables of social media posts.

use chrono::{DateTime, Utc};

table! {
    /// Posts that mention an instrument; one that mentions two is there for each.
    "social_posts" => SocialPost;
    key: ["post_id", "symbol"];
    time: "created_at";
    write: Merge;
    /// The post.
    post_id: String,
    /// Whose.
    author_id: String,
    /// What it says.
    text: String,
    /// Its language, BCP 47.
    lang: Option<String>,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// Likes.
    like_count: i64,
    /// Reposts.
    repost_count: i64,
    /// Replies.
    reply_count: i64,
    /// The instrument.
    symbol: String,
    /// From -1 (bad) to 1 (good); null where it was not scored.
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
    /// Where the interval begins.
    start_at: DateTime<Utc>,
    /// Where it ends; that instant is not in it.
    end_at: DateTime<Utc>,
    /// Posts in it.
    posts: i64,
}
