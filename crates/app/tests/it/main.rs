//! Tests of the command and of the pipeline, and of the boundaries between the layers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // helpers of tests, too

mod analyze;
mod analyze_options;
mod audit;
mod canary;
mod cases;
mod cli;
mod common;
mod configuration;
mod derived;
mod equality;
mod exchange;
mod faults;
mod gaps;
mod import;
mod kill;
mod layers;
mod live;
mod market;
mod market_end;
mod output;
mod overlaps;
mod own_data;
mod own_rows;
mod own_sources;
mod pipeline;
mod repair;
mod report;
mod report_parameters;
mod reset;
mod runs;
mod secrets;
mod shop;
mod stores;
mod under_load;
