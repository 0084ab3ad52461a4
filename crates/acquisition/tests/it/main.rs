//! Tests of the sources through their public API and on the wire.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // helpers of tests, too

mod backfill;
mod coingecko;
mod conformance;
mod database;
mod dead_symbol;
mod exchangerate_api;
mod export_layouts;
mod export_rules;
mod export_values;
mod faults;
mod files;
mod files_notes;
mod fx;
mod import;
mod import_shops;
mod kraken_stream;
mod market_replies;
mod own_data;
mod presets;
mod properties;
mod recorded;
mod replies;
mod roundtrips;
mod sentiment;
mod socket;
mod support;
mod synthetic_market;
mod tls;
mod twelvedata;
mod twelvedata_stream;
mod values;
mod x;
mod x_replies;
