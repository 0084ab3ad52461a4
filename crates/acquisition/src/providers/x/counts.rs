//! The number of posts by hour.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tidegauge_core::tables::SocialCount;
use tidegauge_core::{Batch, Span};

use super::decode::{Bucket, Counts};
use super::{SeriesKind, X, ceil};
use crate::backfill::{Continuation, RowFilter, WindowRequest, WindowResponse};
use crate::decode::dedup;
use crate::instruments::ListedInstrument;
use crate::{Error, Result};

impl X {
    /// Reads the hours that begin in a window.
    pub(super) async fn counts(
        &self,
        listed: &ListedInstrument,
        request: &WindowRequest<'_>,
    ) -> Result<WindowResponse> {
        let alignment = SeriesKind::Counts.alignment();
        let span =
            Span::new(ceil(request.window.from, alignment), ceil(request.window.to, alignment));
        if span.is_empty() {
            return Ok(WindowResponse::default());
        }
        let found = self.client.counts_recent(&listed.id, span, request.page_token).await?;
        let table = SocialCount::table();
        let mut row_filter =
            RowFilter::new(self.context.bad_rows, "social_counts", &request.series.name)
                .redacting(self.client.redactor());
        let mut hours = Vec::new();
        for (at, (row, bucket)) in found.buckets().enumerate() {
            let hour = bucket.and_then(whole_hour);
            let place = || format!("{span} {} row {at}", request.page_token.unwrap_or_default());
            if let Some(hour) = row_filter.pass(hour, place, || row.to_owned())? {
                hours.push((hour.start, hour.posts));
            }
        }
        let mut hours: BTreeMap<_, _> = dedup::last_of_each(&request.series.name, hours).collect();
        let bad = row_filter.into_bad();
        if request.page_token.is_none() && bad.is_empty() && is_whole(&found, &hours) {
            fill_missing_hours(&mut hours, span);
        }
        let hours = hours.into_iter().filter(|(start, _)| request.window.contains(*start));
        let rows = hours.map(|(start_at, posts)| SocialCount {
            symbol: listed.symbol.clone(),
            start_at,
            end_at: start_at + alignment,
            posts,
        });
        Ok(WindowResponse {
            batches: vec![Batch::from_rows(table, rows)?],
            next: found.next_token.clone().map_or(Continuation::Done, Continuation::Page),
            resume_token: None,
            bad,
            ..WindowResponse::default()
        })
    }
}

fn whole_hour(bucket: Bucket) -> Result<Bucket> {
    let alignment = SeriesKind::Counts.alignment();
    if bucket.end == bucket.start + alignment && ceil(bucket.start, alignment) == bucket.start {
        return Ok(bucket);
    }
    let (of, end) = (format!("the count of {}", bucket.start), bucket.end.to_rfc3339());
    Err(Error::value(of, "end", &end, "which does not make a whole hour"))
}

/// Returns `true` if the hours add up to X's total: the API does not guarantee that it sends hours without
/// posts.
fn is_whole(found: &Counts, hours: &BTreeMap<DateTime<Utc>, i64>) -> bool {
    let sum = hours.values().try_fold(0i64, |sum, posts| sum.checked_add(*posts));
    let agree = found.total.is_some() && sum == found.total;
    if !agree && found.next_token.is_none() {
        tracing::warn!(total = ?found.total, ?sum, "hours do not add up to the total, missing hours are not filled");
    }
    agree && found.next_token.is_none() && found.problems.is_empty()
}

/// Adds a zero for every missing hour of `span`.
fn fill_missing_hours(hours: &mut BTreeMap<DateTime<Utc>, i64>, span: Span) {
    let mut hour = span.from;
    while hour < span.to {
        hours.entry(hour).or_insert(0);
        hour += SeriesKind::Counts.alignment();
    }
}
