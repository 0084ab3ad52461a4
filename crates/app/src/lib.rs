//! Loads market data and the records of a crypto exchange, real or simulated, into a warehouse, and
//! reports which cohorts become high-volume traders, which churn, and what their lifetime value is.
//!
//! This crate joins the layers: it has the configuration, the pipeline, the run history, the report,
//! and the `tidegauge` command.
//!
//! | module or type | contents |
//! |---|---|
//! | [`Tidegauge`] | an open configuration: runs, streams, backfills, resets, verifies, reports |
//! | [`Config`], [`Secrets`], [`Providers`] | settings, credentials, and the registered sources |
//! | [`pipeline`] | a pipeline of your own sources and sinks; the events and the summary of a run |
//! | [`report`] | the report, and answers to single questions |
//! | [`analyze`] | the analysis of files of purchases, without settings and warehouse |
//! | [`import`] | settings for a file, inferred from its content |
//! | [`text`] | sanitized text and tables for terminals |
//! | [`core`] | tables, batches, and the traits of sources, sinks and warehouses |
//! | [`acquisition`] | sources: APIs, live streams, files and databases |
//! | [`simulation`] | the simulated exchange |
//! | [`storage`] | sinks and warehouses |
//! | [`analytics`] | metrics and the audit |
//!
//! ```
//! # async fn run() -> tidegauge::Result<()> {
//! use std::sync::Arc;
//!
//! use tidegauge::core::SystemClock;
//! use tidegauge::pipeline::Silent;
//! use tidegauge::{Config, Secrets, Tidegauge};
//!
//! let tidegauge = Tidegauge::open(Config::demo(), Secrets::default(), Arc::new(SystemClock))?;
//! let summary = tidegauge.run(None, &Silent).await?;
//! println!("{} rows", summary.rows());
//! let page = tidegauge.report().await?.to_html()?;
//! # let _ = page;
//! # Ok(())
//! # }
//! ```

/// The examples of the READMEs and of the page on single layers, which compile as doctests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/one_layer.md")]
    struct OneLayer;
    #[doc = include_str!("../../acquisition/README.md")]
    struct Acquisition;
    #[doc = include_str!("../../analytics/README.md")]
    struct Analytics;
    #[doc = include_str!("../../app/README.md")]
    struct App;
    #[doc = include_str!("../../core/README.md")]
    struct Core;
    #[doc = include_str!("../../replay/README.md")]
    struct Replay;
    #[doc = include_str!("../../simulation/README.md")]
    struct Simulation;
    #[doc = include_str!("../../storage/README.md")]
    struct Storage;
}

pub mod analyze;
mod clock;
mod config;
mod consistent_read;
mod derived_tables;
mod error;
mod freshness;
mod gaps;
mod history;
pub mod import;
mod instruments;
mod load;
pub mod pipeline;
mod provenance;
mod providers;
mod repair;
pub mod report;
mod reset;
mod simulation_run;
mod source_check;
mod source_names;
mod sources;
mod status;
pub mod text;
mod tidegauge;

pub use config::{
    AnalyticsConfig, Config, FILE, MarketConfig, Preset, Secrets, SimulationConfig, StoreUrl,
    load_env_file, without_userinfo,
};
pub use error::{Error, Result};
pub use gaps::{ReloadSpan, ReloadSpans, SeriesGaps, SkippedSource, SourceGaps};
pub use instruments::FoundInstrument;
pub use providers::Providers;
pub use reset::{KeptTable, SinkReset};
pub use simulation_run::SimulationRun;
pub use source_check::{CheckResult, SourceStatus};
pub use sources::{Credential, SourceInfo, sources_page};
pub use status::{SourceProgress, TableOrigin, TableStatus, WarehouseStatus};
pub use tidegauge::Tidegauge;
pub use tidegauge_acquisition as acquisition;
pub use tidegauge_analytics as analytics;
pub use tidegauge_core as core;
pub use tidegauge_simulation as simulation;
pub use tidegauge_storage as storage;
/// The token by which runs are cancelled.
pub use tokio_util::sync::CancellationToken;
