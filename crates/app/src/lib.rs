//! Analytics of an exchange's records, or of a simulated exchange, with market data: which cohorts
//! become high-volume traders, which churn, and what their lifetime value is.
//!
//! The layers are re-exported under their own names ([`core`], [`acquisition`], [`simulation`],
//! [`storage`], [`analytics`]); this crate joins them: it has the configuration, the pipeline,
//! the report, and the `tidegauge` command.
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
//! let page = tidegauge.report().await?.to_html()?;
//! # let _ = (summary, page);
//! # Ok(())
//! # }
//! ```

/// The examples of the README, of those of the crates, and of the page on single layers, which compile as doctests.
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
