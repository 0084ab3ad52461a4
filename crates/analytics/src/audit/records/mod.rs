//! The records that the audit checks: the users' tables, read in slices of users.

mod columns;
mod cross_slice;
mod record_set;
mod scope;
mod slice;
mod tables;
mod time_parts;
mod user_slices;
mod user_tables;

pub(super) use columns::{NullableAmounts, Strings, nullable_amounts, strings};
pub(super) use cross_slice::{ForeignRows, MAX_LOOKUPS};
pub(super) use record_set::Records;
pub(super) use scope::AuditScope;
pub(super) use slice::Slice;
pub(super) use tables::{GroundTruth, LedgerEntries, Orders, Trades, Transfers, UserRecord};
pub(super) use time_parts::{TimePart, time_parts};
pub(super) use user_slices::{UserIndex, split_range};
pub(super) use user_tables::{scan, user_tables, with_nullable_columns};
