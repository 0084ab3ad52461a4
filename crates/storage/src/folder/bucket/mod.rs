//! A folder in a bucket of S3 or of Google Cloud Storage.
//!
//! Buckets have no locks. Instead the manifest is replaced by compare-and-swap, which the service
//! guarantees, so that a load whose commit number has been taken meanwhile can no longer commit.
//! Before its first file, a load writes a note `_tidegauge/loading/<commit>-<load id>`, and removes
//! it when it has ended: files of a noted load that can no longer commit are garbage.

mod address;
mod client;
mod directory;
mod error;
mod guard;
mod load_note;

pub(crate) use client::Bucket;
