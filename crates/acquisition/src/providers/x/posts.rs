//! The posts of X.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use tidegauge_core::tables::SocialPost;
use tidegauge_core::{Batch, Span};

use super::client::{LOOKBACK, SearchRecent};
use super::decode::{Post, Search};
use super::{LOOKBACK_MARGIN, SeriesKind, X, ceil, floor};
use crate::backfill::{Continuation, RowFilter, WindowRequest, WindowResponse};
use crate::instruments::ListedInstrument;
use crate::{Error, Result};

/// The allowed clock skew of X.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(10);

/// A position in the search: a page, and the parameters of its request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct SearchPosition<'a> {
    token: Option<&'a str>,
    since_id: Option<&'a str>,
    /// Whether the window was restarted because X no longer accepted the position.
    restarted: bool,
}

impl<'a> SearchPosition<'a> {
    const RESTARTED: Self = Self { token: None, since_id: None, restarted: true };

    /// Returns the position at which the window of `ask` continues or begins.
    fn of(request: &WindowRequest<'a>) -> Self {
        if let Some(page) = request.page_token {
            return Self::parse(page);
        }
        // X accepts only ids within its lookback.
        let known = |id: &&str| {
            time_of_id(id).is_some_and(|at| at > request.now - (LOOKBACK - LOOKBACK_MARGIN))
        };
        Self {
            since_id: request.resume_token.filter(|_| request.reaches_now).filter(known),
            ..Self::default()
        }
    }

    /// Returns the position of the page of `token` as text: the token alone, or with the parameters of the
    /// request.
    fn next(self, token: &str) -> String {
        match (self.since_id, self.restarted) {
            (Some(since_id), _) => format!("{token} since {since_id}"),
            (None, true) => format!("{token} anew"),
            (None, false) => token.to_owned(),
        }
    }

    fn parse(page: &'a str) -> Self {
        let (token, how) = page.split_once(' ').unwrap_or((page, ""));
        Self { token: Some(token), since_id: how.strip_prefix("since "), restarted: how == "anew" }
    }
}

/// Returns the time of the post with this id, which contains the milliseconds since the first id.
fn time_of_id(id: &str) -> Option<DateTime<Utc>> {
    const FIRST: u64 = 1_288_834_974_657;
    let millis = (id.parse::<u64>().ok()? >> 22).checked_add(FIRST)?;
    DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)
}

impl X {
    /// Reads a page of the posts of a window, newest first.
    ///
    /// At the present, posts are requested after the last id seen instead of by time, which includes posts
    /// that X indexed late.
    pub(super) async fn posts(
        &self,
        listed: &ListedInstrument,
        request: &WindowRequest<'_>,
    ) -> Result<WindowResponse> {
        let position = SearchPosition::of(request);
        match self.search(listed, request, position).await {
            Ok(found) => self.build_response(listed, request, position, &found),
            // The restart happens once: a second refusal is reported.
            Err(error)
                if position != SearchPosition::default()
                    && !position.restarted
                    && is_stale(&error) =>
            {
                tracing::warn!(series = request.series.name, %error, "page token or id expired, restarting the window");
                let position = SearchPosition::RESTARTED;
                self.build_response(
                    listed,
                    request,
                    position,
                    &self.search(listed, request, position).await?,
                )
            }
            Err(error) => Err(error),
        }
    }

    async fn search(
        &self,
        listed: &ListedInstrument,
        request: &WindowRequest<'_>,
        position: SearchPosition<'_>,
    ) -> Result<Search> {
        let Span { from, to } = request.window;
        let (alignment, by_time) = (SeriesKind::Posts.alignment(), position.since_id.is_none());
        let search = SearchRecent {
            start_time: by_time.then(|| floor(from, alignment)),
            end_time: by_time.then(|| ceil(to, alignment)),
            since_id: position.since_id,
            next_token: position.token,
            max_results: self.config.max_results,
            ..SearchRecent::of(&listed.id)
        };
        self.client.search_recent(&search).await
    }

    fn build_response(
        &self,
        listed: &ListedInstrument,
        request: &WindowRequest<'_>,
        position: SearchPosition<'_>,
        found: &Search,
    ) -> Result<WindowResponse> {
        let mut row_filter =
            RowFilter::new(self.context.bad_rows, "social_posts", &request.series.name)
                .redacting(self.client.redactor());
        let (mut seen, mut rows) = (BTreeSet::new(), Vec::new());
        for (at, (row, post)) in found.posts().enumerate() {
            let id = post.as_ref().ok().map(|post| post.id.clone());
            let unnamed = || {
                format!("{} {} row {at}", request.window, request.page_token.unwrap_or_default())
            };
            let read = post.and_then(|post| self.row(listed, post, request.now));
            let Some(read) =
                row_filter.pass(read, || id.unwrap_or_else(unnamed), || row.to_owned())?
            else {
                continue;
            };
            let wanted = position.since_id.is_some() || request.window.contains(read.created_at);
            if wanted && seen.insert(read.post_id.clone()) {
                rows.push(read);
            }
        }
        let newest = larger_id(found.newest_id.as_deref(), request.resume_token);
        Ok(WindowResponse {
            batches: vec![Batch::from_rows(SocialPost::table(), rows)?],
            next: found
                .next_token
                .as_deref()
                .map_or(Continuation::Done, |token| Continuation::Page(position.next(token))),
            resume_token: newest.map(str::to_owned),
            bad: row_filter.into_bad(),
            ..WindowResponse::default()
        })
    }

    fn row(&self, listed: &ListedInstrument, post: Post, now: DateTime<Utc>) -> Result<SocialPost> {
        let of = format!("post {}", post.id);
        let missing = |field| Error::decode(&of, field, "it is missing");
        let metrics = post.metrics.ok_or_else(|| missing("public_metrics"))?;
        let created_at = post.created_at.ok_or_else(|| missing("created_at"))?;
        if created_at > now + MAX_CLOCK_SKEW {
            let reason = "which is in the future: check this machine's clock";
            return Err(Error::value(of, "created_at", &created_at.to_rfc3339(), reason));
        }
        let sentiment = self.score(&of, &post)?;
        Ok(SocialPost {
            author_id: post.author_id.ok_or_else(|| missing("author_id"))?,
            post_id: post.id,
            text: post.text,
            lang: post.lang,
            created_at,
            like_count: metrics.likes,
            repost_count: metrics.reposts,
            reply_count: metrics.replies,
            symbol: listed.symbol.clone(),
            sentiment,
        })
    }

    fn score(&self, of: &str, post: &Post) -> Result<Option<f64>> {
        let Some(sentiment) = &self.sentiment else { return Ok(None) };
        let Some(score) = sentiment.score(&unescaped(&post.text), post.lang.as_deref()) else {
            return Ok(None);
        };
        if (-1.0..=1.0).contains(&score) {
            return Ok(Some(score));
        }
        let field = format!("sentiment by `{}`", sentiment.name());
        Err(Error::value(of, field, &score.to_string(), "which is not between -1 and 1"))
    }
}

/// Returns `true` if X rejects the id or the page to continue from, both of which expire.
fn is_stale(error: &Error) -> bool {
    let Error::Status { status: 400, message, .. } = error else { return false };
    ["since_id", "next_token", "pagination_token"].iter().any(|name| message.contains(name))
}

/// Returns a text with the three HTML escapes of X undone.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Returns the larger of two ids, compared as numbers.
fn larger_id<'a>(one: Option<&'a str>, other: Option<&'a str>) -> Option<&'a str> {
    one.into_iter().chain(other).max_by_key(|id| id.parse::<u64>().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_post_is_derived_from_its_id() {
        let at = time_of_id("1578516068309794817").unwrap();
        assert_eq!(at.to_rfc3339(), "2022-10-07T22:42:12.752+00:00");
        assert_eq!(time_of_id("x"), None);
        assert!(time_of_id("18446744073709551615").is_some());
    }

    #[test]
    fn a_search_position_round_trips() {
        for (since_id, restarted) in [(None, false), (Some("7"), false), (None, true)] {
            let position = SearchPosition { token: None, since_id, restarted };
            let next = position.next("b26v");
            assert_eq!(
                SearchPosition::parse(&next),
                SearchPosition { token: Some("b26v"), ..position }
            );
        }
    }

    #[test]
    fn ids_are_compared_as_numbers() {
        assert_eq!(larger_id(Some("99"), Some("100")), Some("100"));
        assert_eq!(larger_id(None, Some("1")), Some("1"));
        assert_eq!(larger_id(Some("2"), None), Some("2"));
    }
}
