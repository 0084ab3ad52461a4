//! A custom source in the registry: it has its own section in `tidegauge.toml`, appears in the list
//! of `tidegauge sources`, and its attribution is shown in the report.
//!
//!     cargo run --example your_own_source
//!
//! `custom_source.rs` shows the source itself; this example shows how a program makes it available
//! to users in the configuration.

#![allow(clippy::print_stdout)] // an example prints its results

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidegauge::acquisition::{self, Opening, Provider, SourceHandle, SourceSpec};
use tidegauge::core::tables::FxRate;
use tidegauge::core::{Batch, Cursor, Page, Result, Source, SystemClock, TableRef};
use tidegauge::pipeline::Silent;
use tidegauge::{Config, Providers, Secrets, Tidegauge};

/// The settings of the source: the section `[company_rates]` of `tidegauge.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    currencies: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { currencies: vec!["CHF".into(), "SEK".into()] }
    }
}

/// A source of fixed accounting rates, one per currency.
#[derive(Debug)]
struct CompanyRates(Settings);

const NAME: &str = "company_rates";

impl Provider for CompanyRates {
    type Settings = Settings;

    const SPEC: SourceSpec = SourceSpec::new(NAME, "the fixed exchange rates of our accounting")
        .attribution("Company rates by Example Ltd, for internal use")
        .template("[company_rates]\n# The currencies whose value in US dollars is loaded\ncurrencies = [\"CHF\", \"SEK\"]\n");

    fn open(settings: &Settings, _: Opening<'_>) -> acquisition::Result<SourceHandle> {
        Ok(SourceHandle::plain(Self(settings.clone())))
    }
}

#[async_trait]
impl Source for CompanyRates {
    fn name(&self) -> &str {
        NAME
    }

    fn tables(&self) -> Vec<TableRef> {
        vec![FxRate::table().clone()]
    }

    async fn fetch(&self, before: Option<&Cursor>) -> Result<Page> {
        let cursor = Cursor::new(self.0.currencies.join(","));
        if before == Some(&cursor) {
            return Ok(Page { batches: Vec::new(), cursor, done: true });
        }
        let row = |currency: &String| FxRate {
            base: currency.clone(),
            quote: "USD".into(),
            rate_date: "2020-09-30".parse().unwrap_or_default(),
            source: NAME.into(),
            rate: "1.25".parse().unwrap_or_default(),
        };
        let rates = Batch::from_rows(FxRate::table(), self.0.currencies.iter().map(row))?;
        Ok(Page { batches: vec![rates], cursor, done: true })
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("tidegauge-rates-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (file, database) = (folder.join("tidegauge.toml"), folder.join("rates.db"));
    let settings = "sources = [\"recorded\", \"simulation\", \"company_rates\"]\n\
                    [company_rates]\ncurrencies = [\"CHF\"]\n";
    std::fs::write(&file, settings)?;

    // The providers of the command, and one more.
    let providers = Providers::default().with::<CompanyRates>();
    let mut config = Config::load_with(Some(&file), providers)?;
    config.warehouse = format!("sqlite://{}", database.display()).into();
    assert!(config.template().contains("\n[company_rates]\n"), "the template has its part");

    let tidegauge = Tidegauge::open(config, Secrets::default(), Arc::new(SystemClock))?;
    println!("{}", tidegauge.run(None, &Silent).await?);
    let attributions = tidegauge.report().await?.provenance.attributions;
    println!("\nshown in the report:\n{}", attributions.join("\n"));
    assert!(attributions.iter().any(|text| text.contains("Example Ltd")));
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
