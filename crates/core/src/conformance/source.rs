//! Conformance of sources.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;

use crate::{Batch, Cursor, Page, Source};

/// A source under test in a fixed environment: the clock does not move, and the remote side gives
/// the same response to the same request.
#[async_trait]
pub trait SourceSubject: Send + Sync {
    /// Opens a new handle to the source, as another process would.
    async fn source(&self) -> Arc<dyn Source>;

    /// Returns the maximum number of rows of a page, given the settings of the source.
    fn most_rows(&self) -> usize;
}

/// The maximum number of pages that a test reads before it fails.
const MAX_PAGES: usize = 10_000;

/// The number of pages that are read of a live source, which never ends.
const LIVE_PAGES: usize = 5;

/// The maximum number of polls of a fetch before it is dropped; tests use 1 to this many.
const MAX_POLLS: usize = 8;

/// Reads the pages from the first one on, each with the cursor that it was fetched with, until the
/// source is done; of a live source only the first [`LIVE_PAGES`].
async fn read(source: &dyn Source) -> Vec<(Option<Cursor>, Page)> {
    let (mut pages, mut before) = (Vec::new(), None);
    loop {
        let page = fetch(source, before.as_ref()).await;
        let (after, done) = (page.cursor.clone(), page.done);
        pages.push((before.replace(after), page));
        if done || (source.capabilities().live && pages.len() >= LIVE_PAGES) {
            return pages;
        }
        assert!(pages.len() < MAX_PAGES, "after {MAX_PAGES} pages it is not done");
    }
}

async fn fetch(source: &dyn Source, cursor: Option<&Cursor>) -> Page {
    source.fetch(cursor).await.unwrap_or_else(|error| panic!("at {cursor:?}: {error}"))
}

fn is_same(left: &Batch, right: &Batch) -> bool {
    left.table() == right.table() && left.record() == right.record()
}

/// Panics unless both pages have the same rows, cursor and end.
#[track_caller]
fn assert_same(left: &Page, right: &Page, at: Option<&Cursor>) {
    assert_eq!(left.cursor, right.cursor, "the cursor after the page at {at:?}");
    assert_eq!(left.done, right.done, "whether the page at {at:?} is the last");
    assert_eq!(left.batches.len(), right.batches.len(), "the batches of the page at {at:?}");
    for (left, right) in left.batches.iter().zip(&right.batches) {
        let table = &left.table().name;
        assert!(is_same(left, right), "the rows of `{table}` in the page at {at:?} differ");
    }
}

/// Checks that a page has no more rows than the settings allow, and that pages come to an end.
pub async fn pages_are_bounded(subject: &dyn SourceSubject) {
    let source = subject.source().await;
    assert!(!source.name().is_empty());
    let mut rows = 0;
    for (at, page) in read(&*source).await {
        assert!(page.rows() <= subject.most_rows(), "{} rows at {at:?}", page.rows());
        rows += page.rows();
    }
    assert!(rows > 0 || source.capabilities().live, "a source without rows proves nothing");
}

/// Checks that the same cursor gives the same page, through the same handle and another one; for a
/// live source, through the same handle until the next page is fetched.
pub async fn the_same_cursor_gives_the_same_page(subject: &dyn SourceSubject) {
    let source = subject.source().await;
    if source.capabilities().live {
        let mut before = None;
        for _ in 0..LIVE_PAGES {
            let page = fetch(&*source, before.as_ref()).await;
            if before.as_ref() != Some(&page.cursor) {
                let again = fetch(&*source, before.as_ref()).await;
                assert_same(&page, &again, before.as_ref());
            }
            before = Some(page.cursor);
        }
        return;
    }
    let pages = read(&*source).await;
    // In reverse order, so that no fetch follows the one of the preceding page.
    for (before, page) in pages.iter().rev() {
        // The cursor of the last page itself gives an empty page, since nothing is new.
        if before.as_ref() != Some(&page.cursor) {
            assert_same(page, &fetch(&*source, before.as_ref()).await, before.as_ref());
        }
    }
    let another = subject.source().await;
    for ((before, page), (_, again)) in pages.iter().zip(&read(&*another).await) {
        assert_same(page, again, before.as_ref());
    }
}

/// Checks that without new data there are no batches, the cursor stays, and the source is done.
pub async fn with_nothing_new_the_cursor_stays(subject: &dyn SourceSubject) {
    let source = subject.source().await;
    if source.capabilities().live {
        return;
    }
    let pages = read(&*source).await;
    let Some((_, last)) = pages.last() else { panic!("not even a first page") };
    for source in [source, subject.source().await] {
        for _ in 0..2 {
            let nothing = fetch(&*source, Some(&last.cursor)).await;
            assert_eq!(nothing.rows(), 0, "rows after the end");
            assert!(nothing.batches.is_empty(), "batches after the end");
            assert_eq!(nothing.cursor, last.cursor, "the cursor moves though nothing is new");
            assert!(nothing.done, "it is not done, and has nothing");
        }
    }
}

/// Checks that a dropped fetch leaves no state behind: the next one returns the same page. For a
/// live source no message may be lost or repeated either; that depends on the remote side and is
/// left to the source's own tests.
pub async fn a_fetch_that_is_dropped_leaves_no_state(subject: &dyn SourceSubject) {
    let (source, interrupted) = (subject.source().await, subject.source().await);
    if source.capabilities().live {
        return;
    }
    for (at, (before, page)) in read(&*source).await.into_iter().enumerate() {
        {
            let mut dropped = pin!(interrupted.fetch(before.as_ref()));
            let mut polls = at % MAX_POLLS + 1;
            poll_fn(|context| {
                polls -= 1;
                match dropped.as_mut().poll(context) {
                    Poll::Pending if polls > 0 => Poll::Pending,
                    _ => Poll::Ready(()),
                }
            })
            .await;
        }
        assert_same(&page, &fetch(&*interrupted, before.as_ref()).await, before.as_ref());
    }
}

/// Checks that a page has batches of the declared tables only.
pub async fn batches_are_of_the_declared_tables(subject: &dyn SourceSubject) {
    let source = subject.source().await;
    let tables = source.tables();
    assert!(!tables.is_empty(), "it declares no tables");
    for (at, page) in read(&*source).await {
        for batch in &page.batches {
            let table = batch.table();
            assert!(tables.contains(table), "`{}` at {at:?} is not declared", table.name);
        }
    }
}
