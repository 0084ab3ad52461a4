//! Conformance tests of what every [`Source`](crate::Source), [`Sink`] and [`Warehouse`] promises:
//! the built-in ones pass them, and every other implementation should.
//!
//! To use them, enable the feature `conformance` in a test of your crate (which needs tokio with
//! `macros` and `rt`):
//!
//! ```ignore
//! struct Mine(/* where it is */);
//!
//! #[async_trait::async_trait]
//! impl tidegauge_core::conformance::Subject for Mine { /* … */ }
//!
//! tidegauge_core::sink_promises!(mine, Some(Mine::new()));
//! tidegauge_core::warehouse_promises!(mine_reads, Some(Mine::new()));
//! ```
//!
//! A source is tested as a [`SourceSubject`](source::SourceSubject) by
//! `tidegauge_core::source_promises!(mine, Some(Mine::new()))`.
//!
//! Each promise becomes a separate test with a new store. If the expression is `None`, for example
//! because a server is not installed, the test is skipped.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // these are tests

pub mod concurrency;
pub mod duplicates;
pub mod filters;
pub mod integrity;
pub mod replace;
pub mod reset;
pub mod rows;
pub mod sink;
pub mod source;
pub mod streams;
pub mod warehouse;

use std::sync::Arc;

use async_trait::async_trait;

use futures_util::TryStreamExt;

use crate::{Scan, Sink, TableRef, Warehouse};

/// A store under test, empty at first.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Creates a new, empty store of the same kind.
    fn another(&self) -> Box<dyn Subject>;

    /// Opens a new handle to the store, as another process would.
    fn sink(&self) -> Arc<dyn Sink>;

    /// Opens a new handle for reading; `None` if the store cannot be read back.
    fn warehouse(&self) -> Option<Arc<dyn Warehouse>> {
        None
    }

    /// Returns the number of rows of `table` that are visible in the store. A sink that cannot be
    /// read back must implement it.
    async fn rows(&self, table: &TableRef) -> usize {
        let warehouse = self.warehouse().expect("say how its rows are counted");
        let batches = warehouse.scan(&Scan::all(table)).await.unwrap();
        let counted = batches.try_fold(0, |rows, batch| async move { Ok(rows + batch.rows()) });
        counted.await.unwrap()
    }

    /// Drops `table` as a database client would, bypassing the sink. Returns `false` if the store
    /// does not support it.
    async fn drop_table(&self, table: &TableRef) -> bool {
        let _ = table;
        false
    }

    /// Deletes the rows of `table` but not the table, bypassing the sink. Returns `false` if the
    /// store does not support it.
    async fn empty_table(&self, table: &TableRef) -> bool {
        let _ = table;
        false
    }

    /// Changes the cursor of `source`, bypassing the sink. Returns `false` if the store does not
    /// support it.
    async fn change_cursor(&self, source: &str, cursor: &str) -> bool {
        let _ = (source, cursor);
        false
    }
}

/// Defines a test module `$name` with one test for each promise of a [`Sink`].
#[macro_export]
macro_rules! sink_promises {
    ($name:ident, $subject:expr) => {
        $crate::promises!(
            $name, $subject, sink: [
                a_load_moves_its_cursor_and_only_its_own,
                a_load_that_expects_another_cursor_is_a_conflict,
                of_a_load_that_fails_nothing_is_kept,
                an_append_table_refuses_a_key_that_it_holds,
                tables_need_no_preparing,
                preparing_twice_is_preparing_once,
                a_load_without_rows_moves_the_cursor,
                any_value_is_taken,
                a_table_that_changed_is_refused_by_column,
                of_loaders_that_race_exactly_one_wins,
                of_racers_without_rows_exactly_one_wins,
                cursors_are_given_at_once,
                a_history_of_loads_passes_the_check,
                a_table_that_was_dropped_under_a_cursor_is_noticed,
                a_table_that_was_emptied_under_a_cursor_is_noticed,
                a_cursor_that_was_changed_by_hand_is_noticed,
                a_lease_has_one_holder,
                capabilities_are_those_of_the_store,
                the_built_in_tables_are_taken,
                a_million_rows_are_taken_at_once
            ],
            duplicates: [
                new_rows_are_counted_as_inserted,
                merged_rows_of_one_load_are_counted_in_their_order,
                identical_rows_are_skipped_and_counted,
                a_row_that_differs_is_refused,
                a_row_that_differs_is_set_aside,
                every_row_that_is_set_aside_is_kept,
                a_note_that_comes_again_takes_the_place_of_the_one_before,
                a_row_that_differs_replaces_the_one_before,
                a_null_differs_from_a_value
            ],
            reset: [
                a_reset_removes_rows_and_cursors_together,
                a_reset_leaves_the_rows_of_other_keys,
                a_reset_that_expects_another_cursor_is_a_conflict,
                a_reset_without_rows_or_tables_removes_nothing,
                a_dry_run_counts_and_changes_nothing,
                of_a_load_and_a_reset_that_race_one_wins,
                a_sink_that_cannot_reset_says_so
            ],
            replace: [
                a_snapshot_is_all_there_is_of_its_table,
                a_snapshot_that_is_refused_leaves_the_one_before,
                a_snapshot_takes_what_was_known_of_the_rows_before_with_it,
                of_two_snapshots_one_is_there
            ]
        );
    };
}

/// Defines a test module `$name` with one test for each promise of a [`Warehouse`].
#[macro_export]
macro_rules! warehouse_promises {
    ($name:ident, $subject:expr) => {
        $crate::promises!(
            $name, $subject, warehouse: [
                of_merged_rows_the_newest_stays,
                merging_takes_keys_of_any_type,
                a_table_that_is_nothing_but_key_can_be_merged,
                what_is_not_there_reads_as_no_rows,
                many_rows_come_back_whatever_the_page_size,
                reading_needs_no_writer_and_sees_what_is_committed,
                a_column_that_rows_may_lack_is_added,
                a_range_gives_the_rows_in_it,
                in_a_range_the_newest_row_counts_wherever_the_older_lay,
                summaries_are_those_of_the_rows,
                a_summary_that_makes_no_sense_is_refused
            ],
            filters: [
                every_filter_keeps_its_rows,
                filters_and_projections_go_together,
                a_time_range_gives_the_rows_of_that_time,
                a_filter_that_makes_no_sense_is_refused
            ],
            streams: [
                batches_are_bounded,
                a_limit_gives_so_many_rows,
                a_dropped_stream_frees_what_it_held,
                a_stream_is_of_one_snapshot
            ]
        );
    };
}

/// Defines a test module `$name` with one test for each promise of a [`Source`](crate::Source).
#[macro_export]
macro_rules! source_promises {
    ($name:ident, $subject:expr) => {
        $crate::promises!(
            $name, $subject, source: [
                pages_are_bounded,
                the_same_cursor_gives_the_same_page,
                with_nothing_new_the_cursor_stays,
                a_fetch_that_is_dropped_leaves_no_state,
                batches_are_of_the_declared_tables
            ]
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! promises {
    ($name:ident, $subject:expr, $($of:ident: [$($promise:ident),+]),+) => {
        mod $name {
            #[allow(unused_imports)] // of imports that the subject needs
            use super::*;
            $($(
                #[tokio::test]
                async fn $promise() {
                    if let Some(subject) = $subject {
                        $crate::conformance::$of::$promise(&subject).await;
                    }
                }
            )+)+
        }
    };
}
